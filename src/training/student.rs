//! The student's fits: who judges them, and what becomes of the best.

use std::borrow::Cow;

use ndarray::{Array2, Axis};

use super::cross_fit::Choice;
use super::distill::DistillParams;
use super::mixture::{Judges, Lessons, Mixture, Setting, Values};
use super::progress::Progress;
use super::standing::{Teacher, columns, limited};
use super::subsample::subsample;
use super::train::{learnable, profile, summary};
use super::unlabelled::{draw, folds_of};
use crate::calibration::Calibration;
use crate::corpus::{Code, Corpus, Folds, GroupBy};
use crate::error::{Error, Result};
use crate::evaluation::Evaluation;
use crate::features::{Documents, Lexicon, Tokenizer};
use crate::model::{Model, Parts, TrainingSummary, certainties, text_digests};

/// A student before it is compared.
pub(super) struct Run {
    pub model: Model,
    /// Frames left out because they are constant among the judges.
    pub left_out: Vec<String>,
    pub choice_rows: Option<usize>,
    /// Mixes that were tried.
    pub tried: Vec<f64>,
    pub mixes: Vec<Option<f64>>,
    pub evaluation: Evaluation,
}

/// A teacher with rows to teach by.
pub(super) struct Class<'a> {
    pub teacher: &'a Teacher<'a>,
    /// Rows without codes.
    pub pool: &'a Corpus,
    /// The teacher's probabilities of them, none of them certain, in its own frames.
    pub opinions: Array2<f64>,
    pub params: &'a DistillParams,
    pub progress: &'a dyn Progress,
}

