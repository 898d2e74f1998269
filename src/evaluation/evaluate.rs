//! From judged rows to one result with everything in it.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::leakage::Leakage;
use super::metrics::{Judged, Metric, N_BINS, Ranked, Values, bin_of, macro_average};
use crate::corpus::{Categories, Code, Codes, Corpus, Frames, NO_FRAME};
use crate::error::{ErrorKind, Result};
use crate::stats::{Bootstrap, Estimate, LANES, MIN_CLUSTERS, renumber};

/// Predictions beside what the coder said. All rows in the same order.
#[derive(Debug, Clone, Copy)]
pub struct Scored<'a> {
    /// The frames, in column order.
    pub frames: &'a Frames,
    /// Codes of shape (n_rows, n_frames); entries not coded take no part.
    pub codes: &'a Codes,
    /// Calibrated probabilities, same shape.
    pub proba: ArrayView2<'a, f64>,
    /// Decisions, same shape.
    pub predicted: ArrayView2<'a, bool>,
    /// The cluster of each row, dense from 0: the article, or the row itself.
    pub clusters: &'a [u32],
    /// The outlet of each row, where known.
    pub outlets: Option<&'a Categories>,
}

/// Probabilities and decisions of some rows, of shape (n_rows, n_frames).
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// Calibrated probabilities.
    pub proba: Array2<f64>,
    /// Whether the frame is predicted.
    pub predicted: Array2<bool>,
}

impl Predictions {
    /// All 0 and not predicted.
    #[must_use]
    pub fn zeros(n_rows: usize, n_frames: usize) -> Self {
        let shape = (n_rows, n_frames);
        Predictions { proba: Array2::zeros(shape), predicted: Array2::from_elem(shape, false) }
    }

    /// Those of some rows, in the order given.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        Predictions { proba: self.proba.select(Axis(0), rows), predicted: self.predicted.select(Axis(0), rows) }
    }

    /// Judges the predictions against the codes of the same rows, with the rows' articles as clusters and their
    /// outlets.
    ///
    /// # Errors
    /// As [`evaluate`].
    pub fn judge(&self, corpus: &Corpus, bootstrap: Bootstrap) -> Result<Evaluation> {
        let scored = Scored {
            frames: &corpus.frames,
            codes: &corpus.codes,
            proba: self.proba.view(),
            predicted: self.predicted.view(),
            clusters: &corpus.clusters(),
            outlets: corpus.outlets.as_ref(),
        };
        evaluate(&scored, bootstrap)
    }
}

/// Metrics of one set of predictions; those undefined there are absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scores(BTreeMap<Metric, Estimate>);

impl Scores {
    /// The estimate of a metric, if it is defined here.
    #[must_use]
    pub fn get(&self, metric: Metric) -> Option<&Estimate> {
        self.0.get(&metric)
    }
}

/// The four cells of a frame's confusion table, in rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Gold and predicted.
    pub true_positive: usize,
    /// Predicted only.
    pub false_positive: usize,
    /// Gold only.
    pub false_negative: usize,
    /// Neither.
    pub true_negative: usize,
}

/// One bin of a reliability diagram.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Rows whose probability falls into the bin.
    pub n: usize,
    /// Their mean probability; 0 for an empty bin.
    pub mean_proba: f64,
    /// Their share with the frame; 0 for an empty bin.
    pub share: f64,
}

/// One frame's part of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrameEvaluation {
    /// The frame.
    pub frame: String,
    /// Rows coded with it.
    pub n_present: usize,
    /// Rows coded without it.
    pub n_absent: usize,
    /// The confusion table.
    pub counts: Counts,
    /// The metrics.
    pub scores: Scores,
    /// Ten bins of equal width over the probability.
    pub reliability: Vec<ReliabilityBin>,
}

/// Which frames are predicted where which are coded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoOccurrence {
    /// The frames in column order, then `none`.
    pub names: Vec<String>,
    /// `predicted[a][b]`: rows with gold frame a for which frame b was predicted. Rows coded for all frames only.
    pub predicted: Vec<Box<[usize]>>,
    /// `gold[a][b]`: rows with gold frames a and b; the diagonal counts each frame's rows.
    pub gold: Vec<Box<[usize]>>,
}

/// One outlet's part of an evaluation. Its intervals resample the outlet's own articles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutletEvaluation {
    /// The outlet.
    pub outlet: String,
    /// Its rows.
    pub n_rows: usize,
    /// Its articles, or rows where no article is named.
    pub n_clusters: usize,
    /// The frames, in column order.
    pub frames: Vec<FrameEvaluation>,
    /// Means over the frames.
    pub macro_average: Scores,
}

