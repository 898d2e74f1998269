//! `agree`: coders' rows in, their agreement out, in each of its forms and with each error a user can make.

#![allow(clippy::unwrap_used)]

mod support;

use support::{Folder, coded_csv, coded_rows, trained};

/// The columns of `--format csv`.
const COLUMNS: &str = "scope,coder_a,coder_b,frame,measure,estimate,low,high,level,n_units,n_clusters";

/// Seven units by three coders, and one that is coded once. NLTK's alpha of the sets is 0.439175257731958.
const LONG: &str = "unit,coder,labels,text
u1,anna,x,The first.
u1,ben,x,The first.
u1,zoe,x;y,The first.
u2,anna,none,The second.
u2,ben,x,The second.
u2,zoe,none,The second.
u3,anna,y;x,The third.
u3,ben,y;z,The third.
u4,anna,y,The fourth.
u4,ben,y,The fourth.
u4,zoe,y,The fourth.
u5,ben,z,The fifth.
u5,zoe,x;z,The fifth.
u5,anna,,The fifth.
u6,anna,none,The sixth.
u6,zoe,none,The sixth.
u7,anna,x;y;z,The seventh.
u7,ben,x;y,The seventh.
u8,anna,z,The eighth.
";

/// The coders' rows of [`LONG`] as files of their own, with the unit named `id` in each.
fn by_coder(folder: Folder) -> Folder {
    ["anna", "ben", "zoe"].into_iter().fold(folder, |folder, coder| {
        let mark = format!(",{coder},");
        let rows = LONG.lines().filter(|line| line.contains(&mark)).map(|line| line.replace(&mark, ",") + "\n");
        folder.with(&format!("{coder}.csv"), format!("id,labels,text\n{}", rows.collect::<String>()))
    })
}

fn json(folder: &Folder, args: &[&str]) -> serde_json::Value {
    serde_json::from_slice(&folder.succeeds(&[args, &["--format", "json", "-q"]].concat()).stdout).unwrap()
}

/// Two coders of the sentences of `support`: the first codes as they are labelled, the second every fifth otherwise.
fn two_coders() -> String {
    let rows = coded_rows();
    let lines = rows.iter().enumerate().flat_map(|(i, (text, label))| {
        let other = if i % 5 == 0 { "none" } else { label };
        [("first", *label), ("second", other)].map(|(coder, label)| format!("s{i},{coder},{label},{text}\n"))
    });
    std::iter::once("unit,coder,labels,text\n".to_owned()).chain(lines).collect()
}

// ------------------------------------------------------------------------------------------------------------ results

#[test]
fn a_long_file_gives_three_tables_and_a_list() {
    let folder = Folder::with_rows(LONG);
    let run = folder.succeeds(&["agree", "rows.csv"]);
    for line in [
        "label set   0.439 [0.012, 0.867]",
        "7 units coded by two or more of 3 coders; 95 % intervals by jackknife over 7 units, with Student's t.",
        "with the MASI distance for the label set",
        "coder  units      x      y      z   none",
        "anna       7  0.429  0.429  0.286  0.286",
        "ben        6  0.500  0.500  0.333  0.000",
        "anna – ben",
        "Units disputed: 5. The 5 disputed most",
        "u3  anna x;y, ben y;z\n       The third.\n",
    ] {
        assert!(run.text().contains(line), "no {line:?} in\n{}", run.text());
    }
    assert!(run.stderr.contains("warning: 1 rows left out: not coded (empty labels)"), "{}", run.stderr);
    assert!(run.stderr.contains("units coded only once: 1; they count in the coders' shares alone"), "{}", run.stderr);
    assert_eq!(folder.succeeds(&["agree", "rows.csv", "--quiet"]).stderr, "");
}

#[test]
fn a_file_for_each_coder_says_the_same() {
    let folder = by_coder(Folder::with_rows(LONG));
    let long = folder.succeeds(&["agree", "rows.csv", "-q"]);
    // The units stand in another order, which moves no number that is shown.
    assert_eq!(long.text(), folder.succeeds(&["agree", "zoe.csv", "anna.csv", "ben.csv", "-q"]).text());
    assert_eq!(long.text(), folder.succeeds(&["agree", "anna.csv", "ben.csv", "zoe.csv", "-q"]).text());
    let halves: Vec<String> = [1..9, 9..20]
        .map(|range| {
            LONG.lines()
                .enumerate()
                .filter(|(i, _)| *i == 0 || range.contains(i))
                .fold(String::new(), |all, (_, line)| all + line + "\n")
        })
        .to_vec();
    let folder = folder.with("one.csv", &halves[0]).with("two.csv", &halves[1]);
    assert_eq!(long.text(), folder.succeeds(&["agree", "one.csv", "two.csv", "-q"]).text());
}

