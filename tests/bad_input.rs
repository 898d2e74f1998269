//! Input as it comes: every fault is told with its place and what would be right, and nothing is half-written.

mod support;

use std::io::Write as _;

use support::{Folder, coded_csv, coded_csv_with, train};

/// `predict` from `rows.csv` to a file, which must not be there if it fails.
const PREDICT: [&str; 5] = ["predict", "rows.csv", "-o", "scored.csv", "-q"];
/// The columns that the bundled model appends.
const ADDED: [&str; 4] = ["p_accusation", "p_dialogue", "p_escalation", "predicted"];

/// Scores `rows.csv` on stdout and gives the first field of each row below the header.
fn first_fields(folder: &Folder, more: &[&str]) -> Vec<String> {
    let run = folder.succeeds(&[&["predict", "rows.csv", "-q"], more].concat());
    let rows = run.rows();
    assert_eq!(rows[0].len(), rows[1].len());
    rows[1..].iter().map(|row| row[0].clone()).collect()
}

// ------------------------------------------------------------------------------------------------ bytes and encodings

#[test]
fn a_byte_that_is_not_utf8_is_placed_and_the_flag_named() {
    let folder = Folder::with_rows(b"text,labels\nplain,none\n\"Zo\xC3\xAB met the Caf\xE9 owners\",none\n");
    folder.fails(
        &PREDICT,
        &["rows.csv, line 3: not UTF-8: byte 0xE9 at character 17 of the line", "--encoding windows-1252"],
    );
    let train = train(&["rows.csv"]);
    folder.fails(&train, &["rows.csv, line 3: not UTF-8: byte 0xE9 at character 17", "--encoding windows-1252"]);
}

#[test]
fn the_named_encoding_reads_it() {
    let folder = Folder::with_rows(b"text\nCaf\xE9 owners \x93met\x94\n");
    assert_eq!(first_fields(&folder, &["--encoding", "windows-1252"]), ["Café owners “met”"]);
    folder.fails_usage(
        &["predict", "rows.csv", "--encoding", "windoes"],
        &["unknown encoding \"windoes\"", "windows-1252"],
    );
}

#[test]
fn a_bad_byte_in_the_header_and_in_crlf_lines_is_placed() {
    let folder = Folder::with_rows(b"text,\xFForder\n");
    folder.fails(&PREDICT, &["rows.csv, line 1: not UTF-8: byte 0xFF at character 6"]);
    let folder = Folder::with_rows(b"text\r\n\r\none\r\ntw\xF3\r\n");
    folder.fails(&PREDICT, &["rows.csv, line 4: not UTF-8: byte 0xF3 at character 3"]);
}

#[test]
fn a_bad_byte_far_down_leaves_nothing_written() {
    let mut bytes = b"text\n".to_vec();
    for _ in 0..20_000 {
        bytes.extend_from_slice(b"The council met on Monday to hear the report.\n");
    }
    bytes.extend_from_slice(b"caf\xE9\n");
    let folder = Folder::with_rows(bytes).with("scored.csv", "what was there\n");
    folder.fails(&PREDICT, &["rows.csv, line 20002: not UTF-8: byte 0xE9 at character 4"]);
}

