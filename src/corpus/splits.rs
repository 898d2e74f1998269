//! Folds that hold out whole groups and keep the frames in balance.

use std::collections::HashMap;
use std::fmt;

use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::coded::{Corpus, cluster};
use super::labels::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::stats::{renumber, rng};

/// What a fold must not tear apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// Each row by itself: optimistic wherever rows of one article are alike.
    Row,
    /// Rows of one article (`doc_id`).
    DocId,
    /// Rows about one event (`story_id`).
    StoryId,
    /// Rows of one outlet (`outlet`).
    Outlet,
}

impl GroupBy {
    /// What one group is called, in the plural.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            GroupBy::Row => "rows",
            GroupBy::DocId => "articles",
            GroupBy::StoryId => "stories",
            GroupBy::Outlet => "outlets",
        }
    }

    /// The contract's name of the column, or `none`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            GroupBy::Row => "none",
            GroupBy::DocId => "doc_id",
            GroupBy::StoryId => "story_id",
            GroupBy::Outlet => "outlet",
        }
    }

    /// Whether the corpus has the column.
    #[must_use]
    pub fn is_in(self, corpus: &Corpus) -> bool {
        match self {
            GroupBy::Row => true,
            GroupBy::DocId => corpus.articles.is_some(),
            GroupBy::StoryId => corpus.stories.is_some(),
            GroupBy::Outlet => corpus.outlets.is_some(),
        }
    }

    /// The article if the corpus names articles, the row otherwise.
    #[must_use]
    pub fn natural(corpus: &Corpus) -> Self {
        if GroupBy::DocId.is_in(corpus) { GroupBy::DocId } else { GroupBy::Row }
    }

    pub(crate) fn groups(self, corpus: &Corpus) -> Result<Vec<u32>> {
        let categories = match self {
            GroupBy::Row => None,
            GroupBy::DocId => corpus.articles.as_ref(),
            GroupBy::StoryId => corpus.stories.as_ref(),
            GroupBy::Outlet => corpus.outlets.as_ref(),
        };
        if !self.is_in(corpus) {
            let expected = format!("a grouping that the files have; there is no column for {}", self.unit());
            return Err(Error::parameter("group", self.name(), &expected));
        }
        Ok(cluster(categories, corpus.n_rows()))
    }
}

impl fmt::Display for GroupBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An assignment of rows to folds; no fold is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folds {
    /// For each row its fold, from 0.
    pub of_row: Vec<u32>,
    /// How many folds there are.
    pub n_folds: usize,
    /// Distinct groups, after rows with the same text were put together.
    pub n_groups: usize,
}

impl Folds {
    /// Rows outside fold `k`, then rows inside it, each in row order.
    #[must_use]
    pub fn split(&self, k: usize) -> (Vec<usize>, Vec<usize>) {
        (0..self.of_row.len()).partition(|row| self.of_row[*row] as usize != k)
    }
}

/// Deals the groups of a corpus into `n_folds` folds, larger groups first, each to the fold where it disturbs the
/// balance of sizes and frames least. Rows with the same text always share a fold, whatever their groups say, since a
/// repeated sentence would be judged by its own copy.
///
/// # Errors
/// [`ErrorKind::TooFewGroups`]; [`ErrorKind::Parameter`] if `n_folds < 2` or the column is missing.
pub fn folds(corpus: &Corpus, group: GroupBy, n_folds: usize, seed: u64) -> Result<Folds> {
    if n_folds < 2 {
        return Err(Error::parameter("folds", n_folds, "2 or more"));
    }
    let groups = join_same_texts(&group.groups(corpus)?, &corpus.texts);
    let n_groups = groups.iter().max().map_or(0, |last| *last as usize + 1);
    if n_groups < n_folds {
        return Err(ErrorKind::TooFewGroups { n_groups, n_folds, unit: group.unit().to_owned() }.into());
    }

    // What a group weighs: its rows, and its rows with each frame, as shares of all.
    let n_traits = 1 + corpus.frames.len();
    let mut weights = vec![0.0; n_groups * n_traits];
    for (row, group) in groups.iter().enumerate() {
        let weight = &mut weights[*group as usize * n_traits..][..n_traits];
        weight[0] += 1.0;
        for (j, code) in corpus.codes.row(row).iter().enumerate() {
            weight[1 + j] += f64::from(u8::from(*code == Code::Present));
        }
    }
    let totals: Vec<f64> =
        (0..n_traits).map(|t| weights.iter().skip(t).step_by(n_traits).sum::<f64>().max(1.0)).collect();
    let weight = |group: usize| &weights[group * n_traits..][..n_traits];

    let mut order: Vec<usize> = (0..n_groups).collect();
    order.shuffle(&mut rng(seed, "folds", 0));
    order.sort_by(|a, b| weight(*b)[0].total_cmp(&weight(*a)[0]));

    let mut loads = vec![vec![0.0; n_traits]; n_folds];
    let mut fold_of_group = vec![0_u32; n_groups];
    for (dealt, group) in order.into_iter().enumerate() {
        let added = weight(group);
        let n_empty = loads.iter().filter(|load| load[0] == 0.0).count();
        let must_fill = n_groups - dealt <= n_empty;
        // The rise of the sum of squared shares: least where the group's own traits are scarce.
        let cost = |load: &[f64]| -> f64 {
            (0..n_traits).map(|t| (2.0 * load[t] + added[t]) * added[t] / (totals[t] * totals[t])).sum()
        };
        let best = (0..n_folds)
            .filter(|k| !must_fill || loads[*k][0] == 0.0)
            .min_by(|a, b| cost(&loads[*a]).total_cmp(&cost(&loads[*b])).then(loads[*a][0].total_cmp(&loads[*b][0])))
            .expect("some fold is open: n_folds is at least 2, and one is empty when all must be filled");
        loads[best].iter_mut().zip(added).for_each(|(load, added)| *load += added);
        fold_of_group[group] = best as u32;
    }
    let of_row = groups.iter().map(|group| fold_of_group[*group as usize]).collect();
    Ok(Folds { of_row, n_folds, n_groups })
}

