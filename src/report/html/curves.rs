//! The small charts of one frame: reliability, precision over recall, and what thresholds do.

use super::charts::{Chart, FIRST, Frame, INK, MUTED, Named, Plot, SECOND, Side, THIRD, chart};
use crate::error::Result;
use crate::evaluation::{FrameCurve, FrameEvaluation, ThresholdPoint};

const TICKS: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
const SQUARE: Frame = Frame { size: (306, 296), space: (46, 20, 56), x: (0.0, 1.0), y: (0.0, 1.0) };

fn square(
    id: &str,
    title: &str,
    description: &str,
    x_name: &str,
    draw: impl FnOnce(&Plot<'_, '_>) -> Result<()>,
) -> Result<Chart> {
    chart(&Named { id, title, description }, &SQUARE, |plot| {
        let label = |tick: f64| format!("{:.0}\u{a0}%", 100.0 * tick);
        plot.x_axis(&TICKS, label, x_name)?;
        plot.y_axis(&TICKS, label)?;
        draw(plot)
    })
}

/// Share with the frame over mean probability, bin by bin; the better calibrated, the nearer to the diagonal.
pub(super) fn reliability(number: usize, frame: &FrameEvaluation) -> Result<Chart> {
    let title = format!("Reliability of {}: share with the frame over mean probability", frame.frame);
    let description =
        "Ten bins of probability; a larger dot holds more rows. On the diagonal the probabilities are right.";
    square(&format!("reliability-{number}"), &title, description, "mean probability", |plot| {
        plot.line(vec![(0.0, 0.0), (1.0, 1.0)], MUTED, 1)?;
        let bins: Vec<_> = frame.reliability.iter().filter(|bin| bin.n > 0).collect();
        plot.line(bins.iter().map(|bin| (bin.mean_proba, bin.share)).collect(), FIRST, 1)?;
        let most = bins.iter().map(|bin| bin.n).max().unwrap_or(1) as f64;
        for bin in bins {
            plot.disc((bin.mean_proba, bin.share), (3.0 + 5.0 * (bin.n as f64 / most).sqrt()).round() as i32, FIRST)?;
        }
        Ok(())
    })
}

/// Precision over recall, with the prevalence, which guessing would give.
pub(super) fn precision_recall(number: usize, curve: &FrameCurve) -> Result<Chart> {
    let title = format!("Precision of {} over recall", curve.frame);
    let description =
        "From the top score down. The flat line is the share of rows with the frame, which guessing would give.";
    square(&format!("recall-{number}"), &title, description, "recall", |plot| {
        if let Some(prevalence) = curve.prevalence {
            plot.line(vec![(0.0, prevalence), (1.0, prevalence)], MUTED, 1)?;
            let y = if prevalence > 0.9 { prevalence - 0.06 } else { prevalence + 0.05 };
            plot.text("guessing", (0.0, y), Side::Right, 6, INK)?;
        }
        plot.line(curve.precision_recall.iter().map(|point| (point.recall, point.precision)).collect(), FIRST, 2)
    })
}

/// Precision, recall and F1 over the threshold.
pub(super) fn thresholds(number: usize, curve: &FrameCurve) -> Result<Chart> {
    let title = format!("Precision, recall and F1 of {} over the threshold", curve.frame);
    let description = "Precision solid, recall dashed, F1 dotted. A line ends where it is undefined.";
    square(&format!("threshold-{number}"), &title, description, "threshold", |plot| {
        let values: [fn(&ThresholdPoint) -> Option<f64>; 3] = [|p| p.precision, |p| p.recall, |p| p.f1];
        for (value, colour) in values.into_iter().zip([FIRST, SECOND, THIRD]) {
            for run in curve.thresholds.chunk_by(|a, b| value(a).is_some() == value(b).is_some()) {
                let points: Vec<_> = run.iter().filter_map(|point| Some((point.threshold, value(point)?))).collect();
                if !points.is_empty() {
                    plot.line(points, colour, 2)?;
                }
            }
        }
        Ok(())
    })
}
