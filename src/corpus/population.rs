//! All rows of some outlets, of which people have coded a few: what a comparison works on.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::Array2;

use super::coded::{Builder, Categories, Corpus, CorpusOptions, GroupBuilder, Layout};
use super::columns::Header;
use super::input::in_only_file;
use super::labels::{Frames, parse_cell};
use super::rows::{Row, Rows};
use super::table::Table;
use crate::error::{Error, ErrorKind, Result};

/// What the name of a column of probabilities begins with; the frame follows.
const PROBA: &str = "p_";
/// The column of predicted frames.
const PREDICTED: &str = "predicted";

/// Rows, coded and not, with what a comparison needs beside their texts. All columns have length n_rows.
#[derive(Debug, Clone)]
pub struct Population {
    /// The rows; those that nobody coded have [`Code::NotCoded`](super::Code::NotCoded) throughout.
    pub corpus: Corpus,
    /// The id column, or `FILE:LINE` where there is none.
    pub ids: Vec<String>,
    /// The voice column, if any file has it.
    pub voices: Option<Categories>,
    /// The wire copy column, if any file has it.
    pub wires: Option<Categories>,
    /// The probability of each row to have been drawn for coding; `None` where the cell is empty.
    pub pi: Vec<Option<f64>>,
    /// Probabilities and decisions, where the files carry them.
    pub scores: Option<RowScores>,
    /// Whether ids are those of an id column.
    has_ids: bool,
}

/// Predictions as they stand in the files.
#[derive(Debug, Clone)]
pub struct RowScores {
    /// Probabilities, shape (n_rows, n_frames).
    pub proba: Array2<f64>,
    /// Decisions of the same shape, where there is a `predicted` column.
    pub predicted: Option<Array2<bool>>,
}

/// The rows of a population as they stand in its files, which all have the same columns.
#[derive(Debug, Clone)]
pub struct RawRows {
    /// The columns.
    pub header: Header,
    pieces: Vec<Rows>,
    /// The piece of each row of the population, and its index there.
    places: Vec<(usize, usize)>,
    /// The first file, as messages call it.
    name: String,
}

impl RawRows {
    /// Row `index` of the population.
    #[must_use]
    pub fn row(&self, index: usize) -> Row<'_> {
        let (piece, index) = self.places[index];
        self.pieces[piece].row(index)
    }

    /// The columns that a model wrote, or will be taken for such: `p_<frame>` and `predicted`.
    #[must_use]
    pub fn score_columns(&self) -> Vec<String> {
        let is_score = |name: &&String| name.starts_with(PROBA) || *name == PREDICTED;
        self.header.names().iter().filter(is_score).cloned().collect()
    }
}

impl Population {
    /// Reads all rows of one or more files, coded or not. Rows with an empty text are counted and left out.
    ///
    /// Frames are those of the `p_<frame>` columns where the first file has them for every frame of `options.frames`,
    /// or has some and no frames are given; every file must then have them. Otherwise they are `options.frames`, or
    /// else `model_frames`, or else those found in the labels.
    ///
    /// # Errors
    /// Whatever reading gives, with file, line and column; [`ErrorKind::NoRows`], [`ErrorKind::UnknownFrame`], and
    /// [`ErrorKind::BadValue`] for a probability outside [0, 1].
    pub fn read(paths: &[String], options: &CorpusOptions, model_frames: Option<&Frames>) -> Result<Self> {
        Reader::new(options.clone(), false).read(paths, model_frames).map(|(population, _)| population)
    }

    /// Reads as [`Population::read`] does, and keeps each row as it stands, so that rows can be written again.
    ///
    /// # Errors
    /// As [`Population::read`], and [`ErrorKind::OtherColumns`] if a file has other columns than the first.
    pub fn read_with_rows(
        paths: &[String],
        options: &CorpusOptions,
        model_frames: Option<&Frames>,
    ) -> Result<(Self, RawRows)> {
        let (population, raw) = Reader::new(options.clone(), true).read(paths, model_frames)?;
        let raw = raw.ok_or_else(|| Error::parameter("input", "nothing", "at least one file, or - for stdin"))?;
        Ok((population, raw))
    }

