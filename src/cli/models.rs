//! Models ready to score, each with the sentence encoder that it needs.

use std::path::Path;
use std::sync::Arc;

use super::console;
use crate::error::{Error, Result};
use crate::features::{EncoderIdentity, SentenceEncoder};
use crate::model::{Model, Scorer};

/// The model at `model`, or the bundled one, compiled, with the name that messages call it. `encoder` is what the user named.
pub(super) fn scorer(model: Option<&Path>, encoder: Option<&str>) -> anyhow::Result<(Scorer, String)> {
    let (loaded, name) = console::load(model)?;
    Ok((compiled(loaded, model, encoder)?, name))
}

/// Compiles a model that came from `path`, with its encoder.
pub(super) fn compiled(model: Model, path: Option<&Path>, encoder: Option<&str>) -> Result<Scorer> {
    let needed = model.metadata().encoder.as_ref().map(|summary| summary.identity.clone());
    match needed {
        Some(identity) => Scorer::with_encoder(model, find_encoder(path, &identity, encoder)?),
        None => match encoder {
            None => Scorer::new(model),
            Some(given) => {
                Err(Error::parameter("--encoder", given, "nothing: the model was trained without an encoder"))
            }
        },
    }
}

/// The encoder that a model needs: the one that is given, or the one that lies where its model is.
fn find_encoder(
    _model: Option<&Path>,
    identity: &EncoderIdentity,
    _given: Option<&str>,
) -> Result<Arc<dyn SentenceEncoder>> {
    Err(Error::encoder(format!(
        "the model was trained with the encoder {}, and this build reads no encoders",
        identity.name
    )))
}
