//! Encoders at work in a training run: whose vectors each fold may see, and that no text is encoded twice.

use std::sync::Arc;

use hashbrown::HashMap;
use linfa::ParamGuard as _;
use ndarray::{Array2, Axis};

use super::params::{DenseParams, TrainParams};
use super::progress::Progress;
use crate::corpus::{Code, Corpus, Folds, GroupBy, join_same_texts};
use crate::error::Result;
use crate::features::encoder::{TuningParams, TuningRows, TuningValidParams};
use crate::features::{EncoderIdentity, SentenceEncoder, vectors_of};

/// Texts that are encoded between two steps of progress.
const CHUNK: usize = 1024;

/// An encoder's vectors of all rows of a corpus, of shape (n_rows, dim).
#[derive(Debug, Clone)]
pub(super) struct Encoded {
    /// The encoder; `None` where nobody asks for it any more.
    pub encoder: Option<Arc<dyn SentenceEncoder>>,
    pub rows: Arc<Array2<f32>>,
}

impl Encoded {
    fn new(encoder: Arc<dyn SentenceEncoder>, texts: &[String], progress: &dyn Progress) -> Result<Self> {
        let identity = encoder.identity();
        progress.begin("encoding", std::slice::from_ref(&identity.name), texts.len().div_ceil(CHUNK));
        let mut rows = Array2::zeros((texts.len(), identity.dim));
        for (chunk, mut rows) in texts.chunks(CHUNK).zip(rows.axis_chunks_iter_mut(Axis(0), CHUNK)) {
            let chunk: Vec<&str> = chunk.iter().map(String::as_str).collect();
            rows.assign(&vectors_of(&*encoder, &chunk)?);
            progress.step(0);
        }
        progress.end();
        Ok(Encoded { encoder: Some(encoder), rows: Arc::new(rows) })
    }
}

/// Vectors of a corpus' rows for the models of its folds.
#[derive(Debug)]
pub(super) struct Vectors {
    /// One for each fold, whose encoder has not seen the fold; one for all of them where the encoder learns nothing here.
    of_folds: Vec<Encoded>,
}

impl Vectors {
    /// Encodes all rows; first fine-tunes the encoder for each fold on the rows outside it, one fold after the other, if it is to be.
    /// Without `keep` only the vectors of such encoders stay, which are far smaller.
    ///
    /// # Errors
    /// What the encoder gives.
    pub(super) fn new(
        corpus: &Corpus,
        (group, folds): (GroupBy, &Folds),
        dense: &DenseParams,
        progress: &dyn Progress,
        keep: bool,
    ) -> Result<Self> {
        let Some(tuning) = &dense.fine_tune else {
            return Ok(Vectors { of_folds: vec![Encoded::new(Arc::clone(&dense.encoder), &corpus.texts, progress)?] });
        };
        let fold = |k: usize| {
            let stage = format!("fine-tuning without fold {} of {}", k + 1, folds.n_folds);
            let (outside, _) = folds.split(k);
            let name = format!("fold-{}", k + 1);
            let tuned = fine_tuned(corpus, group, &outside, (&dense.encoder, tuning), &name, (&stage, progress))?;
            let encoded = Encoded::new(tuned, &corpus.texts, progress)?;
            Ok(Encoded { encoder: encoded.encoder.filter(|_| keep), ..encoded })
        };
        Ok(Vectors { of_folds: (0..folds.n_folds).map(fold).collect::<Result<_>>()? })
    }

    /// What the model without fold `k` sees.
    pub(super) fn without(&self, k: usize) -> &Encoded {
        self.of_folds.get(k).unwrap_or(&self.of_folds[0])
    }

    /// What the model of all rows sees: the same as the folds, or an encoder that is fine-tuned on all rows.
    ///
    /// # Errors
    /// What the encoder gives.
    pub(super) fn of_all(
        self,
        corpus: &Corpus,
        group: GroupBy,
        dense: &DenseParams,
        progress: &dyn Progress,
    ) -> Result<Encoded> {
        let Some(tuning) = &dense.fine_tune else { return Ok(self.without(0).clone()) };
        let all: Vec<usize> = (0..corpus.n_rows()).collect();
        let stage = ("fine-tuning on all rows", progress);
        let tuned = fine_tuned(corpus, group, &all, (&dense.encoder, tuning), "all", stage)?;
        Encoded::new(tuned, &corpus.texts, progress)
    }
}

