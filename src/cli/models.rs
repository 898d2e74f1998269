//! Models ready to score, each with the sentence encoder that it needs, and encoders to train with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{EncoderArgs, TuningArgs};
use super::console;
use crate::error::{Error, Result};
use crate::features::encoder::open;
use crate::features::{EncoderIdentity, SentenceEncoder};
use crate::model::{Model, Scorer};
use crate::training::{DenseParams, TrainParams};

/// The model at `model`, or the bundled one, compiled, with the name that messages call it.
pub(super) fn scorer(model: Option<&Path>, args: &EncoderArgs) -> anyhow::Result<(Scorer, String)> {
    let (loaded, name) = console::load(model)?;
    Ok((compiled(loaded, model, args)?, name))
}

/// Compiles a model that came from `path`, with its encoder.
pub(super) fn compiled(model: Model, path: Option<&Path>, args: &EncoderArgs) -> Result<Scorer> {
    let needed = model.metadata().encoder.as_ref().map(|summary| summary.identity.clone());
    match (needed, &args.encoder) {
        (Some(identity), given) => Scorer::with_encoder(model, find_encoder(path, &identity, given.as_deref(), args)?),
        (None, None) => Scorer::new(model),
        (None, Some(given)) => {
            Err(Error::parameter("--encoder", given, "nothing: the model was trained without an encoder"))
        }
    }
}

/// These options with the encoder that is named, if one is.
pub(super) fn with_encoder(
    mut params: TrainParams,
    args: &EncoderArgs,
    tuning: &TuningArgs,
    seed: u64,
) -> Result<TrainParams> {
    if let Some(name) = &args.encoder {
        params.dense = Some(DenseParams {
            encoder: open(name, args.cache().as_deref())?,
            weights: tuning.encoder_weight.clone().unwrap_or_else(|| DenseParams::WEIGHTS.to_vec()),
            alone: tuning.encoder_only,
            fine_tune: tuning.params(seed),
        });
    }
    params.check()
}

/// Where the encoder of a model lies that was fine-tuned for it: beside the model, under its name.
pub(super) fn folder_beside(model: &Path) -> PathBuf {
    model.with_extension("encoder")
}

/// The encoder that a model needs: the one that is given, the one that lies beside the model, or the hub's of that name.
fn find_encoder(
    model: Option<&Path>,
    identity: &EncoderIdentity,
    given: Option<&str>,
    args: &EncoderArgs,
) -> Result<Arc<dyn SentenceEncoder>> {
    if let Some(given) = given {
        return open(given, args.cache().as_deref());
    }
    let beside = model.filter(|model| *model != Path::new("-")).map(folder_beside);
    if let Some(folder) = beside.as_ref().filter(|folder| folder.is_dir()) {
        return open(&folder.display().to_string(), args.cache().as_deref());
    }
    let EncoderIdentity { name, revision, sha256, .. } = identity;
    let hint = || {
        let beside = beside.as_ref().map(|folder| format!(", or lay it at {}", folder.display())).unwrap_or_default();
        let hash = sha256.get(..12).unwrap_or(sha256);
        Error::encoder(format!(
            "the model was trained with the encoder {name} (sha256 {hash}…); say by --encoder where it is{beside}"
        ))
    };
    match revision {
        Some(revision) => open(&format!("{name}@{revision}"), args.cache().as_deref()).map_err(|_| hint()),
        None => Err(hint()),
    }
}
