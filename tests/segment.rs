//! `framescope segment`, from articles to rows.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use support::Folder;

const TALKS: &str = "Ferry talks resume

By Ana Oru

Monday 2 March 2026

NORVIA CITY - The two ministers met in the old customs house on Monday and agreed to open the strait of Talan to ferries by June.

“We have no time to lose. The ports are ready,” said Premier Bel Vale, who has waited eleven years. The harbour master warned of ice.

Read also:
Ice on the strait

Premier Vale&#8217;s party called the deal “a gift to smugglers,” and left the hall &amp;mdash; for good.

(c) Harbour Wire";

/// The same agency text, run by another outlet with a title of its own.
const COPY: &str = "Strait to open

The two ministers met in the old customs house on Monday and agreed to open the strait of Talan to ferries by June.

Ferry owners in the strait of Talan cheered Premier Vale, and the harbour master sold tickets for June at the customs house.";

const PAGE: &str = r#"<!DOCTYPE html><html><head><title>Rain</title><meta property="og:site_name" content="Talan Ledger"></head><body>
<nav><a href="/">Home</a></nav><article><h1>Rain over the hills</h1>
<p>It rained for <b>nine days</b> over the southern hills, and the river rose to the second step of the mill, where it stayed
until the Sunday after, the water board said.</p>
<p>Nobody was hurt, and the mill, which was built in 1811 for a miller from the coast, is to open again in May with new stones,
new sluices and a new roof, all of which the county paid for.</p>
<p>The last such flood was in the year of the great frost, when the bridge was lost, and with it the road to the market
town, which was not built anew for two years.</p></article><footer>All rights reserved</footer></body></html>"#;

fn newsroom() -> Folder {
    Folder::new()
        .with("talks.txt", TALKS)
        .with("copy.txt", COPY)
        .with("rain.html", PAGE)
        .with("manifest.csv", "file,outlet,date,desk\ntalks.txt,Harbour Wire,2026-03-02,foreign\ncopy.txt,Strait Observer,2026-03-03,\nrain.html,,2026-03-02,home\n")
}

/// Rows by column name.
fn table(csv: &[u8]) -> Vec<BTreeMap<String, String>> {
    let mut rows = support::rows(csv).into_iter();
    let header = rows.next().unwrap();
    rows.map(|row| header.iter().cloned().zip(row).collect()).collect()
}

fn column(rows: &[BTreeMap<String, String>], name: &str) -> Vec<String> {
    rows.iter().map(|row| row[name].clone()).collect()
}

#[test]
fn files_become_rows() {
    let folder = newsroom();
    let run = folder.succeeds(&["segment", "talks.txt", "copy.txt", "rain.html", "--manifest", "manifest.csv"]);
    let header = support::rows(&run.stdout)[0].join(" ");
    let expected =
        "id text outlet doc_id date paragraph sentence start end voice speaker story_id wire_id repairs desk";
    assert_eq!(header, expected);
    let rows = table(&run.stdout);
    let talks: Vec<_> = rows.iter().filter(|row| row["doc_id"] == "talks").cloned().collect();
    assert_eq!(
        column(&talks, "text"),
        [
            "Ferry talks resume",
            "NORVIA CITY - The two ministers met in the old customs house on Monday and agreed to open the strait of Talan to ferries by June.",
            "“We have no time to lose.",
            "The ports are ready,” said Premier Bel Vale, who has waited eleven years.",
            "The harbour master warned of ice.",
            "Premier Vale’s party called the deal “a gift to smugglers,” and left the hall — for good.",
        ]
    );
    assert_eq!(column(&talks, "id"), ["talks-1", "talks-2", "talks-3", "talks-4", "talks-5", "talks-6"]);
    assert_eq!(column(&talks, "paragraph"), ["1", "2", "3", "3", "3", "4"]);
    assert_eq!(column(&talks, "voice"), ["editorial", "editorial", "quoted", "quoted", "attributed", "attributed"]);
    assert_eq!(
        column(&talks, "speaker"),
        ["", "", "Premier Bel Vale", "Premier Bel Vale", "The harbour master", "Premier Vale’s party"]
    );
    assert_eq!(
        talks[5]["repairs"],
        r#"[[370,7,"’"],[445,11,"—"]]"#.replace("370", &find("&#8217;")).replace("445", &find("&amp;mdash;"))
    );
    assert!(
        rows.iter()
            .filter(|row| row["doc_id"] == "rain")
            .all(|row| row["outlet"] == "Talan Ledger" && row["desk"] == "home")
    );
    assert!(!column(&rows, "text").iter().any(|text| text.contains("Home") || text.contains("rights reserved")));
}

fn find(what: &str) -> String {
    TALKS.find(what).unwrap().to_string()
}

