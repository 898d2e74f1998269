//! The one error type: what was found, where, and what would be right.

use std::fmt;
use std::io;

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error with the place it was met, where there is one.
///
/// It prints as `FILE, line N, column "NAME": what is wrong; what would be right`.
#[derive(Debug)]
pub struct Error {
    kind: Box<ErrorKind>,
    place: Box<Place>,
}

/// Where in the input an error was met. Parts that are not known are left out when it is printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The file as the caller named it, or `stdin`.
    pub file: Option<String>,
    /// The line, counted from 1, on which the record starts or the byte stands.
    pub line: Option<u64>,
    /// The name of the column.
    pub column: Option<String>,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operating system refused: opening, reading or writing.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was attempted, as a verb phrase.
        action: String,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The input is not UTF-8.
    #[error(
        "not UTF-8: byte 0x{byte:02X} at character {character} of the line; \
         name the file's encoding, for example --encoding windows-1252{hint}"
    )]
    NotUtf8 {
        /// The first byte that cannot be read.
        byte: u8,
        /// Its position in the line, in characters from 1.
        character: usize,
        /// More to try, such as an encoding that the file's first bytes suggest.
        hint: String,
    },
    /// The text holds a NUL byte.
    #[error(
        "a NUL byte at character {character} of the line; text has none: \
         the file is binary, damaged, or UTF-16 (try --encoding utf-16le)"
    )]
    NulByte {
        /// Its position in the line, in characters from 1.
        character: usize,
    },
    /// `--encoding` names no encoding.
    #[error(
        "unknown encoding {name:?}; use a label of the WHATWG Encoding Standard, \
         such as utf-8, windows-1252, iso-8859-2, utf-16le or shift_jis"
    )]
    UnknownEncoding {
        /// What was asked for.
        name: String,
    },
    /// A quoted field runs to the end of the file.
    #[error("the quote opened at character {character} of this line is never closed")]
    UnclosedQuote {
        /// The quote's position in its line, in characters from 1.
        character: usize,
    },
    /// A row has more or fewer fields than the header.
    #[error("expected {expected} fields, as in the header, but found {found}{hint}")]
    RaggedRow {
        /// Fields in the header.
        expected: usize,
        /// Fields in this row.
        found: usize,
        /// A likely cause.
        hint: String,
    },
    /// The CSV reader failed in another way.
    #[error("cannot read CSV: {0}")]
    Csv(String),
    /// A line is not a JSON object.
    #[error("not a JSON object: {message}; JSON Lines has one object per line")]
    NotAnObject {
        /// What the JSON reader says.
        message: String,
    },
    /// A JSON object has a key that the first object lacks.
    #[error(
        "key {key:?} is not in the first object, which has: {}; give every object the same keys, with null where empty",
        list(columns)
    )]
    UnexpectedKey {
        /// The key.
        key: String,
        /// Keys of the first object.
        columns: Vec<String>,
    },
    /// The file has no bytes.
    #[error("the file is empty; expected a header with a {text:?} column")]
    EmptyFile {
        /// The name of the text column.
        text: String,
    },
    /// The file has a header and nothing else.
    #[error("there are no rows below the header; nothing to {purpose}")]
    NoRows {
        /// What the rows are for.
        purpose: String,
    },
    /// A column name stands twice in the header.
    #[error("the header has two columns named {name:?} (fields {first} and {second}); rename one")]
    DuplicateColumn {
        /// The name.
        name: String,
        /// Position of the first, from 1.
        first: usize,
        /// Position of the second, from 1.
        second: usize,
    },
    /// A column that is needed is not there.
    #[error("no column {name:?}; found: {}{}{hint}", list(found), nearest_hint(.nearest.as_ref()))]
    MissingColumn {
        /// The name looked for.
        name: String,
        /// The header.
        found: Vec<String>,
        /// The nearest name in the header.
        nearest: Option<String>,
        /// The flag that helps.
        hint: String,
    },
    /// Two inputs that should be joined have other columns.
    #[error("the columns differ from those of {other}: found {}, expected {}", list(found), list(expected))]
    OtherColumns {
        /// The first file.
        other: String,
        /// This file's header.
        found: Vec<String>,
        /// The first file's header.
        expected: Vec<String>,
    },
    /// An output column is in the input already.
    #[error(
        "the input already has {}; rename or drop {}, or pass --overwrite-columns to replace {}",
        columns_phrase(columns),
        them(columns),
        them(columns)
    )]
    ColumnExists {
        /// The columns.
        columns: Vec<String>,
    },
    /// An input column has the name of a column that is made.
    #[error(
        "the input has {}, which framescope makes itself; rename or drop {}",
        columns_phrase(columns),
        them(columns)
    )]
    ColumnTaken {
        /// The columns.
        columns: Vec<String>,
    },
    /// The inputs hold no article.
    #[error(
        "there are no articles in the input; name .txt or .html files, a folder of them, or a table with a text column"
    )]
    NoArticles,
    /// A label that the frames do not have.
    #[error("unknown frame {found:?}; {owner} has: {}{}", list(known), nearest_hint(.nearest.as_ref()))]
    UnknownFrame {
        /// The label.
        found: String,
        /// Who lists the frames: the model, or the codebook given by `--frames`.
        owner: String,
        /// The known frames.
        known: Vec<String>,
        /// The nearest of them.
        nearest: Option<String>,
    },
    /// A coded row is not among the rows that it should have been drawn from.
    #[error(
        "coded row {id:?} matches {n_found} rows by {}; each coded row must be one of the rows compared{}",
        if *by_id { "its id" } else { "its text" },
        if *by_id { "" } else { "; give both files an id column" }
    )]
    NotInPopulation {
        /// The row.
        id: String,
        /// Whether rows were matched by id, or by text.
        by_id: bool,
        /// How many rows have its id or text.
        n_found: usize,
    },
    /// Outlets are to be compared, and no row names one.
    #[error("no row names its outlet; name the column that does with --outlet-column")]
    NoOutlets,
    /// Coded rows are to correct predictions of a model that was trained on them.
    #[error(
        "{n_seen} of the {n_coded} coded rows trained {model}: on them it errs less than elsewhere, and would be corrected too little; \
         run `framescope study` on these rows, which predicts each by models that had not seen it, or name a model trained without them"
    )]
    NotHeldOut {
        /// Coded rows that the model was trained on.
        n_seen: usize,
        /// Coded rows.
        n_coded: usize,
        /// The model.
        model: String,
    },
    /// Whole articles are to be drawn, and no column names them.
    #[error(
        "no column names the rows' articles; name the one that does with --doc-id-column, or draw single rows without --whole-articles"
    )]
    NoArticleColumn,
    /// No row is left to draw from.
    #[error(
        "there is no row to draw: all {n_coded} rows of an outlet are coded already; add rows that nobody coded, or keep the coded ones in the draw \
         with --keep-coded"
    )]
    NothingToDraw {
        /// Coded rows.
        n_coded: usize,
    },
    /// Coded rows are to stay in a draw, and nothing shows that they came from one.
    #[error(
        "the coded rows of {outlet:?} cannot stay in the draw: {found}, so it is not known with what chance they were picked, and rows picked by \
         another rule than a draw with known probabilities say nothing sure of their outlet. Without --keep-coded they stand aside; if \
         they are a simple random sample of their outlet's rows, vouch for it with --coded-at-random"
    )]
    NotDrawn {
        /// The outlet.
        outlet: String,
        /// What its rows say, with an id.
        found: String,
    },
    /// Some coded rows say with what probability they were drawn, and others do not.
    #[error(
        "{n_without} of {n_coded} coded rows have no pi (the first is {id:?}), and the others do; rows that were picked by another rule than \
         a draw with known probabilities cannot stand for their outlet: draw them with `framescope sample`, or leave their labels empty here \
         (they may still train a model)"
    )]
    PartlyDrawn {
        /// Coded rows.
        n_coded: usize,
        /// Those without a `pi`.
        n_without: usize,
        /// The first of these.
        id: String,
    },
    /// A row stands twice among the coded ones.
    #[error("row {id:?} is coded twice; give each row once, with the labels that were settled on")]
    CodedTwice {
        /// The row.
        id: String,
    },
    /// A coded row has another text than the row with its id.
    #[error(
        "coded row {id:?} has another text than the row with that id among the rows compared; the ids must be of the same rows"
    )]
    OtherText {
        /// The row.
        id: String,
    },
    /// A cell cannot be read as what its column holds.
    #[error("cannot read {found:?}; expected {expected}")]
    BadValue {
        /// The cell.
        found: String,
        /// What the column takes.
        expected: String,
    },
    /// No frame can be learned, or one that should be is constant.
    #[error(
        "frame {frame:?} has {n_present} positive and {n_absent} negative rows{whereabouts}; it needs {needed} of each. \
         Code more rows, or pass --allow-constant to train the other frames without it"
    )]
    ConstantFrame {
        /// The frame.
        frame: String,
        /// Rows coded with it.
        n_present: usize,
        /// Rows coded without it.
        n_absent: usize,
        /// Of each, the least that would do.
        needed: usize,
        /// Empty, or where the rows were counted.
        whereabouts: String,
    },
    /// The rows name no frame at all.
    #[error("no frame in the labels: every coded row is \"none\"; expected frame names joined by ';'")]
    NoFrames,
    /// `--allow-constant` leaves no frame to train.
    #[error("no frame can be learned: each of {} has too few rows of one class; code more rows", list(frames))]
    AllConstant {
        /// The frames.
        frames: Vec<String>,
    },
    /// No row is of any use.
    #[error("none of the {n_rows} rows can be used: {why}")]
    NothingCoded {
        /// Rows read.
        n_rows: usize,
        /// How many were left out for which reason, and what would be right.
        why: String,
    },
    /// A coder has two rows for one unit.
    #[error(
        "coder {coder:?} has coded unit {unit:?} already ({first}); a coder codes a unit once: drop one of the rows, or give \
         the units or the coders names of their own"
    )]
    CodedAgain {
        /// The coder.
        coder: String,
        /// The unit.
        unit: String,
        /// File and line of the first of the rows.
        first: String,
    },
    /// There is nobody to agree with.
    #[error(
        "agreement needs two coders or more, but all rows are coded by {}{hint}; give one file with columns {unit:?}, \
         {coder:?} and {labels:?}, or one file for each coder",
        list(found)
    )]
    TooFewCoders {
        /// The only coder.
        found: Vec<String>,
        /// How the coder was found, where no column says it.
        hint: String,
        /// The name of the unit column.
        unit: String,
        /// The name of the coder column.
        coder: String,
        /// The name of the labels column.
        labels: String,
    },
    /// The coders share no unit.
    #[error(
        "no unit is coded by two coders: {} have coded {n_units} units, each of them once; a unit needs the same \
         {unit:?} in the rows of all its coders",
        list(found)
    )]
    NothingCodedTwice {
        /// The coders.
        found: Vec<String>,
        /// Units coded.
        n_units: usize,
        /// The name of the unit column.
        unit: String,
    },
    /// There are fewer groups than folds.
    #[error("{n_groups} {unit} cannot fill {n_folds} folds, each of which holds out whole {unit}; {}", fewer_folds(*n_groups))]
    TooFewGroups {
        /// Distinct groups.
        n_groups: usize,
        /// Folds asked for.
        n_folds: usize,
        /// What a group is, in the plural.
        unit: String,
    },
    /// A setting is out of its range.
    #[error("{name} is {found}; expected {expected}")]
    Parameter {
        /// The setting, as the flag has it.
        name: String,
        /// What was given.
        found: String,
        /// The range.
        expected: String,
    },
    /// The solver stopped before the gradient vanished.
    #[error(
        "the fit did not converge in {iterations} iterations: gradient norm {gradient_norm:.3e}, wanted {wanted:.3e}; \
         raise --max-iterations or alpha"
    )]
    NotConverged {
        /// Newton steps taken.
        iterations: usize,
        /// Norm of the gradient where it stopped.
        gradient_norm: f64,
        /// The norm below which it would have stopped.
        wanted: f64,
    },
    /// Two arguments that walk together have different lengths.
    #[error("{left} has length {n_left}, but {right} has length {n_right}")]
    LengthMismatch {
        /// First argument.
        left: &'static str,
        /// Its length.
        n_left: usize,
        /// Second argument.
        right: &'static str,
        /// Its length.
        n_right: usize,
    },
    /// The file is not a model that this version reads.
    #[error("not a usable framescope model: {reason}")]
    Artifact {
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// The normalizer or pre-tokenizer failed.
    #[error("the tokenizer failed: {0}")]
    Tokenizer(String),
    /// A sentence encoder cannot be read, is not the one that a model was trained with, or cannot do what is asked.
    #[error("encoder: {0}")]
    Encoder(String),
    /// linfa refused.
    #[error(transparent)]
    Linfa(#[from] linfa::Error),
    /// linfa-logistic refused.
    #[error("logistic regression on scores failed: {0}")]
    DenseLogistic(#[from] linfa_logistic::error::Error),
}

impl Error {
    /// Wraps a kind, with no place yet.
    #[must_use]
    pub fn new(kind: ErrorKind) -> Self {
        Error { kind: Box::new(kind), place: Box::default() }
    }

    /// An I/O failure while doing `action` (a verb phrase: `open gold.csv`).
    #[must_use]
    pub fn io(action: impl Into<String>, source: io::Error) -> Self {
        // A reader's own error comes back wrapped by the layers that passed it on.
        match source.downcast::<Error>() {
            Ok(own) => own,
            Err(source) => Error::new(ErrorKind::Io { action: action.into(), source }),
        }
    }

    /// A setting out of its range.
    #[must_use]
    pub fn parameter(name: &str, found: impl fmt::Display, expected: &str) -> Self {
        Error::new(ErrorKind::Parameter {
            name: name.to_owned(),
            found: found.to_string(),
            expected: expected.to_owned(),
        })
    }

    /// A sentence encoder that is not to be used, and why.
    #[must_use]
    pub fn encoder(reason: impl Into<String>) -> Self {
        Error::new(ErrorKind::Encoder(reason.into()))
    }

    /// A file that is no usable model, and why.
    #[must_use]
    pub fn artifact(reason: impl Into<String>) -> Self {
        Error::new(ErrorKind::Artifact { reason: reason.into() })
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Where it was met.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Names the file, unless one is named already.
    #[must_use]
    pub fn in_file(mut self, file: &str) -> Self {
        self.place.file.get_or_insert_with(|| file.to_owned());
        self
    }

    /// Gives the line, counted from 1, unless one is given already.
    #[must_use]
    pub fn at_line(mut self, line: u64) -> Self {
        self.place.line.get_or_insert(line);
        self
    }

    /// Names the column, unless one is named already.
    #[must_use]
    pub fn in_column(mut self, column: &str) -> Self {
        self.place.column.get_or_insert_with(|| column.to_owned());
        self
    }

    /// Whether the arguments are at fault, not the data.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(&*self.kind, ErrorKind::Parameter { .. } | ErrorKind::UnknownEncoding { .. })
    }

    /// Whether the reader of our output went away, which is no failure of ours.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        matches!(&*self.kind, ErrorKind::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.place.file.clone());
        parts.extend(self.place.line.map(|line| format!("line {line}")));
        parts.extend(self.place.column.as_ref().map(|name| format!("column {name:?}")));
        if !parts.is_empty() {
            write!(f, "{}: ", parts.join(", "))?;
        }
        write!(f, "{}", self.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The kinds print their cause themselves; naming it again would print it twice.
        None
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Error::new(kind)
    }
}

impl From<linfa::Error> for Error {
    fn from(error: linfa::Error) -> Self {
        Error::new(error.into())
    }
}

impl From<linfa_logistic::error::Error> for Error {
    fn from(error: linfa_logistic::error::Error) -> Self {
        Error::new(error.into())
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        io::Error::other(error)
    }
}

/// The candidate nearest to `wanted` by Damerau-Levenshtein similarity, if any is near enough to be a slip.
pub(crate) fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let wanted = wanted.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_owned())
}

