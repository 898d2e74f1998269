//! From what was chosen to what is fitted for good: on all rows, and on all folds but one.

use std::sync::Arc;

use super::cross_fit::{Choice, FoldFit};
use super::features::{Features, Fits};
use super::params::TrainParams;
use super::progress::Progress;
use crate::corpus::{Corpus, GroupBy};
use crate::error::{Error, Result};
use crate::features::encoder::{TuningParams, TuningValidParams};
use crate::features::{SentenceEncoder, Vocabulary};
use crate::model::{EncoderSummary, FittedLogistic, FrameFit, Point};

/// A model's features with their weights.
#[derive(Debug)]
pub(super) struct Fitted {
    pub vocabulary: Vocabulary,
    pub logistic: FittedLogistic,
    pub encoder: Option<Arc<dyn SentenceEncoder>>,
}

impl Fitted {
    /// Fits all frames on all rows, each as it was chosen for it; an encoder is fine-tuned on all rows first, if it is to be.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) if no n-gram is frequent enough;
    /// [`ErrorKind::NotConverged`](crate::ErrorKind::NotConverged), and what the encoder gives.
    pub(super) fn on_all_rows(
        corpus: &Corpus,
        mut features: Features,
        group: GroupBy,
        (params, choices): (&TrainParams, &[Choice]),
        progress: &dyn Progress,
    ) -> Result<Self> {
        let encoded = match (features.vectors.take(), &params.dense) {
            (Some(vectors), Some(dense)) => Some(vectors.of_all(corpus, group, dense, progress)?),
            _ => None,
        };
        progress.begin("fitting on all rows", corpus.frames.names(), 1);
        let rows: Vec<usize> = (0..corpus.n_rows()).collect();
        let vocabulary = features.vocabulary(&rows, params);
        if vocabulary.n_features() == [0, 0] && !params.is_encoder_alone() {
            let expected = "small enough that some word or subword is in that many sentences; none is";
            let found = format!("{} and {}", params.features.0.min_df, params.features.0.min_df_subword);
            return Err(Error::parameter("min-df and min-df-subword", found, expected));
        }
        let mut matrix = features.training_matrix(&vocabulary, &rows, encoded.as_ref(), params);
        let settings = params.settings();
        let mut fits: Vec<Option<FrameFit>> = vec![None; choices.len()];
        for (number, length) in settings.lengths().iter().enumerate() {
            let wanted: Vec<(usize, f64, Option<&Point>)> = (choices.iter().enumerate())
                .filter(|(_, choice)| settings.length(choice.setting) == number)
                .map(|(j, choice)| (j, settings.alpha(choice.setting), None))
                .collect();
            if wanted.is_empty() {
                continue;
            }
            matrix.set_dense_length(*length);
            let fitted = Fits::new(corpus, &rows, &matrix, encoded.as_ref(), params)?.fit(&wanted)?;
            wanted.iter().zip(fitted).for_each(|((j, ..), fit)| fits[*j] = Some(fit));
        }
        let fits: Vec<FrameFit> = fits.into_iter().flatten().collect();
        (0..fits.len()).for_each(|j| progress.step(j));
        progress.end();
        let logistic = FittedLogistic::from_frames(&fits, matrix.n_features());
        Ok(Fitted { vocabulary, logistic, encoder: encoded.and_then(|encoded| encoded.encoder) })
    }

    /// What was fitted without a fold, as it was chosen without that fold.
    pub(super) fn without_fold(FoldFit { vocabulary, points, encoder }: FoldFit, choices: &[Choice]) -> Self {
        let chosen = |(points, choice): (Vec<(usize, Point)>, &Choice)| {
            points.into_iter().find_map(|(setting, point)| (setting == choice.setting).then_some(point))
        };
        let points: Vec<Point> = points.into_iter().zip(choices).filter_map(chosen).collect();
        Fitted { vocabulary, logistic: FittedLogistic::from_points(&points), encoder }
    }
}

/// What the artefact says of an encoder.
pub(super) fn encoder_summary(
    encoder: &dyn SentenceEncoder,
    params: &TrainParams,
    choices: &[Choice],
) -> EncoderSummary {
    let settings = params.settings();
    // Where a run was kept while it went on is nobody's business.
    let told = |TuningParams(tuning): &TuningParams| TuningValidParams { checkpoints: None, ..tuning.clone() };
    EncoderSummary {
        identity: encoder.identity().clone(),
        weights: choices.iter().map(|choice| settings.lengths()[settings.length(choice.setting)]).collect(),
        alone: params.is_encoder_alone(),
        fine_tuned: params.dense.as_ref().and_then(|dense| dense.fine_tune.as_ref()).map(told),
    }
}
