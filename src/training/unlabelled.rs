//! Rows that nobody coded, made ready to learn a teacher's opinions from.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::SliceRandom;

use super::subsample::grouped;
use crate::corpus::{Categories, Corpus, Folds, GroupBy};
use crate::model::Unused;
use crate::stats::rng;

/// Rows that nobody coded, each text once, and none that is to be learned or judged by its code.
#[derive(Debug, Clone)]
pub struct Unlabelled {
    /// The rows. What is coded there is not looked at.
    pub corpus: Corpus,
    /// Rows of the files that are not here.
    pub unused: Unused,
}

impl Unlabelled {
    /// Leaves out rows whose text, but for space around it, stands among the coded ones or in an earlier row.
    #[must_use]
    pub fn new(corpus: &Corpus, gold: Option<&Corpus>, test: Option<&Corpus>) -> Self {
        let texts = |corpus: Option<&Corpus>| -> BTreeSet<String> {
            corpus.iter().flat_map(|corpus| &corpus.texts).map(|text| text.trim().to_owned()).collect()
        };
        let (gold, test) = (texts(gold), texts(test));
        let mut unused = Unused { empty_text: corpus.left_out.empty_text, ..Unused::default() };
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut kept = Vec::new();
        for (row, text) in corpus.texts.iter().enumerate() {
            let text = text.trim();
            if gold.contains(text) {
                unused.in_gold += 1;
            } else if test.contains(text) {
                unused.in_test += 1;
            } else if !seen.insert(text) {
                unused.copies += 1;
            } else {
                kept.push(row);
            }
        }
        Unlabelled { corpus: corpus.select(&kept), unused }
    }

    /// Draws rows to compare student and teacher on, in whole articles where these are named: at most `most` of them, and no more than
    /// a fifth of all. Returns the others, then these, in row order.
    pub(super) fn hold_out(&self, most: usize, seed: u64) -> (Vec<usize>, Vec<usize>) {
        let n = self.corpus.n_rows();
        let held = draw(&self.corpus, most.min(n / 5), seed, "rows that student and teacher are compared on", false);
        let is_held: BTreeSet<usize> = held.iter().copied().collect();
        ((0..n).filter(|row| !is_held.contains(row)).collect(), held)
    }
}

/// About `wanted` rows in whole articles, by the seed, in row order: no fewer where `enough`, else no more.
pub(super) fn draw(corpus: &Corpus, wanted: usize, seed: u64, purpose: &str, enough: bool) -> Vec<usize> {
    let mut units = grouped(corpus.n_rows(), &[&corpus.articles]);
    units.shuffle(&mut rng(seed, purpose, 0));
    let mut rows = Vec::new();
    for unit in units {
        if rows.len() >= wanted {
            break;
        }
        if enough || rows.len() + unit.len() <= wanted {
            rows.extend(unit);
        }
    }
    rows.sort_unstable();
    rows
}

/// The fold that each of `others` must stay out of: that of the coded rows with its text's group, if there are any. A row without a group
/// belongs to none. Where only one of the two names stories or outlets, articles stand for them, each of which is of one.
pub(super) fn folds_of(others: &Corpus, coded: &Corpus, group: GroupBy, folds: &Folds) -> Vec<Option<u32>> {
    let named = |corpus: &Corpus, by: GroupBy| -> Option<Categories> {
        match by {
            GroupBy::Row => None,
            GroupBy::DocId => corpus.articles.clone(),
            GroupBy::StoryId => corpus.stories.clone(),
            GroupBy::Outlet => corpus.outlets.clone(),
        }
    };
    let by: &[GroupBy] = if group == GroupBy::Row { &[] } else { &[group, GroupBy::DocId] };
    let both = by.iter().find_map(|by| named(others, *by).zip(named(coded, *by)));
    let Some((others_are, coded_are)) = both else { return vec![None; others.n_rows()] };
    let fold_of: BTreeMap<&str, u32> = (0..coded.n_rows())
        .map(|row| (coded_are.name(row), folds.of_row[row]))
        .filter(|(name, _)| !name.is_empty())
        .collect();
    (0..others.n_rows()).map(|row| fold_of.get(others_are.name(row)).copied()).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::corpus::{Code, Frames, LeftOut, folds};

    fn corpus(texts: &[&str], articles: &[&str]) -> Corpus {
        let mut names: Vec<String> = articles.iter().map(|name| (*name).to_owned()).collect();
        names.sort();
        names.dedup();
        let place = |name: &&str| names.iter().position(|other| other == name).map(|at| at as u32);
        let of_row = articles.iter().map(place).collect();
        Corpus {
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            frames: Frames::new(vec!["x".into()]).unwrap(),
            codes: Array2::from_shape_fn((texts.len(), 1), |(i, _)| Code::from(i % 2 == 0)),
            weights: vec![1.0; texts.len()],
            outlets: None,
            articles: Some(Categories { names, of_row }),
            stories: None,
            sources: Vec::new(),
            left_out: LeftOut { empty_text: 3, ..LeftOut::default() },
        }
    }

    #[test]
    fn each_text_stands_once_and_none_is_coded() {
        let rows = corpus(&["a", " b", "c", "a ", "d"], &["1", "1", "2", "2", "3"]);
        let (gold, test) = (corpus(&["b"], &["9"]), corpus(&["c", "b"], &["9", "9"]));
        let found = Unlabelled::new(&rows, Some(&gold), Some(&test));
        assert_eq!(found.corpus.texts, ["a", "d"]);
        assert_eq!(found.unused, Unused { empty_text: 3, in_gold: 1, in_test: 1, copies: 1 });
    }

    #[test]
    fn articles_are_held_out_whole_and_not_too_many() {
        let texts: Vec<String> = (0..40).map(|i| i.to_string()).collect();
        let articles: Vec<String> = (0..40).map(|i| (i / 4).to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let articles: Vec<&str> = articles.iter().map(String::as_str).collect();
        let rows = Unlabelled::new(&corpus(&texts, &articles), None, None);
        let (kept, held) = rows.hold_out(2_000, 0);
        assert_eq!((kept.len(), held.len()), (32, 8));
        assert!(held.chunks(4).all(|rows| rows[0] % 4 == 0 && rows[3] == rows[0] + 3), "{held:?}");
        assert_ne!(rows.hold_out(2_000, 1).1, held);
        assert_eq!(rows.hold_out(3, 0).1, Vec::<usize>::new(), "no article is so short");
    }

    #[test]
    fn rows_of_a_coded_article_keep_out_of_its_fold() {
        let coded = corpus(&["a", "b", "c", "d"], &["1", "2", "3", "4"]);
        let folds = folds(&coded, GroupBy::DocId, 2, 0).unwrap();
        let others = corpus(&["e", "f"], &["3", "7"]);
        assert_eq!(folds_of(&others, &coded, GroupBy::DocId, &folds), [Some(folds.of_row[2]), None]);
        assert_eq!(folds_of(&others, &coded, GroupBy::Row, &folds), [None, None]);
        let coded = Corpus { stories: coded.articles.clone(), ..coded };
        let found = folds_of(&others, &coded, GroupBy::StoryId, &folds);
        assert_eq!(found, [Some(folds.of_row[2]), None], "the others name no stories");
    }
}
