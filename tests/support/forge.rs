//! Artefacts with anything in them, and the right hash all the same: anybody can compute it. The fuzz target `model`
//! uses this file too.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Stands before the hash, at the end of the metadata.
const HASH: &str = "\"sha256\":\"";

/// A tensor as the header describes it, with its bytes.
#[derive(Debug, Clone)]
pub struct Tensor {
    pub dtype: String,
    pub shape: Vec<usize>,
    pub bytes: Vec<u8>,
}

/// An artefact taken apart.
#[derive(Debug, Clone)]
pub struct Artefact {
    /// With the hash as its last field.
    pub metadata: Value,
    pub tensors: BTreeMap<String, Tensor>,
}

impl Artefact {
    /// Takes a sound file apart.
    pub fn open(file: &[u8]) -> Option<Self> {
        let (header, data) = split(file)?;
        Some(Artefact { metadata: serde_json::from_str(metadata(&header)?).ok()?, tensors: tensors(&header, data)? })
    }

    /// Puts it together, with the right hash.
    pub fn file(&self) -> Vec<u8> {
        self.file_with(&self.metadata.to_string())
    }

    /// Puts it together with this text for its metadata, with the right hash if the text has one.
    pub fn file_with(&self, metadata: &str) -> Vec<u8> {
        let (mut entries, mut data) = (Map::new(), Vec::new());
        entries.insert("__metadata__".to_owned(), json!({ "framescope": metadata }));
        for (name, Tensor { dtype, shape, bytes }) in &self.tensors {
            let start = data.len();
            data.extend_from_slice(bytes);
            let info = json!({ "dtype": dtype, "shape": shape, "data_offsets": [start, data.len()] });
            entries.insert(name.clone(), info);
        }
        let file = join(&Value::Object(entries).to_string(), &data);
        signed(&file).unwrap_or(file)
    }
}

/// A file of this header and these bytes.
pub fn join(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

/// The file with the hash that it should have, if it is sound enough to have one.
pub fn signed(file: &[u8]) -> Option<Vec<u8>> {
    let (mut header, data) = split(file)?;
    let (unsigned, _) = metadata(&header)?.rsplit_once(HASH)?;
    let mut digest = Sha256::new();
    digest.update(unsigned);
    for (name, Tensor { dtype, shape, bytes }) in tensors(&header, data)? {
        digest.update(format!("\n{name} {dtype} {shape:?} {}\n", bytes.len()));
        digest.update(bytes);
    }
    let hash = digest.finalize().iter().fold(String::new(), |mut hash, byte| {
        let _ = write!(hash, "{byte:02x}");
        hash
    });
    header["__metadata__"]["framescope"] = Value::String(format!("{unsigned}{HASH}{hash}\"}}"));
    Some(join(&header.to_string(), data))
}

fn split(file: &[u8]) -> Option<(Value, &[u8])> {
    let (length, rest) = file.split_first_chunk()?;
    let (header, data) = rest.split_at_checked(u64::from_le_bytes(*length).try_into().ok()?)?;
    Some((serde_json::from_slice(header).ok()?, data))
}

fn metadata(header: &Value) -> Option<&str> {
    header.get("__metadata__")?.get("framescope")?.as_str()
}

fn tensors(header: &Value, data: &[u8]) -> Option<BTreeMap<String, Tensor>> {
    let entries = header.as_object()?.iter().filter(|(name, _)| *name != "__metadata__");
    let tensor = |(name, info): (&String, &Value)| {
        let number = |value: &Value| usize::try_from(value.as_u64()?).ok();
        let [start, end] = [0, 1].map(|i| info.get("data_offsets").and_then(|offsets| number(offsets.get(i)?)));
        let tensor = Tensor {
            dtype: info.get("dtype")?.as_str()?.to_owned(),
            shape: info.get("shape")?.as_array()?.iter().map(number).collect::<Option<_>>()?,
            bytes: data.get(start?..end?)?.to_vec(),
        };
        Some((name.clone(), tensor))
    };
    entries.map(tensor).collect()
}
