//! What stands between BERT's matrix products, each as one operation with its gradient.
//!
//! Sentences lie one behind the other, token by token, without padding: matrix products need not know where one ends. `candle` would
//! take each of these as five to ten operations over the whole of memory. Nor does it keep the book of gradients: it adds each to
//! zeros first, on threads that spin while they wait for one another.

use candle_core::{
    CpuStorage, CustomOp1, CustomOp2, CustomOp3, InplaceOp2, InplaceOp3, Layout, Result, Shape, Tensor, bail,
};

use super::attention::{self, Spans};
use super::lanes::{add_scaled, change, gelu, gelu_slope, total, wide};

/// The numbers of a tensor, which must lie in order.
fn numbers<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => bail!("a tensor should lie in order, and does not: {layout:?}"),
    }
}

fn numbers_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(all), Some((start, end))) => Ok(&mut all[start..end]),
        _ => bail!("a tensor should hold f32 in order, and does not: {layout:?}"),
    }
}

/// The numbers of a gradient or argument, copied in order.
fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    tensor.flatten_all()?.to_vec1()
}

fn tensor(values: Vec<f32>, like: &Tensor) -> Result<Tensor> {
    Tensor::from_vec(values, like.shape(), like.device())
}

/// `a + b`, of one shape.
pub(super) fn sum(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let (mut sum, others) = (values(a)?, values(b)?);
    wide(
        #[inline(always)]
        || add_scaled(&mut sum, 1.0, &others),
    );
    tensor(sum, a)
}

/// `gelu(x + b)`, for x of shape (n_tokens, width) and b of length width.
#[derive(Debug)]
pub(super) struct BiasGelu;

impl CustomOp2 for BiasGelu {
    fn name(&self) -> &'static str {
        "bias-gelu"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let mut out = numbers(x, x_layout)?.to_vec();
        BiasGelu::forward(&mut out, numbers(bias, bias_layout)?);
        Ok((CpuStorage::F32(out), x_layout.shape().clone()))
    }
}

impl InplaceOp2 for BiasGelu {
    fn name(&self) -> &'static str {
        "bias-gelu in place"
    }

    fn cpu_fwd(&self, x: &mut CpuStorage, x_layout: &Layout, bias: &CpuStorage, bias_layout: &Layout) -> Result<()> {
        BiasGelu::forward(numbers_mut(x, x_layout)?, numbers(bias, bias_layout)?);
        Ok(())
    }
}

impl BiasGelu {
    fn forward(x: &mut [f32], bias: &[f32]) {
        wide(
            #[inline(always)]
            || {
                for x in x.chunks_exact_mut(bias.len()) {
                    change(x, bias, bias, |x, b, _| gelu(x + b));
                }
            },
        );
    }

    /// The gradients of x and b, given that of what came out.
    pub(super) fn backward(x: &Tensor, bias: &Tensor, grad: &Tensor) -> Result<[Tensor; 2]> {
        let (xs, biases, mut grads) = (values(x)?, values(bias)?, values(grad)?);
        let mut for_bias = vec![0.0; biases.len()];
        wide(
            #[inline(always)]
            || {
                for (grads, xs) in grads.chunks_exact_mut(biases.len()).zip(xs.chunks_exact(biases.len())) {
                    change(grads, xs, &biases, |grad, x, b| grad * gelu_slope(x + b));
                    add_scaled(&mut for_bias, 1.0, grads);
                }
            },
        );
        Ok([tensor(grads, x)?, tensor(for_bias, bias)?])
    }
}

/// `(s - mean) / √(variance + ε) · γ + β` with `s = x + residual + b`, for x and residual of shape (n_tokens, width) and b, γ, β as the
/// rows of a (3, width) tensor.
///
/// Source: Ba, Kiros & Hinton (2016), Layer normalization, arXiv:1607.06450.
#[derive(Debug)]
pub(super) struct AddNorm {
    pub epsilon: f32,
}

/// One token's sum brought to mean 0 and variance 1 where `x` stood, and what it was divided by.
#[inline(always)]
fn normalise(x: &mut [f32], residual: &[f32], bias: &[f32], epsilon: f32) -> f32 {
    let n = x.len();
    change(x, residual, bias, |x, residual, b| x + residual + b);
    let mean = total(n, |i| x[i]) / n as f32;
    change(x, residual, residual, |x, _, _| x - mean);
    let inverse = 1.0 / (total(n, |i| x[i] * x[i]) / n as f32 + epsilon).sqrt();
    change(x, residual, residual, |x, _, _| x * inverse);
    inverse
}

