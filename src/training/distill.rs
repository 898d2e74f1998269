//! From a teacher's opinions to a student: a small model that learns what a large one thinks of rows that nobody coded.

use ndarray::{Array2, ArrayView2, Axis};

use super::params::TrainParams;
use super::progress::Progress;
use super::standing::{Teacher, gold_standings, in_columns, limited};
use super::student::{Class, Run};
use super::train::judged;
use super::unlabelled::Unlabelled;
use crate::corpus::{Corpus, GroupBy};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{DistillationReport, Fidelity, Predictions, fidelity};
use crate::model::{Distillation, FrameMix, MAX_NOTE, Model, Scorer, TeacherSummary};

/// Opinions are taken for no surer than this, or a frame of which the teacher is certain everywhere could not be balanced.
const SUREST: f64 = 1e-6;

/// How to distil. [`Default`] is the one place where the numbers stand.
#[derive(Debug, Clone, PartialEq)]
pub struct DistillParams {
    /// How n-grams are trained; scores under other groupings are not made. `max_path_rows` is also how many rows without codes
    /// mix and penalty are chosen on, where there are more.
    pub train: TrainParams,
    /// How many times as much as the coded rows the others weigh, in sum and before classes are balanced, to choose from out of fold and for
    /// each frame by itself. Default 1, 3, 10, 30.
    pub mixes: Vec<f64>,
    /// Most rows without codes that the student does not learn from, so that it can be compared with its teacher; never more than
    /// a fifth of them. Default 2,000.
    pub max_held_out: usize,
    /// A note on what may be done with the rows without codes, for the card; at most 2,000 bytes.
    pub license: Option<String>,
}

impl Default for DistillParams {
    fn default() -> Self {
        DistillParams {
            train: TrainParams::default(),
            mixes: vec![1.0, 3.0, 10.0, 30.0],
            max_held_out: 2_000,
            license: None,
        }
    }
}

impl DistillParams {
    /// Checks every option and sorts mixes and penalties.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`].
    pub fn check(mut self) -> Result<Self> {
        self.train = TrainParams { leakage: false, ..self.train.check()? };
        if self.train.dense.is_some() {
            return Err(Error::parameter("encoder", "one", "none: a student is made of n-grams alone"));
        }
        if self.mixes.is_empty() || !self.mixes.iter().all(|mix| *mix > 0.0 && *mix <= 1e6) {
            let found = format!("{:?}", self.mixes);
            return Err(Error::parameter("mix", found, "at least one number above 0, at most 1,000,000"));
        }
        self.mixes.sort_by(f64::total_cmp);
        self.mixes.dedup();
        if let Some(n) = self.license.as_ref().map(String::len).filter(|n| *n > MAX_NOTE) {
            return Err(Error::parameter("license", format!("{n} bytes long"), "at most 2,000 bytes"));
        }
        Ok(self)
    }

    /// What of the coded rows is held out whole.
    #[must_use]
    pub fn group(&self, coded: &Corpus) -> GroupBy {
        self.train.group.unwrap_or_else(|| GroupBy::natural(coded))
    }

    /// The mix to take where nobody can choose: the middle one, or the lower of two.
    pub(super) fn middle_mix(&self) -> &[f64] {
        let middle = self.mixes.len().saturating_sub(1) / 2;
        &self.mixes[middle..=middle]
    }
}

/// Coded rows to learn from beside the teacher's opinions.
#[derive(Debug, Clone, Copy)]
pub struct Gold<'a> {
    /// The rows, coded for frames of the teacher.
    pub corpus: &'a Corpus,
    /// The teacher's predictions of those that judge ([`Teacher::judges`]), in its own frames; only used to show how good it is.
    pub teacher: Option<&'a Predictions>,
}

/// What a distillation leaves.
#[derive(Debug, Clone)]
pub struct Distilled {
    /// The student, with its out-of-fold evaluation and its memory of the teacher inside.
    pub model: Model,
    /// The same kind of model, trained on the coded rows alone; `None` without such.
    pub ngrams: Option<Model>,
    /// Frames left out because they are constant, when that was allowed.
    pub left_out: Vec<String>,
    /// How good the student is, beside its teacher and the n-grams.
    pub report: DistillationReport,
}

