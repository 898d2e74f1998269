//! Numbers as the cells of a table.

use ndarray::NdFloat;

/// The shortest digits that give the number back, always with a decimal point or an exponent: `1.0`, `0.25`, `3e-9`.
///
/// Readers guess the type of a column from its first rows. After `1, 1, 1` one of them takes it for integers, and
/// stumbles over the first `0.5`. Small numbers have an exponent because another keeps seventeen digits of a cell, the
/// zeros behind the point included.
pub(crate) fn decimal(x: impl NdFloat) -> String {
    format!("{x:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_looks_like_an_integer() {
        let numbers = [0.0, 1.0, -1.0, 0.1 + 0.2, 1e15, 1e16, 1.5e300, 0.0001, 0.000_01, 5e-324];
        for x in numbers {
            let cell = decimal(x);
            assert!(cell.contains(['.', 'e']), "{cell}");
            assert_eq!(cell.parse::<f64>().unwrap(), x);
        }
        assert_eq!(numbers[..3].iter().map(|x| decimal(*x)).collect::<Vec<_>>(), ["0.0", "1.0", "-1.0"]);
        assert_eq!(decimal(0.1_f32), "0.1", "no digits that a narrower number does not have");
    }
}
