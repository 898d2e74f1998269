//! How near a student is to its teacher, on rows that neither was told about.

use ndarray::ArrayView2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::evaluate::Predictions;
use crate::corpus::Frames;
use crate::error::{ErrorKind, Result};
use crate::stats::{Bootstrap, Estimate, ReliabilityData};

/// The agreement of two models on the same rows, which nobody need have coded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fidelity {
    /// Rows that both scored.
    pub n_rows: usize,
    /// Their articles, or rows where none are named, which the intervals resample.
    pub n_clusters: usize,
    /// The frames, in column order.
    pub frames: Vec<FrameFidelity>,
}

/// One frame's part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameFidelity {
    /// The frame.
    pub frame: String,
    /// Share of the rows for which the first model predicts the frame; `None` without rows.
    pub teacher_share: Option<f64>,
    /// The same for the second.
    pub student_share: Option<f64>,
    /// Share of the rows on which both decide alike.
    pub agreement: Option<Estimate>,
    /// Krippendorff's alpha of the two as coders, nominal; `None` where both decide the same on every row.
    pub alpha: Option<Estimate>,
    /// Mean absolute difference of their probabilities, in [0, 1].
    pub mean_difference: Option<Estimate>,
}

/// Compares the probabilities and decisions of two models, all of shape (n_rows, n_frames), with percentile intervals from a bootstrap of
/// `clusters`, dense from 0, of length n_rows. Without rows every estimate is `None`.
///
/// # Errors
/// [`ErrorKind::LengthMismatch`] if the shapes differ.
pub fn fidelity(
    frames: &Frames,
    teacher: &Predictions,
    student: &Predictions,
    clusters: &[u32],
    bootstrap: Bootstrap,
) -> Result<Fidelity> {
    let n_rows = teacher.proba.nrows();
    for (left, n_left) in [("the student's rows", student.proba.nrows()), ("the clusters", clusters.len())] {
        if n_left != n_rows {
            return Err(ErrorKind::LengthMismatch { left, n_left, right: "the teacher's rows", n_right: n_rows }.into());
        }
    }
    let share = |predicted: &ArrayView2<'_, bool>, j: usize| {
        let n = predicted.column(j).iter().filter(|decided| **decided).count();
        (n_rows > 0).then(|| n as f64 / n_rows as f64)
    };
    let frame = |(j, name): (usize, &String)| {
        let alike: Vec<f64> =
            (0..n_rows).map(|i| f64::from(u8::from(teacher.predicted[(i, j)] == student.predicted[(i, j)]))).collect();
        let apart: Vec<f64> = (0..n_rows).map(|i| (teacher.proba[(i, j)] - student.proba[(i, j)]).abs()).collect();
        let units: Vec<Vec<bool>> =
            (0..n_rows).map(|i| vec![teacher.predicted[(i, j)], student.predicted[(i, j)]]).collect();
        let units = ReliabilityData::nominal(&units);
        let statistics = |weights: &[f64]| {
            let total: f64 = weights.iter().sum();
            let mean = |values: &[f64]| -> Option<f64> {
                (total > 0.0).then(|| values.iter().zip(weights).map(|(x, w)| x * w).sum::<f64>() / total)
            };
            vec![mean(&alike), units.alpha(weights, &mut Vec::new()), mean(&apart)]
        };
        let mut estimates = bootstrap.estimate(clusters, statistics).into_iter();
        let mut next = || estimates.next().flatten();
        FrameFidelity {
            frame: name.clone(),
            teacher_share: share(&teacher.predicted.view(), j),
            student_share: share(&student.predicted.view(), j),
            agreement: next(),
            alpha: next(),
            mean_difference: next(),
        }
    };
    let names: Vec<(usize, &String)> = frames.names().iter().enumerate().collect();
    let n_clusters = clusters.iter().max().map_or(0, |last| *last as usize + 1);
    Ok(Fidelity { n_rows, n_clusters, frames: names.into_par_iter().map(frame).collect() })
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn by_hand() {
        let frames = Frames::new(vec!["x".into()]).unwrap();
        let of = |proba: [f64; 4]| {
            let proba = ndarray::Array2::from_shape_vec((4, 1), proba.to_vec()).unwrap();
            Predictions { predicted: proba.mapv(|p| p >= 0.5), proba }
        };
        let (teacher, student) = (of([0.9, 0.8, 0.1, 0.2]), of([0.7, 0.4, 0.1, 0.3]));
        let found = fidelity(&frames, &teacher, &student, &[0, 1, 2, 3], Bootstrap::default()).unwrap();
        let frame = &found.frames[0];
        assert_eq!((frame.teacher_share, frame.student_share), (Some(0.5), Some(0.25)));
        assert_eq!(frame.agreement.as_ref().unwrap().value, 0.75);
        assert!((frame.mean_difference.as_ref().unwrap().value - 0.175).abs() < 1e-12);
        // Eight values, three of them yes: 1 − 7 · 2 / (2 · 3 · 5).
        assert!((frame.alpha.as_ref().unwrap().value - (1.0 - 14.0 / 30.0)).abs() < 1e-12);
        assert!(frame.agreement.as_ref().unwrap().low.is_none(), "four rows support no interval");
    }

    #[test]
    fn models_that_never_differ_have_no_alpha() {
        let frames = Frames::new(vec!["x".into()]).unwrap();
        let same = Predictions { proba: array![[0.1], [0.2]], predicted: array![[false], [false]] };
        let found = fidelity(&frames, &same, &same, &[0, 1], Bootstrap::default()).unwrap();
        assert_eq!(found.frames[0].alpha, None);
        assert_eq!(found.frames[0].agreement.as_ref().unwrap().value, 1.0);
        assert!(fidelity(&frames, &same, &same, &[0], Bootstrap::default()).is_err());
    }
}