#[test]
fn utf16_is_recognised_and_read_with_the_flag() {
    let bytes: Vec<u8> = "\u{FEFF}text,outlet\r\nPokój,A\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let folder = Folder::with_rows(bytes);
    folder.fails(&PREDICT, &["rows.csv, line 1: not UTF-8: byte 0xFF at character 1", "the first bytes say utf-16le"]);
    assert_eq!(first_fields(&folder, &["--encoding", "utf-16le"]), ["Pokój"]);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_column() {
    let folder = Folder::with_rows("\u{FEFF}text,outlet\nTalks go on,A\n");
    let run = folder.succeeds(&["predict", "rows.csv", "-q"]);
    assert_eq!(run.rows()[0][..2], ["text", "outlet"]);
    assert_eq!(run.rows()[1][..2], ["Talks go on", "A"]);
    let folder = Folder::with_rows("\u{FEFF}\"text\",outlet\nTalks go on,A\n");
    assert_eq!(first_fields(&folder, &[]), ["Talks go on"]);
}

#[test]
fn nul_bytes_are_placed() {
    let folder = Folder::with_rows(b"text\nfine\nso\0so\n");
    folder.fails(&PREDICT, &["rows.csv, line 3: a NUL byte at character 3 of the line", "--encoding utf-16le"]);
    let folder = Folder::new().with("rows.jsonl", b"{\"text\":\"fine\"}\n{\"text\":\"so\0so\"}\n");
    folder.fails(&["predict", "rows.jsonl", "-o", "s.csv"], &["rows.jsonl, line 2: a NUL byte at character 12"]);
}

// ------------------------------------------------------------------------------------------------------ lines and rows

#[test]
fn crlf_is_no_part_of_the_last_column() {
    let folder = Folder::with_rows("text,outlet\r\nTalks go on,A\r\n\"Two\r\nlines\",B\r\n");
    let run = folder.succeeds(&["predict", "rows.csv", "-q"]);
    assert_eq!(run.rows()[0], [&["text", "outlet"], &ADDED[..]].concat());
    assert_eq!(run.rows()[1][..2], ["Talks go on", "A"]);
    assert_eq!(run.rows()[2][..2], ["Two\r\nlines", "B"]);
}

#[test]
fn a_ragged_row_is_told_with_its_line_and_both_counts() {
    let folder = Folder::with_rows("text,outlet\nfine,A\nTalks, they say, go on,B\n");
    folder.fails(&PREDICT, &["rows.csv, line 3: expected 2 fields, as in the header, but found 4", "--delimiter"]);
    let folder = Folder::with_rows("text,outlet\nfine,A\nalone\n");
    folder.fails(&PREDICT, &["rows.csv, line 3: expected 2 fields, as in the header, but found 1", "empty where"]);
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    // The ragged row stands on line 7 of each: after CRLF, blank lines, and a line break in quotes.
    for text in [
        "text,outlet\r\na,A\r\nb,B\r\nc,C\r\nd,D\r\ne,E\r\nragged\r\n",
        "text,outlet\na,A\n\n\n\nb,B\nragged\n",
        "text,outlet\na,A\n\"b\n\nb\",B\n\nragged\n",
        "text,outlet\r\n\r\na,A\r\n\r\n\"b\r\nb\",B\r\nragged",
        "\n\r\n\ntext,outlet\r\n\na,A\nragged,R,r,r\n",
    ] {
        Folder::with_rows(text).fails(&PREDICT, &["rows.csv, line 7: expected 2 fields"]);
    }
}

#[test]
fn lines_are_counted_right_past_every_buffer() {
    let rows = "\"Both sides\r\nmet\",A\r\n\r\n".repeat(40_000);
    let folder = Folder::with_rows(format!("text,outlet\r\n{rows}ragged\r\n{rows}"));
    folder.fails(&PREDICT, &["rows.csv, line 120002: expected 2 fields, as in the header, but found 1"]);
}

#[test]
fn a_bad_cell_is_told_with_the_line_of_its_row() {
    for text in
        ["text,labels\r\n\r\na,none\r\nb,x;;y\r\n", "text,labels\n\na,none\nb,x;;y\n", "text,labels\n\"a\n\",x\nb,x;;y"]
    {
        Folder::with_rows(text)
            .fails(&train(&["rows.csv"]), &["rows.csv, line 4, column \"labels\": cannot read \"x;;y\""]);
    }
}

#[test]
fn rows_without_an_id_are_explained_by_line() {
    let folder = Folder::with_rows("text\r\n\r\nTalks go on\r\n\r\n\"They\r\nfight\"\r\nIt rains\r\n");
    let run = folder.succeeds(&["explain", "rows.csv", "--format", "csv", "--top", "1"]);
    let mut ids: Vec<String> = run.rows()[1..].iter().map(|row| row[0].clone()).collect();
    ids.dedup();
    assert_eq!(ids, ["3", "5", "7"]);
}

#[test]
fn a_quote_never_closed_is_placed_where_it_opens() {
    let rest = "and so on, and on,\n".repeat(30_000);
    let folder = Folder::with_rows(format!("text,outlet\r\nfine,A\r\n\"fine\r\n\",B\r\nC,\"Talks\r\n{rest}"));
    folder.fails(&PREDICT, &["rows.csv, line 5: the quote opened at character 3 of this line is never closed"]);
    let folder = Folder::with_rows("\"text,outlet\nfine,A\n");
    folder.fails(&PREDICT, &["rows.csv, line 1: the quote opened at character 1 of this line is never closed"]);
}

// -------------------------------------------------------------------------------------------------------------- header

#[test]
fn a_duplicate_column_is_named() {
    let folder = Folder::with_rows("text,outlet,text\na,b,c\n");
    folder.fails(&PREDICT, &["rows.csv: the header has two columns named \"text\" (fields 1 and 3); rename one"]);
}

#[test]
fn a_missing_column_lists_what_is_there_and_suggests_the_nearest() {
    let folder = Folder::with_rows("id,Texts,labels\n1,a,none\n");
    let says = ["rows.csv: no column \"text\"; found: id, Texts, labels", "did you mean \"Texts\"?", "--text-column"];
    folder.fails(&PREDICT, &says);
    folder.fails(&train(&["rows.csv"]), &says);
    folder.fails(&["explain", "rows.csv"], &says);
    let folder = Folder::with_rows("text,lables\na,none\n");
    let says = ["rows.csv: no column \"labels\"; found: text, lables", "did you mean \"lables\"?", "--labels-column"];
    folder.fails(&train(&["rows.csv"]), &says);
    folder.fails(&["evaluate", "rows.csv"], &says);
    let folder = Folder::with_rows("body,wind\na,1\n");
    let run = folder.fails(&PREDICT, &["no column \"text\"; found: body, wind; name the column"]);
    assert!(!run.stderr.contains("did you mean"), "nothing is near: {}", run.stderr);
}

#[test]
fn a_frame_without_its_column_is_named() {
    let folder = Folder::with_rows("text,conflict,hop\na,1,0\n");
    let says = ["rows.csv: no column \"hope\"; found: text, conflict, hop; did you mean \"hop\"?"];
    folder.fails(&train(&["rows.csv", "--frames", "conflict,hope"]), &says);
}

#[test]
fn an_empty_file_and_one_with_a_header_only_are_told_apart() {
    for bytes in ["", "\n\r\n\n", "\u{FEFF}"] {
        let folder = Folder::with_rows(bytes);
        folder.fails(&PREDICT, &["rows.csv: the file is empty; expected a header with a \"text\" column"]);
        folder.fails(&train(&["rows.csv"]), &["rows.csv: the file is empty"]);
    }
    let folder = Folder::with_rows("text,labels\n");
    folder.fails(&PREDICT, &["rows.csv: there are no rows below the header; nothing to score"]);
    folder.fails(&train(&["rows.csv"]), &["rows.csv: there are no rows below the header; nothing to learn from"]);
    folder.fails(&["evaluate", "rows.csv"], &["rows.csv: there are no rows below the header"]);
    folder.fails(&["explain", "rows.csv"], &["rows.csv: there are no rows below the header; nothing to explain"]);
    let stdin = ["predict", "-", "-o", "scored.csv"];
    folder.fails_with(&stdin, b"", 1, &["stdin: the file is empty"]);
    let folder = Folder::new().with("rows.jsonl", "\n\n");
    folder.fails(&["predict", "rows.jsonl", "-o", "s.csv"], &["rows.jsonl: the file is empty"]);
}

#[test]
fn files_that_are_not_there_or_are_folders_are_named() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("folder")).unwrap();
    folder.fails(&["predict", "gone.csv", "-o", "s.csv"], &["gone.csv: cannot open it: "]);
    folder.fails(&train(&["gone.csv"]), &["gone.csv: cannot open it: "]);
    folder.fails(&["explain", "folder"], &["folder: cannot ", "directory"]);
    folder.fails(&["predict", "folder", "-o", "s.csv"], &["folder: cannot read it: there is no file of rows in it"]);
}