#[test]
fn columns_can_be_called_anything() {
    let folder = Folder::with_rows(LONG.replacen("unit,coder,labels,text", "satz,wer,rahmen,wortlaut", 1))
        .with("long.csv", LONG);
    let names =
        ["--unit-column", "satz", "--coder-column", "wer", "--labels-column", "rahmen", "--text-column", "wortlaut"];
    let run = folder.succeeds(&[&["agree", "rows.csv", "-q"], &names[..]].concat());
    assert_eq!(run.text(), folder.succeeds(&["agree", "long.csv", "-q"]).text());
}

#[test]
fn csv_is_tidy() {
    let folder = Folder::with_rows(LONG);
    let run = folder.succeeds(&["agree", "rows.csv", "--format", "csv", "-q", "--level", "0.9"]);
    let rows = run.rows();
    assert_eq!(rows[0].join(","), COLUMNS);
    let find = |key: [&str; 5]| {
        let row = rows.iter().find(|row| row[..5] == key).unwrap_or_else(|| panic!("no {key:?} in\n{}", run.text()));
        (row[5].parse::<f64>().unwrap(), row[6..].join(","))
    };
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    let (alpha, rest) = find(["all", "", "", "", "alpha_masi"]);
    near(alpha, 0.439_175_257_731_958_53);
    assert!(rest.ends_with(",0.9,7,7"), "{rest}");
    near(find(["all", "", "", "y", "alpha"]).0, 7.0 / 9.0);
    near(find(["pair", "anna", "ben", "", "agreement"]).0, 2.0 / 5.0);
    near(find(["pair", "anna", "ben", "x", "agreement"]).0, 3.0 / 5.0);
    let (share, rest) = find(["coder", "anna", "", "none", "share"]);
    near(share, 2.0 / 7.0);
    assert!(rest.ends_with(",0.9,7,7"), "{rest}");
    assert_eq!(find(["pair", "anna", "zoe", "", "agreement"]).1, ",,0.9,4,4", "no interval from four units");
}

#[test]
fn json_holds_everything() {
    let folder = Folder::with_rows(LONG);
    let agreement = json(&folder, &["agree", "rows.csv"]);
    assert_eq!((&agreement["n_units"], &agreement["n_units_once"]), (&7.into(), &1.into()));
    assert_eq!(agreement["interval"], "jackknife");
    assert_eq!(agreement["alpha"]["frames"][1]["frame"], "y");
    assert!(agreement["alpha"]["label_set"]["low"].as_f64().unwrap() < 0.439);
    assert_eq!(agreement["pairs"][2]["coders"], serde_json::json!(["ben", "zoe"]));
    let first = &agreement["disputed"][0];
    assert_eq!((&first["unit"], &first["text"]), (&"u3".into(), &"The third.".into()));
    assert_eq!(first["labels"][1], serde_json::json!({"coder": "ben", "labels": "y;z"}));
    assert_eq!(agreement["model"], serde_json::Value::Null);
    let plain = json(&folder, &["agree", "rows.csv", "--n-bootstrap", "0"]);
    assert_eq!((&plain["interval"], &plain["alpha"]["label_set"]["low"]), (&"none".into(), &serde_json::Value::Null));
}

