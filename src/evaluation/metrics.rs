//! The metrics themselves, on weighted rows so that the bootstrap can count a row several times.

use std::array::from_fn;

use serde::{Deserialize, Serialize};

/// What is measured of a frame's predictions. An undefined metric is absent from every result, never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// TP / (TP + FP). Undefined when nothing is predicted.
    Precision,
    /// TP / (TP + FN). Undefined when no row has the frame.
    Recall,
    /// 2 TP / (2 TP + FP + FN). Undefined when no row has the frame and none is predicted to.
    F1,
    /// `Σ (Rₙ − Rₙ₋₁) Pₙ` over the distinct scores from the top, equal scores taken together; not interpolated.
    /// Undefined when no row has the frame.
    AveragePrecision,
    /// The chance that a row with the frame scores above one without, ties counting one half. Undefined with a single class.
    RocAuc,
    /// `(1/n) Σ (pᵢ − yᵢ)²`; lower is better. Source: Brier (1950), Monthly Weather Review 78(1).
    Brier,
    /// `−(1/n) Σ log p(yᵢ)` with p kept in [1e-15, 1 − 1e-15]; lower is better.
    LogLoss,
    /// Expected calibration error over ten bins of equal width: `Σ (|B|/n) |mean p − share|`; lower is better.
    /// Source: Naeini, Cooper & Hauskrecht (2015), AAAI.
    CalibrationError,
    /// Matthews correlation coefficient of prediction and gold label. Undefined when either is constant.
    Mcc,
    /// Calibration in the large: mean probability minus share of rows with the frame. 0 is best.
    CalibrationInTheLarge,
}

impl Metric {
    /// All of them, in the order of every table.
    pub const ALL: [Metric; 10] = [
        Metric::Precision,
        Metric::Recall,
        Metric::F1,
        Metric::AveragePrecision,
        Metric::RocAuc,
        Metric::Brier,
        Metric::LogLoss,
        Metric::CalibrationError,
        Metric::Mcc,
        Metric::CalibrationInTheLarge,
    ];

    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Metric::Precision => "precision",
            Metric::Recall => "recall",
            Metric::F1 => "f1",
            Metric::AveragePrecision => "average_precision",
            Metric::RocAuc => "roc_auc",
            Metric::Brier => "brier",
            Metric::LogLoss => "log_loss",
            Metric::CalibrationError => "calibration_error",
            Metric::Mcc => "mcc",
            Metric::CalibrationInTheLarge => "calibration_in_the_large",
        }
    }
}

/// Values of [`Metric::ALL`], in that order.
pub(crate) type Values = [Option<f64>; Metric::ALL.len()];

/// Bins of the calibration error.
pub(crate) const N_BINS: usize = 10;

/// One judged prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Judged {
    /// The row, which orders equal probabilities.
    pub row: u32,
    pub proba: f64,
    pub predicted: bool,
    pub gold: bool,
}

/// Judged predictions in falling order of probability, with what the metrics need of each row worked out once.
#[derive(Debug, Clone)]
pub(crate) struct Ranked {
    judged: Vec<Judged>,
    /// The cluster of each, an index into the weights.
    clusters: Vec<u32>,
    losses: Vec<f64>,
}

impl Ranked {
    /// `clusters` has the cluster of each row.
    pub(crate) fn new(mut judged: Vec<Judged>, clusters: &[u32]) -> Self {
        judged.sort_by(|a, b| b.proba.total_cmp(&a.proba).then(a.row.cmp(&b.row)));
        let losses = judged
            .iter()
            .map(|one| {
                let p = one.proba.clamp(1e-15, 1.0 - 1e-15);
                -libm::log(if one.gold { p } else { 1.0 - p })
            })
            .collect();
        let clusters = judged.iter().map(|one| clusters[one.row as usize]).collect();
        Ranked { judged, clusters, losses }
    }

    pub(crate) fn judged(&self) -> &[Judged] {
        &self.judged
    }

