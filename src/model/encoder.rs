//! The sentence encoder of a model: what the artefact says of it, and what its vectors add to the logits.

use std::sync::Arc;

use linfa::ParamGuard as _;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::artifact::Model;
use crate::error::{Error, Result};
use crate::features::encoder::{TuningParams, TuningValidParams};
use crate::features::{EncoderIdentity, SentenceEncoder, vectors_of};

/// Longest vectors, which no encoder comes near.
const MAX_DIM: usize = 1 << 16;
/// Bytes of the longest name or revision.
const MAX_NAME: usize = 256;
/// Most tokens that an encoder may read.
const MAX_TOKENS: usize = 1 << 20;
/// The greatest length that vectors can be given.
pub(crate) const MAX_LENGTH: f64 = 1e6;

/// The sentence encoder that a model was trained with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderSummary {
    /// Which encoder it is: the fine-tuned one, where it was fine-tuned.
    pub identity: EncoderIdentity,
    /// The length chosen for its vectors, frame by frame in column order, beside a block of subwords of length 1; the weights hold it
    /// already. All 1 without n-grams.
    pub weights: Vec<f64>,
    /// Whether there are no n-grams beside it.
    pub alone: bool,
    /// How it was fine-tuned on the training rows, if it was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fine_tuned: Option<TuningValidParams>,
}

impl EncoderSummary {
    /// Says what no training of `n_frames` frames leaves, if there is such a thing.
    pub(super) fn fault(&self, n_frames: usize) -> Option<String> {
        let EncoderIdentity { name, revision, sha256, dim, max_tokens } = &self.identity;
        let is_name = |name: &str| !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control);
        if !is_name(name) || !revision.as_deref().is_none_or(is_name) {
            return Some(format!(
                "its encoder's name and revision should have 1 to {MAX_NAME} bytes and no control characters"
            ));
        }
        if sha256.len() != 64 || !sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Some("its encoder's hash should have 64 hexadecimal digits in lower case".into());
        }
        if !(1..=MAX_DIM).contains(dim) || !(1..=MAX_TOKENS).contains(max_tokens) {
            return Some(format!(
                "its encoder should give vectors of 1 to {MAX_DIM} numbers and read 1 to {MAX_TOKENS} tokens, and has {dim} and {max_tokens}"
            ));
        }
        let is_length = |length: &f64| *length > 0.0 && *length <= MAX_LENGTH;
        if self.weights.len() != n_frames || !self.weights.iter().all(is_length) {
            return Some(format!(
                "it should have a length of its encoder's vectors for each of its {n_frames} frames, above 0 and at most {MAX_LENGTH}"
            ));
        }
        let tuning = TuningParams(self.fine_tuned.clone().unwrap_or_default());
        tuning
            .check_ref()
            .err()
            .map(|error| format!("its encoder was fine-tuned with options that do not exist ({error})"))
    }
}

/// What an encoder's vectors add to the calibrated logits.
#[derive(Debug)]
pub(super) struct DenseLogits {
    encoder: Arc<dyn SentenceEncoder>,
    /// Weights times the slope of the calibration, of shape (n_frames, dim).
    weights: Array2<f64>,
}

impl DenseLogits {
    /// Puts the encoder to a model, which has the same for its own or none at all.
    ///
    /// # Errors
    /// [`ErrorKind::Encoder`](crate::ErrorKind::Encoder) if it is not the one that the model was trained with.
    pub(super) fn new(model: &Model, encoder: Option<Arc<dyn SentenceEncoder>>) -> Result<Option<Self>> {
        let wanted = model.metadata().encoder.as_ref().map(|summary| &summary.identity);
        let encoder = match (wanted, encoder) {
            (None, None) => return Ok(None),
            (Some(wanted), None) => {
                return Err(Error::encoder(format!(
                    "the model was trained with the encoder {}; give it by --encoder, or Scorer::with_encoder",
                    told(wanted),
                )));
            }
            (None, Some(given)) => {
                return Err(Error::encoder(format!(
                    "{} was given, and the model was trained without an encoder; leave it out",
                    told(given.identity()),
                )));
            }
            (Some(wanted), Some(given)) => {
                let found = given.identity();
                if (&found.sha256, found.dim) != (&wanted.sha256, wanted.dim) {
                    return Err(Error::encoder(format!(
                        "the model was trained with {}, and {} was given, which is another",
                        told(wanted),
                        told(found),
                    )));
                }
                given
            }
        };
        let mut weights = model.dense_weights.mapv(f64::from);
        for (mut weights, calibration) in weights.rows_mut().into_iter().zip(model.calibration()) {
            weights *= calibration.map.slope;
        }
        Ok(Some(DenseLogits { encoder, weights }))
    }

    pub(super) fn encoder(&self) -> &Arc<dyn SentenceEncoder> {
        &self.encoder
    }

    /// What the vectors of these texts add to each frame's logit, of shape (n_texts, n_frames).
    ///
    /// # Errors
    /// What the encoder gives.
    pub(super) fn of(&self, texts: &[&str]) -> Result<Array2<f64>> {
        let vectors = vectors_of(&*self.encoder, texts)?;
        Ok(Array2::from_shape_fn((texts.len(), self.weights.nrows()), |(i, j)| {
            vectors.row(i).iter().zip(self.weights.row(j)).map(|(x, w)| f64::from(*x) * w).sum()
        }))
    }
}

/// An encoder in a message: its name, its hash as far as it takes to tell it from others, and the length of its vectors.
fn told(EncoderIdentity { name, sha256, dim, .. }: &EncoderIdentity) -> String {
    let sha256 = sha256.get(..12).unwrap_or(sha256);
    format!("{name} (sha256 {sha256}…, {dim} numbers)")
}
