//! Models with a sentence encoder: trained, kept out of what they are judged on, saved, scored and explained.

#![allow(clippy::unwrap_used)]

mod scoring;
#[path = "../support/mod.rs"]
mod support;
mod training;

use std::path::PathBuf;
use std::sync::Arc;

use framescope::features::encoder::TuningParams;
use framescope::stats::Bootstrap;
use framescope::training::DenseParams;
use framescope::{Corpus, CorpusOptions, TrainParams};
use support::encoder::Hashed;

const DIM: usize = 32;

fn corpus(n: usize) -> Corpus {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/labels/framing-en.csv").to_owned();
    Corpus::read(&[path], &CorpusOptions::default()).unwrap().select(&(0..n).collect::<Vec<_>>())
}

/// Little work, and one penalty and length.
fn params(encoder: &Arc<Hashed>) -> TrainParams {
    let dense = DenseParams { encoder: encoder.clone(), weights: vec![2.0], alone: false, fine_tune: None };
    TrainParams {
        alphas: vec![1.0],
        n_folds: 3,
        leakage: false,
        bootstrap: Bootstrap { n_replicates: 0, ..Bootstrap::default() },
        dense: Some(dense),
        ..TrainParams::default()
    }
}

fn with_dense(params: &TrainParams, change: impl FnOnce(&mut DenseParams)) -> TrainParams {
    let mut params = params.clone();
    change(params.dense.as_mut().unwrap());
    params
}

fn tuning() -> TuningParams {
    let mut tuning = TuningParams::default();
    tuning.0.checkpoints = Some(PathBuf::from("kept"));
    tuning
}

fn encoder() -> Arc<Hashed> {
    Arc::new(Hashed::new(DIM))
}

/// All settings to choose from, `alone` and fine-tuned.
fn kinds(encoder: &Arc<Hashed>) -> Vec<(&'static str, TrainParams)> {
    let plain = params(encoder);
    let many = TrainParams { alphas: vec![3.0, 0.3], ..with_dense(&plain, |dense| dense.weights = vec![0.5, 4.0]) };
    let alone = TrainParams { alphas: vec![3.0, 0.3], ..with_dense(&plain, |dense| dense.alone = true) };
    let tuned = with_dense(&plain, |dense| dense.fine_tune = Some(tuning()));
    let both = with_dense(&alone, |dense| dense.fine_tune = Some(tuning()));
    vec![
        ("one setting", plain),
        ("four settings", many),
        ("alone", alone),
        ("fine-tuned", tuned),
        ("fine-tuned, alone", both),
    ]
}
