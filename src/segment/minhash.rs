//! `MinHash` with banding: sets that overlap much meet in a band, without comparing every pair.
//!
//! For a hash function drawn at random, the least hashes of two sets are equal with a probability that is their Jaccard similarity `J`
//! (Broder 1997, *On the resemblance and containment of documents*). With `b` bands of `r` hashes each, two sets meet in a band with
//! probability `1 - (1 - J^r)^b` (Leskovec, Rajaraman & Ullman, *Mining of Massive Datasets*, section 3.4).

use super::lexicon::{FNV_START, fnv};

/// The bands of a set: for each of `BANDS`, one hash of the least values under `ROWS` hash functions.
///
/// `None` for an empty set. Equal sets have equal bands; the functions are fixed, so they mean the same in every run.
pub(super) fn bands<const BANDS: usize, const ROWS: usize>(set: impl Iterator<Item = u32>) -> Option<[u64; BANDS]> {
    let mut least = [[u32::MAX; ROWS]; BANDS];
    let mut any = false;
    for element in set {
        any = true;
        for (band, least) in least.iter_mut().enumerate() {
            for (row, least) in least.iter_mut().enumerate() {
                *least = (*least).min(permute(element, (band * ROWS + row) as u32));
            }
        }
    }
    any.then(|| least.map(|rows| rows.iter().flat_map(|least| least.to_le_bytes()).fold(FNV_START, fnv)))
}

/// The value of a number under one of the hash functions `a x + b mod 2^32`, `a` odd, which only change places. The numbers are hashes
/// already, so that this is as good as a costlier mix; the law is tested below.
fn permute(x: u32, function: u32) -> u32 {
    x.wrapping_mul(function.wrapping_mul(0x9E37_79B8) | 1).wrapping_add(function.wrapping_mul(0x85EB_CA6B))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::lexicon::hash;
    use crate::segment::terms::fold;

    /// The share of pairs of sets with Jaccard similarity `jaccard` that meet, of 400.
    fn meeting<const BANDS: usize, const ROWS: usize>(n_shared: u32, n_own: u32) -> f64 {
        let n = 400;
        let meets = (0..n).filter(|trial| {
            let set = |own: u32| {
                let numbers = (0..n_shared).chain(own..own + n_own).map(move |i| trial * 1000 + i);
                bands::<BANDS, ROWS>(numbers.map(|i| fold(hash(&i.to_string()))))
            };
            let (a, b) = (set(300).unwrap(), set(600).unwrap());
            a.iter().zip(&b).any(|(a, b)| a == b)
        });
        meets.count() as f64 / f64::from(n)
    }

    #[test]
    fn sets_meet_as_often_as_the_formula_says() {
        for (n_shared, n_own) in [(80, 10), (60, 20), (30, 35)] {
            let jaccard = f64::from(n_shared) / f64::from(n_shared + 2 * n_own);
            let expected = 1.0 - (1.0 - jaccard.powi(4)).powi(8);
            let found = meeting::<8, 4>(n_shared, n_own);
            // Three standard errors of a share of 400.
            let tolerance = 3.0 * (expected * (1.0 - expected) / 400.0).sqrt();
            assert!((found - expected).abs() < tolerance.max(0.02), "J {jaccard}: {found} and not {expected}");
        }
        assert_eq!(bands::<4, 4>(std::iter::empty()), None);
    }
}
