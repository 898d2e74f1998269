//! Several models on the same coded rows, side by side.

use serde::{Deserialize, Serialize};

use super::evaluate::Evaluation;
use super::fidelity::Fidelity;

/// Who is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contestant {
    /// The model that gave its opinions.
    Teacher,
    /// The model that learned from them.
    Student,
    /// The same kind of model, trained on the coded rows alone.
    Ngrams,
}

impl Contestant {
    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Contestant::Teacher => "teacher",
            Contestant::Student => "student",
            Contestant::Ngrams => "ngrams",
        }
    }
}

/// What the scores of a model rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Each row was scored by a fit that had not seen its group.
    OutOfFold,
    /// The scores that the model carries, from folds of its own over the same files.
    Stored,
    /// The model scored rows that it was not trained on.
    Unseen,
    /// The model was trained on some of these rows, or learned from one that was, so that no score of it is shown, or on the test rows,
    /// where it flatters.
    Seen,
}

/// One model's scores.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standing {
    /// Who.
    pub contestant: Contestant,
    /// What the scores rest on.
    pub basis: Basis,
    /// The scores; `None` where they would say nothing.
    pub evaluation: Option<Evaluation>,
}

/// Models judged on the same coded rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SideBySide {
    /// The rows.
    pub n_rows: usize,
    /// Of test rows, those that the student or its teacher was trained on; of coded rows that teach, those that cannot judge, since the
    /// teacher was trained on them or on others of their group.
    pub n_seen: usize,
    /// The models.
    pub standings: Vec<Standing>,
}

/// How a distillation went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DistillationReport {
    /// On the coded rows learned from; `None` where there were none.
    pub gold: Option<SideBySide>,
    /// On coded rows kept apart; `None` where there were none.
    pub test: Option<SideBySide>,
    /// Student and teacher on rows that nobody coded, and from which the student did not learn.
    pub agreement: Fidelity,
    /// n-grams trained on the coded rows alone, and the teacher, on the same rows; `None` without coded rows.
    pub ngrams_agreement: Option<Fidelity>,
}
