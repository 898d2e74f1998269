//! BERT's layers, on sentences that lie one behind the other.
//!
//! Source: Devlin et al. (2019), BERT, NAACL 1, 4171–4186.

use std::collections::HashMap;

use candle_core::{DType, Device, Result, Tensor, bail};

use super::attention::Spans;
use super::config::Config;
use super::ops::{AddNorm, Attend, BiasGelu, sum};

/// One layer; matrices are as they are multiplied from the right, (n_in, n_out).
#[derive(Debug, Clone)]
pub(super) struct Layer {
    /// Queries, keys and values side by side.
    pub qkv: Tensor,
    pub qkv_bias: Tensor,
    pub context: Tensor,
    /// Bias of `context`, then γ and β of the normalisation behind it.
    pub context_norm: Tensor,
    pub up: Tensor,
    pub up_bias: Tensor,
    pub down: Tensor,
    pub down_norm: Tensor,
}

/// How many tensors a layer has.
pub(super) const N_TENSORS: usize = 8;

/// Whether the tensor at this place among a layer's is a matrix; the others are what is added to it or normalised behind it.
pub(super) fn is_matrix(place: usize) -> bool {
    place.is_multiple_of(2)
}

impl Layer {
    pub(super) fn tensors(&self) -> [&Tensor; N_TENSORS] {
        let Layer { qkv, qkv_bias, context, context_norm, up, up_bias, down, down_norm } = self;
        [qkv, qkv_bias, context, context_norm, up, up_bias, down, down_norm]
    }

    pub(super) fn from_tensors(tensors: [Tensor; N_TENSORS]) -> Self {
        let [qkv, qkv_bias, context, context_norm, up, up_bias, down, down_norm] = tensors;
        Layer { qkv, qkv_bias, context, context_norm, up, up_bias, down, down_norm }
    }

    /// The next vectors of all tokens, of shape (n_tokens, hidden_size) as those before.
    pub(super) fn forward(&self, x: &Tensor, spans: &Spans, config: &Config) -> Result<Tensor> {
        let attend = Attend { spans: spans.clone(), n_heads: config.num_attention_heads };
        let norm = AddNorm { epsilon: config.layer_norm_eps };
        // What is done with gives its memory, still in the core's cache, to what comes next.
        let context = x.matmul(&self.qkv)?.apply_op2_no_bwd(&self.qkv_bias, &attend)?;
        let middle = context.matmul(&self.context)?;
        drop(context);
        middle.inplace_op3(x, &self.context_norm, &norm)?;
        let inner = middle.matmul(&self.up)?;
        inner.inplace_op2(&self.up_bias, &BiasGelu)?;
        let next = inner.matmul(&self.down)?;
        next.inplace_op3(&middle, &self.down_norm, &norm)?;
        Ok(next)
    }

    /// The same, with all that the way back needs.
    pub(super) fn steps(&self, x: &Tensor, spans: &Spans, config: &Config) -> Result<Steps> {
        let attend = Attend { spans: spans.clone(), n_heads: config.num_attention_heads };
        let norm = AddNorm { epsilon: config.layer_norm_eps };
        let qkv = x.matmul(&self.qkv)?;
        let context = qkv.apply_op2_no_bwd(&self.qkv_bias, &attend)?;
        let attended = context.matmul(&self.context)?;
        let middle = attended.apply_op3_no_bwd(x, &self.context_norm, &norm)?;
        let raised = middle.matmul(&self.up)?;
        let inner = raised.apply_op2_no_bwd(&self.up_bias, &BiasGelu)?;
        let lowered = inner.matmul(&self.down)?;
        let next = lowered.apply_op3_no_bwd(&middle, &self.down_norm, &norm)?;
        Ok(Steps { attend, norm, x: x.clone(), qkv, context, attended, middle, raised, inner, lowered, next })
    }

