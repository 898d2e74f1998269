//! The steps by which an encoder learns.

use rayon::prelude::*;

/// One tensor's numbers, and what is remembered of its gradients.
#[derive(Debug, Clone)]
pub(super) struct Learned {
    pub values: Vec<f32>,
    /// Running mean of the gradient.
    pub mean: Vec<f32>,
    /// Running mean of its square.
    pub square: Vec<f32>,
    /// Whether it decays: matrices do, biases and norms do not.
    pub decays: bool,
}

impl Learned {
    pub(super) fn new(values: Vec<f32>, decays: bool) -> Self {
        let zeros = vec![0.0; values.len()];
        Learned { mean: zeros.clone(), square: zeros, values, decays }
    }
}

/// Numbers that one task changes.
const CHUNK: usize = 1 << 16;
/// Longest gradient that is followed as it is; a longer one is cut to this.
const MAX_NORM: f64 = 1.0;

/// One step of AdamW, the `t`-th, counted from 1.
///
/// Source: Loshchilov & Hutter (2019), Decoupled weight decay regularization, ICLR, algorithm 2, with a gradient cut to length
/// 1 over all tensors.
pub(super) fn step(learned: &mut [Learned], gradients: &[Vec<f32>], rate: f64, t: usize) {
    const BETA: [f32; 2] = [0.9, 0.999];
    const EPSILON: f32 = 1e-8;
    const DECAY: f32 = 0.01;
    // Sums of fixed chunks, so that no number of threads moves a bit.
    let square_of = |chunk: &[f32]| chunk.iter().map(|g| f64::from(*g) * f64::from(*g)).sum::<f64>();
    let squares: Vec<f64> = gradients.iter().flat_map(|g| g.chunks(CHUNK)).map(square_of).collect();
    let norm = squares.iter().sum::<f64>().sqrt();
    let cut = (MAX_NORM / norm.max(MAX_NORM)) as f32;
    let [first, second] = BETA.map(|beta| 1.0 - f64::from(beta).powi(i32::try_from(t).unwrap_or(i32::MAX)));
    let rate_of_mean = (rate / first) as f32;
    let inverse_second = (1.0 / second) as f32;
    let rate = rate as f32;
    for (Learned { values, mean, square, decays }, gradient) in learned.iter_mut().zip(gradients) {
        let kept = if *decays { 1.0 - rate * DECAY } else { 1.0 };
        values
            .par_chunks_mut(CHUNK)
            .zip(mean.par_chunks_mut(CHUNK))
            .zip(square.par_chunks_mut(CHUNK))
            .zip(gradient.par_chunks(CHUNK))
            .for_each(|(((values, mean), square), gradient)| {
                for (((x, m), v), g) in values.iter_mut().zip(mean).zip(square).zip(gradient) {
                    let g = g * cut;
                    *m = BETA[0] * *m + (1.0 - BETA[0]) * g;
                    *v = BETA[1] * *v + (1.0 - BETA[1]) * g * g;
                    *x = *x * kept - rate_of_mean * *m / ((*v * inverse_second).sqrt() + EPSILON);
                }
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three steps on `x²`, reckoned by hand from the algorithm.
    #[test]
    fn steps_are_those_of_the_algorithm() {
        let mut learned = [Learned::new(vec![0.4, -0.2], true)];
        let (mut x, mut m, mut v) = ([0.4_f64, -0.2], [0.0; 2], [0.0; 2]);
        for t in 1..=3_u8 {
            let gradient: Vec<f32> = learned[0].values.iter().map(|x| 2.0 * x).collect();
            step(&mut learned, &[gradient], 0.1, t.into());
            let g = x.map(|x| 2.0 * x);
            for i in 0..2 {
                m[i] = 0.9 * m[i] + 0.1 * g[i];
                v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
                let (mean, square) = (m[i] / (1.0 - 0.9_f64.powi(t.into())), v[i] / (1.0 - 0.999_f64.powi(t.into())));
                x[i] = x[i] - 0.1 * 0.01 * x[i] - 0.1 * mean / (square.sqrt() + 1e-8);
            }
        }
        for (found, expected) in learned[0].values.iter().zip(x) {
            assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} is not {expected}");
        }
    }

    #[test]
    fn a_long_gradient_is_cut() {
        let mut long = [Learned::new(vec![0.0; 2], false)];
        let mut short = long.clone();
        step(&mut long, &[vec![300.0, 400.0]], 0.1, 1);
        step(&mut short, &[vec![0.6, 0.8]], 0.1, 1);
        assert_eq!(long[0].mean, short[0].mean);
    }
}
