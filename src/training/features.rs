//! What the rows of a corpus are to a model: n-grams, unless an encoder stands alone, and an encoder's vectors, if there is one.

use std::sync::Arc;

use ndarray::Axis;

use super::alone::Alone;
use super::params::TrainParams;
use super::progress::Progress;
use super::vectors::{Encoded, Vectors};
use crate::corpus::{Corpus, Folds, GroupBy};
use crate::error::Result;
use crate::features::{Documents, FeatureMatrix, Lexicon, StringTable, Tokenizer, Vocabulary};
use crate::model::{FrameFit, Point, Problems};

/// A corpus, cut and encoded.
#[derive(Debug)]
pub(super) struct Features {
    /// `None` where an encoder stands alone.
    pub lexicon: Option<Lexicon>,
    /// `None` without an encoder.
    pub vectors: Option<Vectors>,
}

impl Features {
    /// Cuts the texts of a corpus, and encodes them for models of these folds; with `keep` encoders of folds outlive that.
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`](crate::ErrorKind::Tokenizer), and what the encoder gives.
    pub(super) fn new(
        corpus: &Corpus,
        tokenizer: &Tokenizer,
        (group, folds): (GroupBy, &Folds),
        params: &TrainParams,
        progress: &dyn Progress,
        keep: bool,
    ) -> Result<Self> {
        let lexicon = if params.is_encoder_alone() {
            None
        } else {
            Some(Lexicon::new(Documents::new(tokenizer, &corpus.texts)?, &params.features.0))
        };
        let vectors = params.dense.as_ref().map(|dense| Vectors::new(corpus, (group, folds), dense, progress, keep));
        Ok(Features { lexicon, vectors: vectors.transpose()? })
    }

    /// The n-grams of some rows; none where an encoder stands alone.
    pub(super) fn vocabulary(&self, rows: &[usize], params: &TrainParams) -> Vocabulary {
        self.lexicon.as_ref().map_or_else(no_ngrams, |lexicon| Vocabulary::fit(lexicon, rows, &params.features.0))
    }

    /// The vectors of some rows, to score.
    pub(super) fn matrix(
        &self,
        vocabulary: &Vocabulary,
        rows: &[usize],
        encoded: Option<&Encoded>,
        params: &TrainParams,
    ) -> FeatureMatrix {
        let ngrams = match &self.lexicon {
            Some(lexicon) => vocabulary.transform(lexicon, rows, &params.features.0),
            None => FeatureMatrix::new(rows.len(), Vec::new()),
        };
        with_dense(ngrams, rows, encoded)
    }

    /// The vectors of some rows, to train on.
    pub(super) fn training_matrix(
        &self,
        vocabulary: &Vocabulary,
        rows: &[usize],
        encoded: Option<&Encoded>,
        params: &TrainParams,
    ) -> FeatureMatrix {
        to_train_on(self.matrix(vocabulary, rows, encoded, params), params)
    }
}

/// Vectors as they are trained on: above [`TrainParams::max_parallel_rows`] rows the columns are stored by use, which moves the last bits
/// of the fit.
pub(super) fn to_train_on(matrix: FeatureMatrix, params: &TrainParams) -> FeatureMatrix {
    if matrix.n_samples() > params.max_parallel_rows { matrix.by_use() } else { matrix }
}

/// A vocabulary of nothing.
fn no_ngrams() -> Vocabulary {
    Vocabulary {
        words: StringTable::from_sorted([]),
        pairs: Vec::new(),
        subwords: StringTable::from_sorted([]),
        idf_words: Vec::new(),
        idf_subwords: Vec::new(),
    }
}

fn with_dense(ngrams: FeatureMatrix, rows: &[usize], encoded: Option<&Encoded>) -> FeatureMatrix {
    match encoded {
        Some(encoded) => ngrams.with_dense(Arc::clone(&encoded.rows), rows),
        None => ngrams,
    }
}

/// The fits of all frames on some rows: by our own estimator, or by linfa-logistic where an encoder stands alone.
#[derive(Debug)]
pub(super) enum Fits<'a> {
    Own(Problems<'a>),
    Alone(Alone),
}

impl<'a> Fits<'a> {
    /// `matrix` is what [`Features::training_matrix`] gave for these rows.
    ///
    /// # Errors
    /// [`ErrorKind::ConstantFrame`](crate::ErrorKind::ConstantFrame) if all coded rows of a frame agree.
    pub(super) fn new(
        corpus: &Corpus,
        rows: &[usize],
        matrix: &'a FeatureMatrix,
        encoded: Option<&Encoded>,
        params: &TrainParams,
    ) -> Result<Self> {
        let codes = corpus.codes.select(Axis(0), rows);
        if let Some(encoded) = encoded.filter(|_| params.is_encoder_alone()) {
            return Ok(Fits::Alone(Alone::new(&encoded.rows, rows, codes)));
        }
        let weights: Vec<f32> = rows.iter().map(|row| corpus.weights[*row]).collect();
        Ok(Fits::Own(Problems::new(matrix, codes.view(), &weights, &params.logistic.0)?))
    }

    /// Fits some of the frames, each by its own penalty and, where the estimator can use it, from its own point: (column, penalty, start).
    ///
    /// # Errors
    /// [`ErrorKind::NotConverged`](crate::ErrorKind::NotConverged), of the first frame that did not.
    pub(super) fn fit(&self, wanted: &[(usize, f64, Option<&Point>)]) -> Result<Vec<FrameFit>> {
        match self {
            Fits::Own(problems) => problems.fit(wanted),
            Fits::Alone(alone) => wanted.iter().map(|(frame, alpha, _)| alone.fit(*frame, *alpha)).collect(),
        }
    }
}
