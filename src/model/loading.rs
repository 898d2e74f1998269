//! Reading an artefact that anybody may have made.
//!
//! Its hash tells damage, and not who made it: anyone can compute one. So nothing is believed before it is checked,
//! and nothing is made that is many times as large as what it is made from.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::io::Read;

use linfa::ParamGuard as _;
use ndarray::Array2;
use safetensors::Dtype;
use safetensors::tensor::{Metadata as Layout, TensorInfo};
use serde::Deserialize;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::artifact::{FORMAT, KEY, Model, SUBWORDS, Tensor, WORDS, content_hash};
use super::summary::Metadata;
use crate::calibration::Calibration;
use crate::error::{Error, Result};
use crate::features::{FeatureParams, StringTable, Tokenizer, Vocabulary};

/// The header's length, in bytes, stands in this many.
const N_LENGTH: usize = 8;
/// Bytes of the longest header: the limit of safetensors, also where Python reads it.
const MAX_HEADER: u64 = 100_000_000;
/// Most features of one kind, words, pairs or subwords: places of the scorer's tables are numbers below 2³².
const MAX_FEATURES: usize = 1 << 28;
/// No idf is above that of a feature which one of 2⁶⁴ rows holds, `ln 2⁶⁴ + 1`.
const MAX_IDF: f32 = 46.0;
/// No fit leaves larger weights; with these limits no score overflows.
const MAX_WEIGHT: f32 = 1e9;
/// The same for intercepts and slopes.
const MAX_INTERCEPT: f64 = 1e15;
/// Bytes of an error's details, which may hold a piece of the file.
const MAX_DETAILS: usize = 200;

/// All tensors of an artefact.
const NAMES: [&str; 12] = [
    "idf.subwords",
    "idf.words",
    "intercepts",
    "pairs",
    "subwords.bytes",
    "subwords.offsets",
    "trained_on",
    "weights.dense",
    "weights.subwords",
    "weights.words",
    "words.bytes",
    "words.offsets",
];

/// All bytes of a reader, which is not read on if the first ones begin no model.
pub(super) fn read_bytes(mut reader: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = |reader: &mut dyn Read, bytes: &mut Vec<u8>| {
        reader.read_to_end(bytes).map_err(|source| Error::io("read the model", source))
    };
    read(&mut reader.by_ref().take(N_LENGTH as u64), &mut bytes)?;
    if bytes.len() == N_LENGTH {
        header_length(&bytes)?;
    }
    read(&mut reader, &mut bytes)?;
    Ok(bytes)
}

/// The model in a file's bytes; without `verify` its hash is not computed.
pub(super) fn read(bytes: &[u8], verify: bool) -> Result<Model> {
    if bytes.is_empty() {
        return Err(Error::artifact("the file is empty; train one with `framescope train`"));
    }
    let start = N_LENGTH + header_length(bytes)?;
    let Some((header, data)) = bytes.split_at_checked(start) else {
        return Err(not_ours(format!("its header should end at byte {start}, and it ends at byte {}", bytes.len())));
    };
    let header: Header<'_> = serde_json::from_slice(&header[N_LENGTH..]).map_err(not_ours)?;
    let json = header
        .metadata
        .and_then(|metadata| metadata.0)
        .ok_or_else(|| Error::artifact("it is a .safetensors file, but not one that `framescope train` wrote"))?;
    let (metadata, tokenizer) = read_metadata(&json)?;
    let tensors = tensors(header.tensors, data)?;
    if !verify {
        return assemble(metadata, tokenizer, &tensors);
    }
    let claimed = metadata.sha256.clone();
    // Hashing takes longer than all the rest, and the rest trusts nothing.
    let (hash, model) =
        rayon::join(|| content_hash(&json, &claimed, &tensors), || assemble(metadata, tokenizer, &tensors));
    if hash? != claimed {
        return Err(Error::artifact(
            "its contents do not match its own hash: it was changed or damaged after it was written; train or fetch it again",
        ));
    }
    model
}

