//! Every table that a verb writes, held to `framescope schema`: names in order, types, and what may be empty.

#![allow(clippy::unwrap_used, clippy::format_collect)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use framescope::report::{explanation_csv, explanation_header};
use framescope::training::{DenseParams, Silent, train as train_in_process};
use framescope::{Corpus, CorpusOptions, TrainParams};
use support::encoder::Hashed;
use support::{Folder, coded_rows, train};

const ARTICLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/articles");
const FRAMES: [&str; 3] = ["accusation", "dialogue", "escalation"];
/// `study`, `train` and `compare` with little work.
const QUICK: [&str; 3] = ["-q", "--n-bootstrap", "20"];

/// A row of `framescope schema --format csv`.
#[derive(Debug, Clone)]
struct Column {
    name: String,
    cells: String,
    can_be_empty: bool,
}

/// The schema as the program prints it, and what has been seen of each column.
struct Schema {
    tables: BTreeMap<String, Vec<Column>>,
    /// Columns of tables of which an empty cell has been seen, or one that is not: the first and the second.
    seen: BTreeMap<(String, String), [bool; 2]>,
}

impl Schema {
    fn of(folder: &Folder) -> Self {
        let rows = folder.succeeds(&["schema", "--format", "csv"]).rows();
        assert_eq!(rows[0], ["table", "column", "type", "can_be_empty", "meaning"]);
        let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
        for row in &rows[1..] {
            assert!(["text", "integer", "number"].contains(&&*row[2]) && ["yes", "no"].contains(&&*row[3]), "{row:?}");
            let column = Column { name: row[1].clone(), cells: row[2].clone(), can_be_empty: row[3] == "yes" };
            tables.entry(row[0].clone()).or_default().push(column);
        }
        Schema { tables, seen: BTreeMap::new() }
    }

    /// The columns of a table with one for each frame, and without some that a run does not have.
    fn columns(&self, table: &str, without: &[&str]) -> Vec<Column> {
        let columns = self.tables.get(table).unwrap_or_else(|| panic!("no table {table} in the schema"));
        let each = |column: &Column| match column.name.strip_suffix("<frame>") {
            Some(prefix) => FRAMES.map(|frame| Column { name: format!("{prefix}{frame}"), ..column.clone() }).to_vec(),
            None => vec![column.clone()],
        };
        columns.iter().filter(|column| !without.contains(&&*column.name)).flat_map(each).collect()
    }

    /// Holds a CSV to the table: its columns stand between those of the input that come before and behind.
    fn hold(&mut self, table: &str, csv: &[u8], [before, behind]: [&[&str]; 2], without: &[&str]) {
        self.hold_rows(table, &support::rows(csv), [before, behind], without);
    }

    fn hold_rows(&mut self, table: &str, rows: &[Vec<String>], [before, behind]: [&[&str]; 2], without: &[&str]) {
        let columns = self.columns(table, without);
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(rows[0], [before, &names, behind].concat(), "header of {table}");
        assert!(rows.len() > 1, "{table} has no rows");
        for (i, column) in columns.iter().enumerate() {
            for row in &rows[1..] {
                self.hold_cell(table, column, &row[before.len() + i]);
            }
        }
    }

    fn hold_cell(&mut self, table: &str, column: &Column, cell: &str) {
        let Column { name, cells, can_be_empty } = column;
        let [empty, filled] = self.seen.entry((table.to_owned(), name.clone())).or_default();
        if cell.is_empty() {
            assert!(can_be_empty, "{table}: {name} is empty, which the schema does not say");
            *empty = true;
            return;
        }
        *filled = true;
        let is_right = match cells.as_str() {
            "text" => true,
            "integer" => cell.parse::<u64>().is_ok_and(|n| n.to_string() == cell),
            _ => cell.parse::<f64>().is_ok_and(f64::is_finite) && cell.contains(['.', 'e']),
        };
        assert!(is_right, "{table}: {name} is {cell:?}, and no {cells}");
    }