// -------------------------------------------------------------------------------------------------------------- labels

#[test]
fn a_frame_that_the_codebook_lacks_is_placed() {
    let folder = Folder::with_rows(coded_csv().replace("fair.,none", "fair.,escalatoin"));
    let says = [
        "rows.csv, line 49, column \"labels\": unknown frame \"escalatoin\"; the codebook (--frames) has: ",
        "escalation, dialogue, accusation; did you mean \"escalation\"?",
    ];
    folder.fails(&train(&["rows.csv", "--frames", "escalation,dialogue,accusation"]), &says);
}

#[test]
fn a_frame_that_the_model_lacks_is_placed() {
    let folder = Folder::with_rows("text,labels\r\nTalks go on,dialogue\r\nIt rains,weather\r\n");
    let says = ["rows.csv, line 3, column \"labels\": unknown frame \"weather\"; the model has: accusation, dialogue"];
    let run = folder.fails(&["evaluate", "rows.csv", "-q"], &says);
    assert!(!run.stderr.contains("did you mean"), "{}", run.stderr);
}

#[test]
fn label_cells_that_contradict_themselves_are_placed() {
    for (cell, expected) in [
        ("none;escalation", "expected frames joined by ';', or \"none\" alone"),
        ("a;;b", "expected a frame name on both sides of each ';'"),
        ("a;", "expected a frame name on both sides of each ';'"),
    ] {
        let folder = Folder::with_rows(format!("text,labels\nTalks go on,dialogue\nIt rains,{cell}\n"));
        let place = format!("rows.csv, line 3, column \"labels\": cannot read {cell:?}; {expected}");
        folder.fails(&train(&["rows.csv"]), &[&place]);
        folder.fails(&["evaluate", "rows.csv"], &[&place]);
    }
}

