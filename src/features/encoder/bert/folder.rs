//! An encoder's folder in the Hugging Face layout: what is read of it, and its hash.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{Device, Tensor};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use tokenizers::{Tokenizer, TruncationParams};

use super::config::Config;
use super::network::{Layer, Network};
use super::ops::Pooling;
use crate::error::{Error, Result};

/// All that the vectors depend on.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    pub network: Network,
    pub tokenizer: Tokenizer,
    pub pooling: Pooling,
    pub normalise: bool,
    pub lowercase: bool,
    pub max_tokens: usize,
    /// As in [`EncoderIdentity`](crate::features::EncoderIdentity).
    pub sha256: String,
    /// The files that a copy has as they are, by name.
    pub files: HashMap<String, Vec<u8>>,
    /// The checkpoint's tensors.
    pub tensors: HashMap<String, Tensor>,
}

/// One of the steps that sentence-transformers makes a vector by.
#[derive(Debug, Deserialize)]
struct Module {
    path: String,
    r#type: String,
}

/// What sentence-transformers reads before the network.
#[derive(Debug, Default, Deserialize)]
struct Reading {
    max_seq_length: Option<usize>,
    #[serde(default)]
    do_lower_case: bool,
}

/// The names of all files that may be there. Those of one encoder lie side by side, but for the pooling's.
const FILES: [&str; 8] = [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
];
pub(super) const WEIGHTS: &str = "model.safetensors";

/// Whether a file of a folder, by its name there, is read.
#[cfg(feature = "hub")]
pub(super) fn is_read(name: &str) -> bool {
    FILES.contains(&name) || name == WEIGHTS || name.ends_with("/config.json")
}

/// Whether a folder has what it cannot do without.
pub(super) fn is_whole(folder: &Path) -> bool {
    ["config.json", "tokenizer.json", WEIGHTS].iter().all(|name| folder.join(name).is_file())
}

impl Folder {
    /// Reads a folder.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Encoder`](crate::ErrorKind::Encoder) if a file is missing, broken, or
    /// asks for what cannot be computed.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let mut files = HashMap::new();
        for name in FILES {
            if let Some(bytes) = read_if_there(&folder.join(name))? {
                files.insert(name.to_owned(), bytes);
            }
        }
        let modules: Vec<Module> = parse(&files, "modules.json")?.unwrap_or_default();
        for module in modules.iter().filter(|module| !module.path.is_empty()) {
            let name = format!("{}/config.json", module.path);
            let is_plain = Path::new(&name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
            let bytes = if is_plain { read_if_there(&folder.join(&name))? } else { None };
            files.extend(bytes.map(|bytes| (name, bytes)));
        }
        let weights = read_if_there(&folder.join(WEIGHTS))?.ok_or_else(|| missing(folder, WEIGHTS))?;
        for name in ["config.json", "tokenizer.json"] {
            if !files.contains_key(name) {
                return Err(missing(folder, name));
            }
        }
        Folder::assemble(files, &modules, &weights)
    }

    fn assemble(files: HashMap<String, Vec<u8>>, modules: &[Module], weights: &[u8]) -> Result<Self> {
        let config: Config = parse(&files, "config.json")?.ok_or_else(|| Error::encoder("no config.json"))?;
        if let Some(fault) = config.fault() {
            return Err(Error::encoder(format!("config.json: {fault}")));
        }
        let (pooling, normalise) = pooling(&files, modules)?;
        let reading: Reading = parse(&files, "sentence_bert_config.json")?.unwrap_or_default();
        let room = config.max_position_embeddings - config.first_position();
        let max_tokens = reading.max_seq_length.unwrap_or(room).min(room);
        let mut tokenizer = Tokenizer::from_bytes(&files["tokenizer.json"])
            .map_err(|error| Error::encoder(format!("tokenizer.json: {error}")))?;
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(Some(TruncationParams { max_length: max_tokens, ..TruncationParams::default() }))
            .map_err(|error| Error::encoder(format!("tokenizer.json: {error}")))?;

        let mut digest = Sha256::new();
        for part in [&files["config.json"], &files["tokenizer.json"], weights] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        digest.update(format!("{pooling:?} {normalise} {} {max_tokens}", reading.do_lower_case));
        let broken = |error: candle_core::Error| Error::encoder(format!("{WEIGHTS}: {error}"));
        let tensors = candle_core::safetensors::load_buffer(weights, &Device::Cpu).map_err(broken)?;
        Ok(Folder {
            network: Network::new(&tensors, config).map_err(broken)?,
            tokenizer,
            pooling,
            normalise,
            lowercase: reading.do_lower_case,
            max_tokens,
            sha256: format!("{:x}", digest.finalize()),
            files,
            tensors,
        })
    }