    /// A reader takes a column for text whose first rows are empty: those with an interval come first.
    fn begins_with_numbers(&self, table: &str, csv: &[u8]) {
        let rows = support::rows(csv);
        for (i, column) in self.columns(table, &[]).iter().enumerate().filter(|(_, column)| column.cells == "number") {
            let any = rows[1..].iter().any(|row| !row[i].is_empty());
            assert!(!any || !rows[1][i].is_empty(), "{table}: {} begins with an empty cell", column.name);
        }
    }
}

/// Sixty coded sentences of three outlets, the third with four articles; every fifth is open.
fn coded() -> String {
    let line = |(i, (text, label)): (usize, (String, &str))| {
        let (outlet, article) = match i % 4 {
            0 | 1 => ("Harbour Wire", i),
            2 => ("Evening Comet", i),
            _ => ("Baltic Ledger", i % 16),
        };
        let (label, pi) = if i % 5 == 4 { ("", "") } else { (label, "0.8") };
        let voice = ["quoted", "editorial", ""][i % 3];
        let (story, wire) = (i / 8, if i % 7 == 0 { "w1" } else { "" });
        let article = if i == 9 { String::new() } else { format!("a{article}") };
        let story = if i == 10 { String::new() } else { format!("s{story}") };
        let outlet = if i == 11 { "" } else { outlet };
        format!("r{i},{text},{outlet},{article},{story},{voice},{wire},{label},{pi}\n")
    };
    let header = "id,text,outlet,doc_id,story_id,voice,wire_id,labels,pi\n".to_owned();
    std::iter::once(header).chain(coded_rows().into_iter().enumerate().map(line)).collect()
}

/// Two coders of all sentences, and a third of three.
fn coders() -> String {
    let rows = coded_rows();
    let lines = rows.iter().enumerate().map(|(i, (text, label))| {
        let other = if i % 5 == 0 { "none" } else { label };
        let third = if i < 3 { format!("s{i},3,{label},{text}\n") } else { String::new() };
        format!("s{i},1,{label},{text}\ns{i},2,{other},{text}\n{third}")
    });
    std::iter::once("unit,coder,labels,text\n".to_owned()).chain(lines).collect()
}

/// What `explain --format csv` writes of a sentence, by a model with an encoder.
fn explained_with_encoder(folder: &Folder) -> String {
    let dense = DenseParams { encoder: Arc::new(Hashed::new(8)), weights: vec![1.0], alone: false, fine_tune: None };
    let params = TrainParams { alphas: vec![1.0], leakage: false, dense: Some(dense), ..TrainParams::default() };
    let path = folder.path("coded.csv").to_str().unwrap().to_owned();
    let corpus = Corpus::read(&[path], &CorpusOptions::default()).unwrap();
    let scorer = train_in_process(&corpus, &params, &Silent).unwrap().scorer().unwrap();
    let explanation = scorer.explain("Both sides agreed to talk.").unwrap();
    explanation_header(true).unwrap() + &explanation_csv("r1", &explanation, None).unwrap()
}