#[test]
fn a_flag_that_is_neither_0_nor_1_is_placed() {
    let folder = Folder::with_rows("text,war,peace\nTalks go on,0,1\nIt rains,0,\nThey fight,yes,0\n");
    let says = ["rows.csv, line 4, column \"war\": cannot read \"yes\"; expected 1, 0, or blank for not coded"];
    folder.fails(&train(&["rows.csv", "--frames", "war,peace"]), &says);
}

#[test]
fn a_bad_weight_is_placed() {
    for weight in ["heavy", "-1", "NaN", "inf"] {
        let folder = Folder::with_rows(format!("text,labels,weight\nTalks go on,dialogue,2\nIt rains,none,{weight}\n"));
        let says = format!("rows.csv, line 3, column \"weight\": cannot read {weight:?}; expected a weight");
        folder.fails(&train(&["rows.csv"]), &[&says]);
    }
}

#[test]
fn a_frame_without_rows_of_one_class_is_named_and_can_be_left_out() {
    let frames = ["--frames", "accusation,dialogue,escalation,hope"];
    let folder = Folder::new().with("coded.csv", coded_csv());
    let args = train(&[&["coded.csv"], &frames[..]].concat());
    folder.fails(&args, &["frame \"hope\" has 0 positive and 60 negative rows", "--allow-constant"]);

    let mut args = [&args[..], &["--allow-constant"]].concat();
    args.retain(|arg| *arg != "-q");
    let run = folder.succeeds(&args);
    assert!(run.stderr.contains("warning: frame \"hope\" was left out"), "{}", run.stderr);
    let card: serde_json::Value =
        serde_json::from_slice(&folder.succeeds(&["inspect", "m.safetensors", "--format", "json"]).stdout).unwrap();
    assert_eq!(card["frames"], serde_json::json!(["accusation", "dialogue", "escalation"]));
}

#[test]
fn a_frame_in_every_row_is_named_and_can_be_left_out() {
    let everywhere = |label: &str| if label == "none" { "news".into() } else { format!("{label};news") };
    let folder = Folder::new().with("coded.csv", coded_csv_with(everywhere));
    folder.fails(&train(&["coded.csv"]), &["frame \"news\" has 60 positive and 0 negative rows", "--allow-constant"]);
    folder.succeeds(&train(&["coded.csv", "--allow-constant"]));
    let run = folder.succeeds(&["predict", "coded.csv", "--model", "m.safetensors", "-q"]);
    assert_eq!(run.rows()[0][2..], ADDED);
}

#[test]
fn nothing_to_learn_is_told_by_its_reason() {
    let folder = Folder::with_rows(coded_csv_with(|_| "news".into()));
    let args = train(&["rows.csv", "--allow-constant"]);
    folder.fails(&args, &["no frame can be learned: each of news has too few rows of one class"]);
    let folder = Folder::with_rows(coded_csv_with(|_| "none".into()));
    folder.fails(&train(&["rows.csv"]), &["rows.csv: no frame in the labels: every coded row is \"none\""]);
    let folder = Folder::with_rows(coded_csv_with(|_| String::new()));
    folder.fails(&train(&["rows.csv"]), &["rows.csv: none of the 60 rows can be used: 60 are not coded", "\"none\""]);
    let folder = Folder::with_rows("text,labels,split\na,x,train\n,x,test\n");
    let args = train(&["rows.csv", "--split", "test"]);
    folder.fails(&args, &["1 have an empty \"text\", 1 have another \"split\" than --split \"test\""]);
}

