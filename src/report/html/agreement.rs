//! How far coders agree with each other, and the model with them.

use serde::Serialize;

use super::format::score;
use super::table::Table;
use crate::report::layout::count;
use crate::stats::Estimate;

/// What the report says of agreement.
#[derive(Debug, Clone, PartialEq)]
pub struct AgreementView {
    /// The frames.
    pub frames: Vec<FrameAgreement>,
    /// Who was compared, and what to make of it.
    pub note: String,
}

/// Krippendorff's alpha for one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameAgreement {
    /// The frame.
    pub frame: String,
    /// Alpha among the coders; `None` where it is undefined.
    pub alpha: Option<Estimate>,
    /// Alpha between the model and the coders, where it was measured.
    pub model_alpha: Option<Estimate>,
}

#[derive(Serialize)]
pub(super) struct AgreementTables {
    table: Table,
    note: String,
}

pub(super) fn tables(view: &AgreementView) -> AgreementTables {
    let row = |frame: &FrameAgreement| {
        let n = frame.alpha.as_ref().or(frame.model_alpha.as_ref()).map_or(0, |alpha| alpha.n);
        vec![frame.frame.clone(), score(frame.alpha.as_ref()), score(frame.model_alpha.as_ref()), count(n)]
    };
    let table = Table::new(
        "agreement-table",
        "Krippendorff’s alpha by frame",
        &["Frame", "#Coders", "#Model and coders", "#Rows"],
    );
    AgreementTables { table: table.all(view.frames.iter().map(row)), note: view.note.clone() }
}
