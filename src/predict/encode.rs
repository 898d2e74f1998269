//! One row with its predictions, as bytes.

use super::pipeline::PredictOptions;
use crate::corpus::{Cell, Header, Rewriter, Row, TableFormat};
use crate::error::{ErrorKind, Result};
use crate::model::Scorer;

/// The layout of what is written.
pub type OutputFormat = TableFormat;

/// Appends `p_<frame>` for each frame, then `predicted`.
#[derive(Debug, Clone)]
pub(super) struct Encoder<'a> {
    rewriter: Rewriter,
    scorer: &'a Scorer,
}

impl<'a> Encoder<'a> {
    /// # Errors
    /// [`ErrorKind::ColumnExists`] if an output column is in the input, unless it may be replaced;
    /// [`ErrorKind::MissingColumn`] if a selected one is in neither.
    pub(super) fn new(header: &Header, scorer: &'a Scorer, options: &PredictOptions) -> Result<Self> {
        let mut added: Vec<String> = scorer.frames().names().iter().map(|frame| format!("p_{frame}")).collect();
        added.push("predicted".to_owned());
        let is_written = |name: &String| options.select.as_ref().is_none_or(|names| names.contains(name));
        let columns: Vec<String> =
            added.iter().filter(|name| is_written(name) && header.find(name).is_some()).cloned().collect();
        if !columns.is_empty() && !options.overwrite_columns {
            return Err(ErrorKind::ColumnExists { columns }.into());
        }
        let all = Rewriter::new(header, &[], added, options.output);
        let rewriter = match &options.select {
            None => all,
            Some(names) => all.select(names)?,
        };
        Ok(Encoder { rewriter, scorer })
    }

    /// The first line; nothing for JSON Lines.
    pub(super) fn header(&self) -> Vec<u8> {
        self.rewriter.header()
    }

    /// Appends rows to `out`, each with its probabilities: `None` where its text is empty.
    pub(super) fn rows<'r>(
        &self,
        out: &mut Vec<u8>,
        rows: impl Iterator<Item = (Row<'r>, Option<&'r [f64]>)>,
    ) -> Result<()> {
        self.rewriter.rows(out, rows, |proba, j, out| match *proba {
            None => Cell::Nothing,
            Some(proba) if j == proba.len() => {
                self.scorer.frames().join_into(out, self.scorer.decide(proba));
                Cell::Text
            }
            Some(proba) => {
                write_proba(out, proba[j]);
                Cell::Number
            }
        })
    }
}

/// Six decimals: more than any sample supports, and no last-bit noise in the file.
fn write_proba(out: &mut Vec<u8>, proba: f64) {
    // A leading 1 keeps the zeros behind it; the digit it ends up as is one above the probability's own.
    let millionths = (proba * 1e6).round() as u32;
    let mut digits = itoa::Buffer::new();
    let [whole, decimals @ ..] = digits.format(1_000_000 + millionths).as_bytes() else { return };
    out.extend_from_slice(&[whole - 1, b'.']);
    out.extend_from_slice(decimals);
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
