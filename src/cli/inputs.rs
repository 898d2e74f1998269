//! What holds for the inputs of every verb.

use std::path::Path;

use super::args::Common;
use super::console;
use crate::corpus::EXTENSIONS;
use crate::error::{Error, Result};

/// Refuses arguments that name stdin twice, since it can be read only once.
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
pub(super) fn stdin_once<'a>(inputs: impl IntoIterator<Item = &'a str>) -> Result<()> {
    if inputs.into_iter().filter(|input| *input == "-").count() > 1 {
        return Err(Error::parameter("input", "stdin (-) twice", "it once, since it can be read only once, and files"));
    }
    Ok(())
}

/// Refuses an output that is one of the inputs; `what` would replace it.
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
pub(super) fn not_an_input<'a>(output: &Path, inputs: impl IntoIterator<Item = &'a str>, what: &str) -> Result<()> {
    let Ok(output) = std::fs::canonicalize(output) else { return Ok(()) };
    let same = |input: &&str| std::fs::canonicalize(input).is_ok_and(|input| input == output);
    match inputs.into_iter().find(same) {
        Some(input) => Err(Error::parameter("--output", input, &format!("another file than {what} would replace"))),
        None => Ok(()),
    }
}

/// The model's name among the inputs; `None` where it is the bundled one.
pub(super) fn model_name(model: Option<&Path>) -> Option<&str> {
    model.and_then(Path::to_str)
}

/// Refuses `-` where several files are written: stdout takes one.
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
pub(super) fn folder_not_stdout(folder: Option<&Path>) -> Result<()> {
    match folder {
        Some(folder) if folder == Path::new("-") => Err(Error::parameter(
            "--output",
            "-",
            "a folder, which gets several files; without it, the main result goes to stdout",
        )),
        _ => Ok(()),
    }
}

/// Warns of files in folders that are not read.
pub(super) fn warn_passed_over(common: &Common, passed_over: &[String]) {
    if !passed_over.is_empty() {
        let which = few(passed_over);
        let extensions = EXTENSIONS.join(", ");
        let hint = "also .gz or .zst; name others themselves";
        console::warn(common, &format!("passed over {which}: from folders only {extensions} files are taken, {hint}"));
    }
}

/// The first of some names, and how many more there are.
pub(super) fn few(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}
