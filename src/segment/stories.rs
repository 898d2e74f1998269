//! Stories: articles of a few days that tell of one event.

use hashbrown::HashMap;
use rayon::prelude::*;

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
    /// Cosine similarity of two articles' tf-idf vectors, in [0, 1], from which on they tell of one event. Where a date is missing it
    /// must be a fifth greater: articles on one topic resemble each other across the years.
    pub similarity: f64,
}

impl Default for StoryParams {
    fn default() -> Self {
        StoryParams { days: 3, similarity: 0.25 }
    }
}

/// The weightiest words of an article, which candidates are found by, and how many of them two articles must share. (`MinHash` over the same
/// words misses one pair in four of two articles on one event: they share a tenth or a fifth of them, not most.)
const TOP: usize = 40;
const LEAST_SHARED: usize = 4;
/// Words are weighted as if a hundred articles more stood beside the collection, none of which has them: in a handful of articles the
/// words of a story would else count for less than those that only one of them has.
const BACKGROUND: f64 = 100.0;
/// Of the articles that share a word only so many, the next by date, are looked at: no step grows with the square of the articles.
const NEIGHBOURS: usize = 64;

/// An article's words with their weights: unit length, sorted by hash.
type Weights = Vec<(u32, f32)>;

/// For each article the first article of its story, which may be itself.
///
/// Candidates share some of their weightiest words; they are linked where the cosine of their tf-idf vectors (`(1 + ln tf) ·
/// ln((n + 100) / (df + 1))`) reaches the threshold within the window of days; links are taken from the most similar down, and two groups
/// become one story if at least half of the pairs across them are similar enough. No step looks at all pairs of articles.
pub(super) fn stories(articles: &[StoryFacts], params: &StoryParams) -> Vec<u32> {
    let weights = weights(articles);
    let apart = |a: u32, b: u32| match (articles[a as usize].day, articles[b as usize].day) {
        (Some(a), Some(b)) => a.abs_diff(b) > params.days,
        _ => false,
    };
    let similarity = |a: u32, b: u32| f64::from(cosine(&weights[a as usize], &weights[b as usize]));
    let dated = |i: u32| articles[i as usize].day.is_some();
    let similar = |a: u32, b: u32| {
        let wanted = if dated(a) && dated(b) { params.similarity } else { 1.2 * params.similarity };
        Some(similarity(a, b)).filter(|found| *found >= wanted.min(1.0))
    };
    let mut links: Vec<(f64, u32, u32)> = candidates(articles, &weights, params.days)
        .into_par_iter()
        .filter(|(a, b)| !apart(*a, *b))
        .filter_map(|(a, b)| Some((similar(a, b)?, a, b)))
        .collect();
    links.sort_unstable_by(|x, y| y.0.total_cmp(&x.0).then((x.1, x.2).cmp(&(y.1, y.2))));

    let mut story: Vec<u32> = (0..articles.len() as u32).collect();
    let mut members: Vec<Vec<u32>> = story.iter().map(|i| vec![*i]).collect();
    for (_, a, b) in links {
        let (a, b) = (story[a as usize].min(story[b as usize]), story[a as usize].max(story[b as usize]));
        if a == b || !belong(&members[a as usize], &members[b as usize], apart, |i, j| similar(i, j).is_some()) {
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
fn belong(a: &[u32], b: &[u32], apart: impl Fn(u32, u32) -> bool, similar: impl Fn(u32, u32) -> bool) -> bool {
    const MOST: usize = 12;
    let sample = |group: &[u32]| -> Vec<u32> {
        let step = group.len().div_ceil(MOST);
        group.iter().copied().step_by(step).collect()
    };
    let (a, b) = (sample(a), sample(b));
    let pairs = || a.iter().flat_map(|i| b.iter().map(|j| (*i, *j)));
    !pairs().any(|(i, j)| apart(i, j)) && 2 * pairs().filter(|(i, j)| similar(*i, *j)).count() >= a.len() * b.len()
}

fn weights(articles: &[StoryFacts]) -> Vec<Weights> {
    let mut df: HashMap<u32, u32, foldhash::fast::FixedState> =
        HashMap::with_hasher(foldhash::fast::FixedState::default());
    for (term, _) in articles.iter().flat_map(|article| &article.terms) {
        *df.entry(*term).or_default() += 1;
    }
    let n = articles.len() as f64;
    let idf: Vec<f32> = (0..=df.values().copied().max().unwrap_or(0))
        .map(|df| libm::log((n + BACKGROUND) / (1.0 + f64::from(df))) as f32)
        .collect();
    let tf: Vec<f32> = (0..64).map(|tf| 1.0 + libm::log(f64::from(tf.max(1))) as f32).collect();
    articles
        .par_iter()
        .map(|article| {
            let weight =
                |(term, n): &(u32, u16)| (*term, tf[usize::from(*n).min(tf.len() - 1)] * idf[df[term] as usize]);
            let mut weights: Weights = article.terms.iter().map(weight).collect();
            let norm = weights.iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
            if norm > 0.0 {
                weights.iter_mut().for_each(|(_, w)| *w /= norm);
            }
            weights
        })
        .collect()
}

/// Pairs of articles, the lesser first, that share weighty words and may lie near enough in time.
fn candidates(articles: &[StoryFacts], weights: &[Weights], days: u32) -> Vec<(u32, u32)> {
    let day = |i: u32| articles[i as usize].day.unwrap_or(i32::MIN);
    let mut by_day: Vec<u32> = (0..articles.len() as u32).collect();
    by_day.sort_by_key(|i| day(*i));
    let top: Vec<Vec<u32>> = by_day.par_iter().map(|i| top_terms(&weights[*i as usize])).collect();
    // For each word, the places in `by_day` of the articles that have it.
    let place =
        |(place, terms): (usize, &Vec<u32>)| terms.iter().map(move |term| (*term, place as u32)).collect::<Vec<_>>();
    let mut postings: Vec<(u32, u32)> = top.iter().enumerate().flat_map(place).collect();
    postings.par_sort_unstable();

    let partners = |place: usize| -> Vec<(u32, u32)> {
        let a = by_day[place];
        let mut met: Vec<u32> = Vec::new();
        for term in &top[place] {
            let own = postings.partition_point(|posting| *posting <= (*term, place as u32));
            let later = postings[own..].iter().take(NEIGHBOURS).take_while(|posting| posting.0 == *term);
            let near = |b: &u32| day(a) == i32::MIN || day(by_day[*b as usize]).abs_diff(day(a)) <= days;
            met.extend(later.map(|posting| posting.1).take_while(near));
        }
        met.sort_unstable();
        let shared = met.chunk_by(|x, y| x == y).filter(|shared| shared.len() >= LEAST_SHARED);
        shared.map(|shared| by_day[shared[0] as usize]).map(|b| (a.min(b), a.max(b))).collect()
    };
    (0..by_day.len()).into_par_iter().flat_map_iter(partners).collect()
}

/// The weightiest words of an article.
fn top_terms(weights: &Weights) -> Vec<u32> {
    let mut top = weights.clone();
    if top.len() > TOP {
        top.select_nth_unstable_by(TOP, |x, y| y.1.total_cmp(&x.1).then(x.0.cmp(&y.0)));
        top.truncate(TOP);
    }
    top.into_iter().map(|(term, _)| term).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::terms::story_terms;
    use crate::segment::words::words;

    fn article(text: &str, day: Option<i32>) -> StoryFacts {
        StoryFacts { terms: story_terms(words(text).iter()), day }
    }

    #[test]
    fn stories_lie_in_a_window_of_days() {
        let shots = "Two cutters exchanged warning shots off the Vesholm banks, and the ferry talks were put off by the ministers.";
        let told =
            "Warning shots off Vesholm: cutters of both ministers stopped the ferry talks, which the banks had wanted.";
        let mill = "The water mill at Sorrel Bridge will grind again in May with new sluices and stones from a quarry.";
        let articles = [
            article(shots, Some(10)),
            article(mill, Some(10)),
            article(told, Some(12)),
            article(told, Some(40)),
            article(mill, None),
        ];
        assert_eq!(stories(&articles, &StoryParams::default()), [0, 1, 0, 3, 1]);
        assert!(stories(&[], &StoryParams::default()).is_empty());
        assert_eq!(stories(&[StoryFacts::default(), StoryFacts::default()], &StoryParams::default()), [0, 1]);
    }
}
