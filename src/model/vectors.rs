//! Long vectors: element by element over all cores, sums in an order that no number of threads can change.

use rayon::prelude::*;

/// Length from which a sum is made of the sums of fixed chunks, which threads share; a shorter one is a plain sum from left to
/// right. The two differ in the last bits, so that the limit is part of what the bytes of an artefact depend on: news of 20,000 sentences has
/// fewer features.
const PLAIN_BELOW: usize = 1 << 19;
/// Elements of a chunk, and of what one task does.
const CHUNK: usize = 1 << 14;
/// Running sums within a chunk: one would wait for each addition before it begins the next.
const LANES: usize = 8;

/// `Σ aᵢ bᵢ` of vectors of one length.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    sum_of(a, b, |a, b| a * b)
}

/// Euclidean norm.
pub(super) fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// `Σ aᵢ`.
pub(super) fn sum(a: &[f64]) -> f64 {
    sum_of(a, a, |a, _| a)
}

/// `Σ f(aᵢ, bᵢ)` of vectors of one length.
pub(super) fn sum_of(a: &[f64], b: &[f64], f: impl Fn(f64, f64) -> f64 + Sync) -> f64 {
    debug_assert_eq!(a.len(), b.len());
    if a.len() < PLAIN_BELOW {
        return a.iter().zip(b).map(|(a, b)| f(*a, *b)).sum();
    }
    let chunks: Vec<f64> = a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK)).map(|(a, b)| sum_of_chunk(a, b, &f)).collect();
    chunks.iter().sum()
}

fn sum_of_chunk(a: &[f64], b: &[f64], f: impl Fn(f64, f64) -> f64) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += f(*a, *b));
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| f(*a, *b)).sum::<f64>()
}

/// A vector of length `n` from its elements.
pub(super) fn collect(n: usize, element: impl Fn(usize) -> f64 + Sync + Send) -> Vec<f64> {
    (0..n).into_par_iter().with_min_len(CHUNK).map(element).collect()
}

/// Changes each element, which `f` gets with its place.
pub(super) fn change(v: &mut [f64], f: impl Fn(usize, &mut f64) + Sync + Send) {
    v.par_iter_mut().enumerate().with_min_len(CHUNK).for_each(|(i, x)| f(i, x));
}

/// `sum += factor * v`.
pub(super) fn add_scaled(sum: &mut [f64], factor: f64, v: &[f64]) {
    change(sum, |i, sum| *sum += factor * v[i]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_pool<T: Send>(n_threads: usize, work: impl Fn() -> T + Send + Sync) -> T {
        rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap().install(work)
    }

    #[test]
    fn threads_do_not_move_a_bit() {
        for n in [0, 5, CHUNK * 3 + 5, PLAIN_BELOW - 1, PLAIN_BELOW, PLAIN_BELOW + CHUNK + 3] {
            let a: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
            let b: Vec<f64> = (0..n).map(|i| (i as f64 * 0.7).cos() + 0.5).collect();
            let work = || {
                let mut sum = a.clone();
                add_scaled(&mut sum, 0.3, &b);
                (dot(&a, &b).to_bits(), super::sum(&a).to_bits(), sum, collect(n, |i| a[i] / b[i]))
            };
            let once = in_pool(1, work);
            assert!([2, 5].into_iter().all(|n_threads| in_pool(n_threads, work) == once), "{n} elements");
            let plain: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
            assert!((dot(&a, &b) - plain).abs() <= 1e-12 * n as f64, "{n} elements");
            assert!(n >= PLAIN_BELOW || dot(&a, &b).to_bits() == plain.to_bits(), "{n} elements");
        }
    }
}
