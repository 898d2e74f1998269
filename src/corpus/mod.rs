//! Reading: files in, typed rows out.
//!
//! In comes a path (`-` is stdin) to CSV, TSV or JSON Lines, also compressed. Out goes a [`Table`], which streams rows
//! as they stand in the file, a [`Corpus`], which holds coded rows in memory with their codes of shape (n_rows,
//! n_frames), or [`Ratings`], which hold what several coders made of the same units. [`split`](folds) cuts a corpus
//! into folds that keep groups whole. Next room: [`features`](crate::features).

mod articles;
mod coded;
mod columns;
mod decimal;
mod delimited;
mod feed;
mod files;
pub(crate) mod input;
mod json_lines;
mod json_object;
mod labels;
mod population;
mod ratings;
mod rewrite;
mod rows;
mod splits;
mod table;

pub use articles::{Article, ArticleNotes, ArticleOptions, Articles, Markup};
pub(crate) use coded::cluster;
pub use coded::{Categories, Corpus, CorpusOptions, LeftOut, SourceFile};
pub use columns::{ColumnNames, Header};
pub(crate) use decimal::decimal;
pub use files::{EXTENSIONS, RowFile, RowFiles};
pub use labels::{Code, Codes, Frames, NO_FRAME, SEPARATOR};
pub use population::{Population, RawRows, RowScores};
pub use ratings::{LabelSet, RatedUnit, Ratings, RatingsOptions};
pub(crate) use rewrite::{Cell, Rewriter};
pub use rows::{Row, Rows};
pub(crate) use splits::join_same_texts;
pub use splits::{Folds, GroupBy, folds};
#[cfg(feature = "cli")]
pub(crate) use table::is_compressed;
pub(crate) use table::without_compression;
pub use table::{ReadOptions, Table, TableFormat};