    /// The gradients of the layer's tensors, in their order, and of the vectors that came in, given that of those that came out.
    pub(super) fn backward(&self, steps: &Steps, grad: &Tensor) -> Result<([Tensor; N_TENSORS], Tensor)> {
        let Steps { attend, norm, x, qkv, context, attended, middle, raised, inner, lowered, next: _ } = steps;
        let [for_lowered, down_norm] = norm.backward(lowered, middle, &self.down_norm, grad)?;
        let down = inner.t()?.matmul(&for_lowered)?;
        let for_inner = for_lowered.matmul(&self.down.t()?)?;
        let [for_raised, up_bias] = BiasGelu::backward(raised, &self.up_bias, &for_inner)?;
        let up = middle.t()?.matmul(&for_raised)?;
        let for_middle = sum(&for_raised.matmul(&self.up.t()?)?, &for_lowered)?;
        let [for_attended, context_norm] = norm.backward(attended, x, &self.context_norm, &for_middle)?;
        let for_context = for_attended.matmul(&self.context.t()?)?;
        let [for_qkv, qkv_bias] = attend.backward(qkv, &self.qkv_bias, &for_context)?;
        let gradients = [
            x.t()?.matmul(&for_qkv)?,
            qkv_bias,
            context.t()?.matmul(&for_attended)?,
            context_norm,
            up,
            up_bias,
            down,
            down_norm,
        ];
        Ok((gradients, sum(&for_qkv.matmul(&self.qkv.t()?)?, &for_attended)?))
    }
}

/// What a layer makes of some vectors on its way to the next ones.
#[derive(Debug)]
pub(super) struct Steps {
    attend: Attend,
    norm: AddNorm,
    x: Tensor,
    qkv: Tensor,
    context: Tensor,
    attended: Tensor,
    middle: Tensor,
    raised: Tensor,
    inner: Tensor,
    lowered: Tensor,
    pub next: Tensor,
}

/// The network: embeddings, then layers.
#[derive(Debug, Clone)]
pub(super) struct Network {
    pub config: Config,
    /// Of shape (n_words, hidden_size).
    pub words: Tensor,
    /// With what the type of the only sentence adds, of shape (n_positions, hidden_size).
    pub positions: Tensor,
    /// Rows 0, γ, β.
    pub norm: Tensor,
    pub layers: Vec<Layer>,
}

/// Where each part of a layer stands in a checkpoint of Hugging Face's.
const PARTS: [[&str; 3]; 6] = [
    ["attention.self.query", "attention.self.key", "attention.self.value"],
    ["attention.output.dense", "", ""],
    ["attention.output.LayerNorm", "", ""],
    ["intermediate.dense", "", ""],
    ["output.dense", "", ""],
    ["output.LayerNorm", "", ""],
];

/// The tensors of a checkpoint, taken by name.
struct Weights<'a> {
    all: &'a HashMap<String, Tensor>,
    /// What stands before every name.
    prefix: &'static str,
}

impl Weights<'_> {
    fn take<const N: usize>(&self, name: &str, shape: [usize; N]) -> Result<Tensor> {
        let name = format!("{}{name}", self.prefix);
        let Some(tensor) = self.all.get(&name) else { bail!("a tensor {name:?} should be there, and is not") };
        if tensor.dims() != shape {
            bail!("the tensor {name:?} should have shape {shape:?}, as config.json says, and has {:?}", tensor.dims());
        }
        tensor.to_dtype(DType::F32)?.contiguous()
    }

    /// A matrix of shape (n_out, n_in) in the checkpoint.
    fn matrix(&self, name: &str, n_in: usize, n_out: usize) -> Result<Tensor> {
        self.take(&format!("{name}.weight"), [n_out, n_in])?.t()?.contiguous()
    }

    fn vector(&self, name: &str, n: usize) -> Result<Tensor> {
        self.take(name, [n])
    }

    fn layer(&self, i: usize, config: &Config) -> Result<Layer> {
        let (wide, inner) = (config.hidden_size, config.intermediate_size);
        let name = |part: &str| format!("encoder.layer.{i}.{part}");
        let [qkv, [context, ..], [context_norm, ..], [up, ..], [down, ..], [down_norm, ..]] = PARTS;
        let norm = |bias: &str, norm: &str| {
            let rows = [
                self.vector(&name(&format!("{bias}.bias")), wide)?,
                self.vector(&name(&format!("{norm}.weight")), wide)?,
                self.vector(&name(&format!("{norm}.bias")), wide)?,
            ];
            Tensor::stack(&rows, 0)
        };
        let three = |part: &dyn Fn(&str) -> Result<Tensor>, dim| {
            Tensor::cat(&qkv.iter().map(|one| part(one)).collect::<Result<Vec<_>>>()?, dim)
        };
        Ok(Layer {
            qkv: three(&|one| self.matrix(&name(one), wide, wide), 1)?.contiguous()?,
            qkv_bias: three(&|one| self.vector(&name(&format!("{one}.bias")), wide), 0)?,
            context: self.matrix(&name(context), wide, wide)?,
            context_norm: norm(context, context_norm)?,
            up: self.matrix(&name(up), wide, inner)?,
            up_bias: self.vector(&name(&format!("{up}.bias")), inner)?,
            down: self.matrix(&name(down), inner, wide)?,
            down_norm: norm(down, down_norm)?,
        })
    }
}

