//! Tables of text, and CSV in memory.

use comfy_table::{CellAlignment, ContentArrangement, Table};

use crate::error::{Error, ErrorKind, Result};
use crate::stats::Estimate;

/// Columns set two spaces apart, the first to the left and the others to the right.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table
        .load_style(comfy_table::presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header);
    table.add_rows(rows);
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        column.set_cell_alignment(if i == 0 { CellAlignment::Left } else { CellAlignment::Right });
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n") + "\n"
}

/// `0.742`, or `–` where the metric is undefined.
pub(super) fn short(estimate: Option<&Estimate>) -> String {
    estimate.map_or_else(|| "–".to_owned(), |estimate| format!("{:.3}", estimate.value))
}

/// `0.742 [0.711, 0.770]`, or `–` where the metric is undefined.
pub(super) fn long(estimate: Option<&Estimate>) -> String {
    estimate.map_or_else(|| "–".to_owned(), |estimate| estimate.to_text(3))
}

/// `31.2 % [27.0, 35.6]`, or `31.2 %` without an interval; shares in [0, 1] come in.
pub(super) fn percent(share: f64, interval: Option<(f64, f64)>) -> String {
    let bounds = |(low, high): (f64, f64)| format!(" [{:.1}, {:.1}]", 100.0 * low, 100.0 * high);
    format!("{:.1} %{}", 100.0 * share, interval.map(bounds).unwrap_or_default())
}

/// `+4.2 [+1.0, +7.4]`: a difference of shares in points.
pub(super) fn points(difference: f64, interval: Option<(f64, f64)>) -> String {
    let bounds = |(low, high): (f64, f64)| format!(" [{:+.1}, {:+.1}]", 100.0 * low, 100.0 * high);
    format!("{:+.1}{}", 100.0 * difference, interval.map(bounds).unwrap_or_default())
}

/// `1,044`.
pub(super) fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 row`, `1,044 rows`.
pub(super) fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// CSV with a header.
pub(super) fn csv(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Result<String> {
    let header = header.iter().map(|name| (*name).to_owned()).collect();
    csv_rows(std::iter::once(header).chain(rows))
}

/// CSV without one.
pub(super) fn csv_rows(rows: impl IntoIterator<Item = Vec<String>>) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(|error| Error::from(ErrorKind::Csv(error.to_string())))?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::io("write CSV", error.into_error()))?;
    Ok(String::from_utf8(bytes).expect("CSV of strings is UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands() {
        assert_eq!([count(0), count(999), count(1000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(counted(1, "row", "rows"), "1 row");
    }
}
