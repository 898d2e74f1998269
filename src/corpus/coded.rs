//! Coded rows in memory: what training and evaluation work on.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::input::in_only_file;
use super::labels::{Code, Codes, Frames, parse_cell, parse_flag};
use super::rows::{Row, Rows};
use super::table::{ReadOptions, Table};
use crate::error::{Error, ErrorKind, Result};

/// A column of names, as indices into the distinct ones; rows with an empty cell have none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Categories {
    /// The distinct names, in order of first appearance.
    pub names: Vec<String>,
    /// For each row the index of its name.
    pub of_row: Vec<Option<u32>>,
}

impl Categories {
    /// The name of a row, empty where it has none.
    #[must_use]
    pub fn name(&self, row: usize) -> &str {
        self.of_row[row].map_or("", |code| &self.names[code as usize])
    }

    fn push(&mut self, index: &mut BTreeMap<String, u32>, name: &str) {
        let code = (!name.is_empty()).then(|| {
            *index.entry(name.to_owned()).or_insert_with(|| {
                self.names.push(name.to_owned());
                u32::try_from(self.names.len() - 1).expect("fewer than 2^32 distinct names")
            })
        });
        self.of_row.push(code);
    }
}

/// One input file, as the model remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// The file's name without its folder.
    pub name: String,
    /// SHA-256 of its text (decompressed, decoded, without a byte-order mark), in hexadecimal.
    pub sha256: String,
    /// Rows below its header.
    pub n_rows: usize,
    /// The value of the split column to which the rows were limited.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub split: Option<String>,
}

/// How many rows were left out, and why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The text is empty.
    pub empty_text: usize,
    /// No frame is coded.
    pub not_coded: usize,
    /// Another value in the split column.
    pub other_split: usize,
}

impl LeftOut {
    /// The counts in words, for when nothing is left.
    fn reasons(&self, options: &CorpusOptions) -> String {
        let columns = &options.read.columns;
        let mut reasons = Vec::new();
        if self.not_coded > 0 {
            reasons.push(format!(
                "{} are not coded (an empty label cell; write \"none\" for coded rows without a frame)",
                self.not_coded
            ));
        }
        if self.empty_text > 0 {
            reasons.push(format!("{} have an empty {:?}", self.empty_text, columns.text));
        }
        if let (Some(split), 1..) = (&options.split, self.other_split) {
            reasons.push(format!("{} have another {:?} than --split {split:?}", self.other_split, columns.split));
        }
        reasons.join(", ")
    }
}

/// Coded rows: texts, codes, and what groups them. All columns have length n_rows and the files' order.
#[derive(Debug, Clone)]
pub struct Corpus {
    /// The sentences.
    pub texts: Vec<String>,
    /// The frames that columns of `codes` stand for.
    pub frames: Frames,
    /// Codes of shape (n_rows, n_frames).
    pub codes: Codes,
    /// Row weights, 1 where none is given.
    pub weights: Vec<f32>,
    /// The outlet column, if any file has it.
    pub outlets: Option<Categories>,
    /// The article column, if any file has it.
    pub articles: Option<Categories>,
    /// The story column, if any file has it.
    pub stories: Option<Categories>,
    /// The files that were read.
    pub sources: Vec<SourceFile>,
    /// Rows of the files that are not here.
    pub left_out: LeftOut,
}

/// What to read, and as what.
#[derive(Debug, Clone, Default)]
pub struct CorpusOptions {
    /// Layout, encoding and column names.
    pub read: ReadOptions,
    /// The frames to expect: the codebook. Needed for 0/1 columns; found in the labels column when `None`.
    pub frames: Option<Frames>,
    /// Who lists `frames`, for messages; "the codebook" when `None`.
    pub frames_owner: Option<String>,
    /// Keep only rows whose split column has this value.
    pub split: Option<String>,
    /// Keep rows that nobody has coded too, with every code [`Code::NotCoded`]; the labels column may then be missing.
    pub uncoded: bool,
    /// Take `p_<frame>` columns for columns like others.
    pub ignore_scores: bool,
    /// Take columns of codes for columns like others, so that no row is coded.
    pub ignore_codes: bool,
}

