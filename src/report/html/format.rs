//! Numbers as the report prints them. A space that does not break stands before the percent sign.

use crate::stats::Estimate;

/// What stands where there is no number.
pub(super) const NONE: &str = "–";

/// `31.2 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}\u{a0}%", 100.0 * share)
}

/// `31.2 % [27.0, 35.6]`, or `31.2 %` without an interval.
pub(super) fn percent_interval(share: f64, low: Option<f64>, high: Option<f64>) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("{} [{:.1}, {:.1}]", percent(share), 100.0 * low, 100.0 * high),
        _ => percent(share),
    }
}

/// `+3.1`, in percentage points.
pub(super) fn points(difference: f64) -> String {
    signed(100.0 * difference, 1)
}

/// `+3.1 [+0.4, +5.8]`, in percentage points.
pub(super) fn points_interval(difference: f64, low: Option<f64>, high: Option<f64>) -> String {
    with_interval(difference, low, high, points)
}

/// `0.742 [0.711, 0.770]`.
pub(super) fn score(estimate: Option<&Estimate>) -> String {
    estimate.map_or_else(|| NONE.to_owned(), |estimate| minus(&estimate.to_text(3)))
}

/// `+0.53 [+0.20, +0.88]`.
pub(super) fn log_ratio(value: f64, low: Option<f64>, high: Option<f64>) -> String {
    with_interval(value, low, high, |x| signed(x, 2))
}

/// `0.034`, or `<0.001`.
pub(super) fn p_value(p: Option<f64>) -> String {
    match p {
        None => NONE.to_owned(),
        Some(p) if p < 0.001 => "<0.001".to_owned(),
        Some(p) => format!("{p:.3}"),
    }
}

/// Some decimals, or a dash.
pub(super) fn decimal(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| minus(&format!("{value:.decimals$}")))
}

fn with_interval(value: f64, low: Option<f64>, high: Option<f64>, text: impl Fn(f64) -> String) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("{} [{}, {}]", text(value), text(low), text(high)),
        _ => text(value),
    }
}

/// With its sign always, and none for what rounds to 0.
fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{value:+.decimals$}");
    if text.chars().any(|c| ('1'..='9').contains(&c)) { minus(&text) } else { text.replace(['+', '-'], "") }
}

fn minus(text: &str) -> String {
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_printed() {
        assert_eq!(percent_interval(0.312, Some(0.27), Some(0.3561)), "31.2\u{a0}% [27.0, 35.6]");
        assert_eq!(percent_interval(0.0, None, None), "0.0\u{a0}%");
        assert_eq!(points_interval(-0.031, Some(-0.058), Some(0.004)), "−3.1 [−5.8, +0.4]");
        assert_eq!([points(0.0002), points(-0.0002)], ["0.0", "0.0"]);
        assert_eq!([p_value(Some(0.0001)), p_value(Some(0.05)), p_value(None)], ["<0.001", "0.050", "–"]);
        assert_eq!(decimal(Some(-0.5), 2), "−0.50");
    }
}
