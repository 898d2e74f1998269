//! What several coders made of the same units: what agreement is measured on.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::coded::SourceFile;
use super::columns::ColumnNames;
use super::input::{display_name, in_only_file};
use super::labels::{Frames, parse_cell};
use super::rows::{Row, Rows};
use super::table::{ReadOptions, Table};
use crate::error::{Error, ErrorKind, Result};

/// The frames that a coder gave a unit, as columns of [`Ratings::frames`]; empty for `none`.
pub type LabelSet = BTreeSet<u32>;

/// One unit and what each coder made of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RatedUnit {
    /// Its name.
    pub id: String,
    /// Its sentence, from the first row that has it.
    pub text: Option<String>,
    /// The article it stands in, from the first row that says it.
    pub article: Option<String>,
    /// For each of [`Ratings::coders`] the frames given; `None` where the coder has not coded the unit.
    pub labels: Vec<Option<LabelSet>>,
}

impl RatedUnit {
    /// How many have coded it.
    #[must_use]
    pub fn n_coders(&self) -> usize {
        self.labels.iter().flatten().count()
    }
}

/// Units with the labels of all their coders.
#[derive(Debug, Clone)]
pub struct Ratings {
    /// The frames: those given to the reader, or those found in the labels, in alphabetical order.
    pub frames: Frames,
    /// The coders, in alphabetical order.
    pub coders: Vec<String>,
    /// The units, in order of first appearance; each is coded by someone.
    pub units: Vec<RatedUnit>,
    /// The files that were read.
    pub sources: Vec<SourceFile>,
    /// Rows left out because their labels are empty.
    pub n_not_coded: usize,
    /// Units whose text differs between coders.
    pub n_texts_differ: usize,
}

/// What to read, and as what.
#[derive(Debug, Clone, Default)]
pub struct RatingsOptions {
    /// Layout, encoding and column names.
    pub read: ReadOptions,
    /// A model's frames, to which the labels are limited, and which need a text to be decided on; found in the labels
    /// when `None`.
    pub model_frames: Option<Frames>,
}

impl Ratings {
    /// Reads ratings from one or more files, each with a row for a unit and coder.
    ///
    /// A file with a coder column holds the rows of several coders, whose units are named by the unit column. One
    /// without is a single coder's, called by the file's name without folder and extensions; its units are named by
    /// the unit column, or else by the id column.
    ///
    /// # Errors
    /// Whatever reading gives, each with file, line and column; [`ErrorKind::NoRows`], [`ErrorKind::UnknownFrame`],
    /// [`ErrorKind::CodedAgain`], [`ErrorKind::NothingCoded`], [`ErrorKind::TooFewCoders`],
    /// [`ErrorKind::NothingCodedTwice`], [`ErrorKind::NoFrames`].
    pub fn read(paths: &[String], options: &RatingsOptions) -> Result<Self> {
        let mut builder = Builder::default();
        for path in paths {
            builder.read_file(path, options)?;
        }
        builder.finish(options).map_err(|error| in_only_file(error, paths))
    }
}

/// Where the columns of one file stand.
struct Layout {
    unit: usize,
    unit_name: String,
    labels: usize,
    coder: Result<usize, String>,
    text: Option<usize>,
    article: Option<usize>,
}

impl Layout {
    fn find(table: &Table, columns: &ColumnNames) -> Result<Self> {
        let header = table.header();
        let coder = header.find(&columns.coder).ok_or_else(|| coder_of_file(table.name()));
        let by_id = coder.is_err() && header.find(&columns.unit).is_none();
        let (unit, unit_name) = match header.find(&columns.id) {
            Some(id) if by_id => (id, &columns.id),
            _ => {
                let hint = "; name the column that says what was coded with --unit-column";
                (header.require(&columns.unit, hint)?, &columns.unit)
            }
        };
        Ok(Layout {
            unit,
            unit_name: unit_name.clone(),
            labels: header.require(&columns.labels, "; name the column of ';'-joined frames with --labels-column")?,
            coder,
            text: header.find(&columns.text),
            article: header.find(&columns.doc_id),
        })
    }
}

