//! How often each word of a sentence occurs.

/// Places with their counts: a small hash table that takes no time to empty.
///
/// Source: Briggs and Torczon (1993), "An efficient representation for sparse sets": `at` may point anywhere, and what stands there says
/// whether it is meant.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// By slot: where in `found` its place stands, if it holds one.
    at: Vec<u32>,
    /// The slots in use, less one: a power of two, less one.
    mask: u32,
    found: Vec<Counted>,
    /// Numbers in the upper half, and in the lower where in `found` they stand.
    ranked: Vec<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Counted {
    place: u32,
    count: u32,
    slot: u32,
}

impl Counts {
    /// Forgets all, and has room for `n` places. Places should differ in their last bits.
    #[inline]
    pub(super) fn reset(&mut self, n: usize) {
        let n_slots = (2 * n).next_power_of_two();
        if self.at.len() < n_slots {
            self.at.resize(n_slots, 0);
        }
        self.mask = (n_slots - 1) as u32;
        self.found.clear();
    }

    /// Counts a place.
    #[inline]
    pub(super) fn add(&mut self, place: u32) {
        let mut slot = place & self.mask;
        loop {
            let at = &mut self.at[slot as usize];
            match self.found.get_mut(*at as usize).filter(|counted| counted.slot == slot) {
                None => {
                    *at = self.found.len() as u32;
                    self.found.push(Counted { place, count: 1, slot });
                    return;
                }
                Some(counted) if counted.place == place => {
                    counted.count += 1;
                    return;
                }
                Some(_) => slot = (slot + 1) & self.mask,
            }
        }
    }

    /// Sorts the places by the numbers of what stands there, so that sums over them do not depend on the places.
    #[inline]
    pub(super) fn sort(&mut self, number: impl Fn(u32) -> u32) {
        self.ranked.clear();
        let found = (0..).zip(&self.found);
        self.ranked.extend(found.map(|(at, counted)| u64::from(number(counted.place)) << 32 | at));
        self.ranked.sort_unstable();
    }

    /// The places with their counts, as they were last sorted.
    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.ranked.iter().map(|ranked| {
            let counted = self.found[*ranked as u32 as usize];
            (counted.place, counted.count)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counts_are_those_of_a_plain_count(texts in prop::collection::vec(prop::collection::vec(0_u32..40, 0..30), 1..5)) {
            let mut counts = Counts::default();
            for places in texts {
                counts.reset(places.len());
                places.iter().for_each(|place| counts.add(*place));
                counts.sort(|place| 100 - place);
                let plain = |place: u32| places.iter().filter(|other| **other == place).count() as u32;
                let there = (0..40).rev().filter(|place| plain(*place) > 0);
                let expected: Vec<(u32, u32)> = there.map(|place| (place, plain(place))).collect();
                prop_assert_eq!(counts.iter().collect::<Vec<_>>(), expected);
            }
        }
    }
}
