//! Sentence encoders: sentences in, dense vectors out.
//!
//! Everybody else knows a [`SentenceEncoder`] alone: training lays its vectors beside the n-grams, a scorer asks it for those of new
//! sentences. What it is stands in an [`EncoderIdentity`], which goes into the artefact, so that a model never meets the vectors of
//! another encoder.

#[cfg(feature = "encoder")]
mod bert;
mod params;

use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

#[cfg(feature = "encoder")]
pub use bert::{BertEncoder, VectorCache};
pub use params::{TuningParams, TuningValidParams};

use crate::error::{Error, Result};

/// Which encoder it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderIdentity {
    /// The name of its folder, or its name on the hub.
    pub name: String,
    /// Commit on the hub, for one that comes from there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revision: Option<String>,
    /// SHA-256, in hexadecimal, of all that its vectors depend on: weights, configuration, tokenizer and pooling.
    pub sha256: String,
    /// Length of a vector.
    pub dim: usize,
    /// Tokens of a text that are read, the first and the last among them; what is behind is cut off.
    pub max_tokens: usize,
}

/// Turns sentences into vectors of fixed length.
pub trait SentenceEncoder: Debug + Send + Sync {
    /// Which encoder it is.
    fn identity(&self) -> &EncoderIdentity;

    /// The vectors of `texts`, of shape (n_texts, dim), each of length 1 where the encoder normalises. The vector of a text does not
    /// depend on those beside it but in the last bits, nor on the number of threads at all. All cores work on many texts.
    ///
    /// # Errors
    /// [`ErrorKind::Encoder`](crate::ErrorKind::Encoder) if a text cannot be tokenised.
    fn encode(&self, texts: &[&str]) -> Result<Array2<f32>>;

    /// A copy whose vectors tell the frames of these rows apart. `step` is called [`TuningValidParams::n_steps`] times at most, as
    /// the work goes on; early stopping may leave the last ones out.
    ///
    /// # Errors
    /// [`ErrorKind::Encoder`](crate::ErrorKind::Encoder) if this one cannot learn.
    fn fine_tuned(
        &self,
        rows: &TuningRows<'_>,
        params: &TuningValidParams,
        step: &(dyn Fn() + Sync),
    ) -> Result<Arc<dyn SentenceEncoder>> {
        let _ = (rows, params, step);
        Err(Error::encoder(format!("{} cannot be fine-tuned", self.identity().name)))
    }

    /// Writes it into a new folder in the Hugging Face layout, which [`sentence-transformers`] reads too.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), [`ErrorKind::Encoder`](crate::ErrorKind::Encoder).
    ///
    /// [`sentence-transformers`]: https://sbert.net
    fn save(&self, folder: &Path) -> Result<()> {
        let _ = folder;
        Err(Error::encoder(format!("{} cannot be saved", self.identity().name)))
    }
}

/// The encoder that `spec` names, a folder in the Hugging Face layout or a name on the hub, which keeps its vectors below `cache`.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io), [`ErrorKind::Encoder`](crate::ErrorKind::Encoder) if there is none that can be computed,
/// or the library was built without the feature `encoder`.
#[cfg(feature = "encoder")]
pub fn open(spec: &str, cache: Option<&Path>) -> Result<Arc<dyn SentenceEncoder>> {
    let encoder = BertEncoder::find(spec)?;
    Ok(match cache {
        Some(cache) => Arc::new(encoder.with_cache(cache)),
        None => Arc::new(encoder),
    })
}

/// Says that this build has no encoders.
///
/// # Errors
/// [`ErrorKind::Encoder`](crate::ErrorKind::Encoder), always.
#[cfg(not(feature = "encoder"))]
pub fn open(spec: &str, cache: Option<&Path>) -> Result<Arc<dyn SentenceEncoder>> {
    let _ = cache;
    let how = "cargo install framescope --features encoder";
    Err(Error::encoder(format!("{spec} cannot be read: this build has no sentence encoders; {how} makes one that has")))
}

/// Coded rows to fine-tune on.
#[derive(Debug, Clone, Copy)]
pub struct TuningRows<'a> {
    /// The sentences.
    pub texts: &'a [&'a str],
    /// Whether each row carries each frame, of shape (n_rows, n_frames); `None` where that is not coded.
    pub labels: ArrayView2<'a, Option<bool>>,
    /// What must not be torn apart when rows are held out for early stopping: the article of each row, say.
    pub groups: &'a [u32],
}

/// The vectors of `texts`, of shape (n_texts, dim), from an encoder that anybody may have made.
///
/// # Errors
/// What the encoder gives; [`ErrorKind::Encoder`](crate::ErrorKind::Encoder) if it gives another shape than it says, or what is no number.
pub(crate) fn vectors_of(encoder: &dyn SentenceEncoder, texts: &[&str]) -> Result<Array2<f32>> {
    let EncoderIdentity { name, dim, .. } = encoder.identity();
    if texts.is_empty() {
        return Ok(Array2::zeros((0, *dim)));
    }
    let vectors = encoder.encode(texts)?;
    if vectors.dim() != (texts.len(), *dim) {
        let (n, [rows, columns]) = (texts.len(), [vectors.nrows(), vectors.ncols()]);
        return Err(Error::encoder(format!(
            "{name} should give {n} vectors of {dim} numbers, and gave {rows} of {columns}"
        )));
    }
    match vectors.rows().into_iter().position(|vector| !vector.iter().all(|x| x.is_finite())) {
        None => Ok(vectors),
        Some(row) => Err(Error::encoder(format!("{name} gave a vector with what is no number, for {:?}", texts[row]))),
    }
}
