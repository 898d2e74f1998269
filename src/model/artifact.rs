//! The artefact: one `.safetensors` file, which Python reads with `safetensors` alone and which never executes
//! anything.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use ndarray::{Array2, ArrayView2, Axis};
use safetensors::tensor::{Dtype, TensorView};
use sha2::{Digest, Sha256};

use super::distillation::Distillation;
use super::encoder::EncoderSummary;
use super::loading::{read, read_bytes};
use super::summary::{Metadata, TrainingSummary};
use crate::calibration::Calibration;
use crate::corpus::Frames;
use crate::corpus::input::hex;
use crate::error::{Error, Result};
use crate::features::{FeatureValidParams, Tokenizer, Vocabulary};
use crate::output::AtomicFile;

/// The layout that this version writes and reads.
pub const FORMAT: u32 = 4;
/// The metadata key; there is one, since safetensors does not keep several in order.
pub(super) const KEY: &str = "framescope";

/// The default model, as it is compiled into the library.
static BUNDLED: &[u8] = include_bytes!("../../models/framing-en.safetensors");

/// A trained model: all that is needed to score a sentence, and what it was made from.
#[derive(Debug, Clone)]
pub struct Model {
    pub(crate) metadata: Metadata,
    pub(crate) tokenizer: Tokenizer,
    pub(crate) vocabulary: Vocabulary,
    /// Of words and pairs, shape (n_frames, n_words + n_pairs).
    pub(crate) word_weights: Array2<f32>,
    /// Of subwords, shape (n_frames, n_subwords).
    pub(crate) subword_weights: Array2<f32>,
    /// Of the encoder's vectors as it gives them, shape (n_frames, dim); dim is 0 without one.
    pub(super) dense_weights: Array2<f32>,
    /// Length n_frames.
    pub(crate) intercepts: Vec<f64>,
    /// Digests of the texts trained on, sorted.
    pub(super) trained_on: Vec<u64>,
}

/// One feature and what it weighs.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// `word`, `pair` or `subword`.
    pub kind: &'static str,
    /// The word, two words joined by a space, or the characters (with padding spaces).
    pub name: String,
    /// Inverse document frequency.
    pub idf: f32,
    /// Weight in the frame's decision value.
    pub weight: f32,
}

/// The parts of a model before it has a hash.
#[derive(Debug)]
pub(crate) struct Parts {
    pub frames: Frames,
    pub features: FeatureValidParams,
    pub tokenizer: Tokenizer,
    pub vocabulary: Vocabulary,
    pub encoder: Option<EncoderSummary>,
    /// Shape (n_frames, n_features): words and pairs, subwords, then the encoder's vectors, which the fit saw at their length.
    pub weights: Array2<f64>,
    pub intercepts: Vec<f64>,
    pub calibration: Vec<Calibration>,
    pub training: TrainingSummary,
    /// As [`text_digests`] makes them.
    pub trained_on: Vec<u64>,
}

/// The first eight bytes of each text's SHA-256, space around it left out; sorted, each once.
pub(crate) fn text_digests(texts: &[String]) -> Vec<u64> {
    let mut digests: Vec<u64> = texts.iter().map(|text| digest(text)).collect();
    digests.sort_unstable();
    digests.dedup();
    digests
}

fn digest(text: &str) -> u64 {
    Sha256::digest(text.trim()).iter().take(8).fold(0, |digest, byte| digest << 8 | u64::from(*byte))
}

impl Model {
    pub(crate) fn new(parts: Parts) -> Result<Self> {
        let [n_words, n_subwords] = parts.vocabulary.n_features();
        let (ngrams, dense) = parts.weights.view().split_at(Axis(1), n_words + n_subwords);
        let ngrams = ngrams.mapv(|w| w as f32);
        let (word_weights, subword_weights) = ngrams.view().split_at(Axis(1), n_words);
        let lengths = parts.encoder.as_ref().map_or(&[][..], |encoder| &encoder.weights);
        let mut dense = dense.to_owned();
        dense.rows_mut().into_iter().zip(lengths).for_each(|(mut weights, length)| weights *= *length);
        let tokenizer_json = parts.tokenizer.to_json()?;
        let metadata = Metadata {
            format: FORMAT,
            framescope_version: env!("CARGO_PKG_VERSION").to_owned(),
            frames: parts.frames,
            features: parts.features,
            encoder: parts.encoder,
            tokenizer: serde_json::from_str(&tokenizer_json).map_err(|error| Error::artifact(error.to_string()))?,
            calibration: parts.calibration,
            training: parts.training,
            sha256: String::new(),
        };
        let mut model = Model {
            metadata,
            tokenizer: parts.tokenizer,
            vocabulary: parts.vocabulary,
            word_weights: word_weights.to_owned(),
            subword_weights: subword_weights.to_owned(),
            dense_weights: dense.mapv(|w| w as f32),
            intercepts: parts.intercepts,
            trained_on: parts.trained_on,
        };
        model.sign()?;
        Ok(model)
    }