/// Trains a student on the teacher's probabilities, `opinions` of shape (n_unlabelled, n_frames of the teacher), and on coded rows.
///
/// A row that the teacher gives a frame with probability t counts as t of a row with the frame and 1 − t of one without. The mix of the two
/// kinds of rows and the penalty are chosen together, for each frame by itself, by average precision on coded rows that were held out as
/// in [`train`](super::train()); rows without codes that share the group of a held-out row are held out with it. Calibration and threshold come from
/// the same scores.
///
/// Coded rows that the teacher was trained on, and those of their groups ([`Teacher::judges`]), teach but do not judge: what the teacher
/// remembers of them reaches the student through its opinions of other rows, and held out they would flatter the heaviest mix. Where no
/// other coded row is left, or none was given, the student's fits are held to the teacher's decisions and probabilities on rows without codes, the mix is the middle one of
/// those given (the lower of two), and nothing is checked against a coder.
///
/// The result depends on rows, opinions, options and seed alone, to the bit, whatever the number of threads.
///
/// Source: Hinton, Vinyals & Dean (2015), Distilling the Knowledge in a Neural Network, for soft targets; Buciluă, Caruana & Niculescu-Mizil
/// (2006), Model Compression, KDD, for rows that nobody coded.
///
/// # Errors
/// As [`train`](super::train()); [`ErrorKind::LengthMismatch`] if there are not as many opinions as rows, [`ErrorKind::UnknownFrame`] for a coded
/// frame that the teacher does not know; [`ErrorKind::Parameter`] for opinions that are no probabilities, where no row is left to learn from,
/// and where the rows that judge, or the teacher's decisions on rows without codes if it judges, cannot be cut into folds that all have
/// rows with and without each frame.
pub fn distill(
    teacher: &Teacher<'_>,
    rows: &Unlabelled,
    opinions: ArrayView2<'_, f64>,
    gold: Option<Gold<'_>>,
    params: &DistillParams,
    progress: &dyn Progress,
) -> Result<Distilled> {
    let params = params.clone().check()?;
    let opinions = checked(teacher, rows, opinions)?;
    let judging = gold.map(|gold| teacher.judges(gold.corpus, &params)).transpose()?.unwrap_or_default();
    if let Some(predictions) = gold.and_then(|gold| gold.teacher) {
        for found in [predictions.proba.dim(), predictions.predicted.dim()] {
            check_shape(
                teacher,
                found,
                ["the teacher's predictions", "their columns"],
                ("the rows that judge", judging.len()),
            )?;
        }
    }
    let ngrams = gold.map(|gold| judged(gold.corpus, &params.train, progress)).transpose()?;
    let (learned, held_out) = rows.hold_out(params.max_held_out, params.train.seed);
    if learned.is_empty() {
        let expected = "rows whose texts are not among the coded ones";
        return Err(Error::parameter("unlabelled", format!("{} rows", rows.corpus.n_rows()), expected));
    }
    let class = Class {
        teacher,
        pool: &rows.corpus.select(&learned),
        opinions: opinions.select(Axis(0), &learned).mapv(|p| p.clamp(SUREST, 1.0 - SUREST)),
        params: &params,
        progress,
    };
    // In the frames that n-grams alone can learn too.
    let coded = gold.zip(ngrams.as_ref()).map(|(gold, own)| limited(gold.corpus, own.trained.model.frames()));
    let coded = coded.transpose()?;
    let Run { model, left_out, choice_rows, tried, mixes, evaluation } = match &coded {
        Some(coded) if !judging.is_empty() => class.judged_by_codes(coded, &judging)?,
        coded => class.judged_by_teacher(coded.as_ref())?,
    };

    let unseen = rows.corpus.select(&held_out);
    let frames = model.frames().clone();
    let proba = opinions.select(Axis(0), &held_out);
    let thought = Predictions { predicted: teacher.decide(proba.view()), proba };
    let thought = in_columns(&thought, teacher.model.frames(), &frames)?;
    let compared = |model: &Model| -> Result<Fidelity> {
        let own = Scorer::new(model.clone())?.predictions(&unseen.texts)?;
        let own = in_columns(&own, model.frames(), &frames)?;
        fidelity(&frames, &thought, &own, &unseen.clusters(), params.train.bootstrap)
    };
    let agreement = compared(&model)?;
    let distillation = Distillation {
        teacher: TeacherSummary {
            name: teacher.name.clone(),
            sha256: teacher.model.metadata().sha256.clone(),
            encoder: teacher.encoder.clone(),
            sources: teacher.sources(),
        },
        unlabelled: rows.corpus.sources.clone(),
        license: params.license.clone(),
        n_unlabelled: learned.len(),
        n_held_out: held_out.len(),
        unused: rows.unused,
        choice_rows,
        mixes: tried,
        frames: model
            .frames()
            .names()
            .iter()
            .zip(mixes)
            .map(|(frame, mix)| FrameMix { frame: frame.clone(), mix })
            .collect(),
        n_judging: judging.len(),
        agreement: agreement.clone(),
    };
    let model = model.with_distillation(distillation)?;
    let standings = gold.zip(ngrams.as_ref()).map(|(gold, ngrams)| {
        let student = (!judging.is_empty()).then_some(evaluation);
        gold_standings(teacher, gold, &judging, student, ngrams, model.frames(), params.train.bootstrap)
    });
    let ngrams = ngrams.map(|run| run.trained);
    let left_out = ngrams.iter().flat_map(|ngrams| &ngrams.left_out).cloned().chain(left_out).collect();
    let ngrams = ngrams.map(|ngrams| ngrams.model);
    let report = DistillationReport {
        gold: standings.transpose()?,
        test: None,
        agreement,
        ngrams_agreement: ngrams.as_ref().map(compared).transpose()?,
    };
    Ok(Distilled { model, ngrams, left_out, report })
}

/// The opinions, if they are probabilities of these rows, none of them certain.
fn checked(teacher: &Teacher<'_>, rows: &Unlabelled, opinions: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
    let names = ["the opinions", "the columns of opinions"];
    check_shape(teacher, opinions.dim(), names, ("the rows", rows.corpus.n_rows()))?;
    if let Some(bad) = opinions.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(Error::parameter("opinions", bad, "probabilities, from 0 to 1"));
    }
    Ok(opinions.to_owned())
}

/// Refuses what is not of shape (n_rows, n_frames of the teacher); `names` are of its rows and of its columns.
fn check_shape(
    teacher: &Teacher<'_>,
    found: (usize, usize),
    names: [&'static str; 2],
    (rows, n_rows): (&'static str, usize),
) -> Result<()> {
    let n_frames = teacher.model.frames().len();
    for (left, n_left, right, n_right) in
        [(names[0], found.0, rows, n_rows), (names[1], found.1, "the teacher's frames", n_frames)]
    {
        if n_left != n_right {
            return Err(ErrorKind::LengthMismatch { left, n_left, right, n_right }.into());
        }
    }
    Ok(())
}
