//! Loops over `f32` that a compiler turns into vector instructions: no branch, no call, and the same bits on every processor, since
//! nothing is fused or reordered.
//!
//! They count places, and so do the loops around them: an adapter of iterators that is not inlined runs without those instructions.

use pulp::{Arch, Simd, WithSimd};

/// Does `work`, compiled for the widest vectors that the processor has; it and all that it calls must be inlined.
#[inline]
pub(super) fn wide(work: impl FnMut()) {
    struct Wide<F>(F);

    impl<F: FnMut()> WithSimd for Wide<F> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(mut self, _simd: S) {
            (self.0)();
        }
    }

    Arch::new().dispatch(Wide(work));
}

/// `exp(x)`, to 2 units in the last place, for x from -87 to 88; what is below gives about the smallest normal number.
///
/// Source: the range reduction and polynomial of Moshier's Cephes library, `expf`.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    /// 1.5 · 2²³: adding it rounds to a whole number, which then stands in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    // ln 2 in two parts, of which the first has so few digits that n times it is exact.
    let r = x - n * 0.693_359_4 - n * -2.121_944_4e-4;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let p = p * r * r + r + 1.0;
    // 2ⁿ, by its exponent's bits.
    p * f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()))
}

/// The standard normal distribution's density at `x`, times √(2π), and its cumulative probability, to 2e-7.
///
/// Source: Abramowitz & Stegun (1964), formula 7.1.26.
#[inline(always)]
fn normal(x: f32) -> (f32, f32) {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let p = 1.061_405_4;
    let p = p * t - 1.453_152;
    let p = p * t + 1.421_413_7;
    let p = p * t - 0.284_496_74;
    let p = p * t + 0.254_829_6;
    let density = exp(-(z * z));
    let above = 0.5 * p * t * density;
    (density, if x < 0.0 { above } else { 1.0 - above })
}

/// `x Φ(x)`, with Φ the standard normal distribution: the activation of BERT.
///
/// Source: Hendrycks & Gimpel (2016), Gaussian error linear units, arXiv:1606.08415.
#[inline(always)]
pub(super) fn gelu(x: f32) -> f32 {
    x * normal(x).1
}

/// The derivative of [`gelu`]: `Φ(x) + x φ(x)`.
#[inline(always)]
pub(super) fn gelu_slope(x: f32) -> f32 {
    const INVERSE_SQRT_2_PI: f32 = 0.398_942_3;
    let (density, below) = normal(x);
    below + x * density * INVERSE_SQRT_2_PI
}

/// `Σ f(i)` for i below `n`, in eight running sums: one would wait for each addition before it begins the next.
#[inline(always)]
pub(super) fn total(n: usize, f: impl Fn(usize) -> f32) -> f32 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let whole = n - n % LANES;
    for i in (0..whole).step_by(LANES) {
        for (k, sum) in sums.iter_mut().enumerate() {
            *sum += f(i + k);
        }
    }
    let mut rest = 0.0;
    for i in whole..n {
        rest += f(i);
    }
    sums.iter().sum::<f32>() + rest
}

/// `out[i] = f(out[i], a[i], b[i])`.
#[inline(always)]
pub(super) fn change(out: &mut [f32], a: &[f32], b: &[f32], f: impl Fn(f32, f32, f32) -> f32) {
    let n = out.len();
    let (a, b) = (&a[..n], &b[..n]);
    for i in 0..n {
        out[i] = f(out[i], a[i], b[i]);
    }
}

/// `out += factor · v`.
#[inline(always)]
pub(super) fn add_scaled(out: &mut [f32], factor: f32, v: &[f32]) {
    change(out, v, v, |out, v, _| out + factor * v);
}

/// Makes scores probabilities: `exp(s - max) / Σ exp(s - max)`.
#[inline(always)]
pub(super) fn softmax(scores: &mut [f32]) {
    let mut max = f32::NEG_INFINITY;
    for s in scores.iter() {
        max = if *s > max { *s } else { max };
    }
    for s in scores.iter_mut() {
        *s = exp(*s - max);
    }
    let inverse = 1.0 / total(scores.len(), |i| scores[i]);
    for s in scores.iter_mut() {
        *s *= inverse;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_that_of_the_library() {
        for i in -8700..8800 {
            let x = i as f32 / 100.0;
            let exact = libm::exp(f64::from(x));
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 3e-7, "exp({x}) = {}, not {exact}", exp(x));
        }
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn gelu_and_its_slope_are_the_formulas() {
        for i in -900..900 {
            let x = i as f32 / 100.0;
            let wide = f64::from(x);
            let below = 0.5 * libm::erfc(-wide / std::f64::consts::SQRT_2);
            let density = libm::exp(-wide * wide / 2.0) / (2.0 * std::f64::consts::PI).sqrt();
            assert!((f64::from(gelu(x)) - wide * below).abs() < 2e-6, "gelu({x})");
            assert!((f64::from(gelu_slope(x)) - (below + wide * density)).abs() < 2e-6, "the slope at {x}");
        }
    }

    #[test]
    fn softmax_sums_to_one() {
        let mut scores = [3.0, -200.0, 3.0, 1.0, 0.0];
        softmax(&mut scores);
        assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(scores[0], scores[2]);
        assert!((scores[0] / scores[3] - std::f32::consts::E.powi(2)).abs() < 1e-5);
    }
}