impl Corpus {
    /// Reads coded rows from one or more files.
    ///
    /// Rows with an empty text, without any code, or of another split are counted and left out.
    ///
    /// # Errors
    /// Whatever reading gives, each with file, line and column; [`ErrorKind::NoRows`], [`ErrorKind::NothingCoded`],
    /// [`ErrorKind::NoFrames`], [`ErrorKind::UnknownFrame`].
    pub fn read(paths: &[String], options: &CorpusOptions) -> Result<Self> {
        let mut builder = Builder::default();
        for path in paths {
            builder.read_table(Table::open_hashed(path, &options.read)?, options)?;
        }
        builder.finish(options).map_err(|error| in_only_file(error, paths))
    }

    /// Reads the coded rows of a table that was made by [`Table::open_hashed`] or [`Table::from_reader`], as
    /// [`Corpus::read`] does.
    ///
    /// # Errors
    /// As [`Corpus::read`], and [`ErrorKind::Parameter`] if the table is not hashed.
    pub fn from_table(table: Table, options: &CorpusOptions) -> Result<Self> {
        let name = table.name().to_owned();
        if table.sha256().is_none() {
            return Err(Error::parameter(
                "table",
                "one that is not hashed",
                "Table::open_hashed or Table::from_reader",
            ));
        }
        let mut builder = Builder::default();
        builder.read_table(table, options)?;
        builder.finish(options).map_err(|error| error.in_file(&name))
    }

    /// Whether the row is coded for any frame.
    #[must_use]
    pub fn is_coded(&self, row: usize) -> bool {
        self.codes.row(row).iter().any(|code| *code != Code::NotCoded)
    }

    /// How many rows there are.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.texts.len()
    }

    /// The unit that intervals resample: the article where the row names one, the row itself otherwise.
    ///
    /// Cluster numbers are dense, from 0, in order of first appearance.
    #[must_use]
    pub fn clusters(&self) -> Vec<u32> {
        cluster(self.articles.as_ref(), self.n_rows())
    }

    /// Rows coded for frame `j`, with present counted first.
    #[must_use]
    pub fn counts(&self, j: usize) -> (usize, usize) {
        let column = self.codes.column(j);
        let count = |wanted| column.iter().filter(|code| **code == wanted).count();
        (count(Code::Present), count(Code::Absent))
    }

    /// Some of the rows, in the given order. Sources and counts stay those of the whole.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        let part = |categories: &Option<Categories>| {
            categories.as_ref().map(|all| Categories {
                names: all.names.clone(),
                of_row: rows.iter().map(|row| all.of_row[*row]).collect(),
            })
        };
        Corpus {
            texts: rows.iter().map(|row| self.texts[*row].clone()).collect(),
            frames: self.frames.clone(),
            codes: self.codes.select(ndarray::Axis(0), rows),
            weights: rows.iter().map(|row| self.weights[*row]).collect(),
            outlets: part(&self.outlets),
            articles: part(&self.articles),
            stories: part(&self.stories),
            sources: self.sources.clone(),
            left_out: self.left_out,
        }
    }

    /// The same rows without the frames for which `keep` is false.
    ///
    /// # Errors
    /// [`ErrorKind::AllConstant`] if none is kept.
    pub fn with_frames(mut self, keep: &[bool]) -> Result<Self> {
        let kept: Vec<usize> = (0..keep.len()).filter(|j| keep[*j]).collect();
        if kept.is_empty() {
            return Err(ErrorKind::AllConstant { frames: self.frames.names().to_vec() }.into());
        }
        self.frames = Frames::new(kept.iter().map(|j| self.frames.names()[*j].clone()).collect())?;
        self.codes = self.codes.select(ndarray::Axis(1), &kept);
        Ok(self)
    }
}

/// Dense group numbers: rows that share a category share a number, rows without one stand alone.
pub(crate) fn cluster(categories: Option<&Categories>, n_rows: usize) -> Vec<u32> {
    let mut seen: BTreeMap<u32, u32> = BTreeMap::new();
    let mut next = 0;
    let mut fresh = || {
        next += 1;
        next - 1
    };
    (0..n_rows)
        .map(|row| match categories.and_then(|categories| categories.of_row[row]) {
            Some(category) => *seen.entry(category).or_insert_with(&mut fresh),
            None => fresh(),
        })
        .collect()
}

