//! Intervals of shares, and of differences between shares, that stay where shares can be.

use serde::{Deserialize, Serialize};

use super::distributions::{t_quantile, t_two_sided_p};

/// A share with the variance of its estimate, before any interval is made of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Proportion {
    /// The estimate, in [0, 1].
    pub value: f64,
    /// Its variance.
    pub variance: f64,
    /// Degrees of freedom of the variance, above 0: for a plain mean one less than its clusters.
    pub df: f64,
}

/// A difference between two independent shares.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The first share minus the second.
    pub value: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
    /// Two-sided: one minus the level at which the interval would touch 0.
    pub p: f64,
}

impl Proportion {
    /// Rows that would give this variance if they were drawn one by one.
    ///
    /// The share is first drawn toward one half, as by four more rows (Agresti & Coull 1998), so that a share near 0 does not pass for
    /// next to no rows. Where nothing varies, the degrees of freedom and one stand in.
    fn effective_n(&self) -> f64 {
        let n = self.df + 1.0;
        let drawn_in = (self.value * n + 2.0) / (n + 4.0);
        if self.variance > 0.0 { drawn_in * (1.0 - drawn_in) / self.variance } else { n }
    }

    /// The score interval at `c` standard errors: it holds the estimate, and lies in [0, 1].
    fn limits(&self, c: f64) -> (f64, f64) {
        let n = self.effective_n();
        let pull = c * c / n;
        let centre = (self.value + pull / 2.0) / (1.0 + pull);
        let half = c * (self.variance + pull / (4.0 * n)).sqrt() / (1.0 + pull);
        ((centre - half).clamp(0.0, self.value), (centre + half).clamp(self.value, 1.0))
    }

    /// Lower and upper bound at a confidence level: the score interval on the effective sample size, with Student's t.
    ///
    /// With one row a cluster and no prediction this is Wilson's interval. Source: Wilson (1927), JASA 22(158); on effective sample
    /// sizes Franco, Little, Louis & Slud (2019), Journal of Survey Statistics and Methodology 7(3).
    #[must_use]
    pub fn interval(&self, level: f64) -> (f64, f64) {
        self.limits(t_quantile(0.5 + level / 2.0, self.df))
    }

    /// This share minus another, estimated from other clusters.
    ///
    /// The bounds recover each share's variance from its own limits: `d − sqrt((a − l_a)² + (u_b − b)²)` and its mirror image; degrees of
    /// freedom are Satterthwaite's. Source: Newcombe (1998), Statistics in Medicine 17, method 10; Zou & Donner (2008), ibid. 27.
    #[must_use]
    pub fn minus(&self, other: &Proportion, level: f64) -> Difference {
        let value = self.value - other.value;
        let total = self.variance + other.variance;
        let df = if total > 0.0 {
            let part = |p: &Proportion| p.variance * p.variance / p.df;
            total * total / (part(self) + part(other))
        } else {
            self.df.min(other.df)
        };
        let bounds = |c: f64| {
            let ((la, ua), (lb, ub)) = (self.limits(c), other.limits(c));
            let (a, b) = (self.value, other.value);
            (value - (a - la).hypot(ub - b), value + (ua - a).hypot(b - lb))
        };
        let (low, high) = bounds(t_quantile(0.5 + level / 2.0, df));
        let holds_zero = |c: f64| {
            let (low, high) = bounds(c);
            low <= 0.0 && 0.0 <= high
        };
        // Beyond 40 standard errors p is 0 for every purpose.
        let (mut out, mut inside) = (0.0, 40.0);
        if value == 0.0 {
            inside = 0.0;
        }
        while inside - out > 1e-9 {
            let middle = f64::midpoint(out, inside);
            if holds_zero(middle) {
                inside = middle;
            } else {
                out = middle;
            }
        }
        Difference { value, low, high, p: t_two_sided_p(inside, df) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_rows(k: f64, n: usize) -> Proportion {
        let value = k / n as f64;
        Proportion { value, variance: value * (1.0 - value) / n as f64, df: n as f64 - 1.0 }
    }

    #[test]
    fn nothing_found_is_not_nothing_there() {
        // 0 of 60: Wilson's upper bound is c²/(n + c²).
        let (low, high) = of_rows(0.0, 60).interval(0.95);
        let c = t_quantile(0.975, 59.0);
        assert_eq!(low, 0.0);
        assert!((high - c * c / (60.0 + c * c)).abs() < 1e-12, "{high}");
    }

    #[test]
    fn one_half_is_wilson_s_interval() {
        // At one half drawing in changes nothing, and the textbook formula holds: 15 of 30 at c = 2 is 0.5 ± 2 sqrt(1/120 + 1/900)/(1 + 4/30).
        let (low, high) = of_rows(15.0, 30).limits(2.0);
        let half = 2.0 * (0.25_f64 / 30.0 + 4.0 / (4.0 * 900.0)).sqrt() / (1.0 + 4.0 / 30.0);
        assert!((low - (0.5 - half)).abs() < 1e-12 && (high - (0.5 + half)).abs() < 1e-12);
    }

    #[test]
    fn p_and_interval_say_the_same() {
        for (a, b) in [(3.0, 9.0), (0.0, 7.0), (20.0, 28.0), (12.0, 31.0), (30.0, 30.0)] {
            let difference = of_rows(a, 60).minus(&of_rows(b, 50), 0.95);
            assert_eq!(difference.p < 0.05, difference.low > 0.0 || difference.high < 0.0, "{difference:?}");
            assert!(difference.low <= difference.value && difference.value <= difference.high);
            assert!(difference.low >= -1.0 && difference.high <= 1.0);
            let back = of_rows(b, 50).minus(&of_rows(a, 60), 0.95);
            assert!((difference.low + back.high).abs() < 1e-12 && (difference.p - back.p).abs() < 1e-9);
        }
        assert_eq!(of_rows(0.0, 60).minus(&of_rows(0.0, 50), 0.95).p, 1.0);
    }

    #[test]
    fn newcombe_s_first_example() {
        // Newcombe (1998), table II (a): 56/70 against 48/80, method 10: 0.0524 to 0.3339. His limits rest on the shares as they are; drawing
        // in and Student's t move ours by less than half a point.
        let difference = of_rows(56.0, 70).minus(&of_rows(48.0, 80), 0.95);
        assert!((difference.low - 0.0524).abs() < 0.005 && (difference.high - 0.3339).abs() < 0.005, "{difference:?}");
    }
}