/// Everything that was measured of one set of predictions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Rows judged.
    pub n_rows: usize,
    /// Clusters that the intervals resample.
    pub n_clusters: usize,
    /// The bootstrap's settings.
    pub bootstrap: Bootstrap,
    /// The frames, in column order.
    pub frames: Vec<FrameEvaluation>,
    /// Means over the frames.
    pub macro_average: Scores,
    /// All decisions of all frames in one pool.
    pub micro_average: Scores,
    /// Confusion between frames.
    pub co_occurrence: CoOccurrence,
    /// Per outlet, most rows first; empty when no outlet is known.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub outlets: Vec<OutletEvaluation>,
    /// Random against grouped folds, when both were run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub leakage: Option<Leakage>,
}

/// Judges predictions against gold labels, with percentile intervals from a cluster bootstrap.
///
/// # Errors
/// [`ErrorKind::LengthMismatch`] if the shapes differ.
pub fn evaluate(scored: &Scored<'_>, bootstrap: Bootstrap) -> Result<Evaluation> {
    let n_rows = scored.codes.nrows();
    for (left, n_left) in [
        ("the probabilities", scored.proba.nrows()),
        ("the decisions", scored.predicted.nrows()),
        ("the clusters", scored.clusters.len()),
    ] {
        if n_left != n_rows {
            return Err(ErrorKind::LengthMismatch { left, n_left, right: "the codes", n_right: n_rows }.into());
        }
    }
    let all: Vec<usize> = (0..n_rows).collect();
    let part = judge(scored, &all, bootstrap);
    Ok(Evaluation {
        n_rows,
        n_clusters: part.n_clusters,
        bootstrap,
        frames: part.frames,
        macro_average: part.macro_average,
        micro_average: part.micro_average,
        co_occurrence: co_occurrence(scored),
        outlets: scored.outlets.map_or_else(Vec::new, |outlets| judge_outlets(scored, outlets, bootstrap)),
        leakage: None,
    })
}

struct Part {
    n_clusters: usize,
    frames: Vec<FrameEvaluation>,
    macro_average: Scores,
    micro_average: Scores,
}

fn judge(scored: &Scored<'_>, rows: &[usize], bootstrap: Bootstrap) -> Part {
    let judged = |j: usize| -> Vec<Judged> {
        let judge = |(i, row): (usize, &usize)| {
            let gold = scored.codes[(*row, j)].as_bool()?;
            Some(Judged { row: i as u32, proba: scored.proba[(*row, j)], predicted: scored.predicted[(*row, j)], gold })
        };
        rows.iter().enumerate().filter_map(judge).collect()
    };
    let clusters = renumber(rows.iter().map(|row| scored.clusters[*row]));
    let per_frame: Vec<Ranked> =
        (0..scored.frames.len()).into_par_iter().map(|j| Ranked::new(judged(j), &clusters)).collect();
    let pooled = Ranked::new((0..scored.frames.len()).flat_map(judged).collect(), &clusters);

    let estimates = bootstrap.estimate_together(&clusters, |weights| {
        let frames: Vec<[Values; LANES]> = per_frame.iter().map(|ranked| ranked.values(weights)).collect();
        let pooled = pooled.values(weights);
        std::array::from_fn(|lane| {
            let mut values: Vec<Values> = frames.iter().map(|values| values[lane]).collect();
            values.push(macro_average(&values));
            values.push(pooled[lane]);
            values.concat()
        })
    });
    let mut scores: Vec<Scores> = estimates
        .chunks(Metric::ALL.len())
        .map(|chunk| {
            let defined = Metric::ALL.into_iter().zip(chunk).filter_map(|(m, e)| Some((m, e.clone()?)));
            Scores(defined.collect())
        })
        .collect();
    let micro_average = scores.pop().unwrap_or_default();
    let macro_average = scores.pop().unwrap_or_default();
    let frames = scored
        .frames
        .names()
        .iter()
        .zip(&per_frame)
        .zip(scores)
        .map(|((frame, ranked), scores)| describe(frame, ranked.judged(), &clusters, scores))
        .collect();
    let n_clusters = clusters.iter().max().map_or(0, |last| *last as usize + 1);
    Part { n_clusters, frames, macro_average, micro_average }
}

fn describe(frame: &str, judged: &[Judged], clusters: &[u32], mut scores: Scores) -> FrameEvaluation {
    let mut counts = Counts::default();
    let mut bins = vec![(0_usize, 0.0, 0.0); N_BINS];
    for one in judged {
        *match (one.gold, one.predicted) {
            (true, true) => &mut counts.true_positive,
            (false, true) => &mut counts.false_positive,
            (true, false) => &mut counts.false_negative,
            (false, false) => &mut counts.true_negative,
        } += 1;
        let bin = &mut bins[bin_of(one.proba)];
        *bin = (bin.0 + 1, bin.1 + one.proba, bin.2 + f64::from(u8::from(one.gold)));
    }
    // An estimate of this frame rests on the rows coded for it, not on all of them.
    let n_clusters = judged.iter().map(|one| clusters[one.row as usize]).collect::<BTreeSet<_>>().len();
    for estimate in scores.0.values_mut() {
        (estimate.n, estimate.n_clusters) = (judged.len(), n_clusters);
        if n_clusters < MIN_CLUSTERS {
            (estimate.low, estimate.high) = (None, None);
        }
    }
    let reliability = bins
        .into_iter()
        .map(|(n, proba, share)| {
            let of = (n.max(1)) as f64;
            ReliabilityBin { n, mean_proba: proba / of, share: share / of }
        })
        .collect();
    FrameEvaluation {
        frame: frame.to_owned(),
        n_present: counts.true_positive + counts.false_negative,
        n_absent: counts.false_positive + counts.true_negative,
        counts,
        scores,
        reliability,
    }
}

