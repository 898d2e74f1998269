//! Tables of text, and CSV in memory.

use comfy_table::{CellAlignment, ContentArrangement, Table};

use super::schema::{CellType, TableSchema};
use crate::corpus::decimal;
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

/// A number as a cell, empty where there is none.
pub(super) fn number(x: Option<f64>) -> String {
    x.map(decimal).unwrap_or_default()
}

/// CSV with the header of its schema. The fewer numbers a row lacks, the further up it stands; rows that lack as many
/// keep their order.
///
/// Readers guess the type of a column from its first rows: a hundred without an interval, as the counted shares are,
/// and `low` would be text.
pub(super) fn csv(schema: &TableSchema, rows: impl IntoIterator<Item = Vec<String>>) -> Result<String> {
    let may_lack = |i: &usize| schema.columns[*i].can_be_empty && schema.columns[*i].cells == CellType::Number;
    let may_lack: Vec<usize> = (0..schema.columns.len()).filter(may_lack).collect();
    let mut parts: Vec<csv::Writer<Vec<u8>>> =
        (0..=may_lack.len()).map(|_| csv::Writer::from_writer(Vec::new())).collect();
    for row in rows {
        let n_lacking = may_lack.iter().filter(|i| row[**i].is_empty()).count();
        write(&mut parts[n_lacking], &row)?;
    }
    let mut out = csv_rows([schema.header(&[])])?;
    for part in parts {
        out.push_str(&text(part)?);
    }
    Ok(out)
}

/// CSV of these rows in their order, without a header.
pub(super) fn csv_rows(rows: impl IntoIterator<Item = Vec<String>>) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.into_iter().try_for_each(|row| write(&mut writer, &row))?;
    text(writer)
}

fn write(writer: &mut csv::Writer<Vec<u8>>, row: &[String]) -> Result<()> {
    writer.write_record(row).map_err(|error| ErrorKind::Csv(error.to_string()).into())
}

fn text(writer: csv::Writer<Vec<u8>>) -> Result<String> {
    let bytes = writer.into_inner().map_err(|error| Error::io("write CSV", error.into_error()))?;
    Ok(String::from_utf8(bytes).expect("CSV of strings is UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::schema::SHARES;

    #[test]
    fn thousands() {
        assert_eq!([count(0), count(999), count(1000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(counted(1, "row", "rows"), "1 row");
    }

    #[test]
    fn rows_that_lack_a_number_stand_below() {
        // low, high and effective_n may be empty.
        let row = |outlet: &str, cells: [&str; 3]| {
            let [low, high, effective_n] = cells;
            let row = [outlet, "x", "all", "coded", "0.5", low, high, "0.95", "9", "9", "9", effective_n];
            row.map(str::to_owned).to_vec()
        };
        let rows = [
            row("a", ["", "", ""]),
            row("b", ["", "", "2.0"]),
            row("c", ["0.1", "0.9", "2.0"]),
            row("d", ["", "", ""]),
            row("e", ["0.1", "0.9", "2.0"]),
        ];
        let csv = csv(&SHARES, rows).unwrap();
        let first: Vec<&str> = csv.lines().map(|line| line.split(',').next().unwrap()).collect();
        assert_eq!(first, ["outlet", "c", "e", "b", "a", "d"]);
    }
}