/// The rows of a (3, width) tensor.
fn three_rows(params: &[f32]) -> (&[f32], &[f32], &[f32]) {
    let width = params.len() / 3;
    (&params[..width], &params[width..2 * width], &params[2 * width..])
}

impl CustomOp3 for AddNorm {
    fn name(&self) -> &'static str {
        "add-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        residual: &CpuStorage,
        residual_layout: &Layout,
        params: &CpuStorage,
        params_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let mut out = numbers(x, x_layout)?.to_vec();
        self.forward(&mut out, numbers(residual, residual_layout)?, numbers(params, params_layout)?);
        Ok((CpuStorage::F32(out), x_layout.shape().clone()))
    }
}

impl InplaceOp3 for AddNorm {
    fn name(&self) -> &'static str {
        "add-norm in place"
    }

    fn cpu_fwd(
        &self,
        x: &mut CpuStorage,
        x_layout: &Layout,
        residual: &CpuStorage,
        residual_layout: &Layout,
        params: &CpuStorage,
        params_layout: &Layout,
    ) -> Result<()> {
        self.forward(numbers_mut(x, x_layout)?, numbers(residual, residual_layout)?, numbers(params, params_layout)?);
        Ok(())
    }
}

impl AddNorm {
    fn forward(&self, x: &mut [f32], residual: &[f32], params: &[f32]) {
        let (bias, gamma, beta) = three_rows(params);
        let width = bias.len();
        wide(
            #[inline(always)]
            || {
                for (x, residual) in x.chunks_exact_mut(width).zip(residual.chunks_exact(width)) {
                    normalise(x, residual, bias, self.epsilon);
                    change(x, gamma, beta, |s, gamma, beta| s * gamma + beta);
                }
            },
        );
    }

    /// The gradients of x, which is that of the residual too, and of b, γ and β, given that of what came out.
    pub(super) fn backward(
        &self,
        x: &Tensor,
        residual: &Tensor,
        params: &Tensor,
        grad: &Tensor,
    ) -> Result<[Tensor; 2]> {
        let (xs, residuals, all, mut grads) = (values(x)?, values(residual)?, values(params)?, values(grad)?);
        let (bias, gamma, _) = three_rows(&all);
        let width = bias.len();
        let mut for_params = vec![0.0; all.len()];
        let (for_bias, others) = for_params.split_at_mut(width);
        let (for_gamma, for_beta) = others.split_at_mut(width);
        let mut s = vec![0.0; width];
        wide(
            #[inline(always)]
            || {
                let rows = xs.chunks_exact(width).zip(residuals.chunks_exact(width));
                for (grad, (x, residual)) in grads.chunks_exact_mut(width).zip(rows) {
                    s.copy_from_slice(x);
                    let inverse = normalise(&mut s, residual, bias, self.epsilon);
                    change(for_gamma, grad, &s, |sum, g, s| sum + g * s);
                    add_scaled(for_beta, 1.0, grad);
                    change(grad, gamma, gamma, |g, gamma, _| g * gamma);
                    let mean = total(width, |i| grad[i]) / width as f32;
                    let along = total(width, |i| grad[i] * s[i]) / width as f32;
                    change(grad, &s, &s, |g, s, _| (g - mean - s * along) * inverse);
                    add_scaled(for_bias, 1.0, grad);
                }
            },
        );
        Ok([tensor(grads, x)?, tensor(for_params, params)?])
    }
}

/// Attention of each sentence's tokens to one another: queries, keys and values side by side, of shape (n_tokens, 3 · width) and without their
/// biases, which are the second argument; out comes the context, of shape (n_tokens, width).
#[derive(Debug)]
pub(super) struct Attend {
    pub spans: Spans,
    pub n_heads: usize,
}

impl CustomOp2 for Attend {
    fn name(&self) -> &'static str {
        "attend"
    }

    fn cpu_fwd(
        &self,
        qkv: &CpuStorage,
        qkv_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (qkv, bias) = (numbers(qkv, qkv_layout)?, numbers(bias, bias_layout)?);
        let width = bias.len() / 3;
        let mut out = vec![0.0; qkv.len() / 3];
        for span in self.spans.iter() {
            let rows = (&qkv[span.start * 3 * width..span.end * 3 * width], bias);
            attention::forward(rows, self.n_heads, &mut out[span.start * width..span.end * width]);
        }
        Ok((CpuStorage::F32(out), Shape::from((qkv.len() / 3 / width, width))))
    }
}

