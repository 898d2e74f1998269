//! Coded rows whose label the model doubts: confident learning.

use serde::Serialize;

use super::cells::Cells;

/// A coded row whose label may be wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suspect {
    /// The row.
    pub id: String,
    /// Its outlet, empty where it names none.
    pub outlet: String,
    /// The frame in doubt.
    pub frame: String,
    /// What the coder said: whether the frame is there.
    pub coded: bool,
    /// Probability of the frame, by a model that had not seen the row.
    pub proba: f64,
    /// How far the probability lies beyond the mean of those that the coders gave the other label, in [0, 1].
    pub margin: f64,
    /// The sentence.
    pub text: String,
}

/// The `most` most doubtful labels, over all frames.
///
/// A label is doubted where the model's confidence in the other one reaches the mean confidence it has in that label where coders gave it.
/// Source: Northcutt, Jiang & Chuang (2021), Confident Learning, JAIR 70, per frame.
pub(super) fn suspects(cells: &Cells<'_>, most: usize) -> Vec<Suspect> {
    let corpus = &cells.population.corpus;
    let mut found: Vec<(f64, usize, usize)> = Vec::new();
    for frame in 0..corpus.frames.len() {
        let coded: Vec<(usize, bool, f64)> = (0..corpus.n_rows())
            .filter_map(|row| Some((row, corpus.codes[(row, frame)].as_bool()?, cells.predictions.proba[(row, frame)])))
            .collect();
        let confidence = |label: bool, proba: f64| if label { proba } else { 1.0 - proba };
        let mean = |label: bool| {
            let of: Vec<f64> = coded.iter().filter(|row| row.1 == label).map(|row| confidence(label, row.2)).collect();
            (!of.is_empty()).then(|| of.iter().sum::<f64>() / of.len() as f64)
        };
        let (Some(absent), Some(present)) = (mean(false), mean(true)) else { continue };
        for (row, label, proba) in coded {
            let margin = confidence(!label, proba) - if label { absent } else { present };
            // Confident in both labels at once is no doubt about one.
            let own = confidence(label, proba) - if label { present } else { absent };
            if margin >= 0.0 && own < 0.0 {
                found.push((margin, row, frame));
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    found
        .into_iter()
        .take(most)
        .map(|(margin, row, frame)| Suspect {
            id: cells.population.ids[row].clone(),
            outlet: corpus.outlets.as_ref().map_or("", |outlets| outlets.name(row)).to_owned(),
            frame: corpus.frames.names()[frame].clone(),
            coded: corpus.codes[(row, frame)].as_bool() == Some(true),
            proba: cells.predictions.proba[(row, frame)],
            margin,
            text: corpus.texts[row].clone(),
        })
        .collect()
}
