//! Featurizing: sentences in, vectors out.
//!
//! A [`Tokenizer`] cuts texts into words ([`Documents`]); a [`Lexicon`] cuts the distinct words into subwords; a [`Vocabulary`] is
//! learned from some of the rows and makes a [`FeatureMatrix`] of shape (n_rows, n_features) of these or others. The matrix is a
//! list of blocks, words and subwords, each normalised by itself. Next room: [`model`](crate::model).

mod csr;
mod documents;
pub mod encoder;
mod lexicon;
mod matrix;
mod params;
mod pieces;
mod strings;
mod subwords;
mod tokenizer;
mod vocabulary;

pub use documents::Documents;
pub use encoder::{EncoderIdentity, SentenceEncoder};
pub use lexicon::Lexicon;
pub use matrix::FeatureMatrix;
pub use params::{FeatureParams, FeatureValidParams, Names};
pub use strings::StringTable;
pub use tokenizer::{Token, Tokenizer};
pub use vocabulary::Vocabulary;

pub(crate) use documents::NAME;
pub(crate) use encoder::vectors_of;
pub(crate) use matrix::Operand;
pub(crate) use pieces::Piece;
pub(crate) use subwords::{SLACK, subword_spans};
pub(crate) use vocabulary::sublinear;
