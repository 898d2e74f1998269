//! Words that tell one outlet from the others.

use hashbrown::HashMap;
use rand::RngExt as _;
use rayon::prelude::*;
use serde::Serialize;

use super::cells::{Cells, Outlet};
use super::params::CompareParams;
use crate::features::Documents;
use crate::stats::{MIN_CLUSTERS, normal_quantile, percentile_bounds, rng};

/// Fewest times an outlet must use a word for it to be listed.
const MIN_COUNT: u32 = 5;
/// Fewest articles it must use it in.
const MIN_ARTICLES: usize = 3;

/// A word and how much more one outlet uses it than the others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DistinctiveWord {
    /// The outlet.
    pub outlet: String,
    /// The word, in small letters.
    pub word: String,
    /// Log of the ratio of its odds in the outlet and in all others, drawn toward 0 by the prior.
    pub log_odds_ratio: f64,
    /// Lower bound, from drawing the outlet's articles anew and the variance between the others'; `None` under five articles.
    pub low: Option<f64>,
    /// Upper bound.
    pub high: Option<f64>,
    /// The log-odds ratio over its standard error were every word drawn by itself: what the list is ordered by.
    pub z: f64,
    /// Times the outlet uses it.
    pub n: usize,
    /// Articles of the outlet that it stands in.
    pub n_articles: usize,
}

/// The counts that a log-odds ratio is made of.
#[derive(Debug, Clone, Copy)]
struct WordCounts {
    /// Of the word here, of all words here, of the word elsewhere, of all words elsewhere.
    here: f64,
    all_here: f64,
    elsewhere: f64,
    all_elsewhere: f64,
    /// Prior counts: of the word, and of all words.
    prior: f64,
    all_prior: f64,
}

impl WordCounts {
    /// `δ = log((y₁+a)/(n₁+a₀−y₁−a)) − log((y₂+a)/(n₂+a₀−y₂−a))`.
    ///
    /// Source: Monroe, Colaresi & Quinn (2008), Fightin' Words, Political Analysis 16(4), equation 16.
    fn log_odds_ratio(&self) -> f64 {
        let odds = |y: f64, n: f64| libm::log((y + self.prior) / (n + self.all_prior - y - self.prior));
        odds(self.here, self.all_here) - odds(self.elsewhere, self.all_elsewhere)
    }

    /// `δ / sqrt(1/(y₁+a) + 1/(y₂+a))`, equations 20 and 22 there.
    fn z(&self) -> f64 {
        let variance = 1.0 / (self.here + self.prior) + 1.0 / (self.elsewhere + self.prior);
        self.log_odds_ratio() / variance.sqrt()
    }
}

