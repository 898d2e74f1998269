//! Articles out of text files, web pages, folders of both, and tables, one at a time.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};

use super::columns::{ColumnNames, Header};
use super::files::Walk;
use super::input::{self, display_name};
use super::rows::Rows;
use super::table::{ReadOptions, Table};
use crate::error::{Error, ErrorKind, Result};

/// What the `id` column is called when it is passed on, beside a `doc_id` column.
const ARTICLE_ID: &str = "article_id";

/// What an article's text is written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Markup {
    /// Text, perhaps with a little markup left in it.
    #[default]
    Plain,
    /// A web page, or a part of one.
    Html,
}

/// An article as given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Article {
    /// Its identifier; never empty.
    pub doc_id: String,
    /// The text or page, unchanged.
    pub source: String,
    /// What `source` is written in.
    pub markup: Markup,
    /// The outlet; empty where nothing names it.
    pub outlet: String,
    /// The date of publication; empty where nothing gives it.
    pub date: String,
    /// The story that the input says it belongs to; empty where it does not.
    pub story_id: String,
    /// What stands in the other columns of the table or the manifest, in the order of [`Articles::other_columns`].
    pub others: Vec<String>,
}

/// How articles are read.
#[derive(Debug, Clone)]
pub struct ArticleOptions {
    /// Layout, encoding and names of the columns that rows of sentences have too.
    pub read: ReadOptions,
    /// The column that holds the date.
    pub date: String,
    /// The column that holds a web page, read where the text column is missing or empty.
    pub html: String,
    /// A table with a `file` column, and what is known of each file in the others.
    pub manifest: Option<String>,
}

impl Default for ArticleOptions {
    fn default() -> Self {
        ArticleOptions { read: ReadOptions::default(), date: "date".into(), html: "html".into(), manifest: None }
    }
}

/// What could be read, but not as the user may think.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArticleNotes {
    /// Files among the inputs that the manifest does not name.
    pub not_in_manifest: Vec<String>,
    /// Files that the manifest names, and that are not among the inputs.
    pub not_in_inputs: Vec<String>,
    /// Files in a folder that are neither text nor web pages, and were passed over.
    pub passed_over: Vec<String>,
}

/// Articles, read from the top.
#[derive(Debug)]
pub struct Articles {
    options: ArticleOptions,
    sources: VecDeque<Source>,
    others: Vec<String>,
    notes: ArticleNotes,
    table: Option<OpenTable>,
    n_bytes: u64,
}

#[derive(Debug)]
enum Source {
    File {
        path: String,
        /// What the article is called where nothing else names it.
        name: String,
        markup: Markup,
        facts: Facts,
    },
    Table {
        path: String,
    },
    Open(Box<Table>),
}

#[derive(Debug)]
struct OpenTable {
    table: Table,
    text: Option<usize>,
    html: Option<usize>,
    /// The column that identifies articles.
    key: Option<usize>,
    outlet: Option<usize>,
    date: Option<usize>,
    story_id: Option<usize>,
    /// For each of the other columns, where this table has it.
    others: Vec<Option<usize>>,
    n_rows: u64,
    rows: Rows,
    /// The row of `rows` to be handed out next.
    next: usize,
}

impl Articles {
    /// Finds the articles in `paths`: text files (`.txt`, `.text`, `.md`), web pages (`.html`, `.htm`, `.xhtml`),
    /// folders of them at any depth, and tables (everything else, and `-`). Without paths the manifest's files are
    /// read.
    ///
    /// # Errors
    /// What opening gives; [`ErrorKind::MissingColumn`] where a table has neither text nor pages, or the manifest no
    /// `file`.
    pub fn open(paths: &[String], options: ArticleOptions) -> Result<Self> {
        let mut notes = ArticleNotes::default();
        let mut manifest = options.manifest.as_deref().map(|path| Manifest::read(path, &options)).transpose()?;
        let mut found: Vec<String> = Vec::new();
        for path in paths {
            if path != "-" && Path::new(path).is_dir() {
                let is_article = |path: &str| markup_of(path).is_some();
                let passed_over = Some(&mut notes.passed_over);
                let walk = Walk { is_wanted: &is_article, output: None, passed_over };
                walk.into(Path::new(path), usize::MAX, &mut found)?;
            } else {
                found.push(path.clone());
            }
        }
        if let Some(manifest) = manifest.as_ref().filter(|_| paths.is_empty()) {
            found = manifest.paths();
        }

        let mut others: Vec<String> = Vec::new();
        let add = |names: &[String], others: &mut Vec<String>| {
            for name in names {
                if !others.contains(name) {
                    others.push(name.clone());
                }
            }
        };
        let mut sources = VecDeque::new();
        for path in found {
            if let Some(markup) = markup_of(&path) {
                let facts = match &mut manifest {
                    None => Facts::new(),
                    Some(manifest) => manifest.take(&path).unwrap_or_else(|| {
                        notes.not_in_manifest.push(path.clone());
                        Facts::new()
                    }),
                };
                sources.push_back(Source::File { path, name: String::new(), markup, facts });
            } else {
                let table = Table::open(&path, &options.read)?;
                add(&other_columns(table.header(), &options), &mut others);
                // What is piped in cannot be opened twice; of files only one is held open.
                sources.push_back(if path == "-" { Source::Open(Box::new(table)) } else { Source::Table { path } });
            }
        }
        name_files(&mut sources);
        if let Some(manifest) = manifest {
            let path = options.manifest.as_deref().and_then(|path| std::fs::canonicalize(path).ok());
            notes.passed_over.retain(|other| std::fs::canonicalize(other).ok() != path);
            add(&manifest.others, &mut others);
            notes.not_in_inputs = manifest.rest();
        }
        Ok(Articles { options, sources, others, notes, table: None, n_bytes: 0 })
    }

