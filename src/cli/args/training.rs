//! How models are trained, and how sure their scores are.

use clap::{Args, ValueEnum};

use crate::corpus::GroupBy;
use crate::error::{Error, Result};
use crate::features::{FeatureParams, FeatureValidParams, Names};
use crate::model::{ClassWeight, LogisticParams, LogisticValidParams, Prior};
use crate::stats::Bootstrap;
use crate::training::TrainParams;

/// Settings of the training, shared by `train` and `evaluate --cross-validate`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
pub struct TrainingArgs {
    /// What folds hold out whole [default: doc_id where the rows have it, else none]
    #[arg(long, value_enum)]
    pub group: Option<Group>,
    /// Penalties to choose from out of fold, on about 20,000 rows where there are more; one number is used as it is;
    /// `auto` is the default path
    #[arg(long, value_delimiter = ',', value_name = "ALPHA,…", default_value = "auto", allow_negative_numbers = true)]
    pub alpha: Vec<String>,
    /// Weigh the rows of both classes alike in sum, or not
    #[arg(long, value_enum, default_value = "balanced")]
    pub class_weight: Balance,
    /// The shape of the penalty: features that tell the classes apart are held less, or all alike
    #[arg(long, value_enum, default_value = "log-odds")]
    pub prior: PriorShape,
    /// Train the other frames when one has too few rows of a class
    #[arg(long)]
    pub allow_constant: bool,
    /// Longest run of words that is a feature
    #[arg(long, value_name = "N", default_value_t = FeatureValidParams::default().max_words)]
    pub max_words: usize,
    /// Shortest subword, in characters
    #[arg(long, value_name = "N", default_value_t = FeatureValidParams::default().min_subword)]
    pub min_subword: usize,
    /// Longest subword; 0 for no subwords
    #[arg(long, value_name = "N", default_value_t = FeatureValidParams::default().max_subword)]
    pub max_subword: usize,
    /// Sentences that must hold a word or a pair
    #[arg(long, value_name = "N", default_value_t = FeatureValidParams::default().min_df)]
    pub min_df: usize,
    /// Sentences that must hold a subword
    #[arg(long, value_name = "N", default_value_t = FeatureValidParams::default().min_df_subword)]
    pub min_df_subword: usize,
    /// Most features of each kind
    #[arg(long, value_name = "N", default_value_t = FeatureValidParams::default().max_features)]
    pub max_features: usize,
    /// Weight of words and pairs beside subwords
    #[arg(long, value_name = "X", default_value_t = FeatureValidParams::default().word_weight)]
    pub word_weight: f64,
    /// Whether a name is a word like others, or one word stands for all names
    #[arg(long, value_enum, default_value = "keep")]
    pub names: NamesAre,
    /// Newton steps before a fit is given up
    #[arg(long, value_name = "N", default_value_t = LogisticValidParams::default().max_iterations)]
    pub max_iterations: usize,
    /// A fit is done when its gradient has shrunk by this factor
    #[arg(long, value_name = "X", default_value_t = LogisticValidParams::default().tolerance)]
    pub tolerance: f64,
    /// Do not score under other groupings, which is done on about 20,000 rows where there are more
    #[arg(long)]
    pub no_leakage: bool,
}

/// What folds hold out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Group {
    /// Nothing: single rows, at random
    None,
    /// Articles
    DocId,
    /// Stories
    StoryId,
    /// Outlets
    Outlet,
}

/// Class weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Balance {
    /// Both classes weigh the same
    Balanced,
    /// Every row weighs the same
    None,
}

/// What becomes of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NamesAre {
    /// Words like others
    Keep,
    /// One word: capitalised words that the training rows do not hold without a capital too. Travels better to other
    /// news; for languages that write only names with capitals
    Mask,
}

/// Shapes of the penalty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PriorShape {
    /// By the log ratio of a feature's frequency in the two classes
    LogOdds,
    /// Ridge
    Uniform,
}

impl TrainingArgs {
    /// As the library takes it.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
    pub fn train_params(&self, seed: u64, n_folds: usize, bootstrap: Bootstrap) -> Result<TrainParams> {
        let alphas = match &self.alpha[..] {
            [auto] if auto == "auto" => TrainParams::default().alphas,
            given => given
                .iter()
                .map(|alpha| {
                    alpha.parse().map_err(|_| Error::parameter("--alpha", alpha, "auto, or numbers joined by commas"))
                })
                .collect::<Result<_>>()?,
        };
        let class_weight = match self.class_weight {
            Balance::Balanced => ClassWeight::Balanced,
            Balance::None => ClassWeight::None,
        };
        let prior = match self.prior {
            PriorShape::LogOdds => Prior::LogOdds,
            PriorShape::Uniform => Prior::Uniform,
        };
        TrainParams {
            features: FeatureParams(FeatureValidParams {
                max_words: self.max_words,
                min_subword: self.min_subword,
                max_subword: self.max_subword,
                min_df: self.min_df,
                min_df_subword: self.min_df_subword,
                max_features: self.max_features,
                word_weight: self.word_weight,
                names: match self.names {
                    NamesAre::Keep => Names::Keep,
                    NamesAre::Mask => Names::Mask,
                },
            }),
            logistic: LogisticParams::default()
                .class_weight(class_weight)
                .prior(prior)
                .max_iterations(self.max_iterations)
                .tolerance(self.tolerance),
            alphas,
            max_path_rows: TrainParams::default().max_path_rows,
            max_parallel_rows: TrainParams::default().max_parallel_rows,
            group: self.group.map(|group| match group {
                Group::None => GroupBy::Row,
                Group::DocId => GroupBy::DocId,
                Group::StoryId => GroupBy::StoryId,
                Group::Outlet => GroupBy::Outlet,
            }),
            n_folds,
            seed,
            allow_constant: self.allow_constant,
            leakage: !self.no_leakage,
            bootstrap,
            dense: None,
        }
        .check()
    }
}

/// Settings of the intervals.
#[derive(Debug, Args)]
#[command(next_help_heading = "Intervals")]
pub struct IntervalArgs {
    /// Times that articles are drawn anew; 0 for no intervals
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().n_replicates)]
    pub n_bootstrap: usize,
    /// Confidence level
    #[arg(long, value_name = "X", default_value_t = Bootstrap::default().level)]
    pub level: f64,
}

impl IntervalArgs {
    /// As the library takes it.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
    pub fn bootstrap(&self, seed: u64) -> Result<Bootstrap> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::parameter("--level", self.level, "a number between 0 and 1, such as 0.95"));
        }
        Ok(Bootstrap { n_replicates: self.n_bootstrap, level: self.level, seed })
    }
}
