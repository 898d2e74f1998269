//! CSV to CSV against the floor, the same file read and written with nothing in between: `cargo bench --bench csv`.
//! An item is a row.

mod support;

use std::path::PathBuf;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use framescope::predict::{PredictOptions, predict};
use framescope::{Model, Scorer};
use support::{size, write_csv};
use tempfile::TempDir;

const N: usize = size(50_000, 200);

fn main() {
    divan::main();
}

/// The file, its bytes, and the folder that lives as long as it.
fn rows() -> (PathBuf, u64, TempDir) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let path = folder.path().join("rows.csv");
    let n_bytes = write_csv(&path, N);
    (path, n_bytes, folder)
}

/// The csv crate, from the file to nowhere.
#[divan::bench(sample_count = 10)]
fn floor(bencher: Bencher) {
    let (path, n_bytes, _folder) = rows();
    bencher.counter(BytesCount::new(n_bytes)).counter(ItemsCount::new(N)).bench(|| {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(&path).expect("the file is there");
        let mut writer = csv::Writer::from_writer(std::io::sink());
        let mut record = csv::ByteRecord::new();
        let mut n_rows = 0;
        while reader.read_byte_record(&mut record).expect("the file is CSV") {
            writer.write_byte_record(&record).expect("nowhere has room");
            n_rows += 1;
        }
        writer.flush().expect("nowhere has room");
        assert_eq!(n_rows, N + 1);
    });
}

/// The same with three probabilities and a decision a row, by threads that score.
#[divan::bench(args = [1, 2], sample_count = 10)]
fn predicted(bencher: Bencher, n_threads: usize) {
    let (path, n_bytes, _folder) = rows();
    let paths = [path.display().to_string()];
    let scorer = Scorer::new(Model::bundled().expect("the bundled model loads")).expect("it needs no encoder");
    let options = PredictOptions { n_threads, ..PredictOptions::default() };
    bencher.counter(BytesCount::new(n_bytes)).counter(ItemsCount::new(N)).bench(|| {
        let write = |bytes: &[u8]| {
            black_box(bytes);
            Ok(())
        };
        let report = predict(&scorer, &paths, &options, write, |_| ()).expect("generated rows can be scored");
        assert_eq!(report.n_rows, N as u64);
    });
}