fn not_ours(why: impl Display) -> Error {
    Error::artifact(format!("it is truncated, or no .safetensors file at all ({})", brief(&why.to_string())))
}

/// The first part of a text that may be as long as the file.
fn brief(text: &str) -> Cow<'_, str> {
    match text.char_indices().map(|(at, _)| at).find(|at| *at >= MAX_DETAILS) {
        Some(end) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// How long the header is, as the file's first bytes say.
fn header_length(bytes: &[u8]) -> Result<usize> {
    let length = bytes.first_chunk().map(|length| u64::from_le_bytes(*length));
    match length {
        Some(length @ 2..=MAX_HEADER) => Ok(length as usize),
        Some(length) => Err(not_ours(format!(
            "its first 8 bytes should give the length of its header, 2 to {MAX_HEADER}, and give {length}"
        ))),
        None => {
            Err(not_ours(format!("it should begin with the 8 bytes of its header's length, and has {}", bytes.len())))
        }
    }
}

/// A file's header, which is JSON: only what a model has is kept. Reading it through safetensors would first make a
/// tree of everything there is, fifty times as large as some JSON.
struct Header<'a> {
    metadata: Option<OwnMetadata<'a>>,
    /// Each name once.
    tensors: Vec<(String, TensorInfo)>,
}

/// The one string that a model has as metadata.
struct OwnMetadata<'a>(Option<Cow<'a, str>>);

