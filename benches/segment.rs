//! Articles to sentences: `cargo bench --bench segment`.

mod support;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use framescope::Segmenter;
use framescope::corpus::Markup;
use support::{n_bytes, sentences, size};

const N: usize = size(200, 4);

fn main() {
    divan::main();
}

/// Articles of thirty sentences, a third of which quote somebody; an item is an article.
fn articles() -> Vec<String> {
    let quoted = |(i, sentence): (usize, String)| match i % 3 {
        0 => format!("“{}” Premier Oru said.", sentence.trim_end_matches('.').to_owned() + ","),
        1 => sentence,
        _ => format!("Oru accused them: {sentence}\n\n"),
    };
    let sentences: Vec<String> = sentences(30 * N).into_iter().enumerate().map(quoted).collect();
    sentences.chunks(30).map(|article| article.join(" ")).collect()
}

#[divan::bench(sample_count = 20)]
fn segment(bencher: Bencher) {
    let articles = articles();
    bencher.counter(BytesCount::new(n_bytes(&articles))).counter(ItemsCount::new(articles.len())).bench(|| {
        let mut segmenter = Segmenter::new("en");
        for article in &articles {
            black_box(segmenter.segment(black_box(article), Markup::Plain));
        }
    });
}