#[test]
fn every_cell_of_every_table_is_what_the_schema_says() {
    let folder = Folder::new().with("coded.csv", coded()).with("coders.csv", coders());
    let mut schema = Schema::of(&folder);
    let run = |args: &[&str]| folder.succeeds(args).stdout;
    let none: [&[&str]; 2] = [&[], &[]];

    let segment = ["segment", ARTICLES, "-q"];
    let manifest = format!("{ARTICLES}/manifest.csv");
    let known = ["--manifest", &manifest, "--keep-boilerplate"];
    schema.hold("sentences", &run(&[&segment[..], &known].concat()), none, &[]);
    schema.hold("sentences", &run(&segment), none, &["boilerplate"]);
    run(&[&segment[..], &["-o", "sentences.tsv"]].concat());
    let tabs = String::from_utf8(folder.read("sentences.tsv")).unwrap();
    // No sentence there holds a tab; JSON in `repairs` is quoted as csv's reader knows it.
    let mut reader = csv::ReaderBuilder::new().delimiter(b'\t').has_headers(false).from_reader(tabs.as_bytes());
    let rows: Vec<Vec<String>> = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    schema.hold_rows("sentences", &rows, none, &["boilerplate"]);
    let made: Vec<String> = schema.columns("sentences", &["boilerplate"]).into_iter().map(|c| c.name).collect();
    for line in String::from_utf8(run(&[&segment[..], &["--format", "json"]].concat())).unwrap().lines() {
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        assert_eq!(object.keys().collect::<Vec<_>>(), made.iter().collect::<Vec<_>>());
    }

    let folder = folder.with("blank.csv", "id,text\n1,Both sides agreed to talk.\n2,\n");
    let run = |args: &[&str]| folder.succeeds(args).stdout;
    folder.succeeds(&[&train(&["coded.csv"])[..], &["--format", "csv"]].concat());
    let model = ["--model", "m.safetensors", "-q"];
    schema.hold("predictions", &run(&[&["predict", "blank.csv"], &model[..]].concat()), [&["id", "text"], &[]], &[]);

    let own: Vec<&str> = "id,text,outlet,doc_id,story_id,voice,wire_id".split(',').collect();
    let uncoded: String = coded().lines().map(|line| line.rsplitn(3, ',').last().unwrap().to_owned() + "\n").collect();
    let gold: String = coded().lines().step_by(2).map(|line| format!("{line}\n")).collect();
    let folder = folder.with("uncoded.csv", uncoded).with("gold.csv", gold);
    let run = |args: &[&str]| folder.succeeds(args).stdout;
    let sample = ["sample", "uncoded.csv", "--format", "csv", "-o", "to_code.csv", "--per-outlet", "14"];
    let forecast = run(&[&sample[..], &model, &["--half-width", "0.2"]].concat());
    schema.hold("forecast", &forecast, none, &[]);
    schema.begins_with_numbers("forecast", &forecast);
    schema.hold("to_code", &folder.read("to_code.csv"), [&own, &[]], &[]);
    schema.hold("forecast", &run(&[&sample[..], &model].concat()), none, &[]);

    let evaluate = ["evaluate", "coded.csv", "--model", "m.safetensors", "--format", "csv"];
    let trained =
        run(&[&["train", "coded.csv", "-o", "m.safetensors", "--alpha", "1", "--format", "csv"], &QUICK[..]].concat());
    for evaluation in [trained, run(&[&evaluate[..], &QUICK].concat())] {
        schema.hold("evaluation", &evaluation, none, &[]);
        schema.begins_with_numbers("evaluation", &evaluation);
    }
    let agreement =
        run(&[&["agree", "coders.csv", "--format", "csv", "--model", "m.safetensors"], &QUICK[..]].concat());
    schema.hold("agreement", &agreement, none, &[]);
    schema.begins_with_numbers("agreement", &agreement);

    let distill = "distill --teacher m.safetensors --unlabelled uncoded.csv --gold gold.csv -o student.safetensors";
    let distill: Vec<&str> = distill.split(' ').chain(["--alpha", "1", "--mix", "3", "--format", "csv"]).collect();
    let distilled = run(&[&distill[..], &QUICK].concat());
    schema.hold("distillation", &distilled, none, &[]);
    schema.begins_with_numbers("distillation", &distilled);

    for args in [&["explain", "blank.csv"][..], &["explain", "--text", "Both sides agreed to talk."]] {
        // A model without an encoder has no context to tell of.
        schema.hold("explanations", &run(&[args, &model, &["--format", "csv"]].concat()), none, &["context"]);
    }
    schema.hold("explanations", explained_with_encoder(&folder).as_bytes(), none, &[]);
    schema.hold("features", &run(&["inspect", "m.safetensors", "--format", "csv"]), none, &[]);

    let written =
        run(&[&["study", "coded.csv", "-o", "study", "--alpha", "1", "--no-leakage", "--format", "csv"], &QUICK[..]]
            .concat());
    assert_eq!(written, folder.read("study/shares.csv"));
    let scored = folder.read("study/predictions.csv");
    schema.hold("study_predictions", &scored, none, &[]);
    let folder = folder.with("scored.csv", scored);
    folder.succeeds(&[&["compare", "scored.csv", "-o", "compared"], &QUICK[..]].concat());
    for verb in ["study", "compared"] {
        for table in ["shares", "differences"] {
            let csv = folder.read(&format!("{verb}/{table}.csv"));
            schema.hold(table, &csv, none, &[]);
            schema.begins_with_numbers(table, &csv);
        }
    }
    schema.hold("schema", &folder.succeeds(&["schema", "--format", "csv"]).stdout, none, &[]);

    // Nothing above says anything of a column that no fixture has shown both ways.
    for table in schema.tables.keys() {
        for Column { name, can_be_empty, .. } in schema.columns(table, &[]) {
            let [empty, filled] = schema.seen.get(&(table.clone(), name.clone())).copied().unwrap_or_default();
            // `sample` adds a column of labels only to leave it empty.
            let is_to_fill = table == "to_code" && name == "labels";
            assert!(filled != is_to_fill, "no cell of {table}'s {name} has been seen");
            assert_eq!(empty, can_be_empty, "whether a cell of {table}'s {name} may be empty");
        }
    }
}