/// A string, not copied where it stands in the JSON as it reads.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Header<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Header<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Header<'de>, A::Error> {
                let mut header = Header { metadata: None, tensors: Vec::new() };
                while let Some(Text(name)) = map.next_key()? {
                    if name == "__metadata__" && header.metadata.is_none() {
                        header.metadata = Some(map.next_value()?);
                    } else if header.tensors.iter().any(|(other, _)| *other == name) || name == "__metadata__" {
                        return Err(A::Error::custom(format_args!("{name:?} should stand there once, and does twice")));
                    } else if header.tensors.len() > NAMES.len() {
                        // One stranger more than there should be is enough to tell of.
                        map.next_value::<IgnoredAny>()?;
                    } else {
                        let info: TensorInfo = map.next_value()?;
                        header.tensors.push((brief(&name).into_owned(), info));
                    }
                }
                Ok(header)
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for OwnMetadata<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = OwnMetadata<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<OwnMetadata<'de>, A::Error> {
                let mut own = None;
                while let Some(Text(name)) = map.next_key()? {
                    if name == KEY {
                        own = Some(map.next_value::<Text<'de>>()?.0);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(OwnMetadata(own))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

/// The tensors by name, each with its bytes.
fn tensors(mut infos: Vec<(String, TensorInfo)>, data: &[u8]) -> Result<BTreeMap<&'static str, Tensor<'_>>> {
    if let Some((name, _)) = infos.iter().find(|(name, _)| !NAMES.contains(&&**name)) {
        return Err(Error::artifact(format!("it has a tensor {name:?}; a model's are {}", NAMES.join(", "))));
    }
    infos.sort_by_key(|(_, info)| info.data_offsets);
    // This is what checks that they lie one behind the other, and have as many bytes as their shapes ask for.
    let layout = Layout::new(None, infos).map_err(not_ours)?;
    if layout.data_len() != data.len() {
        let (expected, found) = (layout.data_len(), data.len());
        return Err(not_ours(format!("its tensors should take {expected} bytes, and {found} are there")));
    }
    let tensor = |name: &'static str| {
        let info = layout.info(name).ok_or_else(|| Error::artifact(format!("it should have a tensor {name:?}")))?;
        let (start, end) = info.data_offsets;
        Ok((name, Tensor { dtype: info.dtype, shape: info.shape.clone(), bytes: Cow::Borrowed(&data[start..end]) }))
    };
    NAMES.into_iter().map(tensor).collect()
}

/// Reads the format version first, so that a newer file is told from a broken one; then the tokenizer, so that no
/// other is parsed.
fn read_metadata(json: &str) -> Result<(Metadata, Tokenizer)> {
    #[derive(Deserialize)]
    struct Preface<'a> {
        format: u32,
        #[serde(borrow)]
        framescope_version: Cow<'a, str>,
        #[serde(borrow)]
        tokenizer: Option<&'a RawValue>,
    }
    let broken = |error: serde_json::Error| {
        Error::artifact(format!("its metadata cannot be read ({})", brief(&error.to_string())))
    };
    let preface: Preface<'_> = serde_json::from_str(json).map_err(broken)?;
    let this = env!("CARGO_PKG_VERSION");
    if preface.format != FORMAT {
        return Err(Error::artifact(format!(
            "it has format {}, written by framescope {}, but this is framescope {this}, which reads format {FORMAT}; \
             train it again, or use the version that wrote it",
            preface.format,
            brief(&preface.framescope_version),
        )));
    }
    let tokenizer = Tokenizer::own_from_json(preface.tokenizer.map_or("", RawValue::get))?.ok_or_else(|| {
        Error::artifact(format!("its tokenizer should be the one of framescope {this}, and is another; train it again"))
    })?;
    Ok((serde_json::from_str(json).map_err(broken)?, tokenizer))
}

fn assemble(metadata: Metadata, tokenizer: Tokenizer, tensors: &BTreeMap<&str, Tensor<'_>>) -> Result<Model> {
    let n_frames = metadata.frames.len();
    FeatureParams(metadata.features.clone())
        .check_ref()
        .map_err(|error| Error::artifact(format!("it was made with options that do not exist ({error})")))?;
    if let Some(fault) = metadata.training.fault(&metadata.frames) {
        return Err(Error::artifact(fault));
    }
    if let Some(fault) = metadata.encoder.as_ref().and_then(|encoder| encoder.fault(n_frames)) {
        return Err(Error::artifact(fault));
    }
    if metadata.calibration.len() != n_frames || !metadata.calibration.iter().all(is_possible) {
        return Err(Error::artifact(format!(
            "it should have a calibration for each of its {n_frames} frames: a slope of 0 or more, an intercept, both no larger than \
             {MAX_INTERCEPT:e}, and a threshold from 0 to 1"
        )));
    }

    let words = strings(tensors, WORDS)?;
    let subwords = strings(tensors, SUBWORDS)?;
    let pairs: Vec<[u32; 2]> =
        find(tensors, "pairs", Dtype::U32, [None, Some(2)])?.numbers(u32::from_le_bytes).as_chunks().0.to_vec();
    let n_words = words.len() + pairs.len();
    let n_subwords = subwords.len();
    if [words.len(), pairs.len(), n_subwords].iter().any(|n| *n > MAX_FEATURES) {
        return Err(Error::artifact(format!(
            "it should have no more than {MAX_FEATURES} words, pairs and subwords each"
        )));
    }
    if metadata.encoder.as_ref().is_some_and(|encoder| encoder.alone) && words.len() + pairs.len() + n_subwords > 0 {
        return Err(Error::artifact("its encoder stands alone; it should have no words, pairs and subwords"));
    }
    let is_pair = |pair: &[u32; 2]| pair.iter().all(|word| (*word as usize) < words.len());
    if !pairs.iter().all(is_pair) || !pairs.is_sorted_by(|a, b| a < b) {
        return Err(Error::artifact("its tensor \"pairs\" should hold positions of words, sorted, each pair once"));
    }

    let idf = |name, n| {
        let values = find(tensors, name, Dtype::F32, [Some(n)])?.numbers(f32::from_le_bytes);
        within(name, values, 1.0, MAX_IDF)
    };
    let weights = |name, n_columns| {
        let values = find(tensors, name, Dtype::F32, [Some(n_frames), Some(n_columns)])?.numbers(f32::from_le_bytes);
        let values = within(name, values, -MAX_WEIGHT, MAX_WEIGHT)?;
        Array2::from_shape_vec((n_frames, n_columns), values).map_err(|error| Error::artifact(error.to_string()))
    };
    let dim = metadata.encoder.as_ref().map_or(0, |encoder| encoder.identity.dim);
    let intercepts = find(tensors, "intercepts", Dtype::F64, [Some(n_frames)])?.numbers(f64::from_le_bytes);
    let trained_on = find(tensors, "trained_on", Dtype::U64, [None])?.numbers(u64::from_le_bytes);
    if !trained_on.is_sorted() {
        return Err(Error::artifact("its tensor \"trained_on\" should be sorted"));
    }
    Ok(Model {
        tokenizer,
        word_weights: weights("weights.words", n_words)?,
        subword_weights: weights("weights.subwords", n_subwords)?,
        dense_weights: weights("weights.dense", dim)?,
        intercepts: within("intercepts", intercepts, -MAX_INTERCEPT, MAX_INTERCEPT)?,
        trained_on,
        vocabulary: Vocabulary {
            idf_words: idf("idf.words", n_words)?,
            idf_subwords: idf("idf.subwords", n_subwords)?,
            words,
            pairs,
            subwords,
        },
        metadata,
    })
}

/// Whether a fit may leave this.
fn is_possible(calibration: &Calibration) -> bool {
    let map = &calibration.map;
    (0.0..=MAX_INTERCEPT).contains(&map.slope)
        && map.intercept.abs() <= MAX_INTERCEPT
        && (0.0..=1.0).contains(&calibration.threshold)
}

impl Tensor<'_> {
    /// Its numbers; it has the bytes of a whole number of them.
    fn numbers<T, const N: usize>(&self, from_le_bytes: impl Fn([u8; N]) -> T) -> Vec<T> {
        self.bytes.as_chunks::<N>().0.iter().map(|chunk| from_le_bytes(*chunk)).collect()
    }
}

