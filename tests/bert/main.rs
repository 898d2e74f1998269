//! Encoders of BERT's family: their vectors against a plain reckoning and against sentence-transformers, what fine-tuning does, and the
//! program with them.

// A test that cannot set its scene may panic.
#![allow(clippy::unwrap_used)]

mod program;
#[path = "../support/mod.rs"]
mod support;
mod tiny;
mod tuning;
mod vectors;