    /// All metrics in each of `L` replicates, in which the rows of a cluster count as often as `weights` of it says.
    ///
    /// Every replicate is summed by itself in falling order of probability, so that its bits do not depend on its company.
    pub(crate) fn values<const L: usize>(&self, weights: &[[f32; L]]) -> [Values; L] {
        let add = |sum: &mut [f64; L], w: [f64; L], factor: f64| *sum = from_fn(|l| sum[l] + w[l] * factor);
        let mut cells = [[0.0; L]; 4];
        let (mut squares, mut loss, mut sum_proba) = ([0.0; L], [0.0; L], [0.0; L]);
        let mut bins = [[[0.0; L]; 3]; N_BINS];
        // Ranking metrics walk down the scores, one distinct score at a time.
        let mut above = [[0.0; L]; 2];
        let mut tied = [[0.0; L]; 2];
        let (mut precision_steps, mut pairs) = ([0.0; L], [0.0; L]);
        for (i, one) in self.judged.iter().enumerate() {
            let w = weights[self.clusters[i] as usize].map(f64::from);
            let gold = usize::from(one.gold);
            let y = f64::from(u8::from(one.gold));
            add(&mut cells[2 * usize::from(one.predicted) + gold], w, 1.0);
            squares = from_fn(|l| squares[l] + w[l] * (one.proba - y) * (one.proba - y));
            add(&mut loss, w, self.losses[i]);
            add(&mut sum_proba, w, one.proba);
            let [n, sum, present] = &mut bins[bin_of(one.proba)];
            add(n, w, 1.0);
            add(sum, w, one.proba);
            add(present, w, y);
            add(&mut tied[gold], w, 1.0);
            let last_of_tie = self.judged.get(i + 1).is_none_or(|next| next.proba < one.proba);
            if last_of_tie {
                let [absent, present] = tied;
                pairs = from_fn(|l| pairs[l] + absent[l] * (above[1][l] + 0.5 * present[l]));
                above = from_fn(|gold| from_fn(|l| above[gold][l] + tied[gold][l]));
                precision_steps = from_fn(|l| {
                    let step = present[l] * above[1][l] / (above[1][l] + above[0][l]);
                    precision_steps[l] + if present[l] > 0.0 { step } else { 0.0 }
                });
                tied = [[0.0; L]; 2];
            }
        }
        from_fn(|l| {
            let [tn, fn_, fp, tp] = cells.map(|cell| cell[l]);
            let (present, absent) = (tp + fn_, fp + tn);
            let n = present + absent;
            let gap = |[n, p, y]: &[[f64; L]; 3]| if n[l] > 0.0 { (p[l] - y[l]).abs() } else { 0.0 };
            let calibration_error = bins.iter().map(gap).sum::<f64>();
            [
                ratio(tp, tp + fp),
                ratio(tp, present),
                ratio(2.0 * tp, 2.0 * tp + fp + fn_),
                ratio(precision_steps[l], present),
                ratio(pairs[l], present * absent),
                ratio(squares[l], n),
                ratio(loss[l], n),
                ratio(calibration_error, n),
                ratio(tp * tn - fp * fn_, ((tp + fp) * present * absent * (tn + fn_)).sqrt()),
                ratio(sum_proba[l] - present, n),
            ]
        })
    }
}

/// The calibration bin of a probability.
pub(crate) fn bin_of(proba: f64) -> usize {
    ((proba * N_BINS as f64) as usize).min(N_BINS - 1)
}

/// [`Metric::AveragePrecision`] of any scores, not only probabilities. `scores` and `gold` have length n_samples.
#[must_use]
pub fn average_precision(scores: &[f64], gold: &[bool]) -> Option<f64> {
    let mut order: Vec<(f64, bool)> = scores.iter().copied().zip(gold.iter().copied()).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut present, mut seen, mut sum) = (0.0, 0.0, 0.0);
    for tie in order.chunk_by(|a, b| a.0 == b.0) {
        let hits = tie.iter().filter(|(_, gold)| *gold).count() as f64;
        present += hits;
        seen += tie.len() as f64;
        sum += hits * present / seen;
    }
    ratio(sum, present)
}

fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator > 0.0).then(|| numerator / denominator)
}