    /// The same model with a memory of its teacher.
    pub(crate) fn with_distillation(mut self, distillation: Distillation) -> Result<Self> {
        self.metadata.training.distillation = Some(distillation);
        self.sign()?;
        Ok(self)
    }

    /// Notes the hash of what the model holds now.
    pub(super) fn sign(&mut self) -> Result<()> {
        self.metadata.sha256.clear();
        let json = serde_json::to_string(&self.metadata).map_err(|error| Error::artifact(error.to_string()))?;
        self.metadata.sha256 = content_hash(&json, "", &self.tensors())?;
        Ok(())
    }

    /// The model that is compiled into the library: escalation, dialogue and accusation in English political news.
    ///
    /// # Errors
    /// [`ErrorKind::Artifact`](crate::ErrorKind::Artifact) if the library was built around a file of another format.
    pub fn bundled() -> Result<Self> {
        // Nobody can have changed it who has not changed the program; a test holds it to its hash.
        read(BUNDLED, false).map_err(|error| error.in_file("the bundled model"))
    }

    /// Loads a model file.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), or [`ErrorKind::Artifact`](crate::ErrorKind::Artifact) if the file is
    /// truncated, changed since it was written, of another format version, not a framescope model, or one that no
    /// training could have left. Whatever the file holds, reading takes no more than twenty times its size in memory,
    /// and some 4 MB.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let name = path.display().to_string();
        File::open(path)
            .map_err(|source| Error::io("read the model", source))
            .and_then(Model::from_reader)
            .map_err(|error| error.in_file(&name))
    }

    /// Reads a model file to its end, but no further than eight bytes if these begin no model.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn from_reader(reader: impl Read) -> Result<Self> {
        Model::from_bytes(&read_bytes(reader)?)
    }

    /// Writes the model beside `path` and renames it when complete.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io).
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let mut file = AtomicFile::create(path.as_ref())?;
        file.write_all(&self.to_bytes()?)?;
        file.commit()
    }

    /// The frames, in column order.
    #[must_use]
    pub fn frames(&self) -> &Frames {
        &self.metadata.frames
    }

    /// Probability map and threshold of each frame, in column order.
    #[must_use]
    pub fn calibration(&self) -> &[Calibration] {
        &self.metadata.calibration
    }

    /// Settings, summary of the training, and hash.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Whether a text is among those trained on, space around it left out. Wrong for one text in 2⁶⁴ / (texts trained
    /// on).
    #[must_use]
    pub fn has_seen(&self, text: &str) -> bool {
        self.trained_on.binary_search(&digest(text)).is_ok()
    }

    /// Digests of the texts trained on, sorted.
    pub(crate) fn digests(&self) -> &[u64] {
        &self.trained_on
    }

    /// The vocabulary.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Every feature with its weight for frame `j`, in column order.
    pub fn features(&self, j: usize) -> impl Iterator<Item = Feature> + '_ {
        let vocabulary = &self.vocabulary;
        let words = (0..vocabulary.idf_words.len()).map(move |column| Feature {
            kind: if column < vocabulary.n_words() { "word" } else { "pair" },
            name: vocabulary.word_name(column),
            idf: vocabulary.idf_words[column],
            weight: self.word_weights[(j, column)],
        });
        let subwords = (0..vocabulary.idf_subwords.len()).map(move |column| Feature {
            kind: "subword",
            name: vocabulary.subwords.get(column).to_owned(),
            idf: vocabulary.idf_subwords[column],
            weight: self.subword_weights[(j, column)],
        });
        words.chain(subwords)
    }

    /// The `top` words and pairs that speak most for frame `j`, by weight times idf, heaviest first.
    #[must_use]
    pub fn heaviest_words(&self, j: usize, top: usize) -> Vec<(String, f64)> {
        let force =
            |column: usize| f64::from(self.word_weights[(j, column)]) * f64::from(self.vocabulary.idf_words[column]);
        let mut columns: Vec<usize> = (0..self.vocabulary.idf_words.len()).collect();
        columns.sort_by(|a, b| force(*b).total_cmp(&force(*a)));
        columns.truncate(top);
        columns.into_iter().map(|column| (self.vocabulary.word_name(column), force(column))).collect()
    }

    /// Weights of the encoder's vectors as it gives them, of shape (n_frames, dim); dim is 0 without an encoder.
    #[must_use]
    pub fn dense_weights(&self) -> ArrayView2<'_, f32> {
        self.dense_weights.view()
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Artifact`](crate::ErrorKind::Artifact) if it cannot be serialised.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let bad = |error: &dyn std::fmt::Display| Error::artifact(error.to_string());
        let tensors = self.tensors();
        let views: Vec<(&str, TensorView<'_>)> = tensors
            .iter()
            .map(|(name, tensor)| Ok((*name, TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.bytes)?)))
            .collect::<Result<_, safetensors::SafeTensorError>>()
            .map_err(|error| bad(&error))?;
        let json = serde_json::to_string(&self.metadata).map_err(|error| bad(&error))?;
        safetensors::serialize(views, Some(HashMap::from([(KEY.to_owned(), json)]))).map_err(|error| bad(&error))
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        read(bytes, true)
    }

    fn tensors(&self) -> BTreeMap<&'static str, Tensor<'_>> {
        let vocabulary = &self.vocabulary;
        let n_frames = self.intercepts.len();
        let pairs = vocabulary.pairs.as_flattened();
        let f32s = |values: &[f32]| -> Vec<u8> { values.iter().flat_map(|x| x.to_le_bytes()).collect() };
        let u32s = |values: &[u32]| -> Vec<u8> { values.iter().flat_map(|x| x.to_le_bytes()).collect() };
        let f64s = |values: &[f64]| -> Vec<u8> { values.iter().flat_map(|x| x.to_le_bytes()).collect() };
        let u64s = |values: &[u64]| -> Vec<u8> { values.iter().flat_map(|x| x.to_le_bytes()).collect() };
        let weights = |w: &Array2<f32>| -> Vec<u8> { w.iter().flat_map(|x| x.to_le_bytes()).collect() };
        let tensor =
            |dtype, shape: &[usize], bytes: Vec<u8>| Tensor { dtype, shape: shape.to_vec(), bytes: bytes.into() };
        let mut tensors = BTreeMap::from([
            ("pairs", tensor(Dtype::U32, &[vocabulary.pairs.len(), 2], u32s(pairs))),
            ("idf.words", tensor(Dtype::F32, &[vocabulary.idf_words.len()], f32s(&vocabulary.idf_words))),
            ("idf.subwords", tensor(Dtype::F32, &[vocabulary.idf_subwords.len()], f32s(&vocabulary.idf_subwords))),
            ("weights.dense", tensor(Dtype::F32, self.dense_weights.shape(), weights(&self.dense_weights))),
            ("weights.words", tensor(Dtype::F32, self.word_weights.shape(), weights(&self.word_weights))),
            ("weights.subwords", tensor(Dtype::F32, self.subword_weights.shape(), weights(&self.subword_weights))),
            ("intercepts", tensor(Dtype::F64, &[n_frames], f64s(&self.intercepts))),
            ("trained_on", tensor(Dtype::U64, &[self.trained_on.len()], u64s(&self.trained_on))),
        ]);
        for ([bytes, offsets], table) in [(WORDS, &vocabulary.words), (SUBWORDS, &vocabulary.subwords)] {
            tensors.insert(
                bytes,
                Tensor { dtype: Dtype::U8, shape: vec![table.bytes().len()], bytes: table.bytes().into() },
            );
            tensors.insert(offsets, tensor(Dtype::U32, &[table.offsets().len()], u32s(table.offsets())));
        }
        tensors
    }
}

pub(super) const WORDS: [&str; 2] = ["words.bytes", "words.offsets"];
pub(super) const SUBWORDS: [&str; 2] = ["subwords.bytes", "subwords.offsets"];

/// A tensor's bytes, and what they mean.
#[derive(Debug)]
pub(super) struct Tensor<'a> {
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub bytes: Cow<'a, [u8]>,
}

/// SHA-256 of the metadata as it stands in the file, up to its own hash, which is its last field, and of all tensors.
pub(super) fn content_hash(json: &str, claimed: &str, tensors: &BTreeMap<&str, Tensor<'_>>) -> Result<String> {
    let unsigned = json
        .strip_suffix(&format!("\"sha256\":\"{claimed}\"}}"))
        .ok_or_else(|| Error::artifact("its metadata should end with its hash, \"sha256\", and does not"))?;
    let mut digest = Sha256::new();
    digest.update(unsigned);
    for (name, tensor) in tensors {
        digest.update(format!("\n{name} {:?} {:?} {}\n", tensor.dtype, tensor.shape, tensor.bytes.len()));
        digest.update(&tensor.bytes);
    }
    Ok(hex(&digest.finalize()))
}