    /// Takes codes and probabilities of being drawn from other rows: a file of coded rows that were drawn from these.
    ///
    /// Rows are matched by id, or by their text where either side has no ids. Codes that stand here already stay if
    /// the other side has none.
    ///
    /// # Errors
    /// [`ErrorKind::NotInPopulation`] for a coded row that is not here, or that matches several rows;
    /// [`ErrorKind::CodedTwice`], [`ErrorKind::OtherText`].
    pub fn take_codes(&mut self, coded: &Population) -> Result<()> {
        let by_id = self.has_ids && coded.has_ids;
        let key = |of: &Population, row: usize| -> String {
            if by_id { of.ids[row].clone() } else { of.corpus.texts[row].trim().to_owned() }
        };
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for row in 0..self.corpus.n_rows() {
            places.entry(key(self, row)).or_default().push(row);
        }
        let mut taken = BTreeSet::new();
        for other in (0..coded.corpus.n_rows()).filter(|row| coded.corpus.is_coded(*row) || coded.pi[*row].is_some()) {
            let wanted = key(coded, other);
            let found = places.get(&wanted).map_or(&[][..], Vec::as_slice);
            let [row] = found else {
                return Err(
                    ErrorKind::NotInPopulation { id: coded.ids[other].clone(), by_id, n_found: found.len() }.into()
                );
            };
            if !taken.insert(*row) {
                return Err(ErrorKind::CodedTwice { id: coded.ids[other].clone() }.into());
            }
            if self.corpus.texts[*row].trim() != coded.corpus.texts[other].trim() {
                return Err(ErrorKind::OtherText { id: coded.ids[other].clone() }.into());
            }
            if coded.corpus.is_coded(other) {
                self.corpus.codes.row_mut(*row).assign(&coded.corpus.codes.row(other));
            }
            self.pi[*row] = coded.pi[other];
        }
        self.corpus.sources.extend(coded.corpus.sources.iter().cloned());
        Ok(())
    }

    /// The rows of each outlet by its name, and how many rows name none.
    ///
    /// # Errors
    /// [`ErrorKind::NoOutlets`] if no row names one.
    pub(crate) fn by_outlet(&self) -> Result<(BTreeMap<&str, Vec<usize>>, usize)> {
        let outlets = self.corpus.outlets.as_ref().ok_or(ErrorKind::NoOutlets)?;
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        (0..self.corpus.n_rows()).for_each(|row| by_name.entry(outlets.name(row)).or_default().push(row));
        let n_without = by_name.remove("").map_or(0, |rows| rows.len());
        if by_name.is_empty() { Err(ErrorKind::NoOutlets.into()) } else { Ok((by_name, n_without)) }
    }

    /// The rows that are coded for some frame, in order.
    #[must_use]
    pub fn coded_rows(&self) -> Vec<usize> {
        (0..self.corpus.n_rows()).filter(|row| self.corpus.is_coded(*row)).collect()
    }
}

/// Where the columns of one file stand that a corpus does not have.
struct More {
    id: Option<usize>,
    voice: Option<usize>,
    wire: Option<usize>,
    pi: Option<usize>,
    proba: Vec<usize>,
    predicted: Option<usize>,
}

struct Reader {
    options: CorpusOptions,
    corpus: Builder,
    ids: Vec<String>,
    voices: GroupBuilder,
    wires: GroupBuilder,
    pi: Vec<Option<f64>>,
    proba: Vec<f64>,
    predicted: Vec<bool>,
    /// Frames whose probabilities the files carry, as the first file says.
    scored: Option<Frames>,
    n_files: usize,
    all_predicted: bool,
    has_ids: bool,
    keeps_rows: bool,
    raw: Option<RawRows>,
}

