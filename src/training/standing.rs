//! The teacher, and how it, its student and plain n-grams stand beside each other.

use std::collections::BTreeSet;

use ndarray::{Array2, ArrayView2, Axis};

use super::distill::{DistillParams, Gold};
use super::train::{CrossFitted, learnable};
use crate::corpus::{Corpus, Frames, SourceFile};
use crate::error::{Error, Result};
use crate::evaluation::{Basis, Contestant, Evaluation, Predictions, SideBySide, Standing};
use crate::model::{MAX_NOTE, Model};
use crate::stats::Bootstrap;

/// The model whose opinions are learned.
#[derive(Debug, Clone)]
pub struct Teacher<'a> {
    /// What it is, which tells what it was trained on and how it decides; its scores come from elsewhere.
    pub model: &'a Model,
    /// What it is called on the student's card.
    pub name: String,
    /// The sentence encoder that it scores with, in words; `None` for n-grams alone.
    pub encoder: Option<String>,
}

impl<'a> Teacher<'a> {
    /// A teacher; a longer name or description than an artefact may hold is cut.
    #[must_use]
    pub fn new(model: &'a Model, name: &str, encoder: Option<&str>) -> Self {
        let cut = |text: &str| text[..text.floor_char_boundary(MAX_NOTE)].to_owned();
        Teacher { model, name: cut(name), encoder: encoder.map(cut) }
    }

    /// How many rows of a corpus it was trained on, or has learned of from a teacher of its own, by their texts.
    #[must_use]
    pub fn n_seen(&self, corpus: &Corpus) -> usize {
        corpus.texts.iter().filter(|text| self.model.has_seen(text)).count()
    }

    /// The coded rows that may judge its student, in row order: those that it was not trained on, nor on others of their group. What it was
    /// trained on is known by its text, so that a group counts as seen only where a row of it that it was trained on stands in the corpus.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a grouping that the corpus does not have, and where so few rows may judge that folds cannot be made of
    /// them, or not learned from.
    pub fn judges(&self, gold: &Corpus, params: &DistillParams) -> Result<Vec<usize>> {
        let group = params.group(gold);
        let groups = group.groups(gold)?;
        let is_seen: Vec<bool> = gold.texts.iter().map(|text| self.model.has_seen(text)).collect();
        let seen: BTreeSet<u32> =
            groups.iter().zip(&is_seen).filter(|(_, seen)| **seen).map(|(group, _)| *group).collect();
        let judging: Vec<usize> =
            (0..gold.n_rows()).filter(|row| !is_seen[*row] && !seen.contains(&groups[*row])).collect();
        if !judging.is_empty() {
            learnable(&gold.select(&judging), group, &params.train).map_err(|error| {
                let found = format!(
                    "{} rows that the teacher has not seen, of which folds cannot be made: {error}",
                    judging.len()
                );
                Error::parameter("gold", found, "more such rows, fewer folds, or none of these rows")
            })?;
        }
        Ok(judging)
    }

    /// Its decisions at these probabilities, of the same shape (n_rows, n_frames).
    #[must_use]
    pub fn decide(&self, proba: ArrayView2<'_, f64>) -> Array2<bool> {
        let calibration = self.model.calibration();
        Array2::from_shape_fn(proba.dim(), |(i, j)| proba[(i, j)] >= calibration[j].threshold)
    }

    /// The files that it was trained on, and those of its own teacher.
    pub(super) fn sources(&self) -> Vec<SourceFile> {
        let training = &self.model.metadata().training;
        let before = training.distillation.iter().flat_map(|distillation| &distillation.teacher.sources);
        training.sources.iter().chain(before).cloned().collect()
    }

    /// Digests of texts, with those that it was trained on; sorted, each once.
    pub(super) fn with_seen(&self, mut digests: Vec<u64>) -> Vec<u64> {
        digests.extend_from_slice(self.model.digests());
        digests.sort_unstable();
        digests.dedup();
        digests
    }
}

/// The column of each of `wanted` among `frames`.
pub(super) fn columns(frames: &Frames, wanted: &Frames) -> Result<Vec<usize>> {
    wanted.names().iter().map(|name| frames.find(name).ok_or_else(|| frames.unknown(name, "the teacher"))).collect()
}

/// The corpus with the codes of those of these frames that it has, in this order.
pub(super) fn limited(corpus: &Corpus, frames: &Frames) -> Result<Corpus> {
    let names: Vec<String> = frames.names().iter().filter(|name| corpus.frames.find(name).is_some()).cloned().collect();
    let frames = Frames::new(names)?;
    let codes = corpus.codes.select(Axis(1), &columns(&corpus.frames, &frames)?);
    Ok(Corpus { frames, codes, ..corpus.clone() })
}

