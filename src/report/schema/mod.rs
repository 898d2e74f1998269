//! What stands in the tables that are written: one place for columns, their types and meanings.
//!
//! The writers of this room take their headers from here, and a test runs every verb and holds each cell to it.
//! `tables.rs` has the tables themselves; here is how they are looked up and shown.

mod tables;

pub use tables::{
    AGREEMENT, DIFFERENCES, DISTILLATION, EVALUATION, EXPLANATIONS, FEATURES, FORECAST, PREDICTIONS, SCHEMA, SENTENCES,
    SHARES, STUDY_PREDICTIONS, TABLES, TO_CODE,
};

use std::fmt::Write as _;

use serde::Serialize;

use super::layout::csv;
use crate::error::{Error, Result, nearest};

/// The column of [`EXPLANATIONS`] that only models with a sentence encoder have.
pub const CONTEXT_COLUMN: &str = "context";

/// The name that stands for one column a frame, in the order of the model.
pub const PROBA_COLUMN: &str = "p_<frame>";

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CellType {
    /// Any text.
    Text,
    /// Digits, never empty.
    Integer,
    /// A number with a decimal point or an exponent, also where it is whole.
    Number,
}

impl CellType {
    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            CellType::Text => "text",
            CellType::Integer => "integer",
            CellType::Number => "number",
        }
    }
}

/// A column of a table that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Column {
    /// The name in the header; [`PROBA_COLUMN`] stands for one column a frame.
    #[serde(rename = "column")]
    pub name: &'static str,
    /// What its cells hold.
    #[serde(rename = "type")]
    pub cells: CellType,
    /// Whether a cell may be empty; its meaning then says when.
    pub can_be_empty: bool,
    /// What it says, with unit or range, in one sentence.
    pub meaning: &'static str,
}

impl Column {
    const fn text(name: &'static str, meaning: &'static str) -> Self {
        Column { name, cells: CellType::Text, can_be_empty: false, meaning }
    }

    const fn integer(name: &'static str, meaning: &'static str) -> Self {
        Column { name, cells: CellType::Integer, can_be_empty: false, meaning }
    }

    const fn number(name: &'static str, meaning: &'static str) -> Self {
        Column { name, cells: CellType::Number, can_be_empty: false, meaning }
    }

    const fn or_empty(self) -> Self {
        Column { can_be_empty: true, ..self }
    }
}

/// A table that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TableSchema {
    /// Its name here.
    #[serde(rename = "table")]
    pub name: &'static str,
    /// The verbs that write it.
    pub verbs: &'static [&'static str],
    /// What a row is, and where the table is written.
    pub about: &'static str,
    /// Its columns, in order.
    pub columns: &'static [Column],
}

impl TableSchema {
    /// The header, with a column for each of `frames` where there is one a frame.
    #[must_use]
    pub fn header(&self, frames: &[String]) -> Vec<String> {
        let mut header = Vec::new();
        for column in self.columns {
            match column.name.strip_suffix("<frame>") {
                Some(prefix) => header.extend(frames.iter().map(|frame| format!("{prefix}{frame}"))),
                None => header.push(column.name.to_owned()),
            }
        }
        header
    }
}

/// The tables that a name stands for: that table, all that the verb of that name writes, or all there are.
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) if it is neither.
pub fn find_tables(name: Option<&str>) -> Result<Vec<&'static TableSchema>> {
    let Some(name) = name else { return Ok(TABLES.iter().collect()) };
    let found: Vec<&TableSchema> =
        TABLES.iter().filter(|table| table.name == name || table.verbs.contains(&name)).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let tables: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let mut verbs: Vec<&str> = TABLES.iter().flat_map(|table| table.verbs).copied().collect();
    verbs.sort_unstable();
    verbs.dedup();
    let meant = nearest(name, tables.iter().chain(&verbs).copied());
    let meant = meant.map(|name| format!("; did you mean {name:?}?")).unwrap_or_default();
    let expected = format!(
        "one of the tables {}, or a verb that writes some of them, {}{meant}",
        tables.join(", "),
        verbs.join(", ")
    );
    Err(Error::parameter("TABLE", format!("{name:?}"), &expected))
}

/// The tables for people, one after the other.
#[must_use]
pub fn schema_table(tables: &[&TableSchema]) -> String {
    let mut out = String::new();
    for table in tables {
        if !out.is_empty() {
            out.push('\n');
        }
        let _ = writeln!(out, "{}: {}", table.name, table.about);
        let width = table.columns.iter().map(|column| column.name.len()).max().unwrap_or(0);
        for column in table.columns {
            let _ = writeln!(out, "  {:<width$}  {:<7}  {}", column.name, column.cells.name(), column.meaning);
        }
    }
    out
}

/// The tables as tidy CSV, one column a row.
///
/// # Errors
/// [`ErrorKind::Csv`](crate::ErrorKind::Csv) if it cannot be written.
pub fn schema_csv(tables: &[&TableSchema]) -> Result<String> {
    let row = |table: &TableSchema, column: &Column| {
        let can_be_empty = if column.can_be_empty { "yes" } else { "no" };
        [table.name, column.name, column.cells.name(), can_be_empty, column.meaning].map(str::to_owned).to_vec()
    };
    let rows = tables.iter().flat_map(|table| table.columns.iter().map(|column| row(table, column)));
    csv(&SCHEMA, rows)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_meanings_are_sentences() {
        let names: BTreeSet<&str> = TABLES.iter().flat_map(|table| table.verbs).copied().collect();
        for table in TABLES {
            assert!(!names.contains(table.name) || table.verbs == [table.name], "{} is a verb too", table.name);
            assert_eq!(TABLES.iter().filter(|other| other.name == table.name).count(), 1, "{}", table.name);
            assert!(table.about.ends_with('.'), "{}", table.name);
            let columns: BTreeSet<&str> = table.columns.iter().map(|column| column.name).collect();
            assert_eq!(columns.len(), table.columns.len(), "{}", table.name);
            for Column { name, cells, can_be_empty, meaning } in table.columns {
                assert!(meaning.ends_with('.') && meaning.len() < 240, "{} {name}: {meaning}", table.name);
                assert_eq!(meaning.contains("empty"), *can_be_empty, "{} {name}: says when it is empty", table.name);
                assert!(!(*can_be_empty && *cells == CellType::Integer), "{} {name}: integers are told", table.name);
            }
        }
    }

    #[test]
    fn a_table_is_found_by_its_name_and_by_its_verbs() {
        let names = |name| find_tables(name).unwrap().iter().map(|table| table.name).collect::<Vec<_>>();
        assert_eq!(names(Some("shares")), ["shares"]);
        assert_eq!(names(Some("compare")), ["shares", "differences"]);
        assert_eq!(names(None).len(), TABLES.len());
        let error = find_tables(Some("diferences")).unwrap_err().to_string();
        assert!(error.starts_with("TABLE is \"diferences\"; expected one of the tables sentences, "), "{error}");
        assert!(error.ends_with("did you mean \"differences\"?"), "{error}");
    }

    #[test]
    fn a_column_a_frame() {
        let frames = ["x".to_owned(), "y".to_owned()];
        assert_eq!(PREDICTIONS.header(&frames), ["p_x", "p_y", "predicted"]);
    }
}
