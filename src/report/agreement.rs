//! Coders' agreement, to be read in ten seconds or loaded into a data frame.

use std::fmt::Write as _;

use super::layout::{count, counted, csv, long, number, short, table};
use super::schema::AGREEMENT;
use crate::error::Result;
use crate::evaluation::{
    Agreement, CoderSummary, DisputedUnit, FrameEstimate, IntervalMethod, ModelAgreement, PairAgreement, PerFrame,
};
use crate::stats::{Estimate, MIN_CLUSTERS};

/// Pairs shown in a table; the others are in the JSON and the CSV.
const MOST_PAIRS: usize = 15;
/// Characters of a disputed text that a table shows.
const MOST_TEXT: usize = 200;
/// What tables call the frames of a unit as a whole.
const LABEL_SET: &str = "label set";

/// The agreement as tables: alpha of all, each coder, each pair, a model among them, the units most disputed.
#[must_use]
pub fn agreement_table(agreement: &Agreement) -> String {
    let alpha = columns(&agreement.alpha).map(|(name, estimate)| vec![name.to_owned(), long(estimate)]);
    let mut out = table(&["", "alpha"], &alpha.collect::<Vec<_>>());
    let _ = writeln!(
        out,
        "\n{} coded by two or more of {} coders; {}.",
        counted(agreement.n_units, "unit", "units"),
        count(agreement.coders.len()),
        intervals(agreement)
    );
    out.push_str("Krippendorff's alpha: nominal for a frame, with the MASI distance for the label set.\n");
    out.push_str("\nEach coder: units, and the share of them with each frame:\n\n");
    out.push_str(&coders_table(agreement.coders.iter()));
    out.push_str("\nEach pair of coders, on the units that both have coded: alpha, and the share coded alike:\n\n");
    out.push_str(&pairs_table(&agreement.pairs));
    if let Some(model) = &agreement.model {
        out.push_str(&model_tables(model));
    }
    if !agreement.disputed.is_empty() {
        out.push_str(&disputed_lines(agreement));
    }
    out
}

/// A name and a number of each frame, and last of the label set.
fn columns(of: &PerFrame) -> impl Iterator<Item = (&str, Option<&Estimate>)> {
    let frames = of.frames.iter().map(|frame| (&*frame.frame, frame.estimate.as_ref()));
    frames.chain([(LABEL_SET, of.label_set.as_ref())])
}

fn intervals(agreement: &Agreement) -> String {
    let unit = if agreement.by_article { ["article", "articles"] } else { ["unit", "units"] };
    let clusters = counted(agreement.n_clusters, unit[0], unit[1]);
    let level = format!("{:.0} % intervals", 100.0 * agreement.bootstrap.level);
    match agreement.interval {
        IntervalMethod::None if agreement.bootstrap.n_replicates == 0 => "no intervals were asked for".to_owned(),
        IntervalMethod::None => {
            format!("no intervals: {clusters}, and {MIN_CLUSTERS} are the least that supports one")
        }
        IntervalMethod::Jackknife => format!("{level} by jackknife over {clusters}, with Student's t"),
        IntervalMethod::Bootstrap => {
            format!("{level} by bootstrap, from {} draws of {clusters}", count(agreement.bootstrap.n_replicates))
        }
    }
}

fn coders_table<'a>(coders: impl Iterator<Item = &'a CoderSummary> + Clone) -> String {
    let names = coders.clone().take(1).flat_map(|coder| &coder.shares).map(|share| &*share.frame);
    let header: Vec<&str> = ["coder", "units"].into_iter().chain(names).collect();
    let row = |coder: &CoderSummary| {
        let shares = coder.shares.iter().map(|share| short(share.estimate.as_ref()));
        [coder.coder.clone(), count(coder.n_units)].into_iter().chain(shares).collect()
    };
    table(&header, &coders.map(row).collect::<Vec<Vec<String>>>())
}

fn pairs_table(pairs: &[PairAgreement]) -> String {
    let names = pairs.iter().take(1).flat_map(|pair| columns(&pair.alpha)).flat_map(|(name, _)| [name, "alike"]);
    let header: Vec<&str> = ["pair", "units"].into_iter().chain(names).collect();
    let row = |pair: &PairAgreement| {
        let numbers = columns(&pair.alpha).zip(columns(&pair.agreement));
        let cells = numbers.flat_map(|((_, alpha), (_, agreement))| [short(alpha), short(agreement)]);
        [pair.coders.join(" – "), count(pair.n_units)].into_iter().chain(cells).collect()
    };
    let mut out = table(&header, &pairs.iter().take(MOST_PAIRS).map(row).collect::<Vec<Vec<String>>>());
    if let Some(more) = pairs.len().checked_sub(MOST_PAIRS).filter(|more| *more > 0) {
        let _ = writeln!(out, "and {}; --format csv or json has all.", counted(more, "more pair", "more pairs"));
    }
    out
}