impl Reader {
    fn new(options: CorpusOptions, keeps_rows: bool) -> Self {
        Reader {
            options: CorpusOptions { uncoded: true, ..options },
            corpus: Builder::default(),
            ids: Vec::new(),
            voices: GroupBuilder::default(),
            wires: GroupBuilder::default(),
            pi: Vec::new(),
            proba: Vec::new(),
            predicted: Vec::new(),
            scored: None,
            n_files: 0,
            all_predicted: true,
            has_ids: true,
            keeps_rows,
            raw: None,
        }
    }

    fn read(mut self, paths: &[String], model_frames: Option<&Frames>) -> Result<(Population, Option<RawRows>)> {
        for path in paths {
            self.read_file(path, model_frames)?;
        }
        let raw = self.raw.take();
        let population = self.finish().map_err(|error| in_only_file(error, paths))?;
        Ok((population, raw))
    }

    fn read_file(&mut self, path: &str, model_frames: Option<&Frames>) -> Result<()> {
        let mut table = Table::open_hashed(path, &self.options.read)?;
        self.n_files += 1;
        if self.n_files == 1 {
            let wanted = self.options.frames.as_ref();
            let scored = if self.options.ignore_scores { Ok(None) } else { scored_frames(table.header(), wanted) };
            let scored = scored.map_err(|error| error.in_file(table.name()))?;
            if let Some(frames) = &scored {
                self.options.frames = Some(frames.clone());
                self.options.frames_owner = Some("the rows' p_ columns".into());
            } else if let (None, Some(frames)) = (&self.options.frames, model_frames) {
                self.options.frames = Some(frames.clone());
                self.options.frames_owner = Some("the model".into());
            }
            self.scored = scored;
        }
        let placed = Layout::find(&table, &self.options).and_then(|layout| Ok((layout, self.more(table.header())?)));
        let (layout, more) = placed.map_err(|error| error.in_file(table.name()))?;
        if self.keeps_rows {
            self.check_columns(&table)?;
        }
        self.has_ids &= more.id.is_some();
        self.all_predicted &= more.predicted.is_some();
        let mut rows = Rows::default();
        let mut n_rows = 0;
        while table.read(&mut rows)? {
            n_rows += rows.len();
            for (index, row) in rows.iter().enumerate() {
                let added = self.add(row, &layout, &more, table.name());
                let added = added.map_err(|error| error.at_line(row.line()).in_file(table.name()))?;
                if let Some(raw) = self.raw.as_mut().filter(|_| added) {
                    raw.places.push((raw.pieces.len(), index));
                }
            }
            if let Some(raw) = &mut self.raw {
                raw.pieces.push(std::mem::take(&mut rows));
            }
        }
        if n_rows == 0 {
            let purpose = if self.keeps_rows { "draw from" } else { "compare" };
            return Err(Error::from(ErrorKind::NoRows { purpose: purpose.into() }).in_file(table.name()));
        }
        self.corpus.end_file(&table, n_rows, &self.options)
    }

    /// Rows that are to be written again, under one header, must have the same columns.
    fn check_columns(&mut self, table: &Table) -> Result<()> {
        let Some(raw) = &self.raw else {
            let (header, name) = (table.header().clone(), table.name().to_owned());
            self.raw = Some(RawRows { header, name, pieces: Vec::new(), places: Vec::new() });
            return Ok(());
        };
        if raw.header == *table.header() {
            return Ok(());
        }
        let kind = ErrorKind::OtherColumns {
            other: raw.name.clone(),
            found: table.header().names().to_vec(),
            expected: raw.header.names().to_vec(),
        };
        Err(Error::from(kind).in_file(table.name()))
    }