#[test]
fn every_slice_is_its_sentence() {
    let folder = newsroom();
    let run = folder.succeeds(&["segment", ".", "--manifest", "manifest.csv", "--keep-boilerplate", "--quiet"]);
    let rows = table(&run.stdout);
    for row in &rows {
        let source = match &*row["doc_id"] {
            "talks" => TALKS,
            "copy" => COPY,
            _ => PAGE,
        };
        let (start, end): (usize, usize) = (row["start"].parse().unwrap(), row["end"].parse().unwrap());
        let mut text = source[start..end].to_owned();
        let repairs: Vec<(usize, usize, String)> =
            if row["repairs"].is_empty() { Vec::new() } else { serde_json::from_str(&row["repairs"]).unwrap() };
        for (at, len, replacement) in repairs.into_iter().rev() {
            text.replace_range(at - start..at - start + len, &replacement);
        }
        assert_eq!(text, row["text"]);
    }
    let furniture: BTreeSet<&str> = rows.iter().map(|row| &*row["boilerplate"]).collect();
    assert_eq!(furniture, BTreeSet::from(["", "byline", "dateline", "read_also", "source"]));
    let kept = rows.iter().find(|row| row["boilerplate"] == "byline").unwrap();
    assert_eq!((&*kept["id"], &*kept["paragraph"], &*kept["voice"]), ("talks-b1", "0", ""));
}

#[test]
fn copies_and_stories_are_found() {
    let folder = newsroom();
    let rows = table(&folder.succeeds(&["segment", "--manifest", "manifest.csv", "-q"]).stdout);
    let wire: Vec<_> =
        rows.iter().filter(|row| !row["wire_id"].is_empty()).map(|row| (&*row["id"], &*row["wire_id"])).collect();
    assert_eq!(wire, [("talks-2", "talks-2"), ("copy-2", "talks-2")]);
    let story = |doc: &str| rows.iter().find(|row| row["doc_id"] == doc).unwrap()["story_id"].clone();
    assert_eq!((story("talks"), story("copy"), story("rain")), ("talks".into(), "talks".into(), "rain".into()));
    let apart = table(&folder.succeeds(&["segment", "--manifest", "manifest.csv", "-q", "--story-days", "0"]).stdout);
    assert!(apart.iter().all(|row| row["story_id"] == row["doc_id"]));
}

#[test]
fn tables_are_read_and_their_columns_passed_on() {
    let csv = "url,body,paper,doc_id,day,story_id\nu1,\"One day. Two, he said.\",Ledger,a,2026-01-01,\nu2,,Ledger,b,2026-01-01,s9\nu3,Third.,Ledger,a,soon,s9\n";
    let folder = Folder::with_rows(csv);
    let columns = ["--text-column", "body", "--outlet-column", "paper", "--date-column", "day"];
    let args = [&["segment", "rows.csv"], &columns[..]].concat();
    let run = folder.succeeds(&args);
    let rows = table(&run.stdout);
    assert_eq!(column(&rows, "id"), ["a-1", "a-2", "a-3"]);
    assert_eq!(column(&rows, "url"), ["u1", "u1", "u3"]);
    assert_eq!(column(&rows, "story_id"), ["a", "a", "s9"]);
    assert!(run.stderr.contains("1 of 3 articles have no sentence"), "{}", run.stderr);
    assert!(run.stderr.contains("1 of 3 articles have a date such as \"soon\""), "{}", run.stderr);
    assert!(run.stderr.contains("1 of 3 articles have the doc_id of an earlier one"), "{}", run.stderr);

    let piped = folder.succeeds_with(&[&["segment", "-", "-q"], &columns[..]].concat(), csv.as_bytes());
    assert_eq!(piped.stdout, run.stdout);
    folder.succeeds(&[&args[..], &["-o", "out.jsonl"]].concat());
    let first: serde_json::Value =
        serde_json::from_slice(folder.read("out.jsonl").split(|b| *b == b'\n').next().unwrap()).unwrap();
    assert_eq!((first["start"].as_u64(), first["repairs"].as_array().map(Vec::len)), (Some(0), Some(0)));
}

#[test]
fn pages_in_a_table_are_read() {
    let folder = Folder::new();
    let mut csv = csv::Writer::from_path(folder.path("pages.csv")).unwrap();
    csv.write_record(["html", "outlet", "doc_id", "date"]).unwrap();
    csv.write_record([PAGE, "Given", "p", "2026-03-02"]).unwrap();
    csv.flush().unwrap();
    let rows = table(&folder.succeeds(&["segment", "pages.csv", "-q"]).stdout);
    assert_eq!(rows.last().unwrap()["outlet"], "Given");
    assert!(column(&rows, "text").iter().any(|text| text.starts_with("It rained for nine days over")));
}