    /// The columns that are passed on as they are, in order of first appearance.
    #[must_use]
    pub fn other_columns(&self) -> &[String] {
        &self.others
    }

    /// What the user should know about the inputs.
    #[must_use]
    pub fn notes(&self) -> &ArticleNotes {
        &self.notes
    }

    /// Bytes read so far.
    #[must_use]
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes + self.table.as_ref().map_or(0, |open| open.table.n_bytes())
    }

    /// The next article; `None` behind the last.
    ///
    /// # Errors
    /// What reading gives, with file and line.
    pub fn read(&mut self) -> Result<Option<Article>> {
        loop {
            if let Some(open) = &mut self.table {
                if let Some(article) = open.read()? {
                    return Ok(Some(article));
                }
                self.n_bytes += open.table.n_bytes();
                self.table = None;
            }
            let table = match self.sources.pop_front() {
                None => return Ok(None),
                Some(Source::File { path, name, markup, facts }) => {
                    return self.file(&path, name, markup, facts).map(Some);
                }
                Some(Source::Table { path }) => Table::open(&path, &self.options.read)?,
                Some(Source::Open(table)) => *table,
            };
            self.table = Some(OpenTable::new(table, &self.options, &self.others)?);
        }
    }

    fn file(&mut self, path: &str, name: String, markup: Markup, mut facts: Facts) -> Result<Article> {
        let mut source = String::new();
        input::open(path, self.options.read.encoding.as_deref())?
            .append_all(&mut source)
            .map_err(|error| error.in_file(path))?;
        self.n_bytes += source.len() as u64;
        let columns = &self.options.read.columns;
        let mut take = |name: &str| facts.remove(name).unwrap_or_default();
        let (mut doc_id, outlet) = (take(&columns.doc_id), take(&columns.outlet));
        let (date, story_id) = (take(&self.options.date), take(&columns.story_id));
        if doc_id.is_empty() {
            doc_id = name;
        }
        let others = self.others.iter().map(|name| facts.remove(name).unwrap_or_default()).collect();
        Ok(Article { doc_id, source, markup, outlet, date, story_id, others })
    }
}

impl OpenTable {
    fn new(table: Table, options: &ArticleOptions, others: &[String]) -> Result<Self> {
        let header = table.header();
        let columns = &options.read.columns;
        let (text, html) = (header.find(&columns.text), header.find(&options.html));
        if html.is_none() {
            let hint = "; name the column that holds the articles with --text-column, or with --html-column if they are web pages";
            header.require(&columns.text, hint).map_err(|error| error.in_file(table.name()))?;
        }
        Ok(OpenTable {
            text,
            html,
            key: header.find(&columns.doc_id).or_else(|| header.find(&columns.id)),
            outlet: header.find(&columns.outlet),
            date: header.find(&options.date),
            story_id: header.find(&columns.story_id),
            others: others
                .iter()
                .map(|name| header.find(name).or_else(|| header.find(&columns.id).filter(|_| name == ARTICLE_ID)))
                .collect(),
            n_rows: 0,
            rows: Rows::default(),
            next: 0,
            table,
        })
    }

    fn read(&mut self) -> Result<Option<Article>> {
        if self.next == self.rows.len() {
            if !self.table.read(&mut self.rows)? {
                return Ok(None);
            }
            self.next = 0;
        }
        let row = self.rows.row(self.next);
        self.next += 1;
        self.n_rows += 1;
        let get = |column: Option<usize>| column.map_or("", |column| row.get(column)).to_owned();
        let text = get(self.text);
        let (source, markup) = if text.trim().is_empty() && self.html.is_some() {
            (get(self.html), Markup::Html)
        } else {
            (text, Markup::Plain)
        };
        let mut doc_id = get(self.key);
        if doc_id.is_empty() {
            doc_id = format!("{}:{}", stem(self.table.name()), self.n_rows);
        }
        Ok(Some(Article {
            doc_id,
            source,
            markup,
            outlet: get(self.outlet),
            date: get(self.date),
            story_id: get(self.story_id),
            others: self.others.iter().map(|column| get(*column)).collect(),
        }))
    }
}

