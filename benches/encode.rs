//! Sentences a second that a sentence encoder reads, for `benches/peers` to put beside sentence-transformers.
//!
//! `cargo bench --features encoder --bench encode -- FOLDER ROWS.csv N VECTORS.f32` encodes the first N texts, prints the seconds, and
//! writes the vectors, so that they can be compared.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a bench prints times and stops where it fails"
)]

use std::path::Path;
use std::time::Instant;

use framescope::features::SentenceEncoder as _;
use framescope::features::encoder::BertEncoder;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [folder, rows, n, out] = &arguments[..] else {
        println!("nothing to do: --bench encode -- FOLDER ROWS.csv N VECTORS.f32");
        return;
    };
    let mut reader = csv::Reader::from_path(rows).unwrap();
    let text = reader.headers().unwrap().iter().position(|name| name == "text").unwrap();
    let texts: Vec<String> =
        reader.records().take(n.parse().unwrap()).map(|record| record.unwrap()[text].to_owned()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let encoder = BertEncoder::load(Path::new(folder), folder, None).unwrap();
    encoder.encode(&texts[..texts.len().min(64)]).unwrap();
    let started = Instant::now();
    let vectors = encoder.encode(&texts).unwrap();
    println!("{} sentences in {:.3} s", texts.len(), started.elapsed().as_secs_f64());
    let bytes: Vec<u8> = vectors.iter().flat_map(|x| x.to_le_bytes()).collect();
    std::fs::write(out, bytes).unwrap();
}
