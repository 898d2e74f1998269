//! Outputs that may not move by a byte when the program is made faster.
//!
//! `tests/golden.txt` holds the SHA-256 of each. A change that means to move one runs `UPDATE_GOLDEN=1 cargo test --test golden`, and
//! says in `CHANGELOG.md` what moved, and why.

#![allow(clippy::unwrap_used)]

mod support;

use std::fmt::Write as _;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest as _, Sha256};
use support::Folder;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Cells that readers and tokenizers trip over, as the bytes of a file.
const CELLS: [&str; 24] = [
    "",
    "\"\"",
    "\"needless quotes\"",
    "\"a, b and c\"",
    "\"he said \"\"no\"\", twice\"",
    "\"\"\"all of it\"\"\"",
    "5\" gun",
    "he said \"no\"",
    "\"closed\" and on",
    "\"closed \"\"twice\"\"\" and \"on\"",
    "\"two\nlines\"",
    "\"two\r\nlines, \"\"quoted\"\"\"",
    "  blanks around  ",
    "\t",
    "caf\u{e9} na\u{ef}ve",
    "\u{201c}Don\u{2019}t\u{201d} \u{2014} the U.S.-backed side",
    "nbsp\u{a0}between\u{2003}words\u{3000}here",
    "e\u{301}tude \u{fb01}ne \u{ff21}\u{ff22} \u{1f469}\u{200d}\u{1f4bb}",
    "\u{41f}\u{440}\u{435}\u{437}\u{438}\u{434}\u{435}\u{43d}\u{442} \u{43f}\u{440}\u{438}\u{433}\u{440}\u{43e}\u{437}\u{438}\u{432}",
    "incomprehensibilities-antidisestablishmentarianism:floccinaucinihilipilification",
    "the the the The THE troops troops withdraw troops withdraw from from",
    "x\u{1}y \u{7f} \u{85} z",
    "'quoted' (bracketed) #tag @name 12;5 \"",
    "-0.5",
];

/// Sentences of the bundled labels among cells of every awkward kind, with all three line endings and blank lines.
fn hostile(n: usize) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let mut labels = csv::Reader::from_path(format!("{ROOT}/labels/framing-en.csv")).unwrap();
    let text = labels.headers().unwrap().iter().position(|name| name == "text").unwrap();
    let sentences: Vec<String> = labels.records().map(|row| row.unwrap()[text].to_owned()).collect();
    let mut out = "id,text,\"note, quoted\",empty\n".to_owned();
    for i in 0..n {
        let mut sentence = sentences[rng.random_range(0..sentences.len())].clone();
        match rng.random_range(0..12) {
            0 => sentence = sentence.to_uppercase(),
            1 => sentence = format!("{sentence} {sentence}"),
            2 => sentence = sentence.replace(' ', "\u{a0} "),
            3 => sentence.push_str(&" again and again, troops massed".repeat(rng.random_range(1..120))),
            4 => sentence = sentence.replace('e', "\u{e9}"),
            _ => {}
        }
        let quoted = format!("\"{}\"", sentence.replace('"', "\"\""));
        let text = if rng.random_bool(0.8) { quoted.as_str() } else { CELLS[rng.random_range(0..CELLS.len())] };
        let note = CELLS[rng.random_range(0..CELLS.len())];
        let end = ["\n", "\n", "\n", "\r\n", "\r", "\n\n\r\n"][rng.random_range(0..6)];
        write!(out, "r{i},{text},{note},{end}").unwrap();
    }
    // The last line has no end.
    out.push_str("last,\"no line end\",,");
    out
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// What is written where, by name.
fn outputs() -> Vec<(String, Vec<u8>)> {
    let labels = std::fs::read(format!("{ROOT}/labels/framing-en.csv")).unwrap();
    // No sentence of the labels holds a line break: a line is a row.
    let lines: Vec<&[u8]> = labels.split_inclusive(|byte| *byte == b'\n').collect();
    let some = lines[..601].concat();
    let rest = [lines[0], &lines[601..2600].concat()].concat();
    let rows = hostile(1500);
    // Its own delimiter would need other quotes in every cell.
    let tabs = rows.replace('\t', " ").replace(',', "\t");
    let folder = Folder::with_rows(&rows)
        .with("rows.tsv", tabs)
        .with("labels.csv", labels)
        .with("some.csv", some)
        .with("rest.csv", rest);
    let mut found: Vec<(String, Vec<u8>)> = Vec::new();
    let mut keep = |name: &str, bytes: Vec<u8>| found.push((name.to_owned(), bytes));
    let printed = |args: &[&str]| folder.succeeds(args).stdout;

    let predict = ["predict", "rows.csv", "--quiet", "--threads", "2", "-o"];
    for out in ["out.csv", "out.tsv", "out.jsonl"] {
        folder.succeeds(&[&predict[..], &[out]].concat());
        keep(&format!("predict rows.csv -o {out}"), folder.read(out));
    }
    keep("predict rows.tsv", printed(&["predict", "rows.tsv", "--quiet"]));
    keep("predict out.jsonl", printed(&["predict", "out.jsonl", "--overwrite-columns", "--format", "json", "-q"]));
    keep("predict out.csv again", printed(&["predict", "out.csv", "--overwrite-columns", "-q"]));
    keep("predict labels.csv", printed(&["predict", "labels.csv", "-q"]));
    keep("explain", printed(&["explain", "rows.csv", "--format", "csv", "--top", "3"]));

    let train = ["train", "some.csv", "-o", "some.safetensors", "--group", "doc_id", "--n-bootstrap", "50", "-q"];
    keep("train, table", printed(&train));
    keep("train, artefact", folder.read("some.safetensors"));
    keep("predict with it", printed(&["predict", "rows.csv", "--model", "some.safetensors", "-q"]));
    let evaluate = ["evaluate", "labels.csv", "--n-bootstrap", "50", "--format", "json", "-q"];
    keep("evaluate", printed(&evaluate));

    let articles = format!("{ROOT}/tests/articles");
    keep("segment", printed(&["segment", &articles, "-q"]));
    let sample =
        ["sample", "labels.csv", "--keep-coded", "--coded-at-random", "--per-outlet", "20", "-o", "drawn.csv", "-q"];
    keep("sample", printed(&sample));
    keep("sample, rows", folder.read("drawn.csv"));
    folder.succeeds(&["compare", "rest.csv", "--model", "some.safetensors", "-o", "compared", "-q"]);
    for file in ["shares.csv", "differences.csv", "comparison.json"] {
        keep(&format!("compare, {file}"), folder.read(&format!("compared/{file}")));
    }
    found
}

#[test]
fn nothing_has_moved() {
    let path = format!("{ROOT}/tests/golden.txt");
    let line = |(name, bytes): &(String, Vec<u8>)| format!("{}  {:>9}  {name}\n", digest(bytes), bytes.len());
    let found = outputs().iter().map(line).collect::<Vec<_>>().concat();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    let moved: Vec<&str> = found.lines().filter(|line| !expected.lines().any(|other| other == *line)).collect();
    assert!(moved.is_empty(), "these outputs are not what they were:\n{}", moved.join("\n"));
    assert_eq!(found.lines().count(), expected.lines().count(), "an output is missing");
}
