//! The columns that mean something to framescope, and what they are called in this user's files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result, nearest};

/// What the recognised columns are called in the input. Only `text` is ever required.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnNames {
    /// The sentence.
    pub text: String,
    /// Frames joined by `;`; `none` is coded without a frame, an empty cell is not coded.
    pub labels: String,
    /// An identifier of the row, named in messages and explanations.
    pub id: String,
    /// The outlet that published the sentence.
    pub outlet: String,
    /// The article it stands in: the unit that intervals resample and folds hold out.
    pub doc_id: String,
    /// The event that the article tells, shared by articles of several outlets.
    pub story_id: String,
    /// A row weight for fitting, 1 where empty. Calibration, choices and scores count every row once.
    pub weight: String,
    /// A name of the part of the data, such as `train` or `test`.
    pub split: String,
    /// Whose voice a sentence is: quoted, attributed, editorial, or another name.
    pub voice: String,
    /// What sentences share that several outlets have word for word or nearly.
    pub wire_id: String,
    /// The probability with which a coded row was drawn to be coded.
    pub pi: String,
    /// What several coders coded: rows that share it are codes of the same sentence.
    pub unit: String,
    /// Who coded the row.
    pub coder: String,
}

impl Default for ColumnNames {
    fn default() -> Self {
        ColumnNames {
            text: "text".into(),
            labels: "labels".into(),
            id: "id".into(),
            outlet: "outlet".into(),
            doc_id: "doc_id".into(),
            story_id: "story_id".into(),
            weight: "weight".into(),
            split: "split".into(),
            voice: "voice".into(),
            wire_id: "wire_id".into(),
            pi: "pi".into(),
            unit: "unit".into(),
            coder: "coder".into(),
        }
    }
}

/// A header: column names in file order, none of them twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    names: Vec<String>,
}

impl Header {
    /// Takes the names as they stand in the file.
    ///
    /// # Errors
    /// [`ErrorKind::DuplicateColumn`].
    pub fn new(names: Vec<String>) -> Result<Self> {
        let mut seen = BTreeMap::new();
        for (second, name) in names.iter().enumerate() {
            if let Some(first) = seen.insert(name, second) {
                return Err(
                    ErrorKind::DuplicateColumn { name: name.clone(), first: first + 1, second: second + 1 }.into()
                );
            }
        }
        Ok(Header { names })
    }

    /// The names, in file order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The position of a column, counted from 0.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|other| other == name)
    }

    /// The position of a column that must be there; `hint` says which flag helps.
    ///
    /// # Errors
    /// [`ErrorKind::MissingColumn`], with the nearest name.
    pub fn require(&self, name: &str, hint: &str) -> Result<usize> {
        self.find(name).ok_or_else(|| {
            Error::from(ErrorKind::MissingColumn {
                name: name.to_owned(),
                found: self.names.clone(),
                nearest: nearest(name, self.names.iter().map(String::as_str)),
                hint: hint.to_owned(),
            })
        })
    }

    /// The text column.
    ///
    /// # Errors
    /// [`ErrorKind::MissingColumn`].
    pub fn text(&self, columns: &ColumnNames) -> Result<usize> {
        self.require(&columns.text, "; name the column that holds the sentences with --text-column")
    }
}
