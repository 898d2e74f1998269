//! Encoders of BERT's family, computed by `candle` on the processor.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined into `lanes::wide` is not compiled for the processor's vectors"
)]

mod attention;
mod batches;
mod cache;
mod config;
mod folder;
mod hub;
mod lanes;
mod network;
mod ops;
mod tuning;

use std::path::Path;
use std::sync::Arc;

use ndarray::Array2;

pub use cache::VectorCache;

use super::{EncoderIdentity, SentenceEncoder, TuningRows, TuningValidParams};
use crate::error::{Error, Result};
use crate::output::{AtomicFile, make_folder};
use folder::{Folder, WEIGHTS};

/// A sentence encoder of BERT's family, read from a folder in the Hugging Face layout.
#[derive(Debug)]
pub struct BertEncoder {
    identity: EncoderIdentity,
    folder: Folder,
    /// Where vectors are kept, if they are.
    cache: Option<VectorCache>,
}

/// What candle says, as an error of ours.
#[expect(clippy::needless_pass_by_value, reason = "as map_err hands it on")]
fn failed(error: candle_core::Error) -> Error {
    Error::encoder(error.to_string())
}

impl BertEncoder {
    /// Reads the encoder in `folder`. Its vectors are those that sentence-transformers would give, to about `1e-6`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Encoder`](crate::ErrorKind::Encoder) if a file is missing, broken, or
    /// asks for what cannot be computed.
    pub fn load(folder: &Path, name: &str, revision: Option<&str>) -> Result<Self> {
        let read = Folder::read(folder).map_err(|error| error.in_file(&folder.display().to_string()))?;
        Ok(BertEncoder::new(read, name, revision))
    }

    /// Reads the encoder that `spec` names: a folder, or a name on the hub, with `@REVISION` behind it to pin one.
    ///
    /// # Errors
    /// As [`BertEncoder::load`], and [`ErrorKind::Encoder`](crate::ErrorKind::Encoder) if there is none of that name.
    pub fn find(spec: &str) -> Result<Self> {
        let folder = Path::new(spec);
        if folder.is_dir() {
            // Its own name alone: where it lies is nobody's business.
            let own = folder.canonicalize().ok();
            let own = own.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
            return BertEncoder::load(folder, own.as_deref().unwrap_or(spec), None);
        }
        let (folder, commit) = hub::find(spec)?;
        let name = spec.split_once('@').map_or(spec, |(name, _)| name);
        BertEncoder::load(&folder, name, Some(&commit))
    }

    fn new(folder: Folder, name: &str, revision: Option<&str>) -> Self {
        let identity = EncoderIdentity {
            name: name.to_owned(),
            revision: revision.map(str::to_owned),
            sha256: folder.sha256.clone(),
            dim: folder.network.config.hidden_size,
            max_tokens: folder.max_tokens,
        };
        BertEncoder { identity, folder, cache: None }
    }

    /// Keeps vectors below `folder`, and takes those that are there.
    #[must_use]
    pub fn with_cache(mut self, folder: &Path) -> Self {
        self.cache = Some(VectorCache::new(folder, &self.identity));
        self
    }
}

impl SentenceEncoder for BertEncoder {
    fn identity(&self) -> &EncoderIdentity {
        &self.identity
    }

    fn encode(&self, texts: &[&str]) -> Result<Array2<f32>> {
        match &self.cache {
            Some(cache) => cache.encode(texts, |texts| batches::encode(&self.folder, texts)),
            None => batches::encode(&self.folder, texts),
        }
    }

    fn fine_tuned(
        &self,
        rows: &TuningRows<'_>,
        params: &TuningValidParams,
        step: &(dyn Fn() + Sync),
    ) -> Result<Arc<dyn SentenceEncoder>> {
        let tuned = tuning::fine_tune(&self.folder, rows, params, step)?;
        Ok(Arc::new(BertEncoder::new(tuned, &self.identity.name, self.identity.revision.as_deref())))
    }

    fn save(&self, folder: &Path) -> Result<()> {
        make_folder(folder)?;
        let weights = folder::serialise(&self.folder.tensors)?;
        let mut files: Vec<(&str, &[u8])> =
            self.folder.files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
        files.push((WEIGHTS, &weights));
        files.sort_by_key(|(name, _)| *name);
        for (name, bytes) in files {
            let path = folder.join(name);
            path.parent().map_or(Ok(()), make_folder)?;
            let mut file = AtomicFile::create(&path)?;
            file.write_all(bytes)?;
            file.commit()?;
        }
        Ok(())
    }
}
