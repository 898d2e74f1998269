//! The normal distribution and Student's t: quantiles for intervals, p-values for tests.

use statrs::distribution::{Continuous as _, ContinuousCDF as _, Normal, StudentsT};

/// Newton steps on a quantile; from where they start, two or three are enough.
const MOST_STEPS: usize = 20;

/// The standard normal quantile: the z with `P(Z ≤ z) = p`. −∞ at p = 0, +∞ at p = 1, NaN outside [0, 1].
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if (0.0..=1.0).contains(&p) { Normal::standard().inverse_cdf(p) } else { f64::NAN }
}

/// The quantile of Student's t with `df` degrees of freedom: the t with `P(T ≤ t) = p`. Normal where df is infinite;
/// −∞ at p = 0, +∞ at p = 1, NaN for p outside [0, 1] and for df not above 0.
#[must_use]
pub fn t_quantile(p: f64, df: f64) -> f64 {
    if df == f64::INFINITY {
        return normal_quantile(p);
    }
    let Ok(distribution) = StudentsT::new(0.0, 1.0, df) else { return f64::NAN };
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.5 {
        return 0.0;
    }
    let tail = p.min(1.0 - p);
    let mut t = distribution.inverse_cdf(tail).abs();
    // statrs 0.19 is off in the fourth digit at a million degrees of freedom, but its distribution function is not:
    // Newton's method on the logarithm of the upper tail mends the quantile.
    for _ in 0..MOST_STEPS {
        let above = distribution.sf(t);
        let step = above / distribution.pdf(t) * libm::log(above / tail);
        if !step.is_finite() || step.abs() <= 1e-15 * t {
            break;
        }
        t += step;
    }
    if p < 0.5 { -t } else { t }
}

/// The two-sided p-value of a t statistic, `P(|T| ≥ |t|)` with `df` degrees of freedom. Normal where df is infinite;
/// NaN for a NaN and for df not above 0.
#[must_use]
pub fn t_two_sided_p(t: f64, df: f64) -> f64 {
    if t.is_nan() {
        return f64::NAN;
    }
    // The upper tail itself: one minus the distribution function would lose the digits of small values.
    if df == f64::INFINITY {
        return 2.0 * Normal::standard().sf(t.abs());
    }
    StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |distribution| 2.0 * distribution.sf(t.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative distance, absolute near 0.
    fn near(value: f64, expected: f64, tolerance: f64) {
        assert!((value - expected).abs() <= tolerance * expected.abs().max(1.0), "{value} is not {expected}");
    }

    /// SciPy 1.17: `norm.ppf`.
    #[test]
    fn normal_quantiles() {
        near(normal_quantile(0.975), 1.959_963_984_540_054, 1e-12);
        near(normal_quantile(0.2), -0.841_621_233_572_914_2, 1e-12);
        near(normal_quantile(0.501), 0.002_506_630_899_571_766_6, 1e-12);
        near(normal_quantile(1e-10), -6.361_340_902_404_056, 1e-12);
        assert_eq!(normal_quantile(0.5), 0.0);
        assert_eq!([normal_quantile(0.0), normal_quantile(1.0)], [f64::NEG_INFINITY, f64::INFINITY]);
        assert!(normal_quantile(1.1).is_nan() && normal_quantile(f64::NAN).is_nan());
    }

    /// SciPy 1.17: `t.ppf`; to three decimals the values of every printed table.
    #[test]
    fn t_quantiles() {
        for (p, df, expected) in [
            (0.975, 1.0, 12.706_204_736_174_694),
            (0.975, 2.0, 4.302_652_729_749_462),
            (0.95, 4.0, 2.131_846_786_326_649_5),
            (0.975, 5.0, 2.570_581_835_636_314_5),
            (0.975, 10.0, 2.228_138_851_986_274),
            (0.995, 30.0, 2.749_995_653_567_225_4),
            (0.975, 49.0, 2.009_575_237_129_239_2),
            (0.975, 1e6, 1.959_966_356_814_107),
        ] {
            near(t_quantile(p, df), expected, 1e-9);
            near(t_quantile(1.0 - p, df), -expected, 1e-9);
        }
        assert_eq!(t_quantile(0.5, 7.0), 0.0);
        assert_eq!(t_quantile(0.9, f64::INFINITY), normal_quantile(0.9));
        assert_eq!([t_quantile(0.0, 3.0), t_quantile(1.0, 3.0)], [f64::NEG_INFINITY, f64::INFINITY]);
        assert!(t_quantile(0.9, 0.0).is_nan() && t_quantile(-0.1, 3.0).is_nan() && t_quantile(0.9, f64::NAN).is_nan());
    }

    /// SciPy 1.17: `2 * t.sf`.
    #[test]
    fn two_sided_p_values() {
        for (t, df, expected) in [
            (2.0, 10.0, 0.073_388_034_770_740_37),
            (2.5, 3.0, 0.087_706_647_008_065_56),
            (1.96, 1e5, 0.049_998_563_194_301_68),
            (10.0, 4.0, 0.000_562_003_622_715_991),
            (1.959_963_984_540_054, f64::INFINITY, 0.05),
        ] {
            near(t_two_sided_p(t, df), expected, 1e-10);
            assert_eq!(t_two_sided_p(-t, df), t_two_sided_p(t, df));
        }
        let far = t_two_sided_p(40.0, 30.0);
        assert!((far / 1.372_604_519_440_641_7e-27 - 1.0).abs() < 1e-9, "small values keep their digits: {far:e}");
        assert_eq!([t_two_sided_p(0.0, 5.0), t_two_sided_p(0.0, f64::INFINITY)], [1.0, 1.0]);
        assert!(t_two_sided_p(f64::NAN, 5.0).is_nan() && t_two_sided_p(1.0, -1.0).is_nan());
    }
}