impl Network {
    /// From a checkpoint's tensors, under the names that Hugging Face gives them, with or without that of the architecture before.
    pub(super) fn new(all: &HashMap<String, Tensor>, config: Config) -> Result<Self> {
        const WORDS: &str = "embeddings.word_embeddings.weight";
        let prefix = ["", "bert.", "roberta."].into_iter().find(|prefix| all.contains_key(&format!("{prefix}{WORDS}")));
        let Some(prefix) = prefix else { bail!("a tensor {WORDS:?} should be there, and is not") };
        let weights = Weights { all, prefix };
        let wide = config.hidden_size;
        let (n_words, _) = all[&format!("{prefix}{WORDS}")].dims2()?;
        let types = weights.all.get(&format!("{prefix}embeddings.token_type_embeddings.weight"));
        let (n_types, _) = types.map_or(Ok((0, wide)), Tensor::dims2)?;
        let positions =
            weights.take("embeddings.position_embeddings.weight", [config.max_position_embeddings, wide])?;
        let types = weights.take("embeddings.token_type_embeddings.weight", [n_types, wide])?;
        let zero = Tensor::zeros(wide, DType::F32, &Device::Cpu)?;
        let [gamma, beta] =
            ["weight", "bias"].map(|part| weights.vector(&format!("embeddings.LayerNorm.{part}"), wide));
        Ok(Network {
            words: weights.take(WORDS, [n_words, wide])?,
            positions: positions.broadcast_add(&types.get(0)?)?,
            norm: Tensor::stack(&[zero, gamma?, beta?], 0)?,
            layers: (0..config.num_hidden_layers).map(|i| weights.layer(i, &config)).collect::<Result<_>>()?,
            config,
        })
    }

    /// The vectors of tokens before the first layer, of shape (n_tokens, hidden_size).
    fn embed(&self, ids: &[u32], spans: &Spans) -> Result<Tensor> {
        let first = self.config.first_position();
        let places: Vec<u32> = spans.iter().flat_map(|span| (0..span.len()).map(move |i| (first + i) as u32)).collect();
        let rows = |table: &Tensor, ids: &[u32]| table.index_select(&Tensor::new(ids, &Device::Cpu)?, 0);
        let norm = AddNorm { epsilon: self.config.layer_norm_eps };
        rows(&self.words, ids)?.apply_op3_no_bwd(&rows(&self.positions, &places)?, &self.norm, &norm)
    }

    /// The vectors of tokens behind the first `n_layers` layers, of shape (n_tokens, hidden_size).
    pub(super) fn forward(&self, ids: &[u32], spans: &Spans, n_layers: usize) -> Result<Tensor> {
        let embedded = self.embed(ids, spans)?;
        self.layers[..n_layers].iter().try_fold(embedded, |x, layer| layer.forward(&x, spans, &self.config))
    }

