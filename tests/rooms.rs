//! Rooms import only rooms before them on the data's way, and each lists here exactly those it uses.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A room may name only rooms above it. `error`, `output`, `parallel` and `stats` are the shelf that all may take from.
const ROOMS: [(&str, &[&str]); 17] = [
    ("error", &[]),
    ("output", &["error"]),
    ("parallel", &["error"]),
    ("stats", &["error"]),
    ("corpus", &["error", "stats"]),
    ("segment", &["corpus", "error", "parallel"]),
    ("features", &["error", "output"]),
    ("calibration", &["error", "stats"]),
    ("evaluation", &["corpus", "error", "stats"]),
    ("model", &["calibration", "corpus", "error", "evaluation", "features", "output", "stats"]),
    ("training", &["calibration", "corpus", "error", "evaluation", "features", "model", "stats"]),
    ("predict", &["corpus", "error", "model", "output", "parallel"]),
    ("comparison", &["corpus", "error", "evaluation", "features", "model", "stats"]),
    ("study", &["comparison", "corpus", "error", "evaluation", "model", "training"]),
    ("report", &["comparison", "corpus", "error", "evaluation", "features", "model", "stats"]),
    (
        "cli",
        &[
            "comparison",
            "corpus",
            "error",
            "evaluation",
            "features",
            "model",
            "output",
            "predict",
            "report",
            "segment",
            "stats",
            "study",
            "training",
        ],
    ),
    // The binary goes through the front door, and `lib` only opens it.
    ("main", &[]),
];

/// Items at the crate's root that stand for the room of errors; other names there are for users of the library.
const ERRORS: [&str; 4] = ["Error", "ErrorKind", "Place", "Result"];

fn source_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).expect("a room is a folder or a file");
    entries.flat_map(|entry| source_files(&entry.expect("a folder can be listed").path())).collect()
}

/// The rooms that a source names after `crate::`, alone or in a group. Comments do not count, nor does a module of tests, which
/// may set its scene with any room.
fn rooms_named(source: &str) -> BTreeSet<String> {
    let library = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: String =
        library.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned() + "\n").collect();
    let identifier =
        |text: &str| -> String { text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let mut named = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = code[at + "crate::".len()..].trim_start();
        let Some(group) = rest.strip_prefix('{') else {
            named.insert(identifier(rest));
            continue;
        };
        let (mut depth, mut start) = (1, 0);
        for (i, c) in group.char_indices() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if (depth == 1 && c == ',') || depth == 0 {
                named.insert(identifier(&group[start..i]));
                start = i + 1;
            }
            if depth == 0 {
                break;
            }
        }
    }
    named.remove("");
    named.into_iter().map(|name| if ERRORS.contains(&name.as_str()) { "error".into() } else { name }).collect()
}

#[test]
fn rooms_import_what_the_table_allows_and_no_more() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(&src).expect("the crate has sources") {
        let path = entry.expect("a folder can be listed").path();
        let room = path.file_stem().and_then(|stem| stem.to_str()).expect("rooms have plain names").to_owned();
        if room == "lib" {
            continue;
        }
        let place = ROOMS.iter().position(|(name, _)| *name == room);
        let place = place.unwrap_or_else(|| panic!("src/{room} is not in the table: add it after the rooms it uses"));
        let allowed: BTreeSet<String> = ROOMS[place].1.iter().map(|name| (*name).to_owned()).collect();
        let above = |name: &String| ROOMS[..place].iter().any(|(other, _)| other == name);
        assert!(allowed.iter().all(above), "{room} lists a room that does not stand above it");

        let mut used = BTreeSet::new();
        for file in source_files(&path).into_iter().filter(|file| !file.ends_with("tests.rs")) {
            let source = fs::read_to_string(&file).expect("sources are UTF-8");
            assert!(!source.contains("super::super"), "{}: say crate::<room>, which is checked", file.display());
            let named = rooms_named(&source);
            let stray: Vec<&String> = named.iter().filter(|name| **name != room && !allowed.contains(*name)).collect();
            assert!(stray.is_empty(), "{}: {room} may not import {stray:?}", file.display());
            used.extend(named);
        }
        used.remove(&room);
        assert_eq!(used, allowed, "the table allows {room} what it does not use");
    }
}

#[test]
fn imports_are_seen_in_every_spelling() {
    let source = "use crate::{\n    model::{Model, Scorer},\n    stats::rng, // and crate::report\n};\n\
                  /// [`crate::cli`]\npub(crate) fn f() -> crate::Result<crate::corpus::Row> {}\n\
                  #[cfg(test)]\nmod tests {\n    use crate::training::train;\n}";
    let expected = ["corpus", "error", "model", "stats"].map(str::to_owned);
    assert_eq!(rooms_named(source), BTreeSet::from(expected));
}