/// The most distinctive words of each outlet, by z; none with a single outlet.
///
/// The prior gives each word its share of `prior_words` words of the whole corpus. `documents` holds the rows' words.
pub(super) fn distinctive_words(
    cells: &Cells<'_>,
    documents: &Documents,
    params: &CompareParams,
) -> Vec<DistinctiveWord> {
    if cells.outlets.len() < 2 {
        return Vec::new();
    }
    let counts: Vec<HashMap<u32, u32>> =
        cells.outlets.par_iter().map(|outlet| count(documents, &outlet.rows)).collect();
    let mut total = vec![0_u64; documents.words.len()];
    for counts in &counts {
        for (word, n) in counts {
            total[*word as usize] += u64::from(*n);
        }
    }
    let all: u64 = total.iter().sum();
    let of_outlet = |(number, (outlet, counts)): (usize, (&Outlet, &HashMap<u32, u32>))| {
        let here: u64 = counts.values().map(|n| u64::from(*n)).sum();
        let word_counts = |word: u32, y: f64, n: f64| WordCounts {
            here: y,
            all_here: n,
            elsewhere: (total[word as usize] - u64::from(counts[&word])) as f64,
            all_elsewhere: (all - here) as f64,
            prior: params.prior_words * total[word as usize] as f64 / all as f64,
            all_prior: params.prior_words,
        };
        let mut candidates: Vec<(f64, u32)> = counts
            .iter()
            .filter(|(word, n)| **n >= MIN_COUNT && documents.words[**word as usize].starts_with(char::is_alphabetic))
            .map(|(word, n)| (word_counts(*word, f64::from(*n), here as f64).z(), *word))
            .filter(|(z, _)| *z > 0.0)
            .collect();
        candidates.sort_by(|a, b| {
            b.0.total_cmp(&a.0).then_with(|| documents.words[a.1 as usize].cmp(&documents.words[b.1 as usize]))
        });
        candidates.truncate(3 * params.n_words);
        let uses = Uses::of(documents, outlet, &candidates);
        let kept: Vec<usize> =
            (0..candidates.len()).filter(|i| uses.of_word[*i].len() >= MIN_ARTICLES).take(params.n_words).collect();
        let bounds =
            uses.bounds(&kept, params, number as u64, |i, y, n| word_counts(candidates[i].1, y, n).log_odds_ratio());
        let word = |(i, (low, high)): (usize, (Option<f64>, Option<f64>))| {
            let (z, word) = candidates[i];
            let counts_of_word = word_counts(word, f64::from(counts[&word]), here as f64);
            let listed = DistinctiveWord {
                outlet: outlet.name.clone(),
                word: documents.words[word as usize].to_string(),
                log_odds_ratio: counts_of_word.log_odds_ratio(),
                low,
                high,
                z,
                n: counts[&word] as usize,
                n_articles: uses.of_word[i].len(),
            };
            (number, word, counts_of_word, listed)
        };
        kept.into_iter().zip(bounds).map(word).collect::<Vec<_>>()
    };
    let mut found: Vec<Found> = cells.outlets.par_iter().zip(&counts).enumerate().flat_map_iter(of_outlet).collect();
    widen(cells, documents, &mut found, |word| total[word as usize] as f64 / all as f64, params.level);
    found.into_iter().map(|(_, _, _, listed)| listed).collect()
}

/// A listed word, with the number of its outlet and its own.
type Found = (usize, u32, WordCounts, DistinctiveWord);

/// Adds to each interval what the other outlets' articles vary by: `sqrt(Σ (c − p n)²) / ((y₂ + a)(1 − p₂))` is the standard error of the log odds
/// elsewhere, with c uses in n words an article and p the word's share of all words; the two sides' distances to their bounds add as squares
/// (Zou & Donner 2008).
fn widen(cells: &Cells<'_>, documents: &Documents, found: &mut [Found], share: impl Fn(u32) -> f64 + Sync, level: f64) {
    let mut words: Vec<u32> = found.iter().map(|(_, word, ..)| *word).collect();
    words.sort_unstable();
    words.dedup();
    let listed: Vec<(f64, u32)> = words.iter().map(|word| (0.0, *word)).collect();
    let squares = |outlet: &Outlet| -> Vec<f64> {
        let uses = Uses::of(documents, outlet, &listed);
        let all: f64 = uses.n_words.iter().map(|n| n * n).sum();
        let of_word = words.iter().zip(&uses.of_word);
        of_word
            .map(|(word, articles)| {
                let p = share(*word);
                let used = articles.iter().map(|(article, c)| c * c - 2.0 * p * c * uses.n_words[*article as usize]);
                used.sum::<f64>() + p * p * all
            })
            .collect()
    };
    let by_outlet: Vec<Vec<f64>> = cells.outlets.par_iter().map(squares).collect();
    let total: Vec<f64> = (0..words.len()).map(|i| by_outlet.iter().map(|of| of[i]).sum()).collect();
    let c = normal_quantile(0.5 + level / 2.0);
    for (outlet, word, counts, listed) in found {
        let place = words.binary_search(word).expect("every found word is listed");
        let elsewhere = (total[place] - by_outlet[*outlet][place]).max(0.0).sqrt();
        let p = counts.elsewhere / counts.all_elsewhere.max(1.0);
        let half = c * elsewhere / ((counts.elsewhere + counts.prior) * (1.0 - p));
        let delta = listed.log_odds_ratio;
        listed.low = listed.low.map(|low| delta - (delta - low).hypot(half));
        listed.high = listed.high.map(|high| delta + (high - delta).hypot(half));
    }
}

