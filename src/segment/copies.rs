//! Wire copy: sentences that stand, word for word or nearly, in articles of several outlets.

use rayon::prelude::*;

use super::clusters::Clusters;
use super::minhash::bands;
use super::terms::fold;
use super::words::Word;

/// Four bands of six hashes: of pairs of sentences whose pairs of words overlap by 90 % (one word of forty changed) 95 % meet, by
/// 80 % 70 %, by 50 % 6 %, by 30 % 0.3 %.
const BANDS: usize = 4;
const ROWS: usize = 6;

/// Shorter sentences recur by chance ("He declined to comment").
const LEAST_WORDS: usize = 8;

/// What is kept of a sentence to know its copies by.
pub(super) type Sketch = [u64; BANDS];

/// The sketch of a sentence by its words; `None` where it is too short to be told from others.
pub(super) fn sketch(words: &[Word]) -> Option<Sketch> {
    if words.len() < LEAST_WORDS {
        return None;
    }
    bands::<BANDS, ROWS>(words.windows(2).map(|pair| fold(pair[0].hash.rotate_left(23) ^ pair[1].hash)))
}

/// For each sentence, the first sentence of its copies, itself included; `None` where all of them are of one outlet.
///
/// `sketches` has `(outlet, sketch)` for each sentence, in order.
pub(super) fn copies(sketches: &[(u32, Option<Sketch>)]) -> Vec<Option<u32>> {
    let mut clusters = Clusters::new(sketches.len());
    let meetings = (0..BANDS).into_par_iter().map(|b| {
        let in_band = |(i, (_, sketch)): (usize, &(u32, Option<Sketch>))| Some((sketch.as_ref()?[b], i as u32));
        let mut band: Vec<(u64, u32)> = sketches.iter().enumerate().filter_map(in_band).collect();
        band.sort_unstable();
        let meet = |pair: &[(u64, u32)]| (pair[0].0 == pair[1].0).then_some((pair[0].1, pair[1].1));
        band.windows(2).filter_map(meet).collect::<Vec<_>>()
    });
    for (a, b) in meetings.collect::<Vec<_>>().into_iter().flatten() {
        clusters.join(a, b);
    }
    let first: Vec<u32> = (0..sketches.len() as u32).map(|i| clusters.find(i)).collect();
    let mut several = vec![false; sketches.len()];
    for (i, first) in first.iter().enumerate() {
        several[*first as usize] |= sketches[i].0 != sketches[*first as usize].0;
    }
    first.into_iter().map(|first| several[first as usize].then_some(first)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::words::words;

    #[test]
    fn copies_are_found_across_outlets_only() {
        let wire = "Moscow has since accused Norvia and the alliance of behaviour that shakes the whole of the Black Sea coast.";
        let edited = "Moscow has since accused Norvia and the alliance of behaviour that shakes the whole of the Black Sea coast again.";
        let other =
            "The harbour master said that he had waited eleven years for the ferries to come back to the old port.";
        let rows = [(0, wire), (1, other), (1, edited), (2, wire), (1, other), (0, "He declined to comment.")];
        let sketches: Vec<_> = rows.iter().map(|(outlet, text)| (*outlet, sketch(&words(text)))).collect();
        assert_eq!(sketches[5].1, None);
        assert_eq!(copies(&sketches), [Some(0), None, Some(0), Some(0), None, None]);
    }
}
