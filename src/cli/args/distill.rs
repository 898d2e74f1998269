//! The arguments of `distill`.

use std::path::PathBuf;

use clap::Args;

use super::{EncoderArgs, InputArgs, IntervalArgs, TrainingArgs};
use crate::error::Result;
use crate::stats::Bootstrap;
use crate::training::{DistillParams, TrainParams};

/// Arguments of `distill`.
#[derive(Debug, Args)]
#[command(
    after_help = "The teacher scores rows that nobody coded, and a model of n-grams learns these probabilities, with the coded rows beside them: \
small and fast as any other, and nearer to its teacher than coded rows alone would bring it. How much the opinions weigh beside the codes (--mix) is \
chosen for each frame with the penalty, by average precision on coded rows held out.

Coded rows that trained the teacher, and others in --gold of their stories or articles, teach but never judge: what the teacher remembers of \
them would flatter its student. So train the teacher on some stories, and name all in --gold: the others choose, calibrate and judge. Where none is \
left, or without --gold, settings and probabilities follow the teacher, the mix is the middle one of --mix, and nothing is checked against a coder. Rows in \
--test, which none has seen, judge teacher, student and n-grams alone. Rows of --unlabelled whose text stands in --gold or --test are left out; codes in --unlabelled are not looked at.

Examples:
  framescope distill --teacher large.safetensors --unlabelled news.csv --gold coded.csv --max-features 85000 -o small.safetensors
  framescope distill --teacher large.safetensors --unlabelled news/*.csv.gz --license 'CC BY 4.0' -o small.safetensors"
)]
pub struct DistillArgs {
    /// The model whose opinions are learned; - is stdin
    #[arg(long, value_name = "MODEL.safetensors")]
    pub teacher: PathBuf,
    /// Files of rows that nobody needs to have coded, for the teacher to score
    #[arg(long, required = true, num_args = 1.., value_name = "ROWS.csv")]
    pub unlabelled: Vec<String>,
    /// Files of coded rows, to learn from and to choose by; their frames are those of the teacher
    #[arg(long, num_args = 1.., value_name = "CODED.csv")]
    pub gold: Vec<String>,
    /// Files of coded rows to judge by, which took no part in any training
    #[arg(long, num_args = 1.., value_name = "HELD.csv")]
    pub test: Vec<String>,
    /// Where the student is written
    #[arg(long, short, value_name = "STUDENT.safetensors")]
    pub output: PathBuf,
    /// A note on what may be done with the rows of --unlabelled, for the student's card
    #[arg(long, value_name = "TEXT")]
    pub license: Option<String>,
    /// Weights of the opinions in sum, before classes are balanced, to choose from, beside a weight of 1 of the coded rows; one number is used as it is
    #[arg(long, value_delimiter = ',', value_name = "X,…", default_values_t = DistillParams::default().mixes, help_heading = "Training")]
    pub mix: Vec<f64>,
    /// Most unlabelled rows to compare student and teacher on, in whole articles, from which the student does not learn; at most a fifth
    #[arg(long, value_name = "N", default_value_t = DistillParams::default().max_held_out, help_heading = "Training")]
    pub held_out: usize,
    /// Folds
    #[arg(long, value_name = "N", default_value_t = TrainParams::default().n_folds, help_heading = "Training")]
    pub folds: usize,
    /// The training
    #[command(flatten)]
    pub training: TrainingArgs,
    /// The intervals
    #[command(flatten)]
    pub intervals: IntervalArgs,
    /// How the files are read
    #[command(flatten)]
    pub input: InputArgs,
    /// The sentence encoder
    #[command(flatten)]
    pub encoder: EncoderArgs,
}

impl DistillArgs {
    /// As the library takes it.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
    pub fn params(&self, seed: u64, bootstrap: Bootstrap) -> Result<DistillParams> {
        DistillParams {
            train: self.training.train_params(seed, self.folds, bootstrap)?,
            mixes: self.mix.clone(),
            max_held_out: self.held_out,
            license: self.license.clone(),
        }
        .check()
    }
}
