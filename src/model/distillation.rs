//! What a model remembers of the teacher that it learned from.

use serde::{Deserialize, Serialize};

use crate::corpus::{Frames, SourceFile};
use crate::evaluation::Fidelity;

/// Bytes of the longest note, such as a licence or the description of an encoder, that an artefact may hold.
pub const MAX_NOTE: usize = 2_000;

/// How a student was made from the opinions of a teacher.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distillation {
    /// The teacher.
    pub teacher: TeacherSummary,
    /// The files of the rows that nobody coded.
    pub unlabelled: Vec<SourceFile>,
    /// What may be done with them, as whoever made the model noted it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub license: Option<String>,
    /// Rows of these files that the student learned from.
    pub n_unlabelled: usize,
    /// Rows on which it was compared with its teacher, and from which it did not learn.
    pub n_held_out: usize,
    /// Rows that took no part.
    pub unused: Unused,
    /// Rows of those learned from on which mix and penalty were chosen, where these were not all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub choice_rows: Option<usize>,
    /// Mixes tried; the one that was taken where no coded row could choose, and none where there were no coded rows.
    pub mixes: Vec<f64>,
    /// The frames, in column order.
    pub frames: Vec<FrameMix>,
    /// Coded rows by which mix, penalty, calibration and scores were found: those whose groups the teacher had not been trained on.
    pub n_judging: usize,
    /// How near the student is to its teacher on the rows held out.
    pub agreement: Fidelity,
}

/// The teacher, as its student remembers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeacherSummary {
    /// What it was called.
    pub name: String,
    /// The hash of its content, as its own card shows it.
    pub sha256: String,
    /// The sentence encoder that it scores with; `None` for n-grams alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub encoder: Option<String>,
    /// The files that it was trained on.
    pub sources: Vec<SourceFile>,
}

/// Rows without codes that took no part, and why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unused {
    /// The text is empty.
    pub empty_text: usize,
    /// The text is that of a coded row to learn from.
    pub in_gold: usize,
    /// The text is that of a coded row to judge by.
    pub in_test: usize,
    /// The text stands in an earlier row.
    pub copies: usize,
}

/// What was chosen for a frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameMix {
    /// The frame.
    pub frame: String,
    /// How many times as much as the coded rows the others weigh, in sum; `None` where no row was coded.
    pub mix: Option<f64>,
}

impl Distillation {
    /// Whether no coded row judged, so that nothing was checked against a coder.
    #[must_use]
    pub fn is_unchecked(&self) -> bool {
        self.n_judging == 0
    }

    /// Says what no distillation of these frames leaves, if there is such a thing.
    pub(super) fn fault(&self, frames: &Frames) -> Option<&'static str> {
        /// Rows are below 2³².
        const MOST: usize = u32::MAX as usize;
        let are_ours = |found: &mut dyn Iterator<Item = &String>| found.eq(frames.names());
        if !are_ours(&mut self.frames.iter().map(|frame| &frame.frame))
            || !are_ours(&mut self.agreement.frames.iter().map(|frame| &frame.frame))
        {
            return Some("the distillation should tell of each frame, in column order");
        }
        let notes = [
            Some(&self.teacher.name),
            Some(&self.teacher.sha256),
            self.teacher.encoder.as_ref(),
            self.license.as_ref(),
        ];
        if notes.into_iter().flatten().any(|note| note.len() > MAX_NOTE) {
            return Some("names and notes of the distillation should have at most 2,000 bytes");
        }
        let Unused { empty_text, in_gold, in_test, copies } = self.unused;
        let counts = [
            self.n_unlabelled,
            self.n_held_out,
            self.n_judging,
            self.agreement.n_rows,
            empty_text,
            in_gold,
            in_test,
            copies,
        ];
        if counts.iter().any(|n| *n > MOST) || self.choice_rows.is_some_and(|n| n > MOST) {
            return Some("counts of rows should be below 2³²");
        }
        if !self
            .mixes
            .iter()
            .chain(self.frames.iter().filter_map(|frame| frame.mix.as_ref()))
            .all(|mix| mix.is_finite())
        {
            return Some("mixes should be finite");
        }
        None
    }
}
