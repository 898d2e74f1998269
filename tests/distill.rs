//! `framescope distill`: a student of composed rows, what it says of itself, and each error that a user can make.

// A test that cannot set its scene may panic.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use support::{Folder, train};

const LABELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/labels/framing-en.csv");
/// Little to choose from.
const FEW: [&str; 8] = ["--alpha", "1,0.3", "--mix", "3,10", "--n-bootstrap", "30", "--max-subword", "4"];

/// The bundled labels' rows of stories by their place: a teacher's, a few to learn from, more that nobody coded, and some to judge by.
fn parts() -> Folder {
    let mut reader = csv::Reader::from_path(LABELS).unwrap();
    let header = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let column = |name: &str| header.iter().position(|other| other == name).unwrap();
    let (story, labels) = (column("story_id"), column("labels"));
    let mut stories: Vec<&str> = Vec::new();
    let mut written: [Vec<csv::StringRecord>; 4] = std::array::from_fn(|_| vec![header.clone()]);
    for row in &rows {
        let place = stories.iter().position(|other| *other == &row[story]).unwrap_or_else(|| {
            stories.push(&row[story]);
            stories.len() - 1
        });
        let (part, most) = [(0, 450), (2, 400), (1, 100), (2, 400), (3, 200)][place % 5];
        if written[part].len() <= most {
            // What nobody coded says so.
            let bare =
                |(i, cell): (usize, &str)| if part == 2 && i == labels { String::new() } else { cell.to_owned() };
            written[part].push(row.iter().enumerate().map(bare).collect::<Vec<String>>().into());
        }
    }
    let names = ["teach.csv", "gold.csv", "rows.csv", "test.csv"];
    written.iter().zip(names).fold(Folder::new(), |folder, (rows, name)| {
        let mut writer = csv::Writer::from_writer(Vec::new());
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        folder.with(name, writer.into_inner().unwrap())
    })
}

fn taught() -> Folder {
    let folder = parts();
    folder.succeeds(&train(&["teach.csv"]));
    folder
}

fn distill<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["distill", "--teacher", "m.safetensors", "--unlabelled", "rows.csv", "-o", "student.safetensors"], more].concat()
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// The macro average of a metric of one of the models.
fn macro_average(side_by_side: &Value, model: usize, metric: &str) -> f64 {
    side_by_side["standings"][model]["evaluation"]["macro_average"][metric]["value"].as_f64().unwrap()
}

