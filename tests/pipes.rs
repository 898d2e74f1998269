//! What notebooks and pipes need: chosen columns, progress that programs read, stdin and stdout everywhere, and the
//! program's word on itself.

#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use support::{Folder, coded_csv, command, train, trained};

const ROWS: &str = "id,text\n7,Both sides agreed to talk.\n8,The minister blamed the rebels.\n9,\n";

/// Each line of stderr, which must be an object with an event.
fn events(stderr: &str) -> Vec<(String, Value)> {
    let event = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        (value["event"].as_str().unwrap().to_owned(), value)
    };
    stderr.lines().map(event).collect()
}

#[test]
fn columns_are_chosen_and_ordered() {
    let folder = Folder::with_rows(ROWS);
    let run = folder.succeeds(&["predict", "rows.csv", "-q", "--select", "p_escalation,id"]);
    let rows = run.rows();
    assert_eq!(rows[0], ["p_escalation", "id"]);
    assert_eq!(rows.iter().map(|row| row[1].as_str()).collect::<Vec<_>>(), ["id", "7", "8", "9"]);
    let all = folder.succeeds(&["predict", "rows.csv", "-q"]).rows();
    assert_eq!(rows[1][0], all[1][all[0].iter().position(|name| name == "p_escalation").unwrap()]);

    let run = folder.succeeds(&["predict", "rows.csv", "-q", "--select", "predicted"]);
    assert_eq!(run.text(), "predicted\ndialogue\naccusation\n\"\"\n", "an empty row is no blank line");
    let run = folder.succeeds(&["predict", "rows.csv", "-q", "--select", "predicted,id", "--format", "json"]);
    assert_eq!(run.text().lines().next(), Some(r#"{"predicted":"dialogue","id":"7"}"#));

    let says = "rows.csv: no column \"p_escalaton\"; found: id, text, p_accusation, p_dialogue, p_escalation, predicted; \
                did you mean \"p_escalation\"?; --select takes the columns that would be written without it";
    folder.fails(&["predict", "rows.csv", "--select", "p_escalaton"], &[says]);
    folder.fails_usage(&["predict", "rows.csv", "--select", "id,id"], &["--select is \"id\" twice"]);
}

#[test]
fn a_column_that_is_not_written_may_have_any_name() {
    let folder = Folder::with_rows("predicted,text\nmine,Talks go on\n");
    folder.fails(&["predict", "rows.csv"], &["already has a column \"predicted\""]);
    let run = folder.succeeds(&["predict", "rows.csv", "-q", "--select", "text,p_dialogue"]);
    assert_eq!(run.rows()[0], ["text", "p_dialogue"]);
}

#[test]
fn json_lines_keep_their_numbers() {
    let object = r#"{"n": 123456789012345678901234567890.10, "text": "Talks go on", "x": [1,  2.0]}"#;
    let folder = Folder::new().with("rows.jsonl", object);
    let run = folder.succeeds(&["predict", "rows.jsonl", "-q", "--select", "x,n,predicted", "--format", "json"]);
    assert_eq!(run.text(), "{\"x\":[1,  2.0],\"n\":123456789012345678901234567890.10,\"predicted\":\"dialogue\"}\n");
    let run = folder.succeeds(&["predict", "rows.jsonl", "-q", "--select", "n", "-o", "-", "--format", "csv"]);
    assert_eq!(run.text(), "n\n123456789012345678901234567890.10\n");
}

#[test]
fn half_a_surrogate_pair_is_placed() {
    let folder = Folder::new().with("rows.jsonl", "{\"text\": \"a\"}\n{\"text\": \"\\ud800\"}\n");
    let says = "rows.jsonl, line 2, column \"text\": not a JSON object: ";
    let run =
        folder.fails(&["predict", "rows.jsonl", "-o", "out.csv"], &[says, "; JSON Lines has one object per line"]);
    assert!(!run.stderr.contains("line 1"), "{}", run.stderr);
}

// Elsewhere memory is not limited by the shell.
#[cfg(target_os = "linux")]
#[test]
fn many_missing_keys_take_little_memory() {
    // Each line is two bytes, and twenty thousand fields.
    let keys: Vec<String> = (0..20_000).map(|i| format!("\"k{i}\":1")).collect();
    let rows = format!("{{\"text\":\"a\",{}}}\n{}", keys.join(","), "{}\n".repeat(5_000));
    let folder = Folder::new().with("rows.jsonl", rows);
    let predict =
        command(&folder.path(""), &["predict", "rows.jsonl", "--threads", "2", "-q", "--select", "predicted"]);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "ulimit -v 524288 && exec \"$0\" \"$@\""]).arg(predict.get_program()).args(predict.get_args());
    let output = shell.current_dir(folder.path("")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(support::rows(&output.stdout).len(), 1 + 5_001);
}

#[test]
fn progress_is_told_in_chunks() {
    let folder = Folder::with_rows(format!("text\n{}", "Both sides agreed to meet in the hall.\n".repeat(10_000)));
    let run = folder.succeeds(&["predict", "rows.csv", "-o", "out.csv", "--progress", "json", "--chunk", "1000"]);
    let events = events(&run.stderr);
    let done: Vec<u64> = events
        .iter()
        .filter(|(event, _)| event == "progress")
        .map(|(_, line)| line["done"].as_u64().unwrap())
        .collect();
    assert!(done.is_sorted() && done.len() >= 4 && done.len() <= 11, "{done:?}");
    assert_eq!(done.last(), Some(&10_000));
    let size = std::fs::metadata(folder.path("rows.csv")).unwrap().len();
    let (_, last) = events.iter().rfind(|(event, _)| event == "progress").unwrap();
    assert_eq!((last["unit"].as_str(), last["total_bytes"].as_u64()), (Some("rows"), Some(size)));
    assert_eq!(events.last().unwrap().0, "note");

    let quiet = folder.succeeds(&["predict", "rows.csv", "-o", "out.csv", "--progress", "json", "-q"]);
    assert_eq!(quiet.stderr, "");
    folder.fails_usage(&["predict", "rows.csv", "--chunk", "5"], &["--chunk is 5 without --progress json"]);
}

#[test]
fn every_verb_tells_in_json_and_errors_too() {
    let folder = Folder::with_rows(ROWS).with("coded.csv", coded_csv()).with("bad.csv", "text\na\nb,c\n");
    let told = |args: &[&str]| {
        let run = folder.run(args);
        let events = events(&run.stderr);
        (run.code, events)
    };
    let args: Vec<&str> = train(&["coded.csv", "--progress", "json"]).into_iter().filter(|arg| *arg != "-q").collect();
    let (code, lines) = told(&args);
    let steps = lines.iter().find(|(event, line)| event == "progress" && line["unit"] == "steps").expect("steps");
    assert!(code == 0 && steps.1["total"].as_u64().unwrap() > 0 && steps.1["stage"].is_string(), "{lines:?}");

    let (code, lines) = told(&["predict", "rows.csv", "-o", "out.csv", "--progress=json"]);
    assert!(code == 0 && lines.iter().any(|(event, _)| event == "warning"), "{lines:?}");
    let (code, lines) = told(&["predict", "bad.csv", "-o", "out.csv", "--progress", "json"]);
    let (event, line) = lines.last().unwrap();
    assert_eq!((code, event.as_str(), line["exit_code"].as_u64()), (1, "error", Some(1)));
    assert!(line["message"].as_str().unwrap().starts_with("bad.csv, line 3: "), "{line}");
    for usage in [
        &["predict", "--no-such-flag", "--progress", "json"][..],
        &["predict", "a", "--progress", "json", "--threads", "0"],
    ] {
        let (code, lines) = told(usage);
        assert_eq!((code, lines.len(), lines[0].1["exit_code"].as_u64()), (2, 1, Some(2)), "{lines:?}");
    }

    std::fs::create_dir(folder.path("in")).unwrap();
    let folder = folder.with("in/a.csv", ROWS).with("in/b.csv", "no\n1\n");
    let run = folder.run(&["predict", "in", "-o", "out/", "--progress", "json"]);
    let files: Vec<(String, String)> = events(&run.stderr)
        .iter()
        .filter(|(event, _)| event == "file")
        .map(|(_, line)| (line["input"].as_str().unwrap().to_owned(), line["status"].as_str().unwrap().to_owned()))
        .collect();
    let expected = [("in/a.csv", "scored"), ("in/b.csv", "failed")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(files, expected);

    // Rows of a file that fails late are told of while they come, and are none of the rows in the end.
    let many = |n: usize| format!("text\n{}", "Talks go on\n".repeat(n));
    let folder = folder.with("in/a.csv", many(20_000) + "\"open\n").with("in/b.csv", many(5_000));
    let run = folder.run(&["predict", "in", "-o", "out/", "--progress", "json", "--chunk", "2000"]);
    let lines = events(&run.stderr);
    let (_, last) = lines.iter().rfind(|(event, _)| event == "progress").unwrap();
    assert_eq!((&last["done"], &last["bytes"]), (&5_000.into(), &last["total_bytes"]));
    let run = folder.run(&["predict", "in", "-o", "out/", "--progress", "json", "--fail-fast"]);
    let lines = events(&run.stderr);
    assert!(lines.iter().any(|(event, line)| event == "file" && line["status"] == "failed"), "{lines:?}");
    assert!(lines.iter().any(|(_, line)| line["message"].as_str().is_some_and(|said| said.contains("--resume"))));
}

#[test]
fn segment_and_compare_tell_their_stages() {
    let folder = Folder::new().with("a.txt", "Talks go on. Nobody left.").with("rows.csv", "text,outlet\nTalks,A\n");
    for chunk in ["1", "1000"] {
        let run = folder.succeeds(&["segment", "a.txt", "-o", "out.csv", "--progress", "json", "--chunk", chunk]);
        let stages = events(&run.stderr).into_iter().map(|(_, line)| (line["stage"].clone(), line["done"].clone()));
        let stages: Vec<(Value, Value)> = stages.filter(|(stage, _)| stage.is_string()).collect();
        assert_eq!(stages, [("read".into(), 1.into()), ("written".into(), 1.into())], "--chunk {chunk}");
    }
    let run = folder.succeeds(&["compare", "rows.csv", "--progress", "json"]);
    let stages: Vec<Value> = events(&run.stderr).into_iter().map(|(_, line)| line["stage"].clone()).collect();
    assert_eq!(stages[..3], ["reading", "scoring", "comparing"].map(Value::from));
}

#[test]
fn models_and_rows_come_and_go_through_pipes() {
    let folder = trained();
    let model = folder.read("m.safetensors");
    let args: Vec<&str> = train(&["-"]).into_iter().map(|arg| if arg == "m.safetensors" { "-" } else { arg }).collect();
    let piped = folder.succeeds_with(&args, coded_csv().as_bytes());
    assert!(piped.stdout.len() == model.len(), "the model alone is on stdout");
    assert_eq!(piped.stderr, "");
    let args: Vec<&str> = args.into_iter().map(|arg| if arg == "-" { "coded.csv" } else { arg }).collect();
    let args: Vec<&str> =
        args.iter().enumerate().map(|(i, arg)| if i == 2 { "-" } else { arg }).filter(|arg| *arg != "-q").collect();
    let loud = folder.succeeds(&args);
    assert!(loud.stdout == model, "the same bytes as in a file");
    assert!(loud.stderr.contains("macro") && loud.stderr.contains("wrote the model to stdout"), "{}", loud.stderr);

    let from_file = folder.succeeds(&["predict", "coded.csv", "--model", "m.safetensors", "-q"]);
    let from_pipe = folder.succeeds_with(&["predict", "coded.csv", "--model", "-", "-q"], &model);
    assert!(from_file.stdout == from_pipe.stdout);
    let twice = "input is stdin (-) twice";
    for args in [
        &["predict", "-", "--model", "-"][..],
        &["predict", "-", "-"],
        &["segment", "-", "--manifest", "-"],
        &["train", "-", "-", "-o", "m"],
        &["evaluate", "-", "--model", "-"],
        &["agree", "-", "-"],
        &["explain", "-", "--model", "-"],
        &["sample", "-", "--model", "-", "--per-outlet", "2"],
        &["compare", "-", "--coded", "-"],
        &["study", "-", "--coders", "-", "-o", "d"],
    ] {
        folder.fails_usage(args, &[twice]);
    }
    folder.fails_usage(&["compare", "coded.csv", "-o", "-"], &["--output is -; expected a folder"]);
    folder.fails_usage(&["study", "coded.csv", "-o", "-"], &["--output is -; expected a folder"]);
    folder.fails_usage(&["man", "-o", "-"], &["--output is -; expected a folder"]);
    let says = "--output is - with --format; expected a file for the model";
    folder.fails_usage(&["train", "coded.csv", "-o", "-", "--format", "json"], &[says]);
}

#[test]
fn the_program_tells_of_itself() {
    let folder = Folder::new();
    let version = folder.succeeds(&["--version"]);
    let card: Value = serde_json::from_str(folder.succeeds(&["inspect", "--format", "json"]).text()).unwrap();
    let hash = card["sha256"].as_str().unwrap();
    let expected = format!("framescope {}\nbundled model framing-en, sha256 {hash}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(version.text(), expected);
    assert_eq!(folder.succeeds(&["predict", "-V"]).text(), expected);

    for (shell, says) in
        [("bash", "complete -F _framescope"), ("zsh", "#compdef framescope"), ("fish", "complete -c framescope")]
    {
        let script = folder.succeeds(&["completions", shell]);
        assert!(script.text().contains(says) && script.text().contains("fail-fast"), "{shell}");
    }
    let page = folder.succeeds(&["man"]);
    assert!(page.text().starts_with(".ie") && page.text().contains("framescope\\-predict(1)"), "{}", page.text());
    folder.succeeds(&["man", "-o", "man1"]);
    let predict = String::from_utf8(folder.read("man1/framescope-predict.1")).unwrap();
    assert!(predict.contains("\\-\\-resume") && predict.contains(".TH framescope-predict"), "{predict}");
    assert!(folder.path("man1/framescope.1").exists());
}

#[test]
fn messages_have_no_colour_but_on_a_terminal() {
    let folder = Folder::with_rows(ROWS);
    for args in [
        &["predict", "no.csv"][..],
        &["predict", "rows.csv", "-o", "out.csv"],
        &["--no-such"],
        &["explain", "--text", "Talks"],
    ] {
        let output =
            command(&folder.path(""), args).env_remove("NO_COLOR").env("TERM", "xterm-256color").output().unwrap();
        for stream in [output.stdout, output.stderr] {
            assert!(!stream.contains(&0x1b), "{args:?}: {}", String::from_utf8_lossy(&stream));
        }
    }
}