#[test]
fn a_blank_flag_is_not_a_zero() {
    // Hope is coded on one row only; were blanks zeros, it would have 59 negative rows.
    let lines = support::coded_rows().into_iter().enumerate().map(|(i, (text, label))| {
        format!("{text},{},{}\n", u8::from(label == "dialogue"), if i == 0 { "1" } else { "" })
    });
    let folder = Folder::with_rows(std::iter::once("text,dialogue,hope\n".to_owned()).chain(lines).collect::<String>());
    let says = ["frame \"hope\" has 1 positive and 0 negative rows"];
    folder.fails(&train(&["rows.csv", "--frames", "dialogue,hope"]), &says);
}

// ------------------------------------------------------------------------------------------------------- unusual texts

#[test]
fn unusual_texts_pass_through_untouched_and_are_scored() {
    let long_field = "The envoys met again, and again they agreed to talk. ".repeat(20_000);
    assert!(long_field.len() > 1 << 20);
    let long_word = "é".repeat(1 << 19);
    let many_words = (0..10_000).map(|i| format!("word{i}")).collect::<Vec<_>>().join(" ");
    let texts = [
        &long_field,
        &long_word,
        &many_words,
        "🚀🔥 They said 👩‍👩‍👧‍👦 no 🇺🇦!",
        "הצדדים הסכימו לשוב לשולחן המשא ומתן",
        "قال المتحدث \u{202B}إن المحادثات\u{202C} ستستأنف",
        "e\u{301}\u{302}\u{303}\u{304} \u{200B}\u{FEFF} \u{FFFD} \u{10FFFF}",
        "\u{1}\u{7f}\u{85}\u{2028}",
        "=cmd|' /C calc'!A0",
        "!!! … ???",
    ];
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["text", "note"]).unwrap();
    for text in texts {
        writer.write_record([text, text]).unwrap();
    }
    let folder = Folder::with_rows(writer.into_inner().unwrap());
    let rows = folder.succeeds(&["predict", "rows.csv", "-q"]).rows();
    assert_eq!(rows.len(), texts.len() + 1);
    for (row, text) in rows[1..].iter().zip(texts) {
        assert!(row[0] == text && row[1] == text, "changed: {text:.60}");
        for proba in &row[2..5] {
            let proba: f64 = proba.parse().unwrap();
            assert!((0.0..=1.0).contains(&proba), "{proba} for {text:.60}");
        }
        assert_ne!(row[5], "", "no decision for {text:.60}");
    }
    let run = folder.succeeds(&["explain", "rows.csv", "--format", "json", "--top", "5"]);
    let lines = std::str::from_utf8(&run.stdout).unwrap().lines();
    let explained: Vec<serde_json::Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(explained.len(), texts.len());
    let run = folder.succeeds(&["explain", "rows.csv"]);
    assert_eq!(run.text().matches("; logit ").count(), 3 * texts.len(), "one heading a frame and text");
}

#[test]
fn unusual_texts_train() {
    let folder = Folder::with_rows(format!(
        "{}{},none\n{},escalation\n🔥🔥 קרב,escalation\n",
        coded_csv(),
        "word ".repeat(10_000),
        "x".repeat(1 << 20),
    ));
    folder.succeeds(&train(&["rows.csv"]));
    assert!(folder.path("m.safetensors").is_file());
}

#[test]
fn an_empty_text_keeps_its_row_and_is_counted() {
    let folder = Folder::with_rows("text,outlet\n,A\nTalks go on,B\n\" \t\",C\n");
    let run = folder.succeeds(&["predict", "rows.csv"]);
    assert!(run.stderr.contains("warning: 2 of 3 rows have an empty text and were not scored"), "{}", run.stderr);
    let rows = run.rows();
    assert_eq!(rows[1], ["", "A", "", "", "", ""]);
    assert_eq!(rows[2][1], "B");
    assert_ne!(rows[2][5], "");
    assert_eq!(rows[3], [" \t", "C", "", "", "", ""]);
}

// ---------------------------------------------------------------------------------------------------------- JSON Lines

#[test]
fn a_broken_json_line_is_placed() {
    let predict = ["predict", "rows.jsonl", "-o", "s.jsonl"];
    for (second, says) in [
        ("  {\"text\": \"Zoë met\" \"id\": 2}", "expected `,` or `}` at character 22 of the line"),
        ("[1, 2]", "found an array"),
        ("{\"text\": ", "EOF while parsing"),
        ("text,outlet", "expected"),
    ] {
        let folder =
            Folder::new().with("rows.jsonl", format!("{{\"text\":\"a\"}}\r\n\r\n{second}\r\n{{\"text\":\"b\"}}\n"));
        let run = folder.fails(&predict, &["rows.jsonl, line 3: not a JSON object: ", says, "one object per line"]);
        assert!(!run.stderr.contains("line 1"), "the line is told once: {}", run.stderr);
    }
    let folder = Folder::new().with("rows.jsonl", "[{\"text\": \"a\"}]\n");
    folder.fails(&predict, &["rows.jsonl, line 1: not a JSON object: found an array"]);
}