#[test]
fn the_schema_has_three_forms_and_takes_a_table_or_a_verb() {
    let folder = Folder::new();
    let names = |args: &[&str]| -> BTreeSet<String> {
        let rows = folder.succeeds(&[&["schema", "--format", "csv"], args].concat()).rows();
        rows[1..].iter().map(|row| row[0].clone()).collect()
    };
    assert_eq!(names(&["shares"]), BTreeSet::from(["shares".to_owned()]));
    assert_eq!(names(&["sample"]), BTreeSet::from(["forecast".to_owned(), "to_code".to_owned()]));
    let json: serde_json::Value =
        serde_json::from_slice(&folder.succeeds(&["schema", "--format", "json"]).stdout).unwrap();
    let tables: BTreeSet<String> =
        json.as_array().unwrap().iter().map(|table| table["table"].as_str().unwrap().to_owned()).collect();
    assert_eq!(tables, names(&[]));
    let low = &json.as_array().unwrap().iter().find(|table| table["table"] == "shares").unwrap()["columns"][5];
    assert_eq!((&low["column"], &low["type"], &low["can_be_empty"]), (&"low".into(), &"number".into(), &true.into()));
    let text = folder.succeeds(&["schema", "differences"]);
    assert!(text.text().starts_with("differences: two outlets"), "{}", text.text());
    assert!(text.text().contains("\n  n_stories   integer  Stories that both tell; 0 "), "{}", text.text());
    let says = ["TABLE is \"share\"; expected one of the tables sentences, ", "did you mean \"shares\"?"];
    folder.fails_usage(&["schema", "share"], &says);
}

#[test]
fn what_programs_read_is_written_byte_for_byte() {
    let row = |i: usize| format!("r{i}\u{1b}[31m,Text {i}.,Har\u{1b}[1m\u{7}bour,a{i},0.{i}5,x\n");
    let rows: String = (0..9).map(row).collect();
    let folder = Folder::with_rows(format!("id,text,outlet,doc_id,p_x,predicted\n{rows}"));
    let shares = folder.succeeds(&["compare", "rows.csv", "-o", "out", "--format", "csv", "-q"]);
    assert_eq!(shares.stdout, folder.read("out/shares.csv"), "on stdout and in the file");
    assert_eq!(shares.rows()[1][0], "Har\u{1b}[1m\u{7}bour");
    let explained = folder.succeeds(&["explain", "rows.csv", "--format", "csv", "--top", "1"]);
    assert_eq!(explained.rows()[1][0], "r0\u{1b}[31m");
    let table = folder.succeeds(&["compare", "rows.csv", "-q"]);
    assert!(!table.text().contains('\u{1b}'), "a table is for people");
}
