//! Stories: articles of a few days that tell of one event.

use hashbrown::HashMap;
use rayon::prelude::*;

use super::minhash::bands;

/// What is kept of an article to find its story by.
#[derive(Debug, Clone, Default)]
pub(super) struct StoryFacts {
    /// Hashes of its words, sorted, each with how often it occurs.
    pub(super) terms: Vec<(u32, u16)>,
    /// The day it was published, counted from any day; `None` where the date is not known.
    pub(super) day: Option<i32>,
}

/// What makes a story.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StoryParams {
    /// Articles of one story lie at most this many days apart. An article without a date may belong to any.
    pub days: u32,
    /// Cosine similarity of two articles' tf-idf vectors, in [0, 1], from which on they tell of one event.
    pub similarity: f64,
}

impl Default for StoryParams {
    fn default() -> Self {
        StoryParams { days: 3, similarity: 0.3 }
    }
}

/// Sixty-four bands of two hashes over the weightiest words: of pairs of articles that share a fifth of those 93 % meet, of
/// pairs that share a tenth 47 %, a hundredth 1 %.
const BANDS: usize = 64;
const ROWS: usize = 2;
/// The weightiest words of an article that candidates are found by.
const TOP: usize = 40;
/// In a large story each article meets so many of its neighbours in a band, not all.
const NEIGHBOURS: usize = 16;

/// An article's words with their weights: unit length, sorted by hash.
type Weights = Vec<(u32, f32)>;

/// For each article the first article of its story, which may be itself.
///
/// Candidates meet by `MinHash` over their weightiest words; they are linked where the cosine of their tf-idf vectors (`(1 + ln tf) ·
/// ln((1 + n) / df)`) reaches the threshold within the window of days; links are taken from the most similar down, and two groups
/// become one story if at least half of the pairs across them are similar enough. No step looks at all pairs of articles.
pub(super) fn stories(articles: &[StoryFacts], params: &StoryParams) -> Vec<u32> {
    let weights = weights(articles);
    let apart = |a: u32, b: u32| match (articles[a as usize].day, articles[b as usize].day) {
        (Some(a), Some(b)) => a.abs_diff(b) > params.days,
        _ => false,
    };
    let mut links: Vec<(f32, u32, u32)> = candidates(articles, &weights, params.days)
        .into_par_iter()
        .filter(|(a, b)| !apart(*a, *b))
        .map(|(a, b)| (cosine(&weights[a as usize], &weights[b as usize]), a, b))
        .filter(|(similarity, ..)| f64::from(*similarity) >= params.similarity)
        .collect();
    links.sort_unstable_by(|x, y| y.0.total_cmp(&x.0).then((x.1, x.2).cmp(&(y.1, y.2))));

    let mut story: Vec<u32> = (0..articles.len() as u32).collect();
    let mut members: Vec<Vec<u32>> = story.iter().map(|i| vec![*i]).collect();
    for (_, a, b) in links {
        let (a, b) = (story[a as usize].min(story[b as usize]), story[a as usize].max(story[b as usize]));
        if a == b || !belong(&members[a as usize], &members[b as usize], &weights, params, apart) {
            continue;
        }
        let moved = std::mem::take(&mut members[b as usize]);
        moved.iter().for_each(|i| story[*i as usize] = a);
        members[a as usize].extend(moved);
        members[a as usize].sort_unstable();
    }
    story
}

/// Whether two groups tell one story: no two lie too many days apart, and half of the pairs are similar. Of large groups a fixed
/// number of members, spread evenly, stands for all.
fn belong(a: &[u32], b: &[u32], weights: &[Weights], params: &StoryParams, apart: impl Fn(u32, u32) -> bool) -> bool {
    const MOST: usize = 12;
    let sample = |group: &[u32]| -> Vec<u32> {
        let step = group.len().div_ceil(MOST);
        group.iter().copied().step_by(step).collect()
    };
    let (a, b) = (sample(a), sample(b));
    let mut n_similar = 0;
    for i in &a {
        for j in &b {
            if apart(*i, *j) {
                return false;
            }
            n_similar +=
                usize::from(f64::from(cosine(&weights[*i as usize], &weights[*j as usize])) >= params.similarity);
        }
    }
    2 * n_similar >= a.len() * b.len()
}

fn weights(articles: &[StoryFacts]) -> Vec<Weights> {
    let mut df: HashMap<u32, u32, foldhash::fast::FixedState> =
        HashMap::with_hasher(foldhash::fast::FixedState::default());
    for (term, _) in articles.iter().flat_map(|article| &article.terms) {
        *df.entry(*term).or_default() += 1;
    }
    let n = articles.len() as f64;
    articles
        .par_iter()
        .map(|article| {
            let mut weights: Weights = article
                .terms
                .iter()
                .map(|(term, tf)| {
                    let idf = libm::log((1.0 + n) / f64::from(df[term]));
                    (*term, ((1.0 + libm::log(f64::from(*tf))) * idf) as f32)
                })
                .collect();
            let norm = weights.iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
            if norm > 0.0 {
                weights.iter_mut().for_each(|(_, w)| *w /= norm);
            }
            weights
        })
        .collect()
}

/// Pairs of articles, the lesser first, that share weighty words. Sorted, each once.
fn candidates(articles: &[StoryFacts], weights: &[Weights], days: u32) -> Vec<(u32, u32)> {
    let sketches: Vec<Option<[u64; BANDS]>> = weights
        .par_iter()
        .map(|weights| {
            let mut top = weights.clone();
            if top.len() > TOP {
                top.select_nth_unstable_by(TOP, |x, y| y.1.total_cmp(&x.1).then(x.0.cmp(&y.0)));
                top.truncate(TOP);
            }
            bands::<BANDS, ROWS>(top.into_iter().map(|(term, _)| term))
        })
        .collect();
    let meetings = (0..BANDS).into_par_iter().flat_map_iter(|b| {
        let in_band = |(i, sketch): (usize, &Option<[u64; BANDS]>)| {
            Some((sketch.as_ref()?[b], articles[i].day.unwrap_or(i32::MIN), i as u32))
        };
        let mut band: Vec<(u64, i32, u32)> = sketches.iter().enumerate().filter_map(in_band).collect();
        band.sort_unstable();
        let mut pairs = Vec::new();
        for (i, (hash, day, a)) in band.iter().enumerate() {
            let near = |(other, later, _): &&(u64, i32, u32)| {
                other == hash && (*day == i32::MIN || later.abs_diff(*day) <= days)
            };
            let met = band[i + 1..].iter().take(NEIGHBOURS).take_while(near);
            pairs.extend(met.map(|(.., b)| (*a.min(b), *a.max(b))));
        }
        pairs
    });
    let mut pairs: Vec<(u32, u32)> = meetings.collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

fn cosine(a: &Weights, b: &Weights) -> f32 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while i < a.len() && j < b.len() {
        match a[i].0.cmp(&b[j].0) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                sum += a[i].1 * b[j].1;
                (i, j) = (i + 1, j + 1);
            }
        }
    }
    sum
}