#[test]
fn an_unexpected_json_key_is_placed_and_a_missing_one_is_empty() {
    let folder =
        Folder::new().with("rows.jsonl", "{\"text\":\"a\",\"id\":1}\n{\"text\":\"b\"}\n{\"txt\":\"c\",\"id\":3}\n");
    folder.fails(
        &["predict", "rows.jsonl", "-o", "s.jsonl"],
        &["rows.jsonl, line 3: key \"txt\" is not in the first object, which has: text, id"],
    );
    let folder = Folder::new().with("rows.jsonl", "{\"id\":1,\"text\":\"a\"}\n{\"text\":\"b\"}\n");
    let rows = folder.succeeds(&["predict", "rows.jsonl", "-q"]).rows();
    assert_eq!(rows[1][..2], ["1", "a"]);
    assert_eq!(rows[2][..2], ["", "b"]);
}

// ----------------------------------------------------------------------------------------- several inputs, compression

#[test]
fn inputs_with_other_columns_are_named_with_both_headers() {
    let folder = Folder::with_rows("text,outlet\na,A\n").with("more.csv", "outlet,text\nB,b\n");
    folder.fails(
        &["predict", "rows.csv", "more.csv", "-o", "s.csv"],
        &["more.csv: the columns differ from those of rows.csv: found outlet, text, expected text, outlet"],
    );
}

#[test]
fn a_fault_in_the_second_file_names_the_second_file() {
    let folder = Folder::with_rows("text,outlet\na,A\n").with("more.csv", "text,outlet\r\nb,B\r\nragged\r\n");
    let says = ["more.csv, line 3: expected 2 fields, as in the header, but found 1"];
    folder.fails(&["predict", "rows.csv", "more.csv", "-o", "s.csv"], &says);
}

#[test]
fn stdin_and_stdout_are_dashes() {
    let folder = Folder::new();
    let run = folder.succeeds_with(&["predict", "-", "-o", "-", "-q"], b"text\nTalks go on\n");
    assert_eq!(run.rows()[1][0], "Talks go on");
    folder.fails_with(&["predict", "-", "-o", "-"], b"text,a\n\nTalks\n", 1, &["stdin, line 3: expected 2 fields"]);
}

#[test]
fn compressed_input_is_read_and_placed_as_if_it_were_not() {
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let zstd = |bytes: &[u8]| ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest);
    for extension in ["gz", "zst"] {
        let pack = |bytes: &[u8]| if extension == "gz" { gzip(bytes) } else { zstd(bytes) };
        let name = format!("rows.tsv.{extension}");
        let folder = Folder::new().with(&name, pack(b"text\toutlet\r\nTalks, they say\tA\r\n"));
        let run = folder.succeeds(&["predict", &name, "-q"]);
        assert_eq!(run.rows()[1][..2], ["Talks, they say", "A"]);
        let run = folder.succeeds_with(&["predict", "-", "-q"], &pack(b"text\nTalks go on\n"));
        assert_eq!(run.rows()[1][0], "Talks go on");

        let folder = Folder::new().with(&name, pack(b"text\toutlet\n\ncaf\xE9\tA\n"));
        let place = format!("{name}, line 3: not UTF-8: byte 0xE9 at character 4");
        folder.fails(&["predict", &name, "-o", "s.csv"], &[&place]);

        let mut long = b"text\n".to_vec();
        (0..5_000)
            .for_each(|i| writeln!(long, "Envoy {i} met envoy {} on day {}", i * 7919 % 5000, i * 31 % 365).unwrap());
        let packed = pack(&long);
        let folder = Folder::new().with(&name, &packed[..packed.len() / 2]);
        folder.fails(&["predict", &name, "-o", "s.csv"], &[&format!("{name}: cannot read it: ")]);
        let folder = Folder::new().with(&name, &packed[..5]);
        folder.fails(&["predict", &name, "-o", "s.csv"], &[&format!("{name}: cannot read it: ")]);
    }
}