#[test]
fn from_fifty_units_the_interval_is_a_bootstraps_and_threads_change_nothing() {
    let folder = Folder::with_rows(two_coders());
    let args = ["agree", "rows.csv", "--model", "bundled", "-q", "--n-bootstrap", "200"];
    let one = folder.succeeds(&[&args[..], &["--threads", "1", "--format", "json"]].concat());
    let three = folder.succeeds(&[&args[..], &["--threads", "3", "--format", "json"]].concat());
    assert_eq!(one.text(), three.text());
    let run = folder.succeeds(&args);
    assert!(run.text().contains("95 % intervals by bootstrap, from 200 draws of 60 units."), "{}", run.text());
    let other = folder.succeeds(&[&args[..], &["--seed", "1", "--format", "json"]].concat());
    assert_ne!(one.text(), other.text());

    let with_articles = two_coders().lines().enumerate().fold(String::new(), |all, (i, line)| {
        let article = if i == 0 { "doc_id".into() } else { format!("a{}", (i - 1) / 10) };
        all + line + "," + &article + "\n"
    });
    let folder = folder.with("articles.csv", with_articles);
    let run = folder.succeeds(&["agree", "articles.csv", "-q"]);
    assert!(run.text().contains("95 % intervals by jackknife over 12 articles, with Student's t."), "{}", run.text());
}

#[test]
fn a_model_stands_beside_the_coders() {
    let folder = trained().with("rows.csv", two_coders());
    let run = folder.succeeds(&["agree", "rows.csv", "--model", "m.safetensors"]);
    for line in [
        "The model (m.safetensors) on 60 of these units: mean alpha of two coders, and of the model and a coder:",
        "model and coders",
        "m.safetensors – second",
        "first escalation, second none, model ",
    ] {
        assert!(run.text().contains(line), "no {line:?} in\n{}", run.text());
    }
    assert_eq!(run.stderr, "", "another file than it was trained on");
    let rows = folder.succeeds(&["agree", "rows.csv", "--model", "m.safetensors", "--format", "csv", "-q"]).rows();
    let measures = |a: &str, b: &str| -> Vec<String> {
        let of = |row: &&Vec<String>| row[0] == "model" && row[1] == a && row[2] == b && row[3].is_empty();
        rows.iter().filter(of).map(|row| row[4].clone()).collect()
    };
    assert_eq!(measures("m.safetensors", "first"), ["alpha_masi", "agreement"]);
    assert_eq!(measures("m.safetensors", ""), ["mean_alpha_masi", "mean_alpha_masi_difference"]);
    assert_eq!(measures("", ""), ["mean_alpha_masi"]);
}

#[test]
fn a_model_that_knows_the_file_is_told() {
    let rows = coded_rows();
    let lines = rows.iter().enumerate().map(|(i, (text, label))| format!("s{i},{text},{label}\n"));
    let anna = format!("id,text,labels\n{}", lines.collect::<String>());
    let folder = Folder::new().with("anna.csv", &anna).with("ben.csv", anna.replacen("escalation", "none", 4));
    folder.succeeds(&support::train(&["anna.csv"]));
    let run = folder.succeeds(&["agree", "anna.csv", "ben.csv", "--model", "m.safetensors"]);
    let warning = "warning: m.safetensors was trained on anna.csv: its agreement with these coders flatters it\n";
    assert_eq!(run.stderr, warning);
}

#[test]
fn units_without_text_and_texts_that_differ_are_counted() {
    let rows = two_coders().replacen(",Norvia threatened to shell the port.", ",", 2);
    let run = Folder::with_rows(rows).succeeds(&["agree", "rows.csv", "--model", "bundled"]);
    assert!(run.stderr.contains("warning: 1 units have no text; the model does not code them"), "{}", run.stderr);
    assert!(run.text().contains("on 59 of these units:"), "{}", run.text());
    let run = Folder::with_rows(LONG.replacen("The first.", "Another.", 1)).succeeds(&["agree", "rows.csv"]);
    assert!(run.stderr.contains("warning: 1 units have another text in the rows of other coders"), "{}", run.stderr);
}

// ------------------------------------------------------------------------------------------------------------- errors

#[test]
fn a_coder_who_codes_a_unit_twice_is_placed() {
    let folder = Folder::with_rows(format!("{LONG}u1,ben,y,The first.\n"));
    folder.fails(
        &["agree", "rows.csv"],
        &["rows.csv, line 21: coder \"ben\" has coded unit \"u1\" already (rows.csv, line 3); a coder codes a"],
    );
    let folder = by_coder(Folder::with_rows(LONG));
    let says =
        ["rows.csv, line 2: coder \"anna\" has coded unit \"u1\" already (anna.csv, line 2)", "names of their own"];
    folder.fails(&["agree", "anna.csv", "rows.csv"], &says);
}