#[test]
fn a_student_is_nearer_to_its_teacher_than_coded_rows_alone_would_bring_it() {
    let folder = taught();
    let args = distill(&["--gold", "gold.csv", "--test", "test.csv", "--license", "CC0 1.0", "--format", "json", "-q"]);
    let run = folder.succeeds(&[&args[..], &FEW].concat());
    let told = json(&run.stdout);
    let report = &told["report"];
    let alike = |of: &str, j: usize| report[of]["frames"][j]["agreement"]["value"].as_f64().unwrap();
    for j in 0..3 {
        let (student, ngrams) = (alike("agreement", j), alike("ngrams_agreement", j));
        assert!(student > ngrams, "frame {j}: {student} {ngrams}");
    }
    for of in ["gold", "test"] {
        let names: Vec<&str> =
            report[of]["standings"].as_array().unwrap().iter().map(|one| one["contestant"].as_str().unwrap()).collect();
        assert_eq!(names, ["teacher", "student", "ngrams"]);
        assert_eq!(report[of]["n_seen"], 0);
        let (student, ngrams) =
            (macro_average(&report[of], 1, "average_precision"), macro_average(&report[of], 2, "average_precision"));
        assert!(student > ngrams + 0.02, "{of}: {student} {ngrams}");
    }
    let kept = &told["model"]["training"]["distillation"];
    assert_eq!(kept["license"], "CC0 1.0");
    assert_eq!(kept["teacher"]["sources"][0]["name"], "teach.csv");
    let n: u64 = ["n_unlabelled", "n_held_out"].iter().map(|key| kept[key].as_u64().unwrap()).sum();
    let unused: u64 = kept["unused"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(n + unused, 400);
    assert!(
        kept["frames"].as_array().unwrap().iter().all(|frame| [3.0, 10.0].contains(&frame["mix"].as_f64().unwrap()))
    );

    // It is a model like any other, and its card says where it comes from.
    folder.succeeds(&["predict", "test.csv", "--model", "student.safetensors", "-o", "scored.csv", "-q"]);
    let card = folder.succeeds(&["inspect", "student.safetensors"]);
    for part in [
        "Distilled from m.safetensors",
        "trained on teach.csv",
        "licence of these rows: CC0 1.0",
        "from which the student did not learn",
    ] {
        assert!(card.text().contains(part), "the card should say {part:?}:\n{}", card.text());
    }
    // What taught its teacher is known to it.
    let judged = folder.succeeds(&["evaluate", "teach.csv", "--model", "student.safetensors", "--n-bootstrap", "0"]);
    assert!(judged.stderr.contains("was trained on teach.csv"), "{}", judged.stderr);
}

#[test]
fn bytes_do_not_depend_on_threads() {
    let folder = taught();
    let run = |threads: &str, more: &[&str]| {
        let args = ["--format", "csv", "-q", "--threads", threads, "--max-words", "1", "--folds", "3"];
        let args = [&distill(&args)[..], &FEW, more].concat();
        (folder.succeeds(&args).stdout, folder.read("student.safetensors"))
    };
    let gold = ["--gold", "gold.csv"];
    assert!(run("1", &gold) == run("3", &gold), "with coded rows");
    assert!(run("1", &[]) == run("3", &[]), "without");
    assert!(run("1", &gold).1 != run("1", &["--gold", "gold.csv", "--seed", "1"]).1, "another seed is another run");
}

#[test]
fn without_coded_rows_nothing_is_said_to_be_checked() {
    let folder = taught();
    let run = folder.succeeds(&[&distill(&["-q"])[..], &FEW].concat());
    assert!(run.text().contains("Nothing was checked against coded rows"), "{}", run.text());
    assert!(!run.text().contains("n-grams alone"), "{}", run.text());
    let card = folder.succeeds(&["inspect", "student.safetensors"]);
    assert!(card.text().contains("against the decisions of its teacher, not of coders"), "{}", card.text());
    let kept = json(&folder.succeeds(&["inspect", "student.safetensors", "--format", "json"]).stdout);
    assert_eq!(kept["training"]["n_rows"], 0);
    assert!(
        kept["training"]["distillation"]["frames"]
            .as_array()
            .unwrap()
            .iter()
            .all(|frame| frame.get("mix") == Some(&Value::Null))
    );
    // Its probabilities are those of its teacher on the whole.
    let frames = kept["training"]["distillation"]["agreement"]["frames"].as_array().unwrap();
    for frame in frames {
        let difference = frame["mean_difference"]["value"].as_f64().unwrap();
        assert!(difference < 0.2, "{frame}");
    }
}

/// Quick to train.
const LEAST: [&str; 10] =
    ["--alpha", "1", "--mix", "1,3,10,30", "--n-bootstrap", "0", "--max-subword", "0", "--folds", "2"];

#[test]
fn rows_that_trained_the_teacher_teach_and_do_not_judge() {
    let folder = taught();
    let run = folder.succeeds(&[&distill(&["--gold", "gold.csv", "teach.csv"])[..], &LEAST].concat());
    assert!(run.stderr.contains("they teach, and the other 100 judge"), "{}", run.stderr);
    assert!(run.text().contains("On the 100 coded rows learned from that the teacher had not seen"), "{}", run.text());
    assert!(
        run.text().contains("450 more rows that trained the teacher, or stand in a group of such rows, taught"),
        "{}",
        run.text()
    );
    let kept = json(&folder.succeeds(&["inspect", "student.safetensors", "--format", "json"]).stdout);
    let training = &kept["training"];
    assert_eq!((&training["n_rows"], &training["distillation"]["n_judging"]), (&550.into(), &100.into()));
    let n_judged = training["evaluation"]["n_rows"].as_u64().unwrap();
    assert_eq!(n_judged, 100);
    let card = folder.succeeds(&["inspect", "student.safetensors"]);
    assert!(card.text().contains("100 coded rows by which all of this was chosen"), "{}", card.text());

    // One sentence of an article that the teacher knows keeps all of it from judging.
    let teach = String::from_utf8(folder.read("teach.csv")).unwrap();
    let gold = String::from_utf8(folder.read("gold.csv")).unwrap();
    let known = teach.lines().nth(1).unwrap();
    let folder = folder.with("gold.csv", format!("{gold}{}\n", known.replacen('"', "\"Again: ", 1)));
    let told = folder.succeeds(&[&distill(&["--gold", "gold.csv", "--format", "json", "-q"])[..], &LEAST].concat());
    assert_eq!(json(&told.stdout)["report"]["gold"]["n_rows"], 101, "an article by itself may judge");
    let told = [&distill(&["--gold", "gold.csv", "teach.csv", "--format", "json", "-q"])[..], &LEAST].concat();
    assert_eq!(json(&folder.succeeds(&told).stdout)["report"]["gold"]["n_rows"], 100);
}

#[test]
fn where_all_coded_rows_trained_the_teacher_it_judges_itself() {
    let folder = taught();
    let run = folder.succeeds(&[&distill(&["--gold", "teach.csv"])[..], &LEAST].concat());
    for says in ["all 450 coded rows trained the teacher", "name others too in --gold"] {
        assert!(run.stderr.contains(says), "{says:?}: {}", run.stderr);
    }
    for says in [
        "The student is not shown: all 450 rows",
        "Nothing was checked against coded rows",
        "which nobody chose: accusation 3",
    ] {
        assert!(run.text().contains(says), "{says:?}: {}", run.text());
    }
    let told = [&distill(&["--gold", "teach.csv", "--format", "json", "-q"])[..], &LEAST].concat();
    let told = json(&folder.succeeds(&told).stdout);
    let gold = &told["report"]["gold"];
    assert_eq!((&gold["n_rows"], &gold["n_seen"]), (&450.into(), &450.into()));
    let standings = gold["standings"].as_array().unwrap();
    let bases: Vec<&str> = standings.iter().map(|one| one["basis"].as_str().unwrap()).collect();
    assert_eq!(bases, ["stored", "seen", "out_of_fold"]);
    assert!(standings[1]["evaluation"].is_null() && !standings[2]["evaluation"].is_null());
    let teacher = json(&folder.succeeds(&["inspect", "m.safetensors", "--format", "json"]).stdout);
    assert_eq!(standings[0]["evaluation"], teacher["training"]["evaluation"]);
    let frames = told["model"]["training"]["distillation"]["frames"].as_array().unwrap();
    assert!(frames.iter().all(|frame| frame["mix"] == 3.0), "the lower of the two in the middle: {frames:?}");
    // Its teacher learned from the same rows by the same features, so that there is nothing to gain here, and little to lose.
    let judged =
        [&distill(&["--gold", "teach.csv", "--test", "test.csv", "--format", "json", "-q"])[..], &LEAST].concat();
    let test = json(&folder.succeeds(&judged).stdout)["report"]["test"].clone();
    let [student, ngrams] = [1, 2].map(|model| macro_average(&test, model, "average_precision"));
    assert!((student - ngrams).abs() < 0.03, "{student} {ngrams}");

    let warned = [&distill(&["--gold", "gold.csv", "--test", "teach.csv"])[..], &LEAST].concat();
    let warned = folder.succeeds(&warned);
    assert!(warned.stderr.contains("450 of the 450 test rows trained the teacher"), "{}", warned.stderr);
}

#[test]
fn a_frame_that_the_judges_lack_is_refused_or_left_out() {
    let folder = taught();
    let gold = String::from_utf8(folder.read("gold.csv")).unwrap();
    let bare = gold.replace(",escalation;", ",").replace(";escalation,", ",").replace(",escalation,", ",none,");
    assert!(!bare.contains("escalation,") && bare != gold);
    let folder = folder.with("bare.csv", bare);
    let both = distill(&["--gold", "bare.csv", "teach.csv", "--format", "json"]);
    folder.fails_usage(&[&both[..], &LEAST].concat(), &["100 rows that the teacher has not seen", "escalation"]);
    let run = folder.succeeds(&[&both[..], &LEAST, &["--allow-constant"]].concat());
    assert!(run.stderr.contains("escalation"), "{}", run.stderr);
    let told = json(&run.stdout);
    let names = |of: &Value| -> Vec<String> {
        of["frames"].as_array().unwrap().iter().map(|frame| frame["frame"].as_str().unwrap().to_owned()).collect()
    };
    for of in ["agreement", "ngrams_agreement"] {
        assert_eq!(names(&told["report"][of]), ["accusation", "dialogue"], "{of}");
    }
    for model in 0..3 {
        let evaluation = &told["report"]["gold"]["standings"][model]["evaluation"];
        assert_eq!(names(evaluation), ["accusation", "dialogue"], "{model}");
    }
    // Where n-grams alone cannot learn it either, that is told too.
    let run = folder.succeeds(&[&distill(&["--gold", "bare.csv", "--allow-constant"])[..], &LEAST].concat());
    assert!(run.stderr.contains("escalation"), "{}", run.stderr);
}

#[test]
fn too_few_judges_are_told_of_before_the_work() {
    let folder = taught();
    let gold = String::from_utf8(folder.read("gold.csv")).unwrap();
    let few: Vec<&str> = gold.lines().take(3).collect();
    let folder = folder.with("few.csv", few.join("\n"));
    let args = [&distill(&["--gold", "few.csv", "teach.csv", "--folds", "5", "--alpha", "1"])[..]].concat();
    let run = folder.fails_usage(&args, &["2 rows that the teacher has not seen, of which folds cannot be made"]);
    assert!(!run.stderr.contains("the teacher scores"), "{}", run.stderr);
}

#[test]
fn without_rows_held_out_nothing_is_compared() {
    let folder = taught();
    let run = folder.succeeds(&[&distill(&["--held-out", "0", "-q"])[..], &LEAST].concat());
    assert!(run.text().contains("No row was held out"), "{}", run.text());
    assert!(!run.text().contains("0.0 %"), "{}", run.text());
}

#[test]
fn rows_that_are_coded_take_no_part_and_are_counted() {
    let folder = parts();
    folder.succeeds(&train(&["teach.csv"]));
    let rows = String::from_utf8(folder.read("rows.csv")).unwrap();
    let gold = String::from_utf8(folder.read("gold.csv")).unwrap();
    let some: Vec<&str> = gold.lines().skip(1).take(7).collect();
    let copy = rows.lines().nth(1).unwrap();
    let folder = folder.with("rows.csv", format!("{rows}{}\n{copy}\n", some.join("\n")));
    let run = folder.succeeds(
        &[
            &distill(&["--gold", "gold.csv"])[..],
            &["--alpha", "1", "--mix", "3", "--n-bootstrap", "0", "--max-subword", "0"],
        ]
        .concat(),
    );
    for says in ["7 unlabelled rows left out: their text is among the coded rows", "stands in an earlier row"] {
        assert!(run.stderr.contains(says), "{says:?}: {}", run.stderr);
    }
    assert!(run.text().contains("7 among the coded rows left out"), "{}", run.text());
}

#[test]
fn each_mistake_is_told() {
    let folder = Folder::new().with("coded.csv", support::coded_csv());
    folder.succeeds(&train(&["coded.csv"]));
    let folder = folder.with("rows.csv", support::coded_csv()).with("other.csv", "text,labels\nA sentence.,loss\n");
    let usage = |args: &[&str], says: &str| folder.fails_usage(args, &[says]);
    usage(&["distill", "--unlabelled", "rows.csv", "-o", "s.safetensors"], "--teacher");
    usage(&["distill", "--teacher", "m.safetensors", "-o", "s.safetensors"], "--unlabelled");
    let own = ["distill", "--teacher", "m.safetensors", "--unlabelled", "rows.csv", "-o"];
    usage(&[&own[..], &["m.safetensors"]].concat(), "which the student would replace");
    usage(&[&own[..], &["-"]].concat(), "a file for the student");
    usage(&distill(&["--mix", "0"]), "at least one number above 0");
    usage(&distill(&["--license", &"x".repeat(2_001)]), "at most 2,000 bytes");
    usage(&["distill", "--teacher", "-", "--unlabelled", "-", "-o", "s.safetensors"], "stdin (-) twice");
    usage(&distill(&["--gold", "coded.csv", "-q", "--n-bootstrap", "0"]), "texts are not among the coded ones");
    folder.fails(&distill(&["--gold", "other.csv"]), &["unknown frame \"loss\"; the teacher has"]);
    folder.fails(&distill(&["--gold", "missing.csv"]), &["missing.csv"]);
}