fn list(names: &[String]) -> String {
    const MOST: usize = 20;
    let mut out = names.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > MOST {
        out = format!("{out} and {} more", names.len() - MOST);
    }
    if out.is_empty() { "nothing".to_owned() } else { out }
}

fn nearest_hint(nearest: Option<&String>) -> String {
    nearest.map(|name| format!("; did you mean {name:?}?")).unwrap_or_default()
}

fn columns_phrase(columns: &[String]) -> String {
    let names = columns.iter().map(|c| format!("{c:?}")).collect::<Vec<_>>().join(", ");
    if columns.len() == 1 { format!("a column {names}") } else { format!("columns {names}") }
}

fn fewer_folds(n_groups: usize) -> String {
    if n_groups < 2 {
        "choose another --group".to_owned()
    } else {
        format!("ask for {n_groups} folds or fewer, or choose another --group")
    }
}

fn them(columns: &[String]) -> &'static str {
    if columns.len() == 1 { "it" } else { "them" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_place_before_kind() {
        let error = Error::from(ErrorKind::RaggedRow { expected: 3, found: 2, hint: String::new() })
            .at_line(7)
            .in_file("gold.csv")
            .in_file("other.csv");
        assert_eq!(error.to_string(), "gold.csv, line 7: expected 3 fields, as in the header, but found 2");
    }

    #[test]
    fn own_errors_survive_io_layers() {
        let inner = Error::from(ErrorKind::NulByte { character: 4 }).at_line(2);
        let back = Error::io("read x", io::Error::from(inner));
        assert_eq!(back.place().line, Some(2));
        assert!(matches!(back.kind(), ErrorKind::NulByte { character: 4 }));
    }

    #[test]
    fn suggests_only_what_is_near() {
        let known = ["escalation", "dialogue"];
        assert_eq!(nearest("escalatoin", known).as_deref(), Some("escalation"));
        assert_eq!(nearest("sports", known), None);
    }
}