/// An encoder fine-tuned on some rows: those of weight above 0, each for as much as any other. `name` is that of its checkpoints.
fn fine_tuned(
    corpus: &Corpus,
    group: GroupBy,
    rows: &[usize],
    (encoder, TuningParams(tuning)): (&Arc<dyn SentenceEncoder>, &TuningParams),
    name: &str,
    (stage, progress): (&str, &dyn Progress),
) -> Result<Arc<dyn SentenceEncoder>> {
    let rows: Vec<usize> = rows.iter().copied().filter(|row| corpus.weights[*row] > 0.0).collect();
    let groups = join_same_texts(&group.groups(corpus)?, &corpus.texts);
    let texts: Vec<&str> = rows.iter().map(|row| corpus.texts[*row].as_str()).collect();
    let labels = corpus.codes.select(Axis(0), &rows).mapv(Code::as_bool);
    let groups: Vec<u32> = rows.iter().map(|row| groups[*row]).collect();
    let mut tuning = tuning.clone();
    if let Some(checkpoints) = &mut tuning.checkpoints {
        checkpoints.push(name);
    }
    let params = TuningParams(tuning).check()?;
    progress.begin(stage, std::slice::from_ref(&encoder.identity().name), params.n_steps(rows.len()));
    let tuning_rows = TuningRows { texts: &texts, labels: labels.view(), groups: &groups };
    let tuned = encoder.fine_tuned(&tuning_rows, &params, &|| progress.step(0))?;
    progress.end();
    Ok(tuned)
}

/// An encoder that has encoded some texts already, for runs that ask for the same rows over and over.
#[derive(Debug)]
pub(crate) struct Remembering {
    encoder: Arc<dyn SentenceEncoder>,
    places: HashMap<String, usize>,
    vectors: Arc<Array2<f32>>,
}

impl Remembering {
    /// Encodes these texts.
    ///
    /// # Errors
    /// What the encoder gives.
    pub(crate) fn of(
        encoder: &Arc<dyn SentenceEncoder>,
        texts: &[String],
        progress: &dyn Progress,
    ) -> Result<Arc<dyn SentenceEncoder>> {
        let vectors = Encoded::new(Arc::clone(encoder), texts, progress)?.rows;
        let places = texts.iter().cloned().zip(0..).collect();
        Ok(Arc::new(Remembering { encoder: Arc::clone(encoder), places, vectors }))
    }
}

impl SentenceEncoder for Remembering {
    fn identity(&self) -> &EncoderIdentity {
        self.encoder.identity()
    }

    fn encode(&self, texts: &[&str]) -> Result<Array2<f32>> {
        let known: Option<Vec<usize>> = texts.iter().map(|text| self.places.get(*text).copied()).collect();
        match known {
            Some(places) => Ok(self.vectors.select(Axis(0), &places)),
            None => self.encoder.encode(texts),
        }
    }

    fn fine_tuned(
        &self,
        rows: &TuningRows<'_>,
        params: &TuningValidParams,
        step: &(dyn Fn() + Sync),
    ) -> Result<Arc<dyn SentenceEncoder>> {
        self.encoder.fine_tuned(rows, params, step)
    }
}

impl TrainParams {
    /// The same for rows that are scored over and over: an encoder that learns nothing encodes them once.
    ///
    /// # Errors
    /// What the encoder gives.
    pub(super) fn remembering(mut self, texts: &[String], progress: &dyn Progress) -> Result<Self> {
        if let Some(dense) = self.dense.as_mut().filter(|dense| dense.fine_tune.is_none()) {
            dense.encoder = Remembering::of(&dense.encoder, texts, progress)?;
        }
        Ok(self)
    }

    /// The same for fold `k` of an outer cross-validation, whose checkpoints are its own.
    pub(super) fn in_outer_fold(mut self, k: usize) -> Self {
        let tuning = self.dense.as_mut().and_then(|dense| dense.fine_tune.as_mut());
        if let Some(checkpoints) = tuning.and_then(|TuningParams(tuning)| tuning.checkpoints.as_mut()) {
            checkpoints.push(format!("outer-{}", k + 1));
        }
        self
    }
}