    /// The same with other layers.
    pub(super) fn with_layers(&self, layers: Vec<Layer>) -> Result<Self> {
        let network = Network { layers, ..self.network.clone() };
        let tensors = network.checkpoint(self.tensors.clone()).map_err(super::failed)?;
        let weights = serialise(&tensors)?;
        let modules: Vec<Module> = parse(&self.files, "modules.json")?.unwrap_or_default();
        Folder::assemble(self.files.clone(), &modules, &weights)
    }
}

/// The bytes of a checkpoint, its tensors in order of their names.
pub(super) fn serialise(tensors: &HashMap<String, Tensor>) -> Result<Vec<u8>> {
    let mut sorted: Vec<(&String, &Tensor)> = tensors.iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    let format = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize(sorted, Some(format)).map_err(|error| Error::encoder(error.to_string()))
}

/// How sentence-transformers makes one vector of a sentence's; the mean, where there is no word of it.
fn pooling(files: &HashMap<String, Vec<u8>>, modules: &[Module]) -> Result<(Pooling, bool)> {
    let (mut pooling, mut normalise) = (Pooling::Mean, false);
    for module in modules {
        match module.r#type.rsplit('.').next().unwrap_or_default() {
            "Transformer" => {}
            "Normalize" => normalise = true,
            "Pooling" => {
                let name = format!("{}/config.json", module.path);
                let modes: HashMap<String, serde_json::Value> = parse(files, &name)?.unwrap_or_default();
                let is_on = |(mode, value): (&String, &serde_json::Value)| {
                    (mode.starts_with("pooling_mode") && *value == true).then(|| mode.clone())
                };
                let mut on: Vec<String> = modes.iter().filter_map(is_on).collect();
                on.sort();
                pooling = match &on.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                    ["pooling_mode_mean_tokens"] | [] => Pooling::Mean,
                    ["pooling_mode_cls_token"] => Pooling::First,
                    other => {
                        let found = other.join(", ");
                        return Err(Error::encoder(format!(
                            "{name} asks for {found}; only pooling_mode_mean_tokens or pooling_mode_cls_token can be computed"
                        )));
                    }
                };
            }
            other => {
                return Err(Error::encoder(format!(
                    "modules.json asks for a module {other:?}; only Transformer, Pooling and Normalize can be computed"
                )));
            }
        }
    }
    Ok((pooling, normalise))
}

fn parse<T: DeserializeOwned>(files: &HashMap<String, Vec<u8>>, name: &str) -> Result<Option<T>> {
    let parsed = files.get(name).map(|bytes| serde_json::from_slice(bytes)).transpose();
    parsed.map_err(|error| Error::encoder(format!("{name}: {error}")))
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(format!("read {}", path.display()), error)),
    }
}

fn missing(folder: &Path, name: &str) -> Error {
    let old = if name == WEIGHTS && folder.join("pytorch_model.bin").exists() {
        "; pytorch_model.bin is not read, since it may hold code: save the encoder once more with a current sentence-transformers"
    } else {
        ""
    };
    Error::encoder(format!(
        "{} should hold config.json, tokenizer.json and {WEIGHTS}, as Hugging Face's tools lay out an encoder, and has no {name}{old}",
        folder.display()
    ))
}
