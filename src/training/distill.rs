//! From a teacher's opinions to a student: a small model that learns what a large one thinks of rows that nobody coded.

use std::borrow::Cow;

use ndarray::{Array2, ArrayView2, Axis};

use super::cross_fit::Choice;
use super::mixture::{Mixture, Setting, Values};
use super::params::TrainParams;
use super::progress::Progress;
use super::standing::{Teacher, columns, gold_standings};
use super::subsample::subsample;
use super::train::{Trained, learnable, profile, summary, train};
use super::unlabelled::{Unlabelled, draw, folds_of};
use crate::calibration::Calibration;
use crate::corpus::{Code, Corpus, Folds, GroupBy};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{DistillationReport, Evaluation, Fidelity, Predictions, fidelity};
use crate::features::{Documents, Lexicon, Tokenizer};
use crate::model::{
    Distillation, FrameMix, MAX_NOTE, Model, Parts, Scorer, TeacherSummary, TrainingSummary, text_digests,
};

/// Opinions are taken for no surer than this, or a frame of which the teacher is certain everywhere could not be balanced.
const SUREST: f64 = 1e-6;

/// How to distil. [`Default`] is the one place where the numbers stand.
#[derive(Debug, Clone, PartialEq)]
pub struct DistillParams {
    /// How n-grams are trained; scores under other groupings are not made. `max_path_rows` is also how many rows without codes
    /// mix and penalty are chosen on, where there are more.
    pub train: TrainParams,
    /// How many times as much as the coded rows the others weigh, in sum, to choose from out of fold and for each frame by itself. Default
    /// 1, 3, 10, 30.
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
}

/// Coded rows to learn from beside the teacher's opinions.
#[derive(Debug, Clone, Copy)]
pub struct Gold<'a> {
    /// The rows, coded for frames of the teacher.
    pub corpus: &'a Corpus,
    /// The teacher's predictions of them, where it was trained on none, in its own frames; only used to show how good it is.
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
/// in [`train`]; rows without codes that share the group of a held-out row are held out with it. Calibration and threshold come from the same
/// scores. Without coded rows the student's fits are held to the teacher's decisions and probabilities instead, and nothing is checked
/// against a coder.
///
/// The result depends on rows, opinions, options and seed alone, to the bit, whatever the number of threads.
///
/// Source: Hinton, Vinyals & Dean (2015), Distilling the Knowledge in a Neural Network, for soft targets; Buciluă, Caruana & Niculescu-Mizil
/// (2006), Model Compression, KDD, for rows that nobody coded.
///
/// # Errors
/// As [`train`]; [`ErrorKind::LengthMismatch`] if there are not as many opinions as rows, [`ErrorKind::UnknownFrame`] for a coded frame that the
/// teacher does not know, [`ErrorKind::Parameter`] for opinions that are no probabilities, and where no row is left to learn from.
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
    let ngrams = gold.map(|gold| train(gold.corpus, &params.train, progress)).transpose()?;
    let (learned, held_out) = rows.hold_out(params.max_held_out, params.train.seed);
    if learned.is_empty() {
        let expected = "rows whose texts are not among the coded ones";
        return Err(Error::parameter("unlabelled", format!("{} rows", rows.corpus.n_rows()), expected));
    }
    let pool = rows.corpus.select(&learned);
    let (run, left_out) = match gold {
        Some(gold) => with_gold(teacher, &pool, opinions.select(Axis(0), &learned).view(), gold, &params, progress)?,
        None => alone(teacher, &pool, &opinions.select(Axis(0), &learned), &params, progress)?,
    };
    let Run { model, choice_rows, mixes, evaluation } = run;

    let unseen = rows.corpus.select(&held_out);
    let picked = columns(teacher.model.frames(), model.frames())?;
    let thought = opinions.select(Axis(0), &held_out);
    let thought = Predictions {
        predicted: teacher.decide(thought.view()).select(Axis(1), &picked),
        proba: thought.select(Axis(1), &picked),
    };
    let compared = |model: &Model| -> Result<Fidelity> {
        let own = Scorer::new(model.clone())?.predictions(&unseen.texts)?;
        fidelity(model.frames(), &thought, &own, &unseen.clusters(), params.train.bootstrap)
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
        mixes: if gold.is_some() { params.mixes.clone() } else { Vec::new() },
        frames: model
            .frames()
            .names()
            .iter()
            .zip(mixes)
            .map(|(frame, mix)| FrameMix { frame: frame.clone(), mix })
            .collect(),
        n_gold_seen: gold.map_or(0, |gold| teacher.n_seen(gold.corpus)),
        agreement: agreement.clone(),
    };
    let model = model.with_distillation(distillation)?;
    let ngrams = ngrams.map(|Trained { model, .. }| model);
    let standings = gold.zip(ngrams.as_ref()).map(|(gold, ngrams)| {
        gold_standings(teacher, gold, evaluation, ngrams, model.frames(), params.train.bootstrap)
    });
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
    let n_frames = teacher.model.frames().len();
    for (left, n_left, right, n_right) in [
        ("the opinions", opinions.nrows(), "the rows", rows.corpus.n_rows()),
        ("the columns of opinions", opinions.ncols(), "the teacher's frames", n_frames),
    ] {
        if n_left != n_right {
            return Err(ErrorKind::LengthMismatch { left, n_left, right, n_right }.into());
        }
    }
    if let Some(bad) = opinions.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(Error::parameter("opinions", bad, "probabilities, from 0 to 1"));
    }
    Ok(opinions.to_owned())
}

