//! One row with its predictions, as bytes.

use crate::corpus::{Cell, Frames, Header, Rewriter, Row, TableFormat};
use crate::error::{ErrorKind, Result};

/// The layout of what is written.
pub type OutputFormat = TableFormat;

/// What is appended to a row: `None` where its text is empty.
pub(super) type Predicted<'a> = Option<(&'a [f64], &'a str)>;

/// Appends `p_<frame>` for each frame, then `predicted`.
#[derive(Debug, Clone)]
pub(super) struct Encoder {
    rewriter: Rewriter,
    n_frames: usize,
}

impl Encoder {
    /// # Errors
    /// [`ErrorKind::ColumnExists`] if an output column is in the input, unless `overwrite`.
    pub(super) fn new(header: &Header, frames: &Frames, format: OutputFormat, overwrite: bool) -> Result<Self> {
        let mut added: Vec<String> = frames.names().iter().map(|frame| format!("p_{frame}")).collect();
        added.push("predicted".to_owned());
        let columns: Vec<String> = added.iter().filter(|name| header.find(name).is_some()).cloned().collect();
        if !columns.is_empty() && !overwrite {
            return Err(ErrorKind::ColumnExists { columns }.into());
        }
        Ok(Encoder { rewriter: Rewriter::new(header, &[], added, format), n_frames: frames.len() })
    }

    /// The first line; nothing for JSON Lines.
    pub(super) fn header(&self) -> Result<Vec<u8>> {
        self.rewriter.header()
    }

    /// Appends rows to `out`.
    pub(super) fn rows<'a>(
        &self,
        out: &mut Vec<u8>,
        rows: impl Iterator<Item = (&'a Row, Predicted<'a>)>,
    ) -> Result<()> {
        self.rewriter.rows(out, rows, |predicted, j, cell| match predicted {
            None => Cell::Nothing,
            Some((_, label)) if j == self.n_frames => {
                cell.extend_from_slice(label.as_bytes());
                Cell::Text
            }
            Some((proba, _)) => {
                write_proba(cell, proba[j]);
                Cell::Number
            }
        })
    }
}

/// Six decimals: more than any sample supports, and no last-bit noise in the file.
fn write_proba(out: &mut Vec<u8>, proba: f64) {
    // Three times as fast as the standard formatter, which finds the shortest exact digits first.
    let mut rest = (proba * 1e6).round() as u32;
    let mut digits = *b"0.000000";
    for at in [7, 6, 5, 4, 3, 2, 0] {
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&digits);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_have_six_decimals() {
        for proba in [0.0, 1.0, 0.5, 0.123_456_4, 0.000_000_9, 0.999_999_4, 0.999_999_6] {
            let mut out = Vec::new();
            write_proba(&mut out, proba);
            assert_eq!(String::from_utf8(out).unwrap(), format!("{proba:.6}"));
        }
    }
}
