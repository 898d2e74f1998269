//! How far coders agree with each other, and the model with them.

use serde::Serialize;

use super::format::score;
use super::table::Table;
use crate::evaluation::{Agreement, PerFrame};
use crate::report::layout::{count, counted};
use crate::stats::Estimate;

#[derive(Serialize)]
pub(super) struct AgreementTables {
    table: Table,
    note: String,
}

/// Alpha of each frame, and of the label sets as wholes.
fn rows(measured: &PerFrame) -> Vec<(&str, Option<&Estimate>)> {
    let frames = measured.frames.iter().map(|frame| (frame.frame.as_str(), frame.estimate.as_ref()));
    frames.chain([("label set", measured.label_set.as_ref())]).collect()
}

pub(super) fn tables(agreement: &Agreement) -> AgreementTables {
    let model = agreement.model.as_ref().map(|model| (rows(&model.coders_mean), rows(&model.model_mean)));
    let table = match &model {
        None => Table::new("agreement-table", "Krippendorff’s alpha by frame", &["Frame", "#Coders", "#Units"]),
        Some(_) => Table::new(
            "agreement-table",
            "Krippendorff’s alpha by frame",
            &["Frame", "#Coders", "#Units", "#Two coders, on average", "#Model and a coder, on average"],
        ),
    };
    let row = |(i, (frame, alpha)): (usize, (&str, Option<&Estimate>))| {
        let mut row = vec![frame.to_owned(), score(alpha), count(alpha.map_or(0, |alpha| alpha.n))];
        if let Some((coders, model)) = &model {
            row.extend([score(coders[i].1), score(model[i].1)]);
        }
        row
    };
    let names: Vec<&str> = agreement.coders.iter().map(|coder| coder.coder.as_str()).collect();
    let note = format!(
        "{} ({}) coded {} that at least two of them saw; {} did not get the same labels from all. For label sets, \
         sets that overlap agree in part (MASI distance).",
        counted(names.len(), "coder", "coders"),
        names.join(", "),
        counted(agreement.n_units, "unit", "units"),
        count(agreement.n_disputed),
    );
    AgreementTables { table: table.all(rows(&agreement.alpha).into_iter().enumerate().map(row)), note }
}
