//! Precision and recall at every threshold: what another choice of threshold would have given.

use serde::Serialize;

use super::evaluate::Scored;

/// Steps between the thresholds 0 and 1.
const N_STEPS: usize = 100;
/// Most points of a precision-recall curve.
const MOST_POINTS: usize = 200;

/// How one frame's precision and recall move with its threshold, on the rows coded for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FrameCurve {
    /// The frame.
    pub frame: String,
    /// Share of the coded rows that have the frame: the precision of guessing. `None` where no row is coded for it.
    pub prevalence: Option<f64>,
    /// Thresholds 0, 0.01 to 1, of which a probability must reach one to be a decision for the frame.
    pub thresholds: Vec<ThresholdPoint>,
    /// At most 200 distinct scores, from the highest down, rows with equal scores taken together. Empty where no row
    /// has the frame.
    pub precision_recall: Vec<RecallPoint>,
}

/// Decisions at one threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ThresholdPoint {
    /// The threshold.
    pub threshold: f64,
    /// TP / (TP + FP); `None` where nothing reaches the threshold.
    pub precision: Option<f64>,
    /// TP / (TP + FN); `None` where no row has the frame.
    pub recall: Option<f64>,
    /// 2 TP / (2 TP + FP + FN); `None` where no row has the frame and none reaches the threshold.
    pub f1: Option<f64>,
}

/// A point of a precision-recall curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RecallPoint {
    /// The score that rows must reach.
    pub threshold: f64,
    /// Share of the rows with the frame that reach it.
    pub recall: f64,
    /// Share of the rows that reach it that have the frame.
    pub precision: f64,
}

/// The curves of each frame, in column order.
#[must_use]
pub fn curves(scored: &Scored<'_>) -> Vec<FrameCurve> {
    let names = scored.frames.names().iter().enumerate();
    names
        .map(|(j, frame)| {
            let mut judged: Vec<(f64, bool)> = (scored.codes.column(j).iter().zip(scored.proba.column(j)))
                .filter_map(|(code, proba)| Some((*proba, code.as_bool()?)))
                .collect();
            judged.sort_by(|a, b| b.0.total_cmp(&a.0));
            let n_present = judged.iter().filter(|(_, gold)| *gold).count();
            FrameCurve {
                frame: frame.clone(),
                prevalence: ratio(n_present, judged.len()),
                thresholds: thresholds(&judged, n_present),
                precision_recall: thinned(&precision_recall(&judged, n_present)),
            }
        })
        .collect()
}

/// `judged` in falling order of score.
fn thresholds(judged: &[(f64, bool)], n_present: usize) -> Vec<ThresholdPoint> {
    (0..=N_STEPS)
        .map(|step| {
            let threshold = step as f64 / N_STEPS as f64;
            let reached = judged.partition_point(|(score, _)| *score >= threshold);
            let hits = judged[..reached].iter().filter(|(_, gold)| *gold).count();
            ThresholdPoint {
                threshold,
                precision: ratio(hits, reached),
                recall: ratio(hits, n_present),
                f1: ratio(2 * hits, reached + n_present),
            }
        })
        .collect()
}

fn precision_recall(judged: &[(f64, bool)], n_present: usize) -> Vec<RecallPoint> {
    let (mut reached, mut hits) = (0, 0);
    let point = |tie: &[(f64, bool)]| {
        reached += tie.len();
        hits += tie.iter().filter(|(_, gold)| *gold).count();
        Some(RecallPoint { threshold: tie[0].0, recall: ratio(hits, n_present)?, precision: ratio(hits, reached)? })
    };
    judged.chunk_by(|a, b| a.0 == b.0).filter_map(point).collect()
}

/// Points at even distances, the first and the last among them.
fn thinned(points: &[RecallPoint]) -> Vec<RecallPoint> {
    if points.len() <= MOST_POINTS {
        return points.to_vec();
    }
    (0..MOST_POINTS).map(|i| points[i * (points.len() - 1) / (MOST_POINTS - 1)]).collect()
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::corpus::{Code, Codes, Frames};

    fn curve(codes: &Codes, proba: &Array2<f64>) -> FrameCurve {
        let frames = Frames::new(vec!["a".into()]).unwrap();
        let predicted = proba.mapv(|p| p >= 0.5);
        let clusters: Vec<u32> = (0..codes.nrows() as u32).collect();
        let scored = Scored {
            frames: &frames,
            codes,
            proba: proba.view(),
            predicted: predicted.view(),
            clusters: &clusters,
            outlets: None,
        };
        curves(&scored).remove(0)
    }

    #[test]
    fn by_hand_with_a_tie_and_a_row_not_coded() {
        // 0.9(+) 0.6(+) 0.6(−) 0.2(−), and a row that nobody coded.
        let (yes, no) = (Code::Present, Code::Absent);
        let codes = array![[no], [yes], [Code::NotCoded], [yes], [no]];
        let curve = curve(&codes, &array![[0.2], [0.6], [0.95], [0.9], [0.6]]);
        assert_eq!(curve.prevalence, Some(0.5));
        let points: Vec<_> = curve.precision_recall.iter().map(|p| (p.threshold, p.recall, p.precision)).collect();
        assert_eq!(points, [(0.9, 0.5, 1.0), (0.6, 1.0, 2.0 / 3.0), (0.2, 1.0, 0.5)]);
        assert_eq!(curve.thresholds.len(), 101);
        let at = |i: usize| (curve.thresholds[i].precision, curve.thresholds[i].recall, curve.thresholds[i].f1);
        assert_eq!(at(0), (Some(0.5), Some(1.0), Some(2.0 / 3.0)));
        assert_eq!(at(60), (Some(2.0 / 3.0), Some(1.0), Some(0.8)), "a score at the threshold reaches it");
        assert_eq!(at(61), (Some(1.0), Some(0.5), Some(2.0 / 3.0)));
        assert_eq!(at(100), (None, Some(0.0), Some(0.0)));
    }

    #[test]
    fn undefined_is_none() {
        let none = curve(&array![[Code::Absent], [Code::NotCoded]], &array![[0.3], [0.9]]);
        assert!(none.precision_recall.is_empty());
        assert_eq!((none.thresholds[0].recall, none.thresholds[100].f1), (None, None));
        let empty = curve(&array![[Code::NotCoded]], &array![[0.3]]);
        assert_eq!((empty.prevalence, empty.thresholds[0].precision), (None, None));
    }

    #[test]
    fn long_curves_are_thinned_and_keep_their_ends() {
        let n = 1000;
        let codes = Codes::from_shape_fn((n, 1), |(i, _)| if i % 3 == 0 { Code::Present } else { Code::Absent });
        let proba = Array2::from_shape_fn((n, 1), |(i, _)| i as f64 / n as f64);
        let points = curve(&codes, &proba).precision_recall;
        assert_eq!(points.len(), MOST_POINTS);
        assert_eq!((points[0].threshold, points[MOST_POINTS - 1].recall), (0.999, 1.0));
    }
}