fn model_tables(model: &ModelAgreement) -> String {
    let mut out = format!(
        "\nThe model ({}) on {} of these units: mean alpha of two coders, and of the model and a coder:\n\n",
        model.name,
        count(model.summary.n_units),
    );
    let rows = columns(&model.coders_mean).zip(columns(&model.model_mean)).zip(columns(&model.difference));
    let rows = rows.map(|(((name, coders), (_, model)), (_, difference))| {
        vec![name.to_owned(), long(coders), long(model), long(difference)]
    });
    out.push_str(&table(&["", "coders", "model and coders", "difference"], &rows.collect::<Vec<_>>()));
    out.push_str("\nThe model with each coder: alpha, and the share coded alike:\n\n");
    out.push_str(&pairs_table(&model.pairs));
    out.push_str("\nThe share of units to which the model gives each frame:\n\n");
    out.push_str(&coders_table(std::iter::once(&model.summary)));
    out
}

fn disputed_lines(agreement: &Agreement) -> String {
    let mut out = format!(
        "\nUnits disputed: {}. The {} disputed most, by mean MASI distance of two coders:\n",
        count(agreement.n_disputed),
        count(agreement.disputed.len())
    );
    for unit in &agreement.disputed {
        let _ = writeln!(out, "\n{:.3}  {}  {}", unit.disagreement, unit.unit, given(unit));
        if let Some(text) = &unit.text {
            let _ = writeln!(out, "       {}", shortened(text));
        }
    }
    out
}

fn given(unit: &DisputedUnit) -> String {
    let coders = unit.labels.iter().map(|given| format!("{} {}", given.coder, given.labels));
    let model = unit.model.iter().map(|labels| format!("model {labels}"));
    coders.chain(model).collect::<Vec<_>>().join(", ")
}

/// In one line, and not longer than a few.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST_TEXT) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The agreement as tidy CSV, one number a row, with the columns of [`AGREEMENT`]; rows with an interval come first.
///
/// `scope` is `all` coders, `pair` of coders, `coder` alone, or `model`; `measure` is `alpha` or `agreement` of a
/// frame, `alpha_masi` or `agreement` of label sets, where the frame is empty, and `share` of a frame or of `none`. In
/// the scope `model` coder_a is the model and coder_b a coder; beside these, `mean_alpha` and `mean_alpha_masi` are
/// the model's over all coders, without a coder_a those of two coders, and `mean_alpha_difference` and
/// `mean_alpha_masi_difference` the former minus the latter. Undefined numbers have no row; low and high are empty
/// where there is no interval.
///
/// # Errors
/// [`ErrorKind::Csv`](crate::ErrorKind::Csv) if it cannot be written.
pub fn agreement_csv(agreement: &Agreement) -> Result<String> {
    let mut rows = Rows::default();
    rows.per_frame("all", ["", ""], ["alpha", "alpha_masi"], &agreement.alpha);
    // Before the pairs, of which there may be hundreds: coders with numbers for names would look like integers until
    // the model's name came.
    if let Some(model) = &agreement.model {
        let names = [model.name.as_str(), ""];
        for pair in &model.pairs {
            rows.pair("model", pair);
        }
        rows.shares("model", &model.summary);
        rows.per_frame("model", ["", ""], ["mean_alpha", "mean_alpha_masi"], &model.coders_mean);
        rows.per_frame("model", names, ["mean_alpha", "mean_alpha_masi"], &model.model_mean);
        rows.per_frame("model", names, ["mean_alpha_difference", "mean_alpha_masi_difference"], &model.difference);
    }
    for pair in &agreement.pairs {
        rows.pair("pair", pair);
    }
    for coder in &agreement.coders {
        rows.shares("coder", coder);
    }
    csv(&AGREEMENT, rows.0)
}

#[derive(Default)]
struct Rows(Vec<Vec<String>>);

impl Rows {
    fn push(&mut self, scope: &str, coders: [&str; 2], frame: &str, measure: &str, estimate: Option<&Estimate>) {
        let Some(estimate) = estimate else { return };
        let mut row = [scope, coders[0], coders[1], frame, measure].map(str::to_owned).to_vec();
        row.extend([Some(estimate.value), estimate.low, estimate.high, Some(estimate.level)].map(number));
        row.extend([estimate.n.to_string(), estimate.n_clusters.to_string()]);
        self.0.push(row);
    }

    /// `measures` are those of a frame and of the label set.
    fn per_frame(&mut self, scope: &str, coders: [&str; 2], measures: [&str; 2], of: &PerFrame) {
        for FrameEstimate { frame, estimate } in &of.frames {
            self.push(scope, coders, frame, measures[0], estimate.as_ref());
        }
        self.push(scope, coders, "", measures[1], of.label_set.as_ref());
    }

    fn pair(&mut self, scope: &str, pair: &PairAgreement) {
        let coders = [pair.coders[0].as_str(), pair.coders[1].as_str()];
        self.per_frame(scope, coders, ["alpha", "alpha_masi"], &pair.alpha);
        self.per_frame(scope, coders, ["agreement", "agreement"], &pair.agreement);
    }

    fn shares(&mut self, scope: &str, coder: &CoderSummary) {
        for FrameEstimate { frame, estimate } in &coder.shares {
            self.push(scope, [&coder.coder, ""], frame, "share", estimate.as_ref());
        }
    }
}
