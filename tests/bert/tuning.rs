//! Fine-tuning: what it does to vectors, and that a killed run goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use framescope::features::SentenceEncoder;
use framescope::features::encoder::{BertEncoder, TuningRows, TuningValidParams};
use ndarray::Array2;

use super::tiny::{self, Kind};

const ATTACKS: [&str; 4] = ["they will attack", "war and threat", "the army attacks", "a threat of war"];
const TALKS: [&str; 4] = ["we agree to talk", "peace talks", "the minister agreed", "talk of peace"];

/// Rows of two frames, of which none has both; the last quarter has none.
fn texts() -> (Vec<String>, Array2<Option<bool>>) {
    let text = |i: usize| match i % 4 {
        0 => format!("{} {}", ATTACKS[i / 4 % 4], ATTACKS[i / 7 % 4]),
        1 | 2 => format!("{}, {}", TALKS[i / 4 % 4], TALKS[i / 5 % 4]),
        _ => "a lie of the minister".to_owned(),
    };
    let labels =
        Array2::from_shape_fn((48, 2), |(i, j)| Some(if j == 0 { i % 4 == 0 } else { i % 4 == 1 || i % 4 == 2 }));
    ((0..48).map(text).collect(), labels)
}

fn params(checkpoints: Option<&Path>) -> TuningValidParams {
    TuningValidParams {
        max_epochs: 4,
        batch: 16,
        learning_rate: 5e-3,
        n_layers: 2,
        held_out: 0.25,
        seed: 7,
        checkpoints: checkpoints.map(Path::to_owned),
    }
}

fn tuned(encoder: &BertEncoder, params: &TuningValidParams, step: &(dyn Fn() + Sync)) -> Arc<dyn SentenceEncoder> {
    let (texts, labels) = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let groups: Vec<u32> = (0..48).map(|i| i / 4).collect();
    encoder.fine_tuned(&TuningRows { texts: &texts, labels: labels.view(), groups: &groups }, params, step).unwrap()
}

fn encoder(folder: &Path) -> BertEncoder {
    tiny::write(folder, Kind::Mean);
    BertEncoder::load(folder, "tiny", None).unwrap()
}

/// The mean cosine of rows that share a frame, less that of rows of two frames.
fn apart(encoder: &dyn SentenceEncoder) -> f32 {
    let vectors = encoder.encode(&[ATTACKS, TALKS].concat()).unwrap();
    let cosine = |i: usize, j: usize| vectors.row(i).dot(&vectors.row(j));
    let mean = |pairs: Vec<(usize, usize)>| pairs.iter().map(|(i, j)| cosine(*i, *j)).sum::<f32>() / pairs.len() as f32;
    let all = || (0..8).flat_map(|i| (0..i).map(move |j| (i, j)));
    mean(all().filter(|(i, j)| (*i < 4) == (*j < 4)).collect())
        - mean(all().filter(|(i, j)| (*i < 4) != (*j < 4)).collect())
}

#[test]
fn rows_of_a_frame_come_together_and_others_go_apart() {
    let folder = tempfile::tempdir().unwrap();
    let encoder = encoder(folder.path());
    let n_steps = AtomicUsize::new(0);
    let tuned = tuned(&encoder, &params(None), &|| {
        n_steps.fetch_add(1, Ordering::Relaxed);
    });
    let (before, after) = (apart(&encoder), apart(&*tuned));
    assert!(after > before + 0.3, "frames were {before} apart, and are {after}");
    assert!(n_steps.into_inner() <= params(None).n_steps(48));
    assert_ne!(tuned.identity().sha256, encoder.identity().sha256);
}

#[test]
fn what_is_saved_is_read_with_the_same_hash_and_vectors() {
    let folder = tempfile::tempdir().unwrap();
    let tuned = tuned(&encoder(folder.path()), &params(None), &|| ());
    let copy = folder.path().join("copy");
    tuned.save(&copy).unwrap();
    let back = BertEncoder::load(&copy, "tiny", None).unwrap();
    assert_eq!(back.identity(), tuned.identity());
    assert_eq!(back.encode(&ATTACKS).unwrap(), tuned.encode(&ATTACKS).unwrap());
}

#[test]
fn a_killed_run_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let encoder = encoder(folder.path());
    let whole = tuned(&encoder, &params(None), &|| ()).identity().sha256.clone();
    for kill_at in [1, 4, 9] {
        let kept = tempfile::tempdir().unwrap();
        let n_steps = AtomicUsize::new(0);
        let killed = catch_unwind(AssertUnwindSafe(|| {
            tuned(&encoder, &params(Some(kept.path())), &|| {
                assert!(n_steps.fetch_add(1, Ordering::Relaxed) < kill_at, "killed");
            })
        }));
        assert!(killed.is_err(), "the run ended before step {kill_at}");
        let again = tuned(&encoder, &params(Some(kept.path())), &|| ());
        assert_eq!(again.identity().sha256, whole, "killed at step {kill_at}");
        // Other options are another run, whatever lies there.
        let other = TuningValidParams { seed: 8, ..params(Some(kept.path())) };
        assert_ne!(tuned(&encoder, &other, &|| ()).identity().sha256, whole);
    }
}

#[test]
fn more_layers_than_there_are_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let labels = Array2::from_elem((2, 1), Some(true));
    let rows = TuningRows { texts: &["a", "b"], labels: labels.view(), groups: &[0, 1] };
    let error = encoder(folder.path()).fine_tuned(&rows, &TuningValidParams { n_layers: 4, ..params(None) }, &|| ());
    assert!(error.unwrap_err().to_string().contains("at most 3, which this encoder has"));
}