/// A tensor of this type and shape; where the shape says `None`, any length will do.
fn find<'a, 'b, const N: usize>(
    tensors: &'a BTreeMap<&str, Tensor<'b>>,
    name: &str,
    dtype: Dtype,
    shape: [Option<usize>; N],
) -> Result<&'a Tensor<'b>> {
    let tensor = &tensors[name];
    let fits = |(found, expected): (&usize, &Option<usize>)| expected.is_none_or(|expected| *found == expected);
    if tensor.dtype != dtype || tensor.shape.len() != N || !tensor.shape.iter().zip(&shape).all(fits) {
        let expected = shape.map(|n| n.map_or_else(|| "any".to_owned(), |n| n.to_string())).join(", ");
        let found: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
        return Err(Error::artifact(format!(
            "its tensor {name:?} should be {dtype:?} of shape [{expected}] beside its other parts, and is {:?} of shape [{}]",
            tensor.dtype,
            brief(&found.join(", ")),
        )));
    }
    Ok(tensor)
}

fn strings(tensors: &BTreeMap<&str, Tensor<'_>>, [bytes, offsets]: [&str; 2]) -> Result<StringTable> {
    let text = find(tensors, bytes, Dtype::U8, [None])?.bytes.to_vec();
    let offsets = find(tensors, offsets, Dtype::U32, [None])?.numbers(u32::from_le_bytes);
    // An empty string, which would come first, is no word.
    let table = StringTable::from_parts(text, offsets).filter(|table| table.iter().next() != Some(""));
    table.ok_or_else(|| {
        Error::artifact(format!(
            "its tensor {bytes:?} should hold words in UTF-8, sorted, each once, cut by rising offsets"
        ))
    })
}

/// The values, if all are numbers from `low` to `high`.
fn within<T: PartialOrd + Display + Copy>(name: &str, values: Vec<T>, low: T, high: T) -> Result<Vec<T>> {
    match values.iter().position(|value| !(low..=high).contains(value)) {
        None => Ok(values),
        Some(at) => Err(Error::artifact(format!(
            "its tensor {name:?} should hold numbers from {low} to {high}, and number {at} is {}",
            values[at]
        ))),
    }
}
