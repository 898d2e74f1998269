//! Loading the bundled model, and scoring with it on one thread: `cargo bench --bench score`. An item is a sentence.

mod support;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use framescope::{Model, Scorer, Scratch};
use support::{n_bytes, sentences, size, unseen_sentences};

const N: usize = size(10_000, 100);

fn main() {
    divan::main();
}

fn scorer() -> Scorer {
    Scorer::new(Model::bundled().expect("the bundled model loads")).expect("it needs no encoder")
}

fn score_all(scorer: &Scorer, texts: &[String], scratch: &mut Scratch, proba: &mut [f64]) {
    for text in texts {
        scorer.proba(black_box(text), scratch, proba).expect("generated text can be scored");
        black_box(&proba);
    }
}

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/framing-en.safetensors");

/// From a file, whose hash is checked, to a model.
#[divan::bench(sample_count = 50)]
fn load(bencher: Bencher) {
    let n_bytes = std::fs::metadata(MODEL).expect("the model's file is there").len();
    bencher.counter(BytesCount::new(n_bytes)).bench_local(|| Model::load(MODEL).expect("the file is a model"));
}

/// From a model to the tables that score.
#[divan::bench(sample_count = 50)]
fn compile(bencher: Bencher) {
    let model = Model::bundled().expect("the bundled model loads");
    bencher.with_inputs(|| model.clone()).bench_local_values(|model| Scorer::new(model).expect("it needs no encoder"));
}

/// All words met before, as after the first seconds of a long file.
#[divan::bench(sample_count = 50)]
fn warm(bencher: Bencher) {
    let (scorer, texts) = (scorer(), sentences(N));
    let (mut scratch, mut proba) = (Scratch::default(), vec![0.0; scorer.frames().len()]);
    score_all(&scorer, &texts, &mut scratch, &mut proba);
    bencher
        .counter(BytesCount::new(n_bytes(&texts)))
        .counter(ItemsCount::new(N))
        .bench_local(|| score_all(&scorer, &texts, &mut scratch, &mut proba));
}

/// Empty caches, and words that come back: the start of a file.
#[divan::bench(sample_count = 10)]
fn cold(bencher: Bencher) {
    score_cold(bencher, &sentences(N));
}

/// Empty caches, and no word comes twice: the worst case.
#[divan::bench(sample_count = 10)]
fn unseen_words(bencher: Bencher) {
    score_cold(bencher, &unseen_sentences(N));
}

fn score_cold(bencher: Bencher, texts: &[String]) {
    let scorer = scorer();
    let mut proba = vec![0.0; scorer.frames().len()];
    bencher
        .counter(BytesCount::new(n_bytes(texts)))
        .counter(ItemsCount::new(N))
        .with_inputs(Scratch::default)
        .bench_local_refs(|scratch| score_all(&scorer, texts, scratch, &mut proba));
}
