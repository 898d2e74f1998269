//! Sentences to vectors, step by step: `cargo bench --bench featurise`. An item is a sentence.

mod support;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use framescope::features::{Documents, FeatureMatrix, FeatureValidParams, Lexicon, Tokenizer, Vocabulary};
use support::{n_bytes, sentences, size};

const N: usize = size(10_000, 200);

fn main() {
    divan::main();
}

fn tokenised(texts: &[String]) -> Documents {
    Documents::new(&Tokenizer::default(), texts).expect("generated text can be tokenised")
}

fn vectors(lexicon: &Lexicon, params: &FeatureValidParams) -> FeatureMatrix {
    let rows: Vec<usize> = (0..lexicon.documents().len()).collect();
    Vocabulary::fit(lexicon, &rows, params).transform(lexicon, &rows, params)
}

#[divan::bench(sample_count = 10)]
fn documents(bencher: Bencher) {
    let texts = sentences(N);
    bencher
        .counter(BytesCount::new(n_bytes(&texts)))
        .counter(ItemsCount::new(N))
        .bench(|| tokenised(black_box(&texts)));
}

#[divan::bench(sample_count = 10)]
fn lexicon(bencher: Bencher) {
    let documents = tokenised(&sentences(N));
    let params = FeatureValidParams::default();
    bencher
        .counter(ItemsCount::new(N))
        .with_inputs(|| documents.clone())
        .bench_values(|documents| Lexicon::new(documents, black_box(&params)));
}

#[divan::bench(sample_count = 10)]
fn vocabulary(bencher: Bencher) {
    let params = FeatureValidParams::default();
    let lexicon = Lexicon::new(tokenised(&sentences(N)), &params);
    let rows: Vec<usize> = (0..N).collect();
    bencher.counter(ItemsCount::new(N)).bench(|| Vocabulary::fit(black_box(&lexicon), &rows, &params));
}

#[divan::bench(sample_count = 10)]
fn transform(bencher: Bencher) {
    let params = FeatureValidParams::default();
    let lexicon = Lexicon::new(tokenised(&sentences(N)), &params);
    let rows: Vec<usize> = (0..N).collect();
    let vocabulary = Vocabulary::fit(&lexicon, &rows, &params);
    bencher.counter(ItemsCount::new(N)).bench(|| vocabulary.transform(black_box(&lexicon), &rows, &params));
}

/// All of it, as the final fit of a training does.
#[divan::bench(sample_count = 10)]
fn all_steps(bencher: Bencher) {
    let texts = sentences(N);
    let params = FeatureValidParams::default();
    bencher
        .counter(BytesCount::new(n_bytes(&texts)))
        .counter(ItemsCount::new(N))
        .bench(|| vectors(&Lexicon::new(tokenised(black_box(&texts)), &params), &params));
}