impl Attend {
    /// The gradients of queries, keys and values, and of their biases, given that of the context.
    pub(super) fn backward(&self, qkv: &Tensor, bias: &Tensor, grad: &Tensor) -> Result<[Tensor; 2]> {
        let (rows, biases, grads) = (values(qkv)?, values(bias)?, values(grad)?);
        let width = biases.len() / 3;
        let mut for_rows = vec![0.0; rows.len()];
        for span in self.spans.iter() {
            let wide = span.start * 3 * width..span.end * 3 * width;
            let grad = &grads[span.start * width..span.end * width];
            attention::backward((&rows[wide.clone()], &biases), self.n_heads, grad, &mut for_rows[wide]);
        }
        let mut for_bias = vec![0.0; biases.len()];
        for row in for_rows.chunks_exact(biases.len()) {
            for_bias.iter_mut().zip(row).for_each(|(sum, g)| *sum += g);
        }
        Ok([tensor(for_rows, qkv)?, tensor(for_bias, bias)?])
    }
}

/// How the vectors of a sentence's tokens become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pooling {
    /// Their mean.
    Mean,
    /// That of the first token.
    First,
}

/// One vector a sentence, of shape (n_sentences, width), from those of its tokens, of shape (n_tokens, width).
#[derive(Debug)]
pub(super) struct Pool {
    pub spans: Spans,
    pub pooling: Pooling,
    /// Whether it is brought to length 1.
    pub normalise: bool,
}

impl Pool {
    /// The pooled vector, and one over its length where it is normalised.
    fn pooled(&self, rows: &[f32], out: &mut [f32]) -> f32 {
        let width = out.len();
        match self.pooling {
            Pooling::Mean => {
                for row in rows.chunks_exact(width) {
                    out.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
                }
                let inverse = 1.0 / (rows.len() / width) as f32;
                out.iter_mut().for_each(|x| *x *= inverse);
            }
            Pooling::First => out.copy_from_slice(&rows[..width]),
        }
        if !self.normalise {
            return 1.0;
        }
        let inverse = 1.0 / total(width, |i| out[i] * out[i]).sqrt().max(1e-12);
        out.iter_mut().for_each(|x| *x *= inverse);
        inverse
    }
}

impl CustomOp1 for Pool {
    fn name(&self) -> &'static str {
        "pool"
    }

    fn cpu_fwd(&self, hidden: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (_, width) = layout.shape().dims2()?;
        let hidden = numbers(hidden, layout)?;
        let mut out = vec![0.0; self.spans.len() * width];
        for (out, span) in out.chunks_exact_mut(width).zip(self.spans.iter()) {
            self.pooled(&hidden[span.start * width..span.end * width], out);
        }
        Ok((CpuStorage::F32(out), Shape::from((self.spans.len(), width))))
    }
}

impl Pool {
    /// The gradient of the tokens' vectors, given that of the sentences'.
    pub(super) fn backward(&self, hidden: &Tensor, grad: &Tensor) -> Result<Tensor> {
        let (_, width) = hidden.dims2()?;
        let (rows, grads) = (values(hidden)?, values(grad)?);
        let mut for_rows = vec![0.0; rows.len()];
        let mut vector = vec![0.0; width];
        for (grad, span) in grads.chunks_exact(width).zip(self.spans.iter()) {
            vector.fill(0.0);
            let inverse = self.pooled(&rows[span.start * width..span.end * width], &mut vector);
            // What is along the vector does not change one of fixed length.
            let along = if self.normalise { total(width, |i| grad[i] * vector[i]) } else { 0.0 };
            let share = match self.pooling {
                Pooling::Mean => inverse / span.len() as f32,
                Pooling::First => inverse,
            };
            let taken = if self.pooling == Pooling::Mean { span.end } else { span.start + 1 };
            for row in for_rows[span.start * width..taken * width].chunks_exact_mut(width) {
                for ((to, g), v) in row.iter_mut().zip(grad).zip(&vector) {
                    *to = share * (g - along * v);
                }
            }
        }
        tensor(for_rows, hidden)
    }
}