/// Predictions in the columns of `of`, in those of `wanted`.
pub(super) fn in_columns(predictions: &Predictions, of: &Frames, wanted: &Frames) -> Result<Predictions> {
    let picked = columns(of, wanted)?;
    Ok(Predictions {
        proba: predictions.proba.select(Axis(1), &picked),
        predicted: predictions.predicted.select(Axis(1), &picked),
    })
}

/// Judges predictions in the columns of `of` by the codes of a corpus.
fn judge(corpus: &Corpus, of: &Frames, predictions: &Predictions, bootstrap: Bootstrap) -> Result<Evaluation> {
    in_columns(predictions, of, &corpus.frames)?.judge(corpus, bootstrap)
}

/// Teacher, student and n-grams on those of the coded rows that judge, in the frames of the student; where none does, what the teacher
/// says of its own training on the same files, if that is so, beside n-grams.
pub(super) fn gold_standings(
    teacher: &Teacher<'_>,
    gold: Gold<'_>,
    judging: &[usize],
    student: Option<Evaluation>,
    ngrams: &CrossFitted,
    frames: &Frames,
    bootstrap: Bootstrap,
) -> Result<SideBySide> {
    let n_rows = if judging.is_empty() { gold.corpus.n_rows() } else { judging.len() };
    let n_seen = gold.corpus.n_rows() - judging.len();
    let rows = gold.corpus.select(judging);
    let on_judging = |of: &Frames, predictions: &Predictions| -> Result<Evaluation> {
        judge(&limited(&rows, frames)?, of, predictions, bootstrap)
    };
    let model = &ngrams.trained.model;
    let ([basis, of_student], [of_teacher, of_ngrams]) = if judging.is_empty() {
        let own = &teacher.model.metadata().training;
        let files = |sources: &[SourceFile]| -> BTreeSet<(String, Option<String>)> {
            sources.iter().map(|source| (source.sha256.clone(), source.split.clone())).collect()
        };
        let is_same = own.distillation.is_none()
            && files(&own.sources) == files(&gold.corpus.sources)
            && teacher.model.frames() == frames;
        let basis = if is_same { Basis::Stored } else { Basis::Seen };
        let stored = is_same.then(|| own.evaluation.clone());
        ([basis, Basis::Seen], [stored, Some(model.metadata().training.evaluation.clone())])
    } else {
        let of_teacher = gold.teacher.map(|predictions| on_judging(teacher.model.frames(), predictions)).transpose()?;
        let of_ngrams = on_judging(model.frames(), &ngrams.out_of_fold.select(judging))?;
        ([Basis::Unseen, Basis::OutOfFold], [of_teacher, Some(of_ngrams)])
    };
    let standings = vec![
        Standing { contestant: Contestant::Teacher, basis, evaluation: of_teacher },
        Standing { contestant: Contestant::Student, basis: of_student, evaluation: student },
        Standing { contestant: Contestant::Ngrams, basis: Basis::OutOfFold, evaluation: of_ngrams },
    ];
    Ok(SideBySide { n_rows, n_seen, standings })
}

/// Models on coded rows that none of them should have seen, each with its predictions, in the frames of the student, which comes with
/// them. Rows that it has seen all the same, by itself or through its teacher, are counted.
///
/// # Errors
/// As [`Predictions::judge`]; [`ErrorKind::UnknownFrame`](crate::ErrorKind::UnknownFrame) for a model that lacks one of the student's frames.
pub fn test_standings(
    test: &Corpus,
    student: &Model,
    models: &[(Contestant, &Frames, Predictions)],
    bootstrap: Bootstrap,
) -> Result<SideBySide> {
    let corpus = limited(test, student.frames())?;
    let n_seen = test.texts.iter().filter(|text| student.has_seen(text)).count();
    let standing = |(contestant, frames, predictions): &(Contestant, &Frames, Predictions)| -> Result<Standing> {
        let basis = if n_seen > 0 { Basis::Seen } else { Basis::Unseen };
        let evaluation = Some(judge(&corpus, frames, predictions, bootstrap)?);
        Ok(Standing { contestant: *contestant, basis, evaluation })
    };
    Ok(SideBySide { n_rows: test.n_rows(), n_seen, standings: models.iter().map(standing).collect::<Result<_>>()? })
}