/// A student before it is compared.
struct Run {
    model: Model,
    choice_rows: Option<usize>,
    mixes: Vec<Option<f64>>,
    evaluation: Evaluation,
}

/// Judged by coded rows.
fn with_gold(
    teacher: &Teacher<'_>,
    pool: &Corpus,
    opinions: ArrayView2<'_, f64>,
    gold: Gold<'_>,
    params: &DistillParams,
    progress: &dyn Progress,
) -> Result<(Run, Vec<String>)> {
    let group = params.train.group.unwrap_or_else(|| GroupBy::natural(gold.corpus));
    let (corpus, folds, left_out) = learnable(gold.corpus, group, &params.train)?;
    let picked = columns(teacher.model.frames(), &corpus.frames)?;
    let targets = corpus.codes.mapv(|code| code.as_bool().map_or(f64::NAN, |present| f64::from(u8::from(present))));
    let learner = Learner {
        judged: &corpus,
        targets: targets.view(),
        are_opinions: false,
        others: pool,
        opinions: opinions.select(Axis(1), &picked),
        keeps_out: folds_of(pool, &corpus, group, &folds),
        mixes: &params.mixes,
        params: &params.train,
        progress,
    };
    let all = pool.n_rows();
    let some = draw(pool, params.train.max_path_rows, params.train.seed, "rows that choose the mix", true);
    let some: Vec<usize> = if all > params.train.max_path_rows { some } else { (0..all).collect() };
    let run = learner.run(teacher, group, &folds, &some)?;
    Ok((run, left_out))
}

/// Judged by the teacher, on some of the rows where there are many.
fn alone(
    teacher: &Teacher<'_>,
    pool: &Corpus,
    opinions: &Array2<f64>,
    params: &DistillParams,
    progress: &dyn Progress,
) -> Result<(Run, Vec<String>)> {
    let mut pool = pool.clone();
    pool.codes = teacher.decide(opinions.view()).mapv(Code::from);
    let group = params.train.group.unwrap_or_else(|| GroupBy::natural(&pool));
    let (corpus, folds, left_out) = learnable(&pool, group, &params.train)?;
    let picked = columns(teacher.model.frames(), &corpus.frames)?;
    let opinions = opinions.select(Axis(1), &picked);
    let all: Vec<usize> = (0..corpus.n_rows()).collect();
    let some = subsample(&corpus, &folds, &params.train, &[&corpus.articles]).unwrap_or_else(|| all.clone());
    let rest: Vec<usize> = all.into_iter().filter(|row| some.binary_search(row).is_err()).collect();
    let judged = corpus.select(&some);
    let of_judged = Folds { of_row: some.iter().map(|row| folds.of_row[*row]).collect(), ..folds.clone() };
    let targets = opinions.select(Axis(0), &some).mapv(|p| p.clamp(SUREST, 1.0 - SUREST));
    let learner = Learner {
        judged: &judged,
        targets: targets.view(),
        are_opinions: true,
        others: &corpus.select(&rest),
        opinions: opinions.select(Axis(0), &rest),
        keeps_out: rest.iter().map(|row| Some(folds.of_row[*row])).collect(),
        mixes: &[],
        params: &params.train,
        progress,
    };
    let mut run = learner.run(teacher, group, &of_judged, &[])?;
    run.choice_rows = (!rest.is_empty()).then_some(some.len());
    Ok((run, left_out))
}

