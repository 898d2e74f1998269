//! Sentence encoders: where they are, and how training uses one.

use std::path::PathBuf;

use clap::Args;

use crate::features::encoder::{TuningParams, TuningValidParams};

/// Which encoder, and where its vectors are kept.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sentence encoder")]
pub struct EncoderArgs {
    /// A sentence encoder of BERT's family: a folder in Hugging Face layout, or a name on the hub, with @REVISION behind it
    /// to pin one [default: none to train with; to score, the folder MODEL.encoder beside a model that needs one, or what
    /// the hub's cache has of it]
    #[arg(long, value_name = "DIR|NAME")]
    pub encoder: Option<String>,
    /// Where vectors are kept, so that a text is encoded once [default: framescope in the user's cache folder]
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Keep no vectors
    #[arg(long, conflicts_with = "cache")]
    pub no_cache: bool,
}

impl EncoderArgs {
    /// The folder for vectors; `None` where none are to be kept, or nobody says where.
    #[must_use]
    pub fn cache(&self) -> Option<PathBuf> {
        if self.no_cache {
            return None;
        }
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let of_user = || {
            let shared = variable("XDG_CACHE_HOME").or_else(|| variable("LOCALAPPDATA"));
            shared.or_else(|| variable("HOME").map(|home| home.join(".cache"))).map(|cache| cache.join("framescope"))
        };
        self.cache.clone().or_else(of_user)
    }
}

/// How training uses the encoder.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training with a sentence encoder")]
pub struct TuningArgs {
    /// Lengths of the encoder's vectors beside n-grams to choose from, out of fold and for each frame by itself
    /// [default: 1,2,4]
    #[arg(long, value_delimiter = ',', value_name = "X,…", requires = "encoder", conflicts_with = "encoder_only")]
    pub encoder_weight: Option<Vec<f64>>,
    /// The encoder's vectors alone, without n-grams
    #[arg(long, requires = "encoder")]
    pub encoder_only: bool,
    /// Teach the encoder the frames first, by contrast: rows that share a frame are moved together, others apart. Done anew
    /// for each fold without its rows; the encoder is written to MODEL.encoder beside the model
    #[arg(long, requires = "encoder")]
    pub fine_tune: bool,
    /// Most passes over the rows, or rounds of ten steps where they are few
    #[arg(long, value_name = "N", requires = "fine_tune", default_value_t = TuningValidParams::default().max_epochs)]
    pub epochs: usize,
    /// Sentences of a step, each of which makes a pair with every other
    #[arg(long, value_name = "N", requires = "fine_tune", default_value_t = TuningValidParams::default().batch)]
    pub batch: usize,
    /// Step length at its highest
    #[arg(long, value_name = "X", requires = "fine_tune", default_value_t = TuningValidParams::default().learning_rate)]
    pub learning_rate: f64,
    /// Layers that learn, from the last one back
    #[arg(long, value_name = "N", requires = "fine_tune", default_value_t = TuningValidParams::default().n_layers)]
    pub layers: usize,
    /// Share of the rows, in whole articles, held out to find the epoch at which to stop; 0 for all epochs
    #[arg(long, value_name = "X", requires = "fine_tune", default_value_t = TuningValidParams::default().held_out)]
    pub held_out: f64,
    /// A folder for what each epoch reaches, so that a killed run goes on from there; emptied by hand when no longer wanted
    #[arg(long, value_name = "DIR", requires = "fine_tune")]
    pub checkpoints: Option<PathBuf>,
}

impl TuningArgs {
    /// As the library takes it; `None` where nothing is to be fine-tuned.
    #[must_use]
    pub fn params(&self, seed: u64) -> Option<TuningParams> {
        self.fine_tune.then(|| {
            TuningParams(TuningValidParams {
                max_epochs: self.epochs,
                batch: self.batch,
                learning_rate: self.learning_rate,
                n_layers: self.layers,
                held_out: self.held_out,
                seed,
                checkpoints: self.checkpoints.clone(),
            })
        })
    }
}
