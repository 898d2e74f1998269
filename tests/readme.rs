//! The console blocks of the README and of the model's card, and the cases in `tests/cli`, run for real.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

/// Runs in a copy, so that the files that the examples write do not land in the repository.
///
/// With `TRYCMD=overwrite` the README's outputs are rewritten instead.
#[test]
fn readme_is_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let readme = folder.path().join("README.md");
    fs::copy(root.join("README.md"), &readme).unwrap();
    let labels = folder.path().join("README.in/labels");
    fs::create_dir_all(&labels).unwrap();
    for name in ["framing-en.csv", "coders.csv"] {
        fs::copy(root.join("labels").join(name), labels.join(name)).unwrap();
    }
    let articles = folder.path().join("README.in/tests/articles");
    fs::create_dir_all(&articles).unwrap();
    for entry in fs::read_dir(root.join("tests/articles")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), articles.join(entry.file_name())).unwrap();
    }

    let cases = trycmd::TestCases::new();
    cases.case(&readme);
    cases.run();
    if std::env::var("TRYCMD").is_ok_and(|mode| mode == "overwrite") {
        fs::copy(&readme, root.join("README.md")).unwrap();
    }
}

/// The card that `inspect` prints is the one in models/README.md.
#[test]
fn the_card_is_the_models() {
    trycmd::TestCases::new().case("models/README.md");
}

#[test]
fn cli_cases() {
    trycmd::TestCases::new().case("tests/cli/*.trycmd");
}
