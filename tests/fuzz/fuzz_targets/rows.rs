//! Any bytes, as CSV, TSV or JSON Lines: either one clear error or every row scored, what was there before as it was.
//! The csv crate, the reference in its field, reads the same fields from input and output.

#![no_main]

use std::io::Cursor;
use std::sync::LazyLock;

use framescope::corpus::{ReadOptions, Rows, Table, TableFormat};
use framescope::predict::{OutputFormat, PredictOptions, predict_tables};
use framescope::{Model, Scorer};
use libfuzzer_sys::fuzz_target;

static SCORER: LazyLock<Scorer> = LazyLock::new(|| Scorer::new(Model::bundled().expect("the bundled model loads")).expect("it needs no encoder"));

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let format = match first % 4 {
        0 => TableFormat::CSV,
        1 => TableFormat::TSV,
        2 => TableFormat::JsonLines,
        _ => TableFormat::Delimited(b';'),
    };
    let output = if first & 4 == 0 { OutputFormat::CSV } else { OutputFormat::JsonLines };
    let read = ReadOptions { format: Some(format), ..ReadOptions::default() };
    let open = || Table::from_reader("rows", Cursor::new(bytes.to_vec()), &read);

    let Ok((header, rows)) = open().and_then(fields) else {
        // What cannot be read is not scored either.
        assert!(predict(open(), &read, output).is_none());
        return;
    };
    if let (TableFormat::Delimited(delimiter), true) = (format, std::str::from_utf8(bytes).is_ok()) {
        let expected: Vec<Vec<String>> = std::iter::once(&header).chain(&rows).cloned().collect();
        // The csv crate takes one byte-order mark away too.
        assert_eq!(records(bytes, delimiter), expected, "the csv crate reads the same fields");
    }
    let Some(out) = predict(open(), &read, output) else { return };
    if output == OutputFormat::JsonLines {
        let lines: Vec<serde_json::Map<String, serde_json::Value>> =
            out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(object).collect();
        assert_eq!(lines.len(), rows.len());
        assert!(lines.iter().all(|line| line.contains_key("predicted")));
    } else {
        let mut out = records(&out, b',').into_iter();
        let n = out.next().map_or(0, |names| names.len());
        let added = SCORER.frames().len() + 1;
        assert_eq!(n, header.len() + added);
        let cut = |mut row: Vec<String>| {
            row.truncate(n - added);
            row
        };
        let kept: Vec<Vec<String>> = out.map(cut).collect();
        assert_eq!(kept, rows, "what was there before is as it was");
    }
});

/// The header and all rows.
fn fields(mut table: Table) -> framescope::Result<(Vec<String>, Vec<Vec<String>>)> {
    let header = table.header().names().to_vec();
    let (mut rows, mut all) = (Rows::default(), Vec::new());
    while table.read(&mut rows)? {
        let cells = rows.iter().map(|row| (0..row.n_fields()).map(|column| row.get(column).to_owned()).collect());
        all.extend::<Vec<Vec<String>>>(cells.collect());
    }
    Ok((header, all))
}

fn records(text: &[u8], delimiter: u8) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(delimiter).flexible(true).from_reader(text);
    let row = |record: csv::Result<csv::StringRecord>| record.expect("rows").iter().map(str::to_owned).collect();
    reader.records().map(row).collect()
}

fn object(line: &[u8]) -> serde_json::Map<String, serde_json::Value> {
    serde_json::from_slice(line).expect("each line is an object")
}

/// The output, if there is no error.
fn predict(table: framescope::Result<Table>, read: &ReadOptions, output: OutputFormat) -> Option<Vec<u8>> {
    let options = PredictOptions { read: read.clone(), output, n_threads: 1, ..PredictOptions::default() };
    let mut out = Vec::new();
    let write = |piece: &[u8]| {
        out.extend_from_slice(piece);
        Ok(())
    };
    predict_tables(&SCORER, std::iter::once(table), &options, write, |_| ()).ok()?;
    Some(out)
}
