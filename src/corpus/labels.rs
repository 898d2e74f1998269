//! Frames, and what a coder said of them.

use std::collections::BTreeSet;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result, nearest};

/// The word for a row that was coded and carries no frame.
pub const NO_FRAME: &str = "none";
/// What joins the frames of one row.
pub const SEPARATOR: char = ';';

/// One coder's decision on one frame of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Code {
    /// Nobody decided: the row takes no part in anything about this frame.
    #[default]
    NotCoded,
    /// Coded, and the frame is not there.
    Absent,
    /// Coded, and the frame is there.
    Present,
}

impl Code {
    /// `true` for present, `false` for absent, `None` where not coded.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self {
            Code::NotCoded => None,
            Code::Absent => Some(false),
            Code::Present => Some(true),
        }
    }
}

impl From<bool> for Code {
    fn from(present: bool) -> Self {
        if present { Code::Present } else { Code::Absent }
    }
}

/// Codes of shape (n_rows, n_frames).
pub type Codes = Array2<Code>;

/// The names of the frames, in column order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Frames(Vec<String>);

impl TryFrom<Vec<String>> for Frames {
    type Error = Error;

    fn try_from(names: Vec<String>) -> Result<Self> {
        Frames::new(names)
    }
}

impl Frames {
    /// Takes the names in the order that columns will have.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] if there is none, one stands twice, is empty, is `none`, or holds a `;`.
    pub fn new(names: Vec<String>) -> Result<Self> {
        let refuse = |found: &str, expected: &str| Err(Error::parameter("frames", format!("{found:?}"), expected));
        if names.is_empty() {
            return refuse("", "at least one frame name");
        }
        let mut seen = BTreeSet::new();
        for name in &names {
            if name.trim() != name || name.is_empty() || name.contains([SEPARATOR, '\n', '\r']) {
                return refuse(name, "names without ';', line breaks or space around them");
            }
            if name == NO_FRAME {
                return refuse(name, "names of frames; \"none\" means a row without any");
            }
            if !seen.insert(name) {
                return refuse(name, "each frame once");
            }
        }
        Ok(Frames(names))
    }

    /// The names, in column order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none, which [`Frames::new`] does not allow.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The column of a frame, from 0.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|other| other == name)
    }

    /// The frames whose flag is set, joined by `;`, or `none`.
    #[must_use]
    pub fn join(&self, present: impl IntoIterator<Item = bool>) -> String {
        let mut out = Vec::new();
        self.join_into(&mut out, present);
        String::from_utf8(out).expect("names are UTF-8")
    }

    /// Appends what [`Frames::join`] gives.
    pub(crate) fn join_into(&self, out: &mut Vec<u8>, present: impl IntoIterator<Item = bool>) {
        let start = out.len();
        for (name, _) in self.0.iter().zip(present).filter(|(_, present)| *present) {
            if out.len() > start {
                out.push(SEPARATOR as u8);
            }
            out.extend_from_slice(name.as_bytes());
        }
        if out.len() == start {
            out.extend_from_slice(NO_FRAME.as_bytes());
        }
    }

    /// An unknown-frame error; `owner` says who lists the frames.
    pub(crate) fn unknown(&self, found: &str, owner: &str) -> Error {
        ErrorKind::UnknownFrame {
            found: found.to_owned(),
            owner: owner.to_owned(),
            known: self.0.clone(),
            nearest: nearest(found, self.0.iter().map(String::as_str)),
        }
        .into()
    }
}

/// The frames named in a cell of the labels column: `None` if the cell is empty (not coded), no names for `none`.
///
/// # Errors
/// [`ErrorKind::BadValue`] if `none` stands beside a frame, or a name is missing between two `;`.
pub(crate) fn parse_cell(cell: &str) -> Result<Option<Vec<&str>>> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(None);
    }
    let names: Vec<&str> = cell.split(SEPARATOR).map(str::trim).collect();
    let bad =
        |expected: &str| Err(ErrorKind::BadValue { found: cell.to_owned(), expected: expected.to_owned() }.into());
    if names == [NO_FRAME] {
        return Ok(Some(Vec::new()));
    }
    if names.contains(&NO_FRAME) {
        return bad("frames joined by ';', or \"none\" alone");
    }
    if cell.contains(['\n', '\r']) {
        return bad("frames joined by ';', without line breaks");
    }
    if names.iter().any(|name| name.is_empty()) {
        return bad("a frame name on both sides of each ';'");
    }
    Ok(Some(names))
}

/// A cell of a column that holds one frame's codes.
///
/// # Errors
/// [`ErrorKind::BadValue`] unless it is 0, 1, or blank. pandas writes `1.0` and `True` for the same, so those are read
/// too.
pub(crate) fn parse_flag(cell: &str) -> Result<Code> {
    match cell.trim() {
        "" => Ok(Code::NotCoded),
        "1" | "1.0" | "true" | "True" | "TRUE" => Ok(Code::Present),
        "0" | "0.0" | "false" | "False" | "FALSE" => Ok(Code::Absent),
        other => {
            Err(ErrorKind::BadValue { found: other.to_owned(), expected: "1, 0, or blank for not coded".into() }.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_is_not_coded_and_none_is() {
        assert_eq!(parse_cell("  ").unwrap(), None);
        assert_eq!(parse_cell("none").unwrap(), Some(vec![]));
        assert_eq!(parse_cell(" a ; b").unwrap(), Some(vec!["a", "b"]));
        assert!(parse_cell("none;a").is_err());
        assert!(parse_cell("a;;b").is_err());
    }

    #[test]
    fn flags_as_pandas_writes_them() {
        assert_eq!(parse_flag("1.0").unwrap(), Code::Present);
        assert_eq!(parse_flag("False").unwrap(), Code::Absent);
        assert_eq!(parse_flag("").unwrap(), Code::NotCoded);
        assert!(parse_flag("yes").is_err());
    }

    #[test]
    fn frames_join_in_column_order() {
        let frames = Frames::new(vec!["b".into(), "a".into()]).unwrap();
        assert_eq!(frames.join([true, true]), "b;a");
        assert_eq!(frames.join([false, false]), "none");
        assert!(Frames::new(vec!["none".into()]).is_err());
        assert!(Frames::new(vec!["a".into(), "a".into()]).is_err());
    }
}
