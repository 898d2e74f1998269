//! The least that any program from CSV to CSV must do: the csv crate reads a file and writes it, on one core, with
//! nothing in between.
//!
//!     cargo bench --bench floor -- IN.csv OUT.csv
//!
//! Whoever runs it takes the time, as of the programs that it is held against. Without files, as a test, it copies a
//! few rows.

mod support;

use std::path::{Path, PathBuf};

fn main() {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).filter(|arg| !is_flag(arg)).collect();
    match &paths[..] {
        [from, to] => copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display())),
        [] => copies_a_few_rows(),
        _ => panic!("expected IN.csv OUT.csv"),
    }
}

/// Cargo says `--bench` or `--test` to everything it runs.
fn is_flag(arg: &Path) -> bool {
    arg.to_str().is_some_and(|arg| arg.starts_with("--"))
}

fn copy(from: &Path, to: &Path) -> csv::Result<()> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(from)?;
    let mut writer = csv::Writer::from_path(to)?;
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record)? {
        writer.write_byte_record(&record)?;
    }
    Ok(writer.flush()?)
}

fn copies_a_few_rows() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let [from, to] = ["in.csv", "out.csv"].map(|name| folder.path().join(name));
    support::write_csv(&from, 50);
    copy(&from, &to).expect("generated rows can be copied");
    let records = |path: &Path| -> Vec<csv::StringRecord> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).expect("the file is there");
        reader.records().collect::<csv::Result<_>>().expect("the file is CSV")
    };
    assert_eq!(records(&from), records(&to));
    assert_eq!(records(&to).len(), 51);
}