    fn more(&self, header: &Header) -> Result<More> {
        let columns = &self.options.read.columns;
        let frames = self.scored.as_ref().map_or(&[][..], Frames::names);
        let proba = frames.iter().map(|frame| header.require(&format!("{PROBA}{frame}"), "; the first file has it"));
        Ok(More {
            id: header.find(&columns.id),
            voice: header.find(&columns.voice),
            wire: header.find(&columns.wire_id),
            pi: header.find(&columns.pi),
            proba: proba.collect::<Result<_>>()?,
            predicted: header.find(PREDICTED).filter(|_| !frames.is_empty()),
        })
    }

    /// Adds a row; `false` if it is left out.
    fn add(&mut self, row: Row<'_>, layout: &Layout, more: &More, file: &str) -> Result<bool> {
        if !self.corpus.add(row, layout, &self.options)? {
            return Ok(false);
        }
        let columns = &self.options.read.columns;
        self.ids.push(match more.id.map(|column| row.get(column)).filter(|id| !id.is_empty()) {
            Some(id) => id.to_owned(),
            None => format!("{file}:{}", row.line()),
        });
        self.voices.push(row, more.voice);
        self.wires.push(row, more.wire);
        self.pi.push(match more.pi {
            None => None,
            Some(column) => parse_pi(row.get(column)).map_err(|error| error.in_column(&columns.pi))?,
        });
        let frames = self.options.frames.as_ref().map_or(&[][..], Frames::names);
        for (column, frame) in more.proba.iter().zip(frames) {
            let found = row.get(*column);
            let proba = found.trim().parse().ok().filter(|p: &f64| (0.0..=1.0).contains(p)).ok_or_else(|| {
                let expected = "a probability from 0 to 1; rename the column if it is not one of a frame's".to_owned();
                Error::from(ErrorKind::BadValue { found: found.to_owned(), expected })
                    .in_column(&format!("{PROBA}{frame}"))
            })?;
            self.proba.push(proba);
        }
        if let Some(column) = more.predicted {
            let names = parse_cell(row.get(column)).map_err(|error| error.in_column(PREDICTED))?.unwrap_or_default();
            self.predicted.extend(frames.iter().map(|frame| names.contains(&frame.as_str())));
        }
        Ok(true)
    }

    fn finish(self) -> Result<Population> {
        let corpus = self.corpus.finish(&self.options)?;
        let n_rows = corpus.n_rows();
        let shape = (n_rows, corpus.frames.len());
        let scores = self.scored.map(|_| RowScores {
            proba: Array2::from_shape_vec(shape, self.proba).expect("each row gave its probabilities"),
            predicted: self
                .all_predicted
                .then(|| Array2::from_shape_vec(shape, self.predicted).expect("each row gave its decisions")),
        });
        Ok(Population {
            corpus,
            ids: self.ids,
            voices: self.voices.finish(),
            wires: self.wires.finish(),
            pi: self.pi,
            scores,
            has_ids: self.has_ids,
        })
    }
}

/// The frames that a header has probabilities of, if it has those that are wanted.
fn scored_frames(header: &Header, wanted: Option<&Frames>) -> Result<Option<Frames>> {
    let found: Vec<String> =
        header.names().iter().filter_map(|name| name.strip_prefix(PROBA)).map(str::to_owned).collect();
    match wanted {
        Some(frames) if frames.names().iter().all(|frame| found.contains(frame)) => Ok(Some(frames.clone())),
        Some(_) => Ok(None),
        None if found.is_empty() => Ok(None),
        None => Frames::new(found).map(Some),
    }
}

fn parse_pi(cell: &str) -> Result<Option<f64>> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(None);
    }
    cell.parse().ok().filter(|pi: &f64| *pi > 0.0 && *pi <= 1.0).map(Some).ok_or_else(|| {
        let expected = "the probability with which the row was drawn to be coded, above 0 and at most 1, as `framescope sample` \
                        writes it; rows picked in any other way have none, and cannot stand for an outlet";
        ErrorKind::BadValue { found: cell.to_owned(), expected: expected.into() }.into()
    })
}