fn judge_outlets(scored: &Scored<'_>, outlets: &Categories, bootstrap: Bootstrap) -> Vec<OutletEvaluation> {
    let mut rows_of: Vec<Vec<usize>> = vec![Vec::new(); outlets.names.len()];
    for (row, outlet) in outlets.of_row.iter().enumerate() {
        if let Some(outlet) = outlet {
            rows_of[*outlet as usize].push(row);
        }
    }
    let mut judged: Vec<OutletEvaluation> = outlets
        .names
        .iter()
        .zip(rows_of)
        .filter(|(_, rows)| !rows.is_empty())
        .map(|(outlet, rows)| {
            let part = judge(scored, &rows, bootstrap);
            OutletEvaluation {
                outlet: outlet.clone(),
                n_rows: rows.len(),
                n_clusters: part.n_clusters,
                frames: part.frames,
                macro_average: part.macro_average,
            }
        })
        .collect();
    judged.sort_by(|a, b| b.n_rows.cmp(&a.n_rows).then_with(|| a.outlet.cmp(&b.outlet)));
    judged
}

fn co_occurrence(scored: &Scored<'_>) -> CoOccurrence {
    let n = scored.frames.len();
    let mut names = scored.frames.names().to_vec();
    names.push(NO_FRAME.to_owned());
    let mut predicted = vec![vec![0; n + 1].into_boxed_slice(); n + 1];
    let mut gold = predicted.clone();
    let with_none = |flags: Vec<bool>| -> Vec<usize> {
        let set: Vec<usize> = (0..n).filter(|j| flags[*j]).collect();
        if set.is_empty() { vec![n] } else { set }
    };
    for (codes, decisions) in scored.codes.rows().into_iter().zip(scored.predicted.rows()) {
        if codes.iter().any(|code| *code == Code::NotCoded) {
            continue;
        }
        let coded = with_none(codes.iter().map(|code| *code == Code::Present).collect());
        let decided = with_none(decisions.to_vec());
        for a in &coded {
            decided.iter().for_each(|b| predicted[*a][*b] += 1);
            coded.iter().for_each(|b| gold[*a][*b] += 1);
        }
    }
    CoOccurrence { names, predicted, gold }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn rows_not_coded_for_a_frame_take_no_part() {
        let frames = Frames::new(vec!["a".into(), "b".into()]).unwrap();
        let (yes, no, open) = (Code::Present, Code::Absent, Code::NotCoded);
        let codes = array![[yes, open], [no, yes], [yes, no], [yes, yes]];
        let proba = array![[0.9, 0.9], [0.2, 0.8], [0.7, 0.1], [0.3, 0.6]];
        let predicted = proba.mapv(|p| p > 0.5);
        let outlets = Categories { names: vec!["x".into(), "y".into()], of_row: vec![Some(0), Some(0), Some(1), None] };
        let scored = Scored {
            frames: &frames,
            codes: &codes,
            proba: proba.view(),
            predicted: predicted.view(),
            clusters: &[0, 1, 2, 3],
            outlets: Some(&outlets),
        };
        let evaluation = evaluate(&scored, Bootstrap::default()).unwrap();
        assert_eq!((evaluation.frames[1].n_present, evaluation.frames[1].n_absent), (2, 1));
        assert_eq!(evaluation.frames[1].counts, Counts { true_positive: 2, true_negative: 1, ..Counts::default() });
        assert_eq!(evaluation.frames[1].scores.get(Metric::F1).unwrap().n, 3);
        assert_eq!(evaluation.co_occurrence.predicted, [[1, 1, 0], [0, 2, 0], [0, 0, 0]].map(Box::from));
        assert_eq!(evaluation.co_occurrence.gold, [[2, 1, 0], [1, 2, 0], [0, 0, 0]].map(Box::from));
        assert_eq!(evaluation.outlets.len(), 2);
        assert_eq!(evaluation.outlets[0].n_rows, 2);
        let citl = evaluation.outlets[1].frames[0].scores.get(Metric::CalibrationInTheLarge).unwrap().value;
        assert!((citl + 0.3).abs() < 1e-12, "one row, probability 0.7, gold 1: {citl}");
        let json = serde_json::to_value(&evaluation).unwrap();
        assert!(json["outlets"][1]["frames"][0]["scores"].get("roc_auc").is_none(), "one class: absent, not 0");
    }
}
