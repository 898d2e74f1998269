//! Tables that the page can sort and filter.

use serde::Serialize;

use crate::report::layout::count;

/// Rows from which a table has a filter.
const FILTER_FROM: usize = 12;

/// A table; the first cell of each row names it.
#[derive(Debug, Serialize)]
pub(super) struct Table {
    id: String,
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    /// Columns whose value may be chosen from a list.
    choices: Vec<Choice>,
    has_filter: bool,
    note: Option<String>,
}

#[derive(Debug, Serialize)]
struct Column {
    name: String,
    is_number: bool,
}

#[derive(Debug, Serialize)]
struct Choice {
    column: usize,
    name: String,
    values: Vec<String>,
}

impl Table {
    /// A table without rows. A column whose name starts with `#` holds numbers; the mark is not shown.
    pub fn new(id: impl Into<String>, caption: impl Into<String>, columns: &[&str]) -> Self {
        let column = |name: &&str| {
            let number = name.strip_prefix('#');
            Column { name: number.unwrap_or(name).to_owned(), is_number: number.is_some() }
        };
        Table {
            id: id.into(),
            caption: caption.into(),
            columns: columns.iter().map(column).collect(),
            rows: Vec::new(),
            choices: Vec::new(),
            has_filter: false,
            note: None,
        }
    }

    /// Takes the rows, at most `most` of them; where there are more, a note says that `file` has all.
    pub fn rows(mut self, rows: impl IntoIterator<Item = Vec<String>>, most: usize, file: &str) -> Self {
        let mut n = 0;
        for row in rows {
            n += 1;
            if n <= most {
                self.rows.push(row);
            }
        }
        if n > most {
            self.note = Some(format!("The first {} of {} rows; {file} has all.", count(most), count(n)));
        }
        self.has_filter = self.rows.len() >= FILTER_FROM;
        self
    }

    /// Takes rows that are few by nature.
    pub fn all(self, rows: impl IntoIterator<Item = Vec<String>>) -> Self {
        self.rows(rows, usize::MAX, "")
    }

    /// Lets a column's value be chosen, where there are several.
    pub fn choice(mut self, column: usize) -> Self {
        let mut values: Vec<String> = Vec::new();
        for row in &self.rows {
            if !values.contains(&row[column]) {
                values.push(row[column].clone());
            }
        }
        if values.len() > 1 && self.has_filter {
            self.choices.push(Choice { column, name: self.columns[column].name.clone(), values });
        }
        self
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}
