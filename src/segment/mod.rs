//! Taking apart: articles in, sentences out, each with its place, its voice and who speaks.
//!
//! A [`Segmenter`] takes one article apart. On its way the text is repaired (entities, mojibake, markup; every repair is remembered, so that
//! each sentence keeps its byte range in the article as given), cut into lines, rid of furniture, and cut into sentences; direct
//! speech is followed over sentences and paragraphs, and tells, with the verbs of reporting, whose voice a sentence is. [`segment`] does so for
//! a whole collection, finds what only many articles tell (stories, wire copy, lines that recur), and writes rows.

mod attribution;
mod clusters;
mod collection;
mod copies;
mod edits;
mod furniture;
mod html;
mod language;
mod lexicon;
mod lines;
mod marks;
mod minhash;
mod phrases;
mod pipeline;
mod recurring;
mod repair;
mod reporting;
mod rows;
mod rules;
mod segmenter;
mod sentences;
mod speech;
mod spool;
mod stories;
mod terms;
mod voice;
mod words;

pub use edits::Repair;
pub use furniture::Furniture;
pub use pipeline::{SegmentOptions, SegmentProgress, SegmentReport, segment};
pub use segmenter::{Segmented, Segmenter, Sentence};
pub use stories::StoryParams;
pub use voice::Voice;