/// Unites groups that share a text, and numbers the result densely in order of first appearance.
pub(crate) fn join_same_texts(groups: &[u32], texts: &[String]) -> Vec<u32> {
    let n_groups = groups.iter().max().map_or(0, |last| *last as usize + 1);
    let mut parent: Vec<usize> = (0..n_groups).collect();
    let root = |parent: &mut Vec<usize>, mut group: usize| {
        while parent[group] != group {
            parent[group] = parent[parent[group]];
            group = parent[group];
        }
        group
    };
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (group, text) in groups.iter().zip(texts) {
        let other = *first.entry(text.trim()).or_insert(*group as usize);
        let (a, b) = (root(&mut parent, *group as usize), root(&mut parent, other));
        parent[a.max(b)] = a.min(b);
    }
    renumber(groups.iter().map(|group| root(&mut parent, *group as usize)))
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::corpus::{Categories, Frames, LeftOut};

    fn corpus(articles: &[u32], texts: Option<Vec<String>>) -> Corpus {
        let n = articles.len();
        Corpus {
            texts: texts.unwrap_or_else(|| (0..n).map(|i| format!("text {i}")).collect()),
            frames: Frames::new(vec!["x".into()]).unwrap(),
            codes: Array2::from_shape_fn((n, 1), |(i, _)| Code::from(i % 3 == 0)),
            weights: vec![1.0; n],
            outlets: None,
            articles: Some(Categories {
                names: articles.iter().map(u32::to_string).collect(),
                of_row: articles.iter().map(|a| Some(*a)).collect(),
            }),
            stories: None,
            sources: Vec::new(),
            left_out: LeftOut::default(),
        }
    }

    #[test]
    fn articles_stay_whole_and_frames_balance() {
        let articles: Vec<u32> = (0..90).map(|i| i / 3).collect();
        let corpus = corpus(&articles, None);
        let folds = folds(&corpus, GroupBy::DocId, 5, 1).unwrap();
        assert_eq!(folds.n_groups, 30);
        for pair in articles.iter().zip(&folds.of_row).collect::<Vec<_>>().windows(2) {
            assert!(pair[0].0 != pair[1].0 || pair[0].1 == pair[1].1);
        }
        for k in 0..5 {
            let (train, test) = folds.split(k);
            assert_eq!((train.len(), test.len()), (72, 18));
            assert_eq!(test.iter().filter(|i| **i % 3 == 0).count(), 6);
        }
    }

    #[test]
    fn one_giant_group_leaves_no_fold_empty() {
        let mut articles = vec![0; 100];
        articles.extend([1, 2, 3]);
        let folds = folds(&corpus(&articles, None), GroupBy::DocId, 4, 0).unwrap();
        assert!((0..4).all(|k| folds.of_row.contains(&k)));
    }

    #[test]
    fn same_text_shares_a_fold() {
        let texts = (0..20).map(|i| format!("text {}", i % 10)).collect();
        let folds = folds(&corpus(&(0..20).collect::<Vec<_>>(), Some(texts)), GroupBy::Row, 3, 7).unwrap();
        assert_eq!(folds.n_groups, 10);
        assert!((0..10).all(|i| folds.of_row[i] == folds.of_row[i + 10]));
    }

    #[test]
    fn too_few_groups_is_said() {
        let error = folds(&corpus(&[0, 0, 1, 1], None), GroupBy::DocId, 5, 0).unwrap_err();
        assert!(error.to_string().contains("2 articles cannot fill 5 folds"), "{error}");
    }
}
