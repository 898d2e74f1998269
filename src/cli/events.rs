//! What stderr says where programs read it: one JSON object a line (`--progress json`).

use std::ffi::OsString;
use std::io::Write as _;

use serde::Serialize;

/// One line.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event<'a> {
    /// Work has come so far.
    Progress(&'a Extent<'a>),
    /// A stage of the work begins.
    Stage { stage: &'a str },
    /// One of many files has its rows, or not.
    File {
        input: &'a str,
        output: &'a str,
        /// `scored` now, `complete` since an earlier run, or `failed`.
        status: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        rows: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<&'a str>,
    },
    /// Something to know.
    Note { message: &'a str },
    /// Something to look at.
    Warning { message: &'a str },
    /// Why the run failed, and the code it ends with.
    Error { message: &'a str, exit_code: u8 },
}

/// How far a stage is.
#[derive(Debug, Default, Serialize)]
pub(super) struct Extent<'a> {
    /// The stage, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<&'a str>,
    /// What is counted: rows, articles, folds.
    pub unit: &'a str,
    pub done: u64,
    /// How many there will be, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Bytes of input read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Bytes of all input, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_bytes: Option<u64>,
}

impl Event<'_> {
    /// Writes the line.
    pub(super) fn emit(&self) {
        let mut line = serde_json::to_string(self).expect("events are strings and whole numbers");
        line.push('\n');
        // In one piece, since others may write to the same place. When stderr is gone there is nobody to tell.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }
}

/// Whether these arguments ask for JSON, which must be known even where they cannot be parsed.
pub(super) fn are_asked_for(args: impl IntoIterator<Item = OsString>) -> bool {
    let mut args = args.into_iter().take_while(|arg| arg != "--").peekable();
    while let Some(arg) = args.next() {
        if arg == "--progress=json" || (arg == "--progress" && args.peek().is_some_and(|form| form == "json")) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_name_their_event_first() {
        let extent = Extent { unit: "rows", done: 3, total_bytes: Some(9), ..Extent::default() };
        let line = serde_json::to_string(&Event::Progress(&extent)).unwrap();
        assert_eq!(line, r#"{"event":"progress","unit":"rows","done":3,"total_bytes":9}"#);
        let line = serde_json::to_string(&Event::Warning { message: "a \"b\"" }).unwrap();
        assert_eq!(line, r#"{"event":"warning","message":"a \"b\""}"#);
    }

    #[test]
    fn json_is_seen_among_arguments_that_do_not_parse() {
        let asks = |args: &[&str]| are_asked_for(args.iter().map(OsString::from));
        assert!(asks(&["predict", "--no-such", "--progress", "json"]));
        assert!(asks(&["--progress=json"]));
        assert!(!asks(&["explain", "--text", "--progress"]));
        assert!(!asks(&["predict", "--", "--progress", "json"]));
    }
}