/// The columns of a table that mean nothing here.
fn other_columns(header: &Header, options: &ArticleOptions) -> Vec<String> {
    let ColumnNames { text, id, outlet, doc_id, story_id, .. } = &options.read.columns;
    let has_doc_id = header.find(doc_id).is_some();
    let known = [text, outlet, doc_id, story_id, &options.date, &options.html];
    let others = header.names().iter().filter(|name| !known.contains(name));
    // The rows have identifiers of their own.
    others
        .filter(|name| has_doc_id || *name != id)
        .map(|name| if name == id { ARTICLE_ID.into() } else { name.clone() })
        .collect()
}

/// The name of a file without its folder and its extension.
fn stem(path: &str) -> String {
    Path::new(path).file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

/// Names files by their own names, and those that share one by their paths.
fn name_files(sources: &mut VecDeque<Source>) {
    let mut n_of: BTreeMap<String, usize> = BTreeMap::new();
    for source in sources.iter() {
        if let Source::File { path, .. } = source {
            *n_of.entry(stem(path)).or_default() += 1;
        }
    }
    for source in sources {
        if let Source::File { path, name, .. } = source {
            *name = stem(path);
            if n_of[name] > 1 {
                let path = path.strip_prefix("./").unwrap_or(path);
                path.clone_into(name);
            }
        }
    }
}

fn markup_of(path: &str) -> Option<Markup> {
    let path = [".gz", ".zst"].iter().find_map(|suffix| path.strip_suffix(suffix)).unwrap_or(path);
    let extension = Path::new(path).extension()?.to_str()?.to_lowercase();
    match &*extension {
        "txt" | "text" | "md" => Some(Markup::Plain),
        "html" | "htm" | "xhtml" => Some(Markup::Html),
        _ => None,
    }
}

/// What is known of a file, by column.
type Facts = BTreeMap<String, String>;

/// What is known of files.
#[derive(Debug)]
struct Manifest {
    folder: PathBuf,
    /// Files as written, with what is known of each until it is asked for.
    files: Vec<(String, Option<Facts>)>,
    by_path: HashMap<PathBuf, usize>,
    by_name: HashMap<String, usize>,
    others: Vec<String>,
}

impl Manifest {
    fn read(path: &str, options: &ArticleOptions) -> Result<Self> {
        let mut table = Table::open(path, &ReadOptions { format: None, ..options.read.clone() })?;
        let name = display_name(path).to_owned();
        let file = table
            .header()
            .require("file", "; a manifest names one file a row")
            .map_err(|error| error.in_file(&name))?;
        let names = table.header().names().to_vec();
        let others = other_columns(table.header(), options).into_iter().filter(|column| column != "file").collect();
        let folder = Path::new(path).parent().map(Path::to_owned).unwrap_or_default();
        let mut manifest =
            Manifest { folder, files: Vec::new(), by_path: HashMap::new(), by_name: HashMap::new(), others };
        let mut rows = Rows::default();
        while table.read(&mut rows)? {
            for row in rows.iter() {
                let file = row.get(file).to_owned();
                if file.is_empty() {
                    let kind = ErrorKind::BadValue { found: file, expected: "the name of a file".into() };
                    return Err(Error::from(kind).in_file(&name).at_line(row.line()).in_column("file"));
                }
                let i = manifest.files.len();
                if let Ok(path) = std::fs::canonicalize(manifest.folder.join(&file)) {
                    manifest.by_path.entry(path).or_insert(i);
                }
                manifest.by_name.entry(file.clone()).or_insert(i);
                let facts = names.iter().enumerate().map(|(i, name)| (name.clone(), row.get(i).to_owned())).collect();
                manifest.files.push((file, Some(facts)));
            }
        }
        Ok(manifest)
    }

    fn paths(&self) -> Vec<String> {
        self.files.iter().map(|(file, _)| self.folder.join(file).to_string_lossy().into_owned()).collect()
    }

    /// What is known of the file at `path`: by its path from the manifest's folder or from here, else by its bare
    /// name.
    fn take(&mut self, path: &str) -> Option<Facts> {
        let by_path = std::fs::canonicalize(path).ok().and_then(|path| self.by_path.get(&path).copied());
        let name = || Path::new(path).file_name()?.to_str();
        let by_name = || [path, name()?].iter().find_map(|name| self.by_name.get(*name).copied());
        let i = by_path.or_else(by_name)?;
        self.files[i].1.take()
    }

    /// The files that nobody asked for.
    fn rest(self) -> Vec<String> {
        self.files.into_iter().filter(|(_, facts)| facts.is_some()).map(|(file, _)| file).collect()
    }
}