#[derive(Default)]
pub(super) struct Builder {
    texts: Vec<String>,
    /// Per row, the frames present as indices into `names`, or one code per given frame.
    labels: Vec<RowLabels>,
    names: BTreeMap<String, u32>,
    weights: Vec<f32>,
    groups: [GroupBuilder; 3],
    sources: Vec<SourceFile>,
    left_out: LeftOut,
    n_read: usize,
}

enum RowLabels {
    NotCoded,
    Present(Vec<u32>),
    Flags(Vec<Code>),
}

/// A column of names that some of the files may lack.
#[derive(Default)]
pub(super) struct GroupBuilder {
    index: BTreeMap<String, u32>,
    categories: Categories,
    found: bool,
}

impl GroupBuilder {
    pub(super) fn push(&mut self, row: Row<'_>, column: Option<usize>) {
        self.found |= column.is_some();
        self.categories.push(&mut self.index, column.map_or("", |column| row.get(column).trim()));
    }

    /// The column, if any file has it.
    pub(super) fn finish(self) -> Option<Categories> {
        self.found.then_some(self.categories)
    }
}

/// Where the columns of one file stand.
pub(super) struct Layout {
    text: usize,
    labels: LabelLayout,
    weight: Option<usize>,
    split: Option<usize>,
    groups: [Option<usize>; 3],
}

enum LabelLayout {
    Absent,
    Joined(usize),
    Flags(Vec<usize>),
}

impl Layout {
    pub(super) fn find(table: &Table, options: &CorpusOptions) -> Result<Self> {
        let header = table.header();
        let columns = &options.read.columns;
        let hint = "; name the column of ';'-joined frames with --labels-column, or the 0/1 columns with --frames";
        let labels = match (header.find(&columns.labels), &options.frames) {
            _ if options.ignore_codes => LabelLayout::Absent,
            (Some(joined), _) => LabelLayout::Joined(joined),
            (None, Some(frames)) if frames.names().iter().any(|name| header.find(name).is_some()) => {
                let flags = frames.names().iter().map(|name| header.require(name, "; each frame needs its 0/1 column"));
                LabelLayout::Flags(flags.collect::<Result<_>>()?)
            }
            (None, _) if options.uncoded => LabelLayout::Absent,
            (None, _) => LabelLayout::Joined(header.require(&columns.labels, hint)?),
        };
        let split = match &options.split {
            None => None,
            Some(_) => Some(header.require(&columns.split, "; --split keeps rows by that column")?),
        };
        Ok(Layout {
            text: header.text(columns)?,
            labels,
            weight: header.find(&columns.weight),
            split,
            groups: [&columns.outlet, &columns.doc_id, &columns.story_id].map(|name| header.find(name)),
        })
    }
}

impl Builder {
    fn read_table(&mut self, mut table: Table, options: &CorpusOptions) -> Result<()> {
        let layout = Layout::find(&table, options).map_err(|error| error.in_file(table.name()))?;
        let mut rows = Rows::default();
        let mut n_rows = 0;
        while table.read(&mut rows)? {
            n_rows += rows.len();
            for row in rows.iter() {
                self.add(row, &layout, options).map_err(|error| error.at_line(row.line()).in_file(table.name()))?;
            }
        }
        self.end_file(&table, n_rows, options)
    }

    /// Remembers a file that was read to its end.
    pub(super) fn end_file(&mut self, table: &Table, n_rows: usize, options: &CorpusOptions) -> Result<()> {
        let name = table.name().rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let sha256 = table.sha256().expect("the table was opened to be hashed");
        if n_rows == 0 {
            return Err(
                Error::from(ErrorKind::NoRows { purpose: "learn from or judge on".into() }).in_file(table.name())
            );
        }
        self.n_read += n_rows;
        self.sources.push(SourceFile { name, sha256, n_rows, split: options.split.clone() });
        Ok(())
    }