/// `anna` for `codes/anna.csv.gz`.
fn coder_of_file(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = [".gz", ".zst", ".zstd"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    Path::new(name).file_stem().map_or_else(|| name.to_owned(), |stem| stem.to_string_lossy().into_owned())
}

/// One coder's row for one unit.
struct Rating {
    labels: Vec<String>,
    /// Index of the file, and the line.
    place: (usize, u64),
}

#[derive(Default)]
struct UnitRows {
    id: String,
    text: Option<String>,
    article: Option<String>,
    text_differs: bool,
    by_coder: BTreeMap<String, Rating>,
}

#[derive(Default)]
struct Builder {
    units: Vec<UnitRows>,
    index: BTreeMap<String, usize>,
    /// The files as messages call them.
    files: Vec<String>,
    sources: Vec<SourceFile>,
    /// A file of one coder, called after it.
    named_by_file: bool,
    /// The error of the first file, if none so far has a text.
    no_text: Option<Error>,
    has_text: bool,
    n_rows: usize,
    n_not_coded: usize,
}

impl Builder {
    fn read_file(&mut self, path: &str, options: &RatingsOptions) -> Result<()> {
        let columns = &options.read.columns;
        let mut table = Table::open_hashed(path, &options.read).map_err(|error| match error.kind() {
            ErrorKind::EmptyFile { .. } => {
                Error::from(ErrorKind::EmptyFile { text: columns.unit.clone() }).in_file(display_name(path))
            }
            _ => error,
        })?;
        let layout = Layout::find(&table, columns).map_err(|error| error.in_file(table.name()))?;
        match table.header().text(columns) {
            Ok(_) => self.has_text = true,
            Err(error) if self.no_text.is_none() => self.no_text = Some(error.in_file(table.name())),
            Err(_) => {}
        }
        self.named_by_file |= layout.coder.is_err();
        self.files.push(table.name().to_owned());
        let mut rows = Rows::default();
        let mut n_rows = 0;
        while table.read(&mut rows)? {
            n_rows += rows.len();
            for row in rows.iter() {
                self.add(row, &layout, options).map_err(|error| error.at_line(row.line()).in_file(table.name()))?;
            }
        }
        if n_rows == 0 {
            return Err(Error::from(ErrorKind::NoRows { purpose: "compare".into() }).in_file(table.name()));
        }
        let name = table.name().rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let sha256 = table.sha256().expect("the table was opened to be hashed");
        self.sources.push(SourceFile { name, sha256, n_rows, split: None });
        self.n_rows += n_rows;
        Ok(())
    }

    fn add(&mut self, row: Row<'_>, layout: &Layout, options: &RatingsOptions) -> Result<()> {
        let columns = &options.read.columns;
        let Some(labels) = parse_cell(row.get(layout.labels)).map_err(|error| error.in_column(&columns.labels))? else {
            self.n_not_coded += 1;
            return Ok(());
        };
        if let Some(frames) = &options.model_frames
            && let Some(unknown) = labels.iter().find(|name| frames.find(name).is_none())
        {
            return Err(frames.unknown(unknown, "the model").in_column(&columns.labels));
        }
        let named = |column: usize, name: &str, expected: &str| {
            let cell = row.get(column).trim();
            if cell.is_empty() {
                let kind = ErrorKind::BadValue { found: String::new(), expected: expected.to_owned() };
                return Err(Error::from(kind).in_column(name));
            }
            Ok(cell.to_owned())
        };
        let id = named(layout.unit, &layout.unit_name, "the name of what was coded")?;
        let coder = match &layout.coder {
            Ok(column) => named(*column, &columns.coder, "the name of who coded it")?,
            Err(file) => file.clone(),
        };
        let next = self.units.len();
        let at = *self.index.entry(id.clone()).or_insert(next);
        if at == next {
            self.units.push(UnitRows { id, ..UnitRows::default() });
        }
        let unit = &mut self.units[at];
        let cell = |column: Option<usize>| {
            column.map(|column| row.get(column)).filter(|cell| !cell.trim().is_empty()).map(str::to_owned)
        };
        if let Some(text) = cell(layout.text) {
            unit.text_differs |= unit.text.as_ref().is_some_and(|known| known.trim() != text.trim());
            unit.text.get_or_insert(text);
        }
        if unit.article.is_none() {
            unit.article = cell(layout.article).map(|article| article.trim().to_owned());
        }
        let rating = Rating {
            labels: labels.into_iter().map(str::to_owned).collect(),
            place: (self.files.len() - 1, row.line()),
        };
        match unit.by_coder.entry(coder) {
            Entry::Vacant(place) => {
                place.insert(rating);
                Ok(())
            }
            Entry::Occupied(first) => {
                let (file, line) = first.get().place;
                let place = format!("{}, line {line}", self.files[file]);
                let (coder, unit) = (first.key().clone(), unit.id.clone());
                Err(ErrorKind::CodedAgain { coder, unit, first: place }.into())
            }
        }
    }

    fn finish(mut self, options: &RatingsOptions) -> Result<Ratings> {
        let columns = &options.read.columns;
        if self.units.is_empty() {
            let n = self.n_not_coded;
            let why = format!("{n} are not coded (an empty label cell; write \"none\" for coded rows without a frame)");
            return Err(ErrorKind::NothingCoded { n_rows: self.n_rows, why }.into());
        }
        let coders: BTreeSet<&String> = self.units.iter().flat_map(|unit| unit.by_coder.keys()).collect();
        let coders: Vec<String> = coders.into_iter().cloned().collect();
        if coders.len() < 2 {
            let by_file = format!(" (the file's name, since there is no column {:?})", columns.coder);
            return Err(ErrorKind::TooFewCoders {
                found: coders,
                hint: if self.named_by_file { by_file } else { String::new() },
                unit: columns.unit.clone(),
                coder: columns.coder.clone(),
                labels: columns.labels.clone(),
            }
            .into());
        }
        if self.units.iter().all(|unit| unit.by_coder.len() < 2) {
            let (found, n_units, unit) = (coders, self.units.len(), columns.unit.clone());
            return Err(ErrorKind::NothingCodedTwice { found, n_units, unit }.into());
        }
        if options.model_frames.is_some()
            && !self.has_text
            && let Some(error) = self.no_text.take()
        {
            return Err(error);
        }
        let frames = match &options.model_frames {
            Some(frames) => frames.clone(),
            None => self.frames()?,
        };
        let n_texts_differ = self.units.iter().filter(|unit| unit.text_differs).count();
        let set = |labels: &Vec<String>| -> LabelSet {
            labels.iter().filter_map(|name| frames.find(name)).map(|column| column as u32).collect()
        };
        let units = self.units.into_iter().map(|unit| RatedUnit {
            labels: coders.iter().map(|coder| unit.by_coder.get(coder).map(|rating| set(&rating.labels))).collect(),
            id: unit.id,
            text: unit.text,
            article: unit.article,
        });
        Ok(Ratings {
            units: units.collect(),
            frames,
            coders,
            sources: self.sources,
            n_not_coded: self.n_not_coded,
            n_texts_differ,
        })
    }

    /// The frames named by any coder, in alphabetical order.
    fn frames(&self) -> Result<Frames> {
        let rows = self.units.iter().flat_map(|unit| unit.by_coder.values());
        let names: BTreeSet<&String> = rows.flat_map(|rating| &rating.labels).collect();
        if names.is_empty() {
            return Err(ErrorKind::NoFrames.into());
        }
        Frames::new(names.into_iter().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_after_its_coder() {
        let names = ["codes/anna.csv", "anna.csv.gz", "C:\\codes\\anna.tsv", "anna", "stdin", "a.b.csv"];
        assert_eq!(names.map(coder_of_file), ["anna", "anna", "anna", "anna", "stdin", "a.b"]);
    }

    #[test]
    fn rows_of_two_files_meet_in_their_units() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str, rows: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, rows).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let zoe = path("zoe.csv", "id,labels,text,doc_id\n1,hope; war,They met.,a\n2,none,,\n3,,Rain.,a\n");
        let anna = path("anna.csv", "unit,labels,text\n2,war,It rains.\n1,none,They  met.\n");
        let ratings = Ratings::read(&[zoe, anna], &RatingsOptions::default()).unwrap();
        assert_eq!(ratings.frames.names(), ["hope", "war"]);
        assert_eq!(ratings.coders, ["anna", "zoe"]);
        assert_eq!((ratings.n_not_coded, ratings.n_texts_differ, ratings.sources.len()), (1, 1, 2));
        let [one, two] = &ratings.units[..] else { panic!("{:?}", ratings.units) };
        assert_eq!((&*one.id, one.text.as_deref(), one.article.as_deref()), ("1", Some("They met."), Some("a")));
        assert_eq!(one.labels, [Some(LabelSet::new()), Some(LabelSet::from([0, 1]))]);
        assert_eq!((&*two.id, two.text.as_deref(), two.article.as_deref()), ("2", Some("It rains."), None));
        assert_eq!(two.labels, [Some(LabelSet::from([1])), Some(LabelSet::new())]);
        assert_eq!(two.n_coders(), 2);
    }
}