/// Mean over frames of each metric; undefined where it is undefined for any frame, since a mean over other frames in
/// another replicate would be another quantity.
pub(crate) fn macro_average(frames: &[Values]) -> Values {
    let mut mean = [None; Metric::ALL.len()];
    for (m, slot) in mean.iter_mut().enumerate() {
        *slot = frames.iter().map(|values| values[m]).sum::<Option<f64>>().map(|sum| sum / frames.len() as f64);
    }
    mean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(rows: &[(f64, bool)], threshold: f64) -> Ranked {
        let judged = rows.iter().enumerate().map(|(i, (proba, gold))| Judged {
            row: i as u32,
            proba: *proba,
            predicted: *proba >= threshold,
            gold: *gold,
        });
        Ranked::new(judged.collect(), &(0..rows.len() as u32).collect::<Vec<_>>())
    }

    /// The metrics with row `i` counted `weights[i]` times.
    fn values(ranked: &Ranked, weights: &[f32]) -> Values {
        let [values] = ranked.values(&weights.iter().map(|weight| [*weight]).collect::<Vec<_>>());
        values
    }

    fn get(values: &Values, metric: Metric) -> Option<f64> {
        values[Metric::ALL.iter().position(|m| *m == metric).unwrap()]
    }

    /// The generator of the reference values: a linear congruential one, so that any language can rebuild the rows.
    struct Lcg(u64);

    impl Lcg {
        fn next(&mut self) -> f64 {
            self.0 = (1_103_515_245 * self.0 + 12_345) % (1 << 31);
            self.0 as f64 / f64::from(1_u32 << 31)
        }
    }

    /// scikit-learn 1.9.1 on the first 60 rows: `matthews_corrcoef`, `brier_score_loss`, `log_loss`, `roc_auc_score`,
    /// `average_precision_score`, and the expected calibration error over ten bins of equal width.
    #[test]
    fn agrees_with_scikit_learn() {
        let (mut truth, mut noise) = (Lcg(7), Lcg(11));
        let rows: Vec<(f64, bool)> = (0..60)
            .map(|i| {
                let gold = truth.next() > 0.6;
                let score = (0.15 + 0.6 * f64::from(u8::from(gold)) + 0.35 * (noise.next() - 0.5)).clamp(0.0, 1.0);
                (if i % 9 == 0 { 1.0 - score } else { score }, gold)
            })
            .collect();
        let values = values(&ranked(&rows, 0.5), &[1.0; 60]);
        for (metric, expected) in [
            (Metric::Mcc, 0.759_987_048_851_768),
            (Metric::Brier, 0.119_655_497_134_319_8),
            (Metric::LogLoss, 0.389_978_871_942_472_77),
            (Metric::RocAuc, 0.879_186_602_870_813_3),
            (Metric::AveragePrecision, 0.694_612_402_158_919_3),
            (Metric::CalibrationError, 0.166_883_908_779_127_54),
            (Metric::CalibrationInTheLarge, 0.391_055_629_833_523_77 - 0.366_666_666_666_666_64),
        ] {
            let value = get(&values, metric).unwrap();
            assert!((value - expected).abs() < 1e-9, "{metric:?}: {value} is not {expected}");
        }
    }

    #[test]
    fn by_hand_with_a_tie() {
        // Scores 0.9(+) 0.6(+) 0.6(−) 0.2(−): AP = 1/2·1 + 1/2·2/3, AUC = (2 + 1.5)/4.
        let values = values(&ranked(&[(0.9, true), (0.6, true), (0.6, false), (0.2, false)], 0.5), &[1.0; 4]);
        assert!((get(&values, Metric::AveragePrecision).unwrap() - 5.0 / 6.0).abs() < 1e-15);
        assert!((get(&values, Metric::RocAuc).unwrap() - 3.5 / 4.0).abs() < 1e-15);
        assert!((get(&values, Metric::Precision).unwrap() - 2.0 / 3.0).abs() < 1e-15);
        assert_eq!(get(&values, Metric::Recall), Some(1.0));
        assert!((get(&values, Metric::F1).unwrap() - 0.8).abs() < 1e-15);
    }

    #[test]
    fn weights_count_rows_again() {
        let repeated = ranked(&[(0.9, true), (0.4, false), (0.4, false), (0.3, true), (0.3, true)], 0.35);
        let few = ranked(&[(0.9, true), (0.4, false), (0.3, true)], 0.35);
        let (once, weighted) = (values(&repeated, &[1.0; 5]), values(&few, &[1.0, 2.0, 2.0]));
        let together = few.values(&[[1.0, 1.0, 0.0], [2.0, 1.0, 3.0], [2.0, 1.0, 0.0]]);
        assert_eq!(together, [weighted, values(&few, &[1.0; 3]), values(&few, &[0.0, 3.0, 0.0])]);
        for (a, b) in once.iter().zip(weighted) {
            assert!((a.unwrap() - b.unwrap()).abs() < 1e-12);
        }
    }

    #[test]
    fn undefined_is_absent() {
        let none = values(&ranked(&[(0.2, false), (0.1, false)], 0.5), &[1.0; 2]);
        for metric in
            [Metric::Precision, Metric::Recall, Metric::F1, Metric::AveragePrecision, Metric::RocAuc, Metric::Mcc]
        {
            assert_eq!(get(&none, metric), None, "{metric:?}");
        }
        assert!(get(&none, Metric::Brier).is_some());
        let silent = values(&ranked(&[(0.2, true), (0.1, false)], 0.5), &[1.0; 2]);
        assert_eq!(get(&silent, Metric::F1), Some(0.0), "a missed frame is a zero, not an absence");
        assert_eq!(macro_average(&[none, silent])[2], None);
        assert!(values(&ranked(&[], 0.5), &[]).iter().all(Option::is_none));
    }
}
