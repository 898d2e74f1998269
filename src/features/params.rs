//! The options of feature extraction, checked as linfa checks its hyperparameters.

use linfa::ParamGuard;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What becomes of names: words with a capital letter outside the vocabulary, which is made of the words that training
/// rows hold without one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Names {
    /// They are words like all others.
    #[default]
    Keep,
    /// One word stands for all of them, so that nothing is learned of who or where, only that somebody is named. Days,
    /// months and nationalities count as names, and so does any other word that stands only where it needs a capital.
    /// For languages that write only names with capitals; models/README.md shows what that is worth on news never
    /// seen.
    Mask,
}

impl Names {
    /// Whether a word counts as a name, by its capital letter and by whether the vocabulary holds it.
    pub(crate) fn masks(self, capital: bool, known: impl FnOnce() -> bool) -> bool {
        self == Names::Mask && capital && !known()
    }
}

/// How sentences become vectors; in range once [`FeatureParams`] has checked it.
///
/// [`Default`] is the one place where the defaults stand; the command line reads them from here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureValidParams {
    /// Longest run of words that is a feature: 1 for words alone, 2 with pairs of neighbours. Default 2.
    pub max_words: usize,
    /// Shortest subword, in characters, counting the space that pads each word on both sides. Default 3.
    pub min_subword: usize,
    /// Longest subword; 0 turns the block off. Default 6.
    pub max_subword: usize,
    /// Sentences that must hold a word (without a capital letter, when names are masked) or a pair of words for it to
    /// be a feature. Default 1.
    pub min_df: usize,
    /// Sentences that must hold a subword for it to be a feature. Default 2.
    pub min_df_subword: usize,
    /// Most features of each kind (words, pairs, subwords): those in most sentences (words without a capital letter,
    /// when names are masked) are kept. Default 1,000,000.
    pub max_features: usize,
    /// Length of the block of words and pairs beside the block of subwords, whose length is 1. Default 2.
    pub word_weight: f64,
    /// What becomes of names. Default keep.
    pub names: Names,
}

impl Default for FeatureValidParams {
    fn default() -> Self {
        FeatureValidParams {
            max_words: 2,
            min_subword: 3,
            max_subword: 6,
            min_df: 1,
            min_df_subword: 2,
            max_features: 1_000_000,
            word_weight: 2.0,
            names: Names::default(),
        }
    }
}

/// How sentences become vectors, not checked yet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FeatureParams(pub FeatureValidParams);

impl ParamGuard for FeatureParams {
    type Checked = FeatureValidParams;
    type Error = Error;

    fn check_ref(&self) -> Result<&FeatureValidParams> {
        let params = &self.0;
        if !(1..=2).contains(&params.max_words) {
            return Err(Error::parameter("max-words", params.max_words, "1 or 2"));
        }
        if params.max_subword > 16 {
            return Err(Error::parameter("max-subword", params.max_subword, "at most 16, or 0 for no subwords"));
        }
        if params.max_subword != 0 && !(1..=params.max_subword).contains(&params.min_subword) {
            return Err(Error::parameter("min-subword", params.min_subword, "1 or more, and at most max-subword"));
        }
        for (name, value) in [
            ("min-df", params.min_df),
            ("min-df-subword", params.min_df_subword),
            ("max-features", params.max_features),
        ] {
            if value == 0 {
                return Err(Error::parameter(name, value, "1 or more"));
            }
        }
        if !(params.word_weight > 0.0 && params.word_weight <= 1e6) {
            return Err(Error::parameter("word-weight", params.word_weight, "a number above 0, at most 1,000,000"));
        }
        Ok(params)
    }

    fn check(self) -> Result<FeatureValidParams> {
        self.check_ref()?;
        Ok(self.0)
    }
}
