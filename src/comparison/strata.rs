//! An outlet's rows, or its articles, in strata by what the model says of them, and how many are drawn from each.

use ndarray::{Array2, ArrayView1};

/// Rows whose highest probability is below this are one stratum, whatever the frame.
const LOW: f64 = 0.1;
/// From here on a row's most probable frame is more likely there than not.
const HIGH: f64 = 0.5;
/// Added to the variance of a unit in allocation, so that strata in which the model is sure of everything get rows
/// too.
const LEAST_VARIANCE: f64 = 1e-6;

/// Sums over the units of a stratum for one frame. With P the outlet's mean probability p, and i the rows of a unit:
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sums {
    /// Σ over units of Σᵢ pᵢ(1 − pᵢ): how much codes vary about the probabilities.
    pub code: f64,
    /// Σ over units of z = Σᵢ (pᵢ − P).
    pub z: f64,
    /// Σ over units of z².
    pub z_squared: f64,
}

/// Units of which each is drawn with the same probability.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stratum {
    /// What it holds, in words.
    pub name: String,
    /// Its units, in order.
    pub units: Vec<usize>,
    /// For each frame.
    pub sums: Vec<Sums>,
    /// The most probable frame of its rows, where it is the same for all.
    frame: Option<usize>,
    /// Sum over units of the highest probability.
    highest: f64,
}

impl Stratum {
    /// Its units, times the standard deviation of the codes of one: what Neyman allocation is proportional to.
    ///
    /// The variance is summed over frames: `mean of Σᵢ pᵢ(1 − pᵢ) + variance of z`, for single rows `p̄(1 − p̄)`.
    fn share(&self) -> f64 {
        let n = self.units.len() as f64;
        let of_frame = |s: &Sums| s.code / n + (s.z_squared / n - (s.z / n).powi(2)).max(0.0);
        let variance: f64 = self.sums.iter().map(of_frame).sum();
        n * (variance + LEAST_VARIANCE).sqrt()
    }

    fn mean_highest(&self) -> f64 {
        self.highest / self.units.len() as f64
    }

    fn join(&mut self, other: Stratum) {
        self.name = format!("{} + {}", self.name, other.name);
        self.units.extend(other.units);
        self.units.sort_unstable();
        for (mine, others) in self.sums.iter_mut().zip(other.sums) {
            mine.code += others.code;
            mine.z += others.z;
            mine.z_squared += others.z_squared;
        }
        self.frame = self.frame.filter(|_| self.frame == other.frame);
        self.highest += other.highest;
    }
}

/// Units with what strata are made of.
pub(super) struct Units<'a> {
    /// The rows of each unit.
    pub rows: &'a [Vec<usize>],
    /// Whether units are articles.
    pub are_articles: bool,
    pub proba: &'a Array2<f64>,
    /// The outlet's mean probability of each frame.
    pub shares: &'a [f64],
    pub frames: &'a [String],
}

