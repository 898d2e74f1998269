//! Text to tokens: `cargo bench --bench tokenise`.

mod support;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use framescope::features::Tokenizer;
use support::{n_bytes, sentences, size};

const N: usize = size(10_000, 100);

fn main() {
    divan::main();
}

/// The scan that everything but training runs on; an item is a sentence.
#[divan::bench(sample_count = 20)]
fn tokens(bencher: Bencher) {
    let (tokenizer, texts) = (Tokenizer::default(), sentences(N));
    bencher.counter(BytesCount::new(n_bytes(&texts))).counter(ItemsCount::new(N)).bench(|| {
        for text in &texts {
            black_box(tokenizer.tokens(black_box(text)).expect("generated text can be tokenised"));
        }
    });
}

/// The `tokenizers` crate on whole sentences: what the scan replaces, and must agree with.
#[divan::bench(sample_count = 3)]
fn tokens_with_spans(bencher: Bencher) {
    let (tokenizer, texts) = (Tokenizer::default(), sentences(N / 10));
    bencher.counter(BytesCount::new(n_bytes(&texts))).counter(ItemsCount::new(texts.len())).bench(|| {
        for text in &texts {
            black_box(tokenizer.tokens_with_spans(black_box(text)).expect("generated text can be tokenised"));
        }
    });
}