#[test]
fn lines_that_recur_in_an_outlet_are_furniture() {
    let subjects =
        ["wheat prices", "the rail strike", "a lost painting", "school meals", "the harbour bridge", "river trout"];
    let row = |(i, subject): (usize, &&str)| {
        let (outlet, month) = (if i < 4 { "Ledger" } else { "Courier" }, i + 1);
        let text = format!("The county looked at {subject} on day {i}.\n\nPower lunch with the desk, number {i}");
        format!("\"{text}\",{outlet},d{i},2026-0{month}-01\n")
    };
    let rows: String = subjects.iter().enumerate().map(row).collect();
    let csv = format!("text,outlet,doc_id,date\n{rows}");
    let folder = Folder::with_rows(csv);
    let run = folder.succeeds(&["segment", "rows.csv", "--keep-boilerplate"]);
    let recurring = table(&run.stdout).into_iter().filter(|row| row["boilerplate"] == "recurring");
    assert_eq!(recurring.map(|row| row["doc_id"].clone()).collect::<Vec<_>>(), ["d0", "d1", "d2", "d3"]);
    let without = folder.succeeds(&["segment", "rows.csv", "-q"]);
    assert_eq!(table(&without.stdout).len(), 8);
}

#[test]
fn rows_do_not_depend_on_threads() {
    let folder = newsroom();
    let run =
        |threads: &str| folder.succeeds(&["segment", "--manifest", "manifest.csv", "-q", "--threads", threads]).stdout;
    let one = run("1");
    assert_eq!(run("2"), one);
    assert_eq!(run("5"), one);
}

#[test]
fn foreign_articles_are_counted() {
    let french = "Le ministre des affaires étrangères a déclaré lundi que les deux pays reprendraient leurs discussions au printemps, \
                  malgré les tensions qui persistent à la frontière depuis plusieurs semaines.";
    let folder = Folder::new().with("a.txt", french).with("b.txt", TALKS);
    let run = folder.succeeds(&["segment", "a.txt", "b.txt"]);
    assert!(run.stderr.contains("1 of 2 articles are not in the language \"en\": 1 French"), "{}", run.stderr);
    assert!(
        run.stderr.contains("2 of 2 articles have no outlet; give it in an outlet column, or with --manifest"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("2 of 2 articles have no date"), "{}", run.stderr);
    let run = folder.succeeds(&["segment", "a.txt", "--language", "fr"]);
    assert!(!run.stderr.contains("not in the language"), "{}", run.stderr);
}

#[test]
fn scored_in_two_commands() {
    let folder = newsroom();
    folder.succeeds(&["segment", ".", "--manifest", "manifest.csv", "-o", "sentences.csv", "-q"]);
    folder.succeeds(&["predict", "sentences.csv", "-o", "scored.csv", "-q"]);
    let rows = table(&folder.read("scored.csv"));
    assert!(rows.len() > 8 && rows.iter().all(|row| !row["p_dialogue"].is_empty()));
}

#[test]
fn errors_say_what_would_be_right() {
    let folder = newsroom()
        .with("bad.csv", "text,start\nOne.,1\n")
        .with("nothing.csv", "title\nx\n")
        .with("latin.txt", b"caf\xE9");
    std::fs::create_dir(folder.path("empty")).unwrap();
    folder.fails(&["segment", "absent.txt"], &["absent.txt", "cannot open it"]);
    folder.fails(&["segment", "empty"], &["there are no articles", "name .txt or .html files"]);
    folder.fails(&["segment", "bad.csv"], &["\"start\", which framescope makes itself; rename or drop it"]);
    folder.fails(
        &["segment", "nothing.csv"],
        &["nothing.csv: no column \"text\"; found: title", "--text-column", "--html-column"],
    );
    folder.fails(&["segment", "latin.txt", "-o", "out.csv"], &["latin.txt, line 1: not UTF-8", "--encoding"]);
    folder.fails(
        &["segment", "talks.txt", "--manifest", "bad.csv"],
        &["bad.csv: no column \"file\"", "a manifest names one file a row"],
    );
    folder
        .fails_usage(&["segment", "talks.txt", "--language", "tlh"], &["--language is \"tlh\"; expected one of", "en"]);
    folder.fails_usage(
        &["segment", "talks.txt", "--story-similarity", "2"],
        &["--story-similarity is 2; expected a number from 0 to 1"],
    );
    folder.fails_usage(&["segment"], &["ARTICLES"]);
    let run = folder.succeeds(&["segment", ".", "--manifest", "manifest.csv", "--encoding", "windows-1252"]);
    assert!(run.stderr.contains("the manifest says nothing of ./latin.txt"), "{}", run.stderr);
    assert!(run.stderr.contains("passed over ./bad.csv, ./nothing.csv"), "{}", run.stderr);
}