    /// The checkpoint's tensors anew, with the layers as they are now; those of which nothing is known stay.
    pub(super) fn checkpoint(&self, mut all: HashMap<String, Tensor>) -> Result<HashMap<String, Tensor>> {
        let prefix = all.keys().find_map(|name| name.strip_suffix("embeddings.word_embeddings.weight"));
        let prefix = prefix.unwrap_or_default().to_owned();
        let wide = self.config.hidden_size;
        for (i, layer) in self.layers.iter().enumerate() {
            let mut put = |part: &str, end: &str, tensor: Tensor| {
                all.insert(format!("{prefix}encoder.layer.{i}.{part}.{end}"), tensor);
            };
            let [qkv, [context, ..], [context_norm, ..], [up, ..], [down, ..], [down_norm, ..]] = PARTS;
            for (k, part) in qkv.into_iter().enumerate() {
                put(part, "weight", layer.qkv.narrow(1, k * wide, wide)?.t()?.contiguous()?);
                put(part, "bias", layer.qkv_bias.narrow(0, k * wide, wide)?.contiguous()?);
            }
            for (part, norm, matrix, rows) in [
                (context, context_norm, &layer.context, &layer.context_norm),
                (down, down_norm, &layer.down, &layer.down_norm),
            ] {
                put(part, "weight", matrix.t()?.contiguous()?);
                put(part, "bias", rows.get(0)?.contiguous()?);
                put(norm, "weight", rows.get(1)?.contiguous()?);
                put(norm, "bias", rows.get(2)?.contiguous()?);
            }
            put(up, "weight", layer.up.t()?.contiguous()?);
            put(up, "bias", layer.up_bias.clone());
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers from -1 to 1 that no formula of the network has.
    fn numbers(n: usize, seed: f32) -> Vec<f32> {
        (0..n).map(|i| (i as f32 * 12.9898 + seed).sin() * 43.5453).map(|x| x - x.round()).collect()
    }

    fn tensor(shape: &[usize], seed: f32) -> Tensor {
        Tensor::from_vec(numbers(shape.iter().product(), seed), shape, &Device::Cpu).unwrap()
    }

    fn config() -> Config {
        let json = r#"{"model_type": "bert", "hidden_size": 8, "intermediate_size": 12, "num_attention_heads": 2,
            "num_hidden_layers": 1, "max_position_embeddings": 16}"#;
        serde_json::from_str(json).unwrap()
    }

    fn layer() -> Layer {
        let shapes: [&[usize]; N_TENSORS] = [&[8, 24], &[24], &[8, 8], &[3, 8], &[8, 12], &[12], &[12, 8], &[3, 8]];
        Layer::from_tensors(std::array::from_fn(|k| tensor(shapes[k], k as f32)))
    }

    #[test]
    fn what_is_kept_for_the_way_back_moves_no_bit() {
        let (layer, spans) = (layer(), Spans::new([3, 1]));
        let x = tensor(&[4, 8], 30.0);
        let bits =
            |x: Tensor| x.flatten_all().unwrap().to_vec1::<f32>().unwrap().into_iter().map(f32::to_bits).collect();
        let forward: Vec<u32> = bits(layer.forward(&x, &spans, &config()).unwrap());
        let steps: Vec<u32> = bits(layer.steps(&x, &spans, &config()).unwrap().next);
        assert_eq!(forward, steps);
    }

    /// What the gradients are those of: a sum of all outputs, each with a factor of its own.
    fn objective(layer: &Layer, x: &Tensor, spans: &Spans, factors: &Tensor) -> f64 {
        let out: Vec<f32> =
            (layer.forward(x, spans, &config()).unwrap() * factors).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        out.into_iter().map(f64::from).sum()
    }

    fn moved(tensor: &Tensor, at: usize, step: f32) -> Tensor {
        let mut values: Vec<f32> = tensor.flatten_all().unwrap().to_vec1().unwrap();
        values[at] += step;
        Tensor::from_vec(values, tensor.shape(), &Device::Cpu).unwrap()
    }

    #[test]
    fn gradients_are_slopes() {
        const STEP: f32 = 5e-3;
        let (layer, spans) = (layer(), Spans::new([3, 1, 5]));
        let (x, factors) = (tensor(&[9, 8], 0.3), tensor(&[9, 8], 0.7));
        let steps = layer.steps(&x, &spans, &config()).unwrap();
        let (gradients, of_x) = layer.backward(&steps, &factors).unwrap();
        let check = |name: &str, gradient: &Tensor, at: usize, change: &dyn Fn(f32) -> f64| {
            let slope = (change(STEP) - change(-STEP)) / f64::from(2.0 * STEP);
            let found = f64::from(gradient.flatten_all().unwrap().to_vec1::<f32>().unwrap()[at]);
            assert!((found - slope).abs() < 0.02 * slope.abs().max(0.5), "{name}, {at}: {found} is not {slope}");
        };
        for (k, gradient) in gradients.iter().enumerate() {
            for at in (0..gradient.elem_count()).step_by(5) {
                check(&format!("tensor {k}"), gradient, at, &|step| {
                    let mut tensors = layer.tensors().map(Tensor::clone);
                    tensors[k] = moved(&tensors[k], at, step);
                    objective(&Layer::from_tensors(tensors), &x, &spans, &factors)
                });
            }
        }
        for at in 0..72 {
            check("x", &of_x, at, &|step| objective(&layer, &moved(&x, at, step), &spans, &factors));
        }
    }

    #[test]
    fn a_sentence_does_not_see_its_neighbours() {
        let (layer, x) = (layer(), tensor(&[9, 8], 0.3));
        let together = layer.forward(&x, &Spans::new([4, 5]), &config()).unwrap().to_vec2::<f32>().unwrap();
        let alone = layer.forward(&x.narrow(0, 4, 5).unwrap().contiguous().unwrap(), &Spans::new([5]), &config());
        for (a, b) in together[4..].iter().flatten().zip(alone.unwrap().to_vec2::<f32>().unwrap().iter().flatten()) {
            assert!((a - b).abs() < 1e-5);
        }
    }
}