/// What both ways share.
struct Learner<'a> {
    judged: &'a Corpus,
    targets: ArrayView2<'a, f64>,
    are_opinions: bool,
    others: &'a Corpus,
    opinions: Array2<f64>,
    keeps_out: Vec<Option<u32>>,
    mixes: &'a [f64],
    params: &'a TrainParams,
    progress: &'a dyn Progress,
}

impl Learner<'_> {
    /// Chooses with `some` of the others, scores out of fold and fits with all of them.
    fn run(self, teacher: &Teacher<'_>, group: GroupBy, folds: &Folds, some: &[usize]) -> Result<Run> {
        let Learner { judged, params, progress, .. } = self;
        let tokenizer = Tokenizer::default();
        let texts: Vec<&str> = judged.texts.iter().chain(&self.others.texts).map(String::as_str).collect();
        let lexicon = Lexicon::new(Documents::new(&tokenizer, &texts)?, &params.features.0);
        let opinions = self.opinions.mapv(|p| p.clamp(SUREST, 1.0 - SUREST));
        let weights: Vec<f64> = self.others.weights.iter().map(|weight| f64::from(*weight)).collect();
        let mixture = Mixture {
            lexicon: &lexicon,
            judged,
            targets: self.targets.view(),
            are_opinions: self.are_opinions,
            folds,
            opinions: opinions.view(),
            weights: &weights,
            keeps_out: &self.keeps_out,
            mixes: self.mixes,
            params,
            progress,
        };
        let all: Vec<usize> = (0..weights.len()).collect();
        let tracks = mixture.all_tracks();
        let is_choice = tracks.len() > judged.frames.len() || params.alphas.len() > 1;
        let chooser = if some.len() < all.len() && is_choice {
            let stage = format!("choosing on {} of {} rows", judged.n_rows() + some.len(), judged.n_rows() + all.len());
            Some(mixture.out_of_fold(some, &tracks, &stage)?)
        } else {
            None
        };
        let wanted = chooser.as_ref().map_or(tracks, Values::chosen_tracks);
        let values = mixture.out_of_fold(&all, &wanted, "holding out in turn")?;
        let chooser = chooser.as_ref().unwrap_or(&values);
        let settings: Vec<Setting> = (0..judged.frames.len()).map(|j| chooser.best(j, None)).collect();
        let calibration: Vec<Calibration> = settings
            .iter()
            .enumerate()
            .map(|(j, setting)| values.calibrate(j, *setting, None))
            .collect::<Result<_>>()?;
        let predictions = values.cross_fitted(chooser)?;
        let evaluation = predictions.judge(judged, params.bootstrap)?;

        progress.begin("fitting on all rows", judged.frames.names(), 1);
        let fits = mixture.fit(&settings)?;
        progress.end();
        let choices: Vec<Choice> = settings
            .iter()
            .zip(&calibration)
            .map(|(setting, calibration)| Choice { setting: setting.alpha, calibration: *calibration })
            .collect();
        let mut training = TrainingSummary {
            profile: profile(&predictions, values.unknown_words),
            ..summary(judged, params, group, folds, (&choices, &params.settings()), &fits.fitted, evaluation.clone())
        };
        if self.are_opinions {
            // Nobody coded them, and whoever does will not find them learned.
            (training.sources, training.n_rows) = (Vec::new(), 0);
            (training.n_articles, training.n_stories, training.n_outlets) = (None, None, None);
        }
        let coded = if self.are_opinions { Cow::Owned(Vec::new()) } else { Cow::Borrowed(&judged.texts) };
        let model = Model::new(Parts {
            frames: judged.frames.clone(),
            features: params.features.0.clone(),
            encoder: None,
            tokenizer,
            vocabulary: fits.vocabulary,
            weights: fits.fitted.weights,
            intercepts: fits.fitted.intercepts.to_vec(),
            calibration,
            training,
            trained_on: teacher.with_seen(text_digests(&coded)),
        })?;
        let mixes = settings.iter().map(|setting| self.mixes.get(setting.mix).copied()).collect();
        let choice_rows = (some.len() < all.len() && !self.are_opinions).then_some(some.len());
        Ok(Run { model, choice_rows, mixes, evaluation })
    }
}
