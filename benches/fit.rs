//! One frame's fit as the rows grow: `cargo bench --bench fit`. An item is a row.

mod support;

use divan::Bencher;
use divan::counter::ItemsCount;
use framescope::Code;
use framescope::corpus::Codes;
use framescope::features::{Documents, FeatureMatrix, FeatureValidParams, Lexicon, Tokenizer, Vocabulary};
use framescope::model::LogisticParams;
use linfa::DatasetBase;
use linfa::traits::Fit as _;
use support::{labelled, size};

const SIZES: [usize; 3] = [size(1_000, 100), size(10_000, 300), size(100_000, 1_000)];

fn main() {
    divan::main();
}

fn dataset(n: usize) -> DatasetBase<FeatureMatrix, Codes> {
    let (texts, present) = labelled(n);
    let params = FeatureValidParams::default();
    let documents = Documents::new(&Tokenizer::default(), &texts).expect("generated text can be tokenised");
    let lexicon = Lexicon::new(documents, &params);
    let rows: Vec<usize> = (0..n).collect();
    let matrix = Vocabulary::fit(&lexicon, &rows, &params).transform(&lexicon, &rows, &params);
    DatasetBase::new(matrix, Codes::from_shape_fn((n, 1), |(row, _)| Code::from(present[row])))
}

/// Each sample gets a matrix of its own: transposing it is part of the work, and is done once a matrix.
/// The longest size stops after half a minute, with as many samples as that gives.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1, max_time = 30)]
fn one_frame(bencher: Bencher, n: usize) {
    let dataset = dataset(n);
    let params = LogisticParams::default();
    bencher
        .counter(ItemsCount::new(n))
        .with_inputs(|| dataset.clone())
        .bench_refs(|dataset| params.fit(dataset).expect("the labels have both classes, and noise"));
}