    /// Adds a row; `false` if it is left out.
    pub(super) fn add(&mut self, row: Row<'_>, layout: &Layout, options: &CorpusOptions) -> Result<bool> {
        let columns = &options.read.columns;
        if let (Some(column), Some(wanted)) = (layout.split, &options.split)
            && row.get(column) != wanted
        {
            self.left_out.other_split += 1;
            return Ok(false);
        }
        let labels = match &layout.labels {
            LabelLayout::Absent => None,
            LabelLayout::Joined(column) => {
                self.joined(row.get(*column), options).map_err(|e| e.in_column(&columns.labels))?
            }
            LabelLayout::Flags(positions) => {
                let names = options.frames.as_ref().map_or(&[][..], Frames::names);
                let flag =
                    |(name, column): (&String, &usize)| parse_flag(row.get(*column)).map_err(|e| e.in_column(name));
                let codes: Vec<Code> = names.iter().zip(positions).map(flag).collect::<Result<_>>()?;
                codes.iter().any(|code| *code != Code::NotCoded).then_some(RowLabels::Flags(codes))
            }
        };
        let weight = layout
            .weight
            .map_or(Ok(1.0), |column| parse_weight(row.get(column)).map_err(|e| e.in_column(&columns.weight)))?;
        let text = row.get(layout.text);
        let Some(labels) = labels.or_else(|| options.uncoded.then_some(RowLabels::NotCoded)) else {
            self.left_out.not_coded += 1;
            return Ok(false);
        };
        if text.trim().is_empty() {
            self.left_out.empty_text += 1;
            return Ok(false);
        }
        self.texts.push(text.to_owned());
        self.labels.push(labels);
        self.weights.push(weight);
        self.groups.iter_mut().zip(layout.groups).for_each(|(group, column)| group.push(row, column));
        Ok(true)
    }

    fn joined(&mut self, cell: &str, options: &CorpusOptions) -> Result<Option<RowLabels>> {
        let Some(names) = parse_cell(cell)? else { return Ok(None) };
        let mut present = Vec::with_capacity(names.len());
        for name in names {
            let code = match &options.frames {
                Some(frames) => {
                    let owner = options.frames_owner.as_deref().unwrap_or("the codebook (--frames)");
                    frames.find(name).ok_or_else(|| frames.unknown(name, owner))? as u32
                }
                None => {
                    let next = self.names.len() as u32;
                    *self.names.entry(name.to_owned()).or_insert(next)
                }
            };
            present.push(code);
        }
        Ok(Some(RowLabels::Present(present)))
    }

    pub(super) fn finish(self, options: &CorpusOptions) -> Result<Corpus> {
        if self.texts.is_empty() {
            let why = self.left_out.reasons(options);
            return Err(ErrorKind::NothingCoded { n_rows: self.n_read, why }.into());
        }
        // Frames found in the data stand in alphabetical order, whatever the order of the rows.
        let (frames, column): (Frames, Vec<usize>) = match &options.frames {
            Some(frames) => (frames.clone(), (0..frames.len()).collect()),
            None if self.names.is_empty() => {
                let nothing = self.labels.iter().all(|labels| matches!(labels, RowLabels::NotCoded));
                let left_out = LeftOut { not_coded: self.labels.len(), ..self.left_out };
                let why = left_out.reasons(options);
                return Err(if nothing {
                    ErrorKind::NothingCoded { n_rows: self.n_read, why }.into()
                } else {
                    ErrorKind::NoFrames.into()
                });
            }
            None => {
                let sorted: BTreeSet<&String> = self.names.keys().collect();
                let mut column = vec![0; sorted.len()];
                for (j, name) in sorted.iter().enumerate() {
                    column[self.names[*name] as usize] = j;
                }
                (Frames::new(sorted.into_iter().cloned().collect())?, column)
            }
        };
        let mut codes = Array2::from_elem((self.texts.len(), frames.len()), Code::Absent);
        for (mut row, labels) in codes.rows_mut().into_iter().zip(&self.labels) {
            match labels {
                RowLabels::NotCoded => row.fill(Code::NotCoded),
                RowLabels::Present(present) => {
                    present.iter().for_each(|code| row[column[*code as usize]] = Code::Present);
                }
                RowLabels::Flags(flags) => flags.iter().zip(row.iter_mut()).for_each(|(flag, cell)| *cell = *flag),
            }
        }
        let [outlets, articles, stories] = self.groups.map(GroupBuilder::finish);
        Ok(Corpus {
            texts: self.texts,
            frames,
            codes,
            weights: self.weights,
            outlets,
            articles,
            stories,
            sources: self.sources,
            left_out: self.left_out,
        })
    }
}

fn parse_weight(cell: &str) -> Result<f32> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(1.0);
    }
    cell.parse().ok().filter(|weight: &f32| weight.is_finite() && *weight >= 0.0).ok_or_else(|| {
        ErrorKind::BadValue { found: cell.to_owned(), expected: "a weight: a number not below 0".into() }.into()
    })
}