#[test]
fn one_coder_is_too_few() {
    let folder =
        Folder::with_rows("unit,coder,labels\n1,anna,x\n2,anna,none\n").with("anna.csv", "id,labels\n1,x\n2,none\n");
    folder.fails(
        &["agree", "rows.csv"],
        &[
            "rows.csv: agreement needs two coders or more, but all rows are coded by anna; give one file",
            "or one file for each coder",
        ],
    );
    let says = ["all rows are coded by anna (the file's name, since there is no column \"coder\")"];
    folder.fails(&["agree", "anna.csv"], &says);
}

#[test]
fn units_that_nobody_shares_are_told() {
    let folder = Folder::with_rows("unit,coder,labels\n1,anna,x\n2,ben,none\n3,ben,y\n");
    let says = [
        "rows.csv: no unit is coded by two coders: anna, ben have coded 3 units, each of them once; ",
        "a unit needs the same \"unit\" in the rows of all its coders",
    ];
    folder.fails(&["agree", "rows.csv"], &says);
}

#[test]
fn missing_columns_are_told_with_their_flags() {
    let folder = Folder::with_rows("units,coder,labels\n1,anna,x\n")
        .with("anna.csv", "sentence,labels\n1,x\n")
        .with("ben.csv", "id,label\n1,x\n")
        .with("empty.csv", "")
        .with("header.csv", "unit,coder,labels\n");
    let says = ["rows.csv: no column \"unit\"; found: units, coder, labels; did you mean \"units\"?", "--unit-column"];
    folder.fails(&["agree", "rows.csv"], &says);
    folder.fails(&["agree", "anna.csv"], &["anna.csv: no column \"unit\"; found: sentence, labels", "--unit-column"]);
    folder.fails(&["agree", "ben.csv"], &["ben.csv: no column \"labels\"; found: id, label", "--labels-column"]);
    folder.fails(&["agree", "empty.csv"], &["empty.csv: the file is empty; expected a header with a \"unit\" column"]);
    folder.fails(&["agree", "header.csv"], &["header.csv: there are no rows below the header; nothing to compare"]);
    folder.fails(&["agree", "gone.csv"], &["gone.csv: cannot open it"]);
}

#[test]
fn bad_cells_are_placed() {
    for (row, says) in [
        ("2,ben,x;none", "line 4, column \"labels\": cannot read \"x;none\"; expected frames joined by ';'"),
        (" ,ben,x", "line 4, column \"unit\": cannot read \"\"; expected the name of what was coded"),
        ("2,,x", "line 4, column \"coder\": cannot read \"\"; expected the name of who coded it"),
    ] {
        let folder = Folder::with_rows(format!("unit,coder,labels\n1,anna,x\n1,ben,none\n{row}\n"));
        folder.fails(&["agree", "rows.csv"], &[&format!("rows.csv, {says}")]);
    }
}

#[test]
fn nothing_coded_and_no_frame_are_told() {
    let folder = Folder::with_rows("unit,coder,labels\n1,anna,\n1,ben,\n");
    folder.fails(&["agree", "rows.csv"], &["rows.csv: none of the 2 rows can be used: 2 are not coded", "\"none\""]);
    let folder = Folder::with_rows("unit,coder,labels\n1,anna,none\n1,ben,none\n");
    folder.fails(&["agree", "rows.csv"], &["rows.csv: no frame in the labels: every coded row is \"none\""]);
}

#[test]
fn a_model_needs_its_frames_and_a_text() {
    let folder = Folder::with_rows(LONG).with("coded.csv", coded_csv());
    let says =
        ["rows.csv, line 2, column \"labels\": unknown frame \"x\"; the model has: accusation, dialogue, escalation"];
    folder.fails(&["agree", "rows.csv", "--model", "bundled"], &says);
    let folder = folder.with("bare.csv", "unit,coder,labels\n1,anna,none\n1,ben,dialogue\n");
    let says = ["bare.csv: no column \"text\"; found: unit, coder, labels", "--text-column"];
    folder.fails(&["agree", "bare.csv", "--model", "bundled"], &says);
    folder.fails(&["agree", "rows.csv", "--model", "gone.safetensors"], &["gone.safetensors"]);
    folder.fails_usage(&["agree", "rows.csv", "--level", "95"], &["--level is 95; expected a number between 0 and 1"]);
}