impl Units<'_> {
    /// The finest strata: of two units or more, except where there is one in all.
    ///
    /// Rows are told apart by their most probable frame and by whether its probability is in [0.1, 0.5) or [0.5, 1];
    /// below 0.1 they are one stratum. Articles are told apart by thirds of the mean of their rows' highest
    /// probability; halves or none where there are few.
    pub fn strata(&self) -> Vec<Stratum> {
        let mut strata = if self.are_articles { self.by_rank() } else { self.by_score() };
        while strata.len() > 1
            && let Some(small) = strata.iter().position(|stratum| stratum.units.len() < 2)
        {
            merge(&mut strata, small);
        }
        strata
    }

    fn by_score(&self) -> Vec<Stratum> {
        // The pooled stratum, then two for each frame.
        let mut strata: Vec<Vec<usize>> = vec![Vec::new(); 1 + 2 * self.frames.len()];
        for (unit, rows) in self.rows.iter().enumerate() {
            let (frame, p) = highest(self.proba.row(rows[0]));
            strata[if p < LOW { 0 } else { 1 + 2 * frame + usize::from(p >= HIGH) }].push(unit);
        }
        let stratum = |(i, units): (usize, Vec<usize>)| match i.checked_sub(1) {
            None => self.stratum(format!("below {LOW}"), None, units),
            Some(i) => {
                let bounds = if i % 2 == 0 { format!("{LOW} to {HIGH}") } else { format!("from {HIGH}") };
                self.stratum(format!("{} {bounds}", self.frames[i / 2]), Some(i / 2), units)
            }
        };
        strata.into_iter().enumerate().filter(|(_, units)| !units.is_empty()).map(stratum).collect()
    }

    fn by_rank(&self) -> Vec<Stratum> {
        let n = self.rows.len();
        let mut order: Vec<(f64, usize)> = (0..n).map(|unit| (self.highest_of(unit), unit)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let names: &[&str] = match n {
            0..4 => &["all articles"],
            4..6 => &["lower half", "upper half"],
            _ => &["lowest third", "middle third", "highest third"],
        };
        let stratum = |(i, name): (usize, &&str)| {
            let part = &order[i * n / names.len()..(i + 1) * n / names.len()];
            let mut units: Vec<usize> = part.iter().map(|(_, unit)| *unit).collect();
            units.sort_unstable();
            self.stratum((*name).to_owned(), None, units)
        };
        names.iter().enumerate().map(stratum).collect()
    }

    fn highest_of(&self, unit: usize) -> f64 {
        let rows = &self.rows[unit];
        rows.iter().map(|row| highest(self.proba.row(*row)).1).sum::<f64>() / rows.len() as f64
    }

    fn stratum(&self, name: String, frame: Option<usize>, units: Vec<usize>) -> Stratum {
        let mut sums = vec![Sums::default(); self.frames.len()];
        for unit in &units {
            for (j, sums) in sums.iter_mut().enumerate() {
                let (mut code, mut z) = (0.0, 0.0);
                for row in &self.rows[*unit] {
                    let p = self.proba[(*row, j)];
                    code += p * (1.0 - p);
                    z += p - self.shares[j];
                }
                sums.code += code;
                sums.z += z;
                sums.z_squared += z * z;
            }
        }
        let highest = units.iter().map(|unit| self.highest_of(*unit)).sum();
        Stratum { name, units, sums, frame, highest }
    }
}

/// The most probable frame, the first of equals, and its probability.
fn highest(proba: ArrayView1<'_, f64>) -> (usize, f64) {
    proba.iter().enumerate().fold((0, f64::MIN), |best, (j, p)| if *p > best.1 { (j, *p) } else { best })
}

/// The strata with so many units in all to be drawn: coarser until there are two units for each.
///
/// What is merged is the stratum that would get the smallest share. The coarser strata are made of the finer ones
/// whole, so that rows drawn from the former are simple random samples of the latter too.
pub(super) fn coarsen(mut strata: Vec<Stratum>, n: usize) -> Vec<Stratum> {
    while strata.len() > 1 && 2 * strata.len() > n {
        let least = (0..strata.len()).min_by(|a, b| strata[*a].share().total_cmp(&strata[*b].share()));
        merge(&mut strata, least.expect("there are two or more"));
    }
    strata
}

/// Joins a stratum to the nearest by mean highest probability, if possible among those of its frame and of no single
/// frame.
fn merge(strata: &mut Vec<Stratum>, at: usize) {
    let small = strata.remove(at);
    let distance = |other: &Stratum| {
        let other_frame = small.frame.is_some() && other.frame.is_some() && small.frame != other.frame;
        (other.mean_highest() - small.mean_highest()).abs() + f64::from(u8::from(other_frame))
    };
    let nearest = (0..strata.len()).min_by(|a, b| distance(&strata[*a]).total_cmp(&distance(&strata[*b])));
    strata[nearest.expect("only one of several is merged")].join(small);
}