fn count(documents: &Documents, rows: &[usize]) -> HashMap<u32, u32> {
    let mut counts = HashMap::new();
    for row in rows {
        documents.tokens(*row).iter().for_each(|token| *counts.entry(token.word()).or_default() += 1);
    }
    counts
}

/// How often the articles of an outlet use some words.
struct Uses {
    /// Words of text in each article.
    n_words: Vec<f64>,
    /// For each word, the articles that use it and how often.
    of_word: Vec<Vec<(u32, f64)>>,
}

impl Uses {
    fn of(documents: &Documents, outlet: &Outlet, candidates: &[(f64, u32)]) -> Self {
        let n_articles = outlet.articles.iter().max().map_or(0, |last| *last as usize + 1);
        let mut uses = Uses { n_words: vec![0.0; n_articles], of_word: vec![Vec::new(); candidates.len()] };
        let place: HashMap<u32, usize> = candidates.iter().enumerate().map(|(i, (_, word))| (*word, i)).collect();
        for (row, article) in outlet.rows.iter().zip(&outlet.articles) {
            let tokens = documents.tokens(*row);
            uses.n_words[*article as usize] += tokens.len() as f64;
            for i in tokens.iter().filter_map(|token| place.get(&token.word())) {
                uses.of_word[*i].push((*article, 1.0));
            }
        }
        for articles in &mut uses.of_word {
            articles.sort_by_key(|(article, _)| *article);
            articles.dedup_by(|later, earlier| {
                let same = later.0 == earlier.0;
                if same {
                    earlier.1 += later.1;
                }
                same
            });
        }
        uses
    }

    /// Percentile bounds of a statistic of each kept word's uses and all words, over draws of the outlet's articles.
    fn bounds(
        &self,
        kept: &[usize],
        params: &CompareParams,
        outlet: u64,
        statistic: impl Fn(usize, f64, f64) -> f64,
    ) -> Vec<(Option<f64>, Option<f64>)> {
        let n_articles = self.n_words.len();
        if n_articles < MIN_CLUSTERS || params.n_replicates == 0 {
            return vec![(None, None); kept.len()];
        }
        let mut replicates = vec![Vec::with_capacity(params.n_replicates); kept.len()];
        let mut rng = rng(params.seed, "distinctive words", outlet);
        let mut times = vec![0.0; n_articles];
        for _ in 0..params.n_replicates {
            times.fill(0.0);
            (0..n_articles).for_each(|_| times[rng.random_range(0..n_articles)] += 1.0);
            let all: f64 = times.iter().zip(&self.n_words).map(|(times, n)| times * n).sum();
            for (values, i) in replicates.iter_mut().zip(kept) {
                let uses: f64 = self.of_word[*i].iter().map(|(article, n)| times[*article as usize] * n).sum();
                values.push(statistic(*i, uses, all));
            }
        }
        replicates
            .into_iter()
            .map(|values| {
                let (low, high) = percentile_bounds(values, params.level);
                (Some(low), Some(high))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fightin_words_by_their_formula() {
        // Five words with a flat prior of 0.1 each; δ and z computed in NumPy from the paper's formulas.
        let (here, elsewhere) = ([10.0, 5.0, 0.0, 3.0, 30.0], [2.0, 7.0, 4.0, 3.0, 25.0]);
        let delta = [
            1.596_306_435_828_043_4,
            -0.563_257_121_043_996_1,
            -3.971_401_176_006_407,
            -0.167_454_645_453_621,
            0.066_587_995_832_304_63,
        ];
        let z = [
            2.104_779_879_620_033_4,
            -0.970_378_215_151_234_7,
            -1.240_826_452_056_957_6,
            -0.208_479_352_311_438_2,
            0.246_346_566_362_466_27,
        ];
        for i in 0..5 {
            let counts = WordCounts {
                here: here[i],
                all_here: here.iter().sum(),
                elsewhere: elsewhere[i],
                all_elsewhere: elsewhere.iter().sum(),
                prior: 0.1,
                all_prior: 0.5,
            };
            assert!((counts.log_odds_ratio() - delta[i]).abs() < 1e-9);
            assert!((counts.z() - z[i]).abs() < 1e-9);
        }
    }
}