impl Class<'_> {
    /// Some of the coded rows judge in turn; all teach.
    pub(super) fn judged_by_codes(&self, coded: &Corpus, judging: &[usize]) -> Result<Run> {
        let train = &self.params.train;
        let group = self.params.group(coded);
        let judging_rows = coded.select(judging);
        let (judges, folds, left_out) = learnable(&judging_rows, group, train)?;
        let coded = limited(coded, &judges.frames)?;
        let mut fold_of = vec![None; coded.n_rows()];
        judging.iter().zip(&folds.of_row).for_each(|(row, fold)| fold_of[*row] = Some(*fold));
        fold_of.extend(folds_of(self.pool, &judges, group, &folds));
        let some = draw(self.pool, train.max_path_rows, train.seed, "rows that choose the mix", true);
        let judges = Judges { rows: judging, corpus: &judges, proba: None };
        let mut run = self.run(Some(&coded), (group, &folds), &fold_of, judges, &self.params.mixes, &some)?;
        run.left_out = left_out;
        Ok(run)
    }

    /// The teacher judges, by some of the rows without codes where there are many; coded rows, if there are any, teach.
    pub(super) fn judged_by_teacher(&self, coded: Option<&Corpus>) -> Result<Run> {
        let train = &self.params.train;
        let mut pool = self.pool.clone();
        pool.codes = self.teacher.decide(self.opinions.view()).mapv(Code::from);
        pool.frames = self.teacher.model.frames().clone();
        if let Some(coded) = coded {
            pool = limited(&pool, &coded.frames)?;
        }
        // A grouping that only the coded rows have is not one for these.
        let group = train.group.filter(|group| coded.is_none() || group.is_in(&pool));
        let group = group.unwrap_or_else(|| GroupBy::natural(&pool));
        let (pool, folds, left_out) = learnable(&pool, group, train).map_err(|error| {
            let found = format!("{} rows, by which the teacher cannot judge: {error}", pool.n_rows());
            let expected = "rows enough that it decides for and against each frame in all folds (--allow-constant leaves the others \
                            out)";
            Error::parameter("unlabelled", found, expected)
        })?;
        let coded = coded.map(|coded| limited(coded, &pool.frames)).transpose()?;
        let n_coded = coded.as_ref().map_or(0, Corpus::n_rows);
        let all: Vec<usize> = (0..pool.n_rows()).collect();
        let some = subsample(&pool, &folds, train, &[&pool.articles]).unwrap_or_else(|| all.clone());
        let picked = columns(self.teacher.model.frames(), &pool.frames)?;
        let proba = self.opinions.select(Axis(0), &some).select(Axis(1), &picked);
        let places: Vec<usize> = some.iter().map(|row| n_coded + row).collect();
        let judges = pool.select(&some);
        let judges = Judges { rows: &places, corpus: &judges, proba: Some(&proba) };
        let mut fold_of = vec![None; n_coded];
        fold_of.extend(folds.of_row.iter().copied().map(Some));
        let middle: &[f64] = if coded.is_some() { self.params.middle_mix() } else { &[] };
        let mut run = self.run(coded.as_ref(), (group, &folds), &fold_of, judges, middle, &all)?;
        run.left_out = left_out;
        run.choice_rows = (some.len() < all.len()).then_some(some.len());
        Ok(run)
    }

    /// Chooses with `some` of the rows without codes, scores out of fold and fits with all of them.
    fn run(
        &self,
        coded: Option<&Corpus>,
        (group, folds): (GroupBy, &Folds),
        fold_of: &[Option<u32>],
        judges: Judges<'_>,
        mixes: &[f64],
        some: &[usize],
    ) -> Result<Run> {
        let Class { teacher, pool, progress, .. } = self;
        let params = &self.params.train;
        let frames = &judges.corpus.frames;
        let tokenizer = Tokenizer::default();
        let texts = coded.into_iter().flat_map(|coded| &coded.texts).chain(&pool.texts);
        let texts: Vec<&str> = texts.map(String::as_str).collect();
        let lexicon = Lexicon::new(Documents::new(&tokenizer, &texts)?, &params.features.0);
        let opinions = self.opinions.select(Axis(1), &columns(teacher.model.frames(), frames)?);
        let targets = coded.map_or_else(|| Array2::zeros((0, frames.len())), |coded| certainties(coded.codes.view()));
        let weights = |corpus: &Corpus| corpus.weights.iter().map(|weight| f64::from(*weight)).collect::<Vec<f64>>();
        let (of_coded, of_pool) = (coded.map(weights).unwrap_or_default(), weights(pool));
        let mixture = Mixture {
            lexicon: &lexicon,
            coded: Lessons { targets: &targets, weights: &of_coded },
            others: Lessons { targets: &opinions, weights: &of_pool },
            fold_of,
            n_folds: folds.n_folds,
            judges,
            mixes,
            params,
            progress: *progress,
        };
        let all: Vec<usize> = (0..of_pool.len()).collect();
        let tracks = mixture.all_tracks();
        let is_choice = tracks.len() > frames.len() || params.alphas.len() > 1;
        let chooser = if some.len() < all.len() && is_choice {
            let n = of_coded.len();
            let stage = format!("choosing on {} of {} rows", n + some.len(), n + all.len());
            Some(mixture.out_of_fold(some, &tracks, &stage)?)
        } else {
            None
        };
        let wanted = chooser.as_ref().map_or(tracks, Values::chosen_tracks);
        let values = mixture.out_of_fold(&all, &wanted, "holding out in turn")?;
        let chooser = chooser.as_ref().unwrap_or(&values);
        let settings: Vec<Setting> = (0..frames.len()).map(|j| chooser.best(j, None)).collect();
        let calibration: Vec<Calibration> = settings
            .iter()
            .enumerate()
            .map(|(j, setting)| values.calibrate(j, *setting, None))
            .collect::<Result<_>>()?;
        let predictions = values.cross_fitted(chooser)?;
        let evaluation = predictions.judge(judges.corpus, params.bootstrap)?;

        progress.begin("fitting on all rows", frames.names(), 1);
        let fits = mixture.fit(&settings)?;
        progress.end();
        let choices: Vec<Choice> = settings
            .iter()
            .zip(&calibration)
            .map(|(setting, calibration)| Choice { setting: setting.alpha, calibration: *calibration })
            .collect();
        let (learned, texts) = match coded {
            Some(coded) => (Cow::Borrowed(coded), &coded.texts[..]),
            None => (Cow::Owned(uncoded(judges.corpus)), &[][..]),
        };
        let training = TrainingSummary {
            profile: profile(&predictions, values.unknown_words),
            ..summary(&learned, params, group, folds, (&choices, &params.settings()), &fits.fitted, evaluation.clone())
        };
        let training = if coded.is_none() { TrainingSummary { n_rows: 0, ..training } } else { training };
        let model = Model::new(Parts {
            frames: frames.clone(),
            features: params.features.0.clone(),
            encoder: None,
            tokenizer,
            vocabulary: fits.vocabulary,
            weights: fits.fitted.weights,
            intercepts: fits.fitted.intercepts.to_vec(),
            calibration,
            training,
            trained_on: teacher.with_seen(text_digests(texts)),
        })?;
        let chosen = settings.iter().map(|setting| mixes.get(setting.mix).copied()).collect();
        let choice_rows = (some.len() < all.len()).then_some(some.len());
        Ok(Run { model, left_out: Vec::new(), choice_rows, tried: mixes.to_vec(), mixes: chosen, evaluation })
    }
}

/// Rows that nobody coded, and that whoever does will not find learned: nothing says where they come from.
fn uncoded(rows: &Corpus) -> Corpus {
    Corpus { sources: Vec::new(), articles: None, stories: None, outlets: None, ..rows.clone() }
}