/// How many units to draw from each stratum: in all `n`, or all units if there are fewer.
///
/// Neyman's allocation, `n_h ∝ M_h S_h` with [`Stratum::share`], kept between two (or all) units and all units of
/// each stratum, and rounded by largest remainder; of equal remainders the first stratum's is rounded up. Source:
/// Cochran (1977), Sampling Techniques, 5.5 and 5.8.
pub(super) fn allocate(strata: &[Stratum], n: usize) -> Vec<usize> {
    let sizes: Vec<usize> = strata.iter().map(|stratum| stratum.units.len()).collect();
    let n = n.min(sizes.iter().sum());
    let least = |h: usize| if 2 * strata.len() <= n { sizes[h].min(2) } else { 0 };
    let shares: Vec<f64> = strata.iter().map(Stratum::share).collect();
    let exact = |scale: f64| -> Vec<f64> {
        let clamped = |h: usize| (scale * shares[h]).clamp(least(h) as f64, sizes[h] as f64);
        (0..sizes.len()).map(clamped).collect()
    };
    // The sum rises with the scale, from the least to all of them.
    let all = (0..sizes.len()).map(|h| sizes[h] as f64 / shares[h]).fold(0.0, f64::max);
    let (mut low, mut high) = (0.0, all);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if exact(middle).iter().sum::<f64>() < n as f64 {
            low = middle;
        } else {
            high = middle;
        }
    }
    let exact = exact(high);
    let mut drawn: Vec<usize> = exact.iter().map(|x| (x + 1e-9).floor() as usize).collect();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    let remainder = |h: usize| exact[h] - drawn[h] as f64;
    order.sort_by(|a, b| remainder(*b).total_cmp(&remainder(*a)).then(a.cmp(b)));
    let mut left = n - drawn.iter().sum::<usize>();
    for h in order.into_iter().cycle() {
        if left == 0 {
            break;
        }
        if drawn[h] < sizes[h] {
            drawn[h] += 1;
            left -= 1;
        }
    }
    drawn
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn strata_of(rows: &[[f64; 2]]) -> Vec<Stratum> {
        let units: Vec<Vec<usize>> = (0..rows.len()).map(|row| vec![row]).collect();
        let proba = Array2::from_shape_fn((rows.len(), 2), |(i, j)| rows[i][j]);
        let shares = [0, 1].map(|j| rows.iter().map(|row| row[j]).sum::<f64>() / rows.len().max(1) as f64);
        let frames = ["a", "b"].map(str::to_owned);
        Units { rows: &units, are_articles: false, proba: &proba, shares: &shares, frames: &frames }.strata()
    }

    #[test]
    fn rows_are_told_apart_by_frame_and_score() {
        let rows = [
            [0.01, 0.02],
            [0.03, 0.01],
            [0.099, 0.0], // Below 0.1.
            [0.1, 0.0],
            [0.49, 0.2], // a, in the middle.
            [0.5, 0.5],
            [0.2, 0.9],
            [0.3, 0.8], // Of equals the first frame: alone in a from 0.5, and merged with the middle.
        ];
        let names: Vec<(String, usize)> = strata_of(&rows).into_iter().map(|s| (s.name, s.units.len())).collect();
        let expected = [("below 0.1", 3), ("a 0.1 to 0.5 + a from 0.5", 3), ("b from 0.5", 2)];
        assert_eq!(names, expected.map(|(name, n)| (name.to_owned(), n)));
    }

    #[test]
    fn uncertain_strata_get_more() {
        // 80 rows at 0.01 and 20 at 0.5 of frame a alone: shares 80 sqrt(0.0099) = 7.96 and 20 sqrt(0.25) = 10.
        let rows: Vec<[f64; 2]> = (0..100).map(|i| [if i < 80 { 0.01 } else { 0.5 }, 0.0]).collect();
        assert_eq!(allocate(&strata_of(&rows), 18), [8, 10]);
        assert_eq!(allocate(&strata_of(&rows), 50), [30, 20], "no more than there are; the others get the rest");
        assert_eq!(allocate(&coarsen(strata_of(&rows), 3), 3), [3], "two units a stratum, or one stratum");
    }

    #[test]
    fn where_the_model_is_sure_rows_are_drawn_in_proportion() {
        let rows: Vec<[f64; 2]> = (0..90).map(|i| [if i < 60 { 0.0 } else { 1.0 }, 0.0]).collect();
        assert_eq!(allocate(&strata_of(&rows), 9), [6, 3]);
    }

    proptest! {
        #[test]
        fn allocations_sum_and_stay_in_bounds(
            rows in prop::collection::vec((0.0..1.0_f64, 0.0..0.3_f64), 1..120),
            n in 1_usize..150,
            power in 0..6,
        ) {
            let rows: Vec<[f64; 2]> = rows.into_iter().map(|(a, b)| [a.powi(power), b]).collect();
            let strata = coarsen(strata_of(&rows), n);
            let drawn = allocate(&strata, n);
            prop_assert_eq!(drawn.iter().sum::<usize>(), n.min(rows.len()));
            for (stratum, n_h) in strata.iter().zip(&drawn) {
                let size = stratum.units.len();
                prop_assert!(*n_h <= size && (*n_h >= size.min(2) || n == 1), "{n_h} of {size}");
            }
            let mut units: Vec<usize> = strata.iter().flat_map(|stratum| stratum.units.clone()).collect();
            units.sort_unstable();
            prop_assert_eq!(units, (0..rows.len()).collect::<Vec<_>>());
            prop_assert_eq!(allocate(&coarsen(strata_of(&rows), n), n), drawn);
        }
    }
}
