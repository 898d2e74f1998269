//! The bundled labels are what their datasheet says: `labels/README.md` holds the page that this test makes of the rows, word for word.
//!
//! `UPDATE_DATASHEET=1 cargo test --test labels` writes it anew.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use framescope::features::Names;
use framescope::stats::{Bootstrap, ReliabilityData};
use framescope::training::{Silent, train};
use framescope::{Corpus, CorpusOptions, GroupBy, Model, TrainParams};

type Row = BTreeMap<String, String>;

const FRAMES: [&str; 3] = ["escalation", "dialogue", "accusation"];
const BEGIN: &str = "<!-- figures: made by tests/labels.rs -->\n";
const END: &str = "<!-- end of figures -->\n";

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn table(path: &str) -> Vec<Row> {
    csv::Reader::from_path(project(path)).unwrap().deserialize().map(Result::unwrap).collect()
}

fn rows() -> Vec<Row> {
    table("labels/framing-en.csv")
}

fn corpus() -> Corpus {
    let files = [project("labels/framing-en.csv").to_str().unwrap().to_owned()];
    Corpus::read(&files, &CorpusOptions::default()).unwrap()
}

fn distinct<'a>(rows: impl IntoIterator<Item = &'a Row>, column: &str) -> usize {
    rows.into_iter().map(|row| &row[column]).collect::<BTreeSet<_>>().len()
}

fn words(text: &str) -> Vec<String> {
    let letters = |c: char| !c.is_alphanumeric();
    text.split(letters).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn carries(row: &Row, frame: &str) -> bool {
    row["labels"].split(';').any(|label| label == frame)
}

fn percent(n: usize, of: usize) -> String {
    format!("{:.0} %", 100.0 * n as f64 / of as f64)
}

#[test]
fn columns_hold_what_the_contract_says() {
    let rows = rows();
    let mut ids = BTreeSet::new();
    let outlets: BTreeSet<String> = table("labels/outlets.csv").into_iter().map(|row| row["outlet"].clone()).collect();
    let mut story_of: BTreeMap<&str, &str> = BTreeMap::new();
    for row in &rows {
        let id = &row["id"];
        assert!(ids.insert(id), "{id} occurs twice");
        assert!(!row["text"].trim().is_empty() && row["text"].trim() == row["text"], "{id}: {:?}", row["text"]);
        let known = |label: &str| FRAMES.contains(&label);
        assert!(row["labels"] == "none" || row["labels"].split(';').all(known), "{id}: {}", row["labels"]);
        assert!(["quoted", "attributed", "editorial"].contains(&&*row["voice"]), "{id}: {}", row["voice"]);
        assert!(
            row["voice"] != "editorial" || row["speaker"].is_empty(),
            "{id} speaks for the outlet and for {}",
            row["speaker"]
        );
        assert!(outlets.contains(&row["outlet"]), "{id}: {} is not in labels/outlets.csv", row["outlet"]);
        assert!(row["date"].is_empty() == (row["outlet"] == "Noon Bulletin"), "{id}: date {:?}", row["date"]);
        let story = story_of.entry(&row["doc_id"]).or_insert(&row["story_id"]);
        assert_eq!(*story, row["story_id"], "{id}: an article tells one story");
    }
}

#[test]
fn the_corpus_is_as_wide_as_was_asked() {
    let rows = rows();
    assert!(rows.len() >= 5000);
    let mut tellers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row["outlet"] != "Noon Bulletin") {
        tellers.entry(&row["story_id"]).or_default().insert(&row["outlet"]);
    }
    assert!(tellers.len() >= 100);
    for (story, outlets) in &tellers {
        assert!((3..=5).contains(&outlets.len()), "{story} is told by {outlets:?}");
    }
    assert!(distinct(&rows, "outlet") >= 12);
    let registers: BTreeSet<String> =
        table("labels/outlets.csv").into_iter().map(|row| row["register"].clone()).collect();
    for asked in ["wire", "broadsheet", "tabloid", "state", "opinion", "translated"] {
        assert!(registers.contains(asked), "{asked}");
    }
    let none = rows.iter().filter(|row| row["labels"] == "none").count() as f64 / rows.len() as f64;
    assert!((0.28..0.40).contains(&none), "{none}");
    for (i, first) in FRAMES.iter().enumerate() {
        for second in &FRAMES[i + 1..] {
            let both = rows.iter().filter(|row| carries(row, first) && carries(row, second)).count();
            assert!(both >= 100, "{first} and {second} stand together in {both} rows");
        }
    }
    let by_outlet = table("labels/outlets.csv");
    for frame in FRAMES {
        for outlet in &by_outlet {
            let told = rows.iter().any(|row| row["outlet"] == outlet["outlet"] && carries(row, frame));
            assert!(told, "{} never carries {frame}", outlet["outlet"]);
        }
    }
}

/// Stories are of one part whole: the teacher of the bundled model has seen none of those that judge it.
#[test]
fn stories_are_split_whole() {
    let mut part_of: BTreeMap<String, String> = BTreeMap::new();
    for row in rows() {
        assert!(["teach", "judge"].contains(&&*row["split"]), "{}: split {:?}", row["id"], row["split"]);
        let part = part_of.entry(row["story_id"].clone()).or_insert_with(|| row["split"].clone());
        assert_eq!(*part, row["split"], "{}: story {} is in both parts", row["id"], row["story_id"]);
    }
    let n_judge = part_of.values().filter(|part| *part == "judge").count();
    assert!((0.15..0.25).contains(&(n_judge as f64 / part_of.len() as f64)), "{n_judge} of {}", part_of.len());
}

/// The bundled model fits into the program, and was made from these very rows by a teacher that had seen the teaching part alone.
#[test]
fn the_bundled_model_comes_from_these_rows() {
    assert!(fs::metadata(project("models/framing-en.safetensors")).unwrap().len() < 8_000_000);
    let rows = rows();
    let model = Model::bundled().unwrap();
    let training = &model.metadata().training;
    let sha256 = corpus().sources[0].sha256.clone();
    assert_eq!((training.sources[0].sha256.as_str(), training.n_rows), (sha256.as_str(), rows.len()));
    let distillation = training.distillation.as_ref().unwrap();
    let taught = &distillation.teacher.sources[0];
    assert_eq!((taught.sha256.as_str(), taught.split.as_deref()), (sha256.as_str(), Some("teach")));
    let n_judge = rows.iter().filter(|row| row["split"] == "judge").count();
    assert_eq!(distillation.n_judging, n_judge);
    // What models/README.md says of the two that are not here.
    let page = fs::read_to_string(project("models/README.md")).unwrap();
    for hash in [&distillation.teacher.sha256, &distillation.unlabelled[0].sha256] {
        assert!(page.contains(hash), "models/README.md should name {hash}");
    }
    assert_eq!(distillation.teacher.sha256, "4a54245db86f74ec170d4a7741dc87a32a06c14c035efd35fa44a016934b2a4e");
    assert_eq!(distillation.unlabelled[0].sha256, "c7f98254af12d0e8add92f53c2b65de2d3cc1091a840cdefc6d7198ea6e13e64");
    assert!(distillation.license.is_some() && distillation.teacher.encoder.is_some());
}

/// n-grams that learned these rows alone.
static NGRAMS: LazyLock<Model> = LazyLock::new(|| {
    let bootstrap = Bootstrap { n_replicates: 0, ..Bootstrap::default() };
    let mut params =
        TrainParams { group: Some(GroupBy::StoryId), alphas: vec![0.1], bootstrap, ..TrainParams::default() };
    params.features.0.names = Names::Mask;
    train(&corpus(), &params, &Silent).unwrap().model
});

/// Stories of this corpus are not so alike that holding them out costs much.
#[test]
fn a_model_does_not_live_off_its_stories() {
    let leakage = NGRAMS.metadata().training.evaluation.leakage.as_ref().unwrap();
    let macro_f1 = |group| {
        let score = leakage.scores.iter().find(|score| score.group == group).unwrap();
        score.macro_f1.as_ref().unwrap().value
    };
    let (random, stories) = (macro_f1(GroupBy::Row), macro_f1(GroupBy::StoryId));
    assert!((random - stories).abs() <= 0.03, "{random} {stories}");
}

/// The largest share of one sentence's runs of five words that another sentence has too, over all pairs.
#[test]
fn no_two_sentences_are_alike() {
    let rows = rows();
    let runs: Vec<BTreeSet<Vec<String>>> =
        rows.iter().map(|row| words(&row["text"]).windows(5).map(<[String]>::to_vec).collect()).collect();
    let mut holders: BTreeMap<&Vec<String>, Vec<usize>> = BTreeMap::new();
    for (i, of_row) in runs.iter().enumerate() {
        of_row.iter().for_each(|run| holders.entry(run).or_default().push(i));
    }
    let mut shared: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for holders in holders.values() {
        for (k, i) in holders.iter().enumerate() {
            holders[k + 1..].iter().for_each(|j| *shared.entry((*i, *j)).or_default() += 1);
        }
    }
    for ((i, j), n) in shared {
        let share = n as f64 / runs[i].len().min(runs[j].len()) as f64;
        assert!(share <= 0.6, "{share:.2} of their runs: {} and {}", rows[i]["text"], rows[j]["text"]);
    }
    let texts: BTreeSet<Vec<String>> = rows.iter().map(|row| words(&row["text"])).collect();
    assert_eq!(texts.len(), rows.len(), "a sentence stands twice");
}

#[test]
fn coders_coded_rows_that_are_there() {
    let labels: BTreeMap<String, String> =
        rows().into_iter().map(|row| (row["id"].clone(), row["labels"].clone())).collect();
    let mut codes: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for row in table("labels/coders.csv") {
        let of_unit = codes.entry(row["unit"].clone()).or_default();
        assert!(
            of_unit.insert(row["coder"].clone(), row["labels"].clone()).is_none(),
            "{} is coded twice by one",
            row["unit"]
        );
    }
    assert!(codes.len() >= 1000);
    for (unit, by) in &codes {
        let decided = labels.get(unit).unwrap_or_else(|| panic!("{unit} is no row"));
        match by.get("adjudicator") {
            Some(adjudicated) => assert_eq!(decided, adjudicated, "{unit}"),
            None => assert!(by.values().all(|labels| labels == decided), "{unit} was not adjudicated: {by:?}"),
        }
        assert!(by.contains_key("composer") && by.contains_key("second"), "{unit}");
    }
}

/// A unit's article and what two coders said of it.
struct Pair {
    article: String,
    codes: [String; 2],
}

/// Alpha on one frame, with an interval from draws of articles.
fn alpha(pairs: &[Pair], frame: &str) -> String {
    let has = |labels: &String| labels.split(';').any(|label| label == frame);
    let units: Vec<Vec<bool>> = pairs.iter().map(|pair| pair.codes.iter().map(has).collect()).collect();
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let mut clusters = Vec::new();
    for pair in pairs {
        let next = numbers.len() as u32;
        clusters.push(*numbers.entry(&pair.article).or_insert(next));
    }
    let data = ReliabilityData::nominal(&units);
    let estimate = Bootstrap::default().estimate(&clusters, |weights| vec![data.alpha(weights, &mut Vec::new())]);
    estimate[0].as_ref().unwrap().to_text(3)
}

fn agreement(out: &mut String, rows: &[Row]) {
    let article: BTreeMap<&str, &str> = rows.iter().map(|row| (&*row["id"], &*row["doc_id"])).collect();
    let coders = table("labels/coders.csv");
    let second: BTreeMap<&str, &Row> =
        coders.iter().filter(|row| row["coder"] == "second").map(|row| (&*row["unit"], row)).collect();
    let round = |n: &str| -> Vec<Pair> {
        let composed = coders.iter().filter(|row| row["coder"] == "composer" && row["round"] == n);
        let pair = |row: &Row| {
            let other = second[&*row["unit"]];
            assert_eq!(other["round"], n, "{}", row["unit"]);
            Pair { article: article[&*row["unit"]].to_owned(), codes: [row["labels"].clone(), other["labels"].clone()] }
        };
        composed.map(pair).collect()
    };
    let key = table("tests/key/frames.csv");
    let real = |source: &str| -> Vec<Pair> {
        let pair =
            |row: &Row| Pair { article: row["doc_id"].clone(), codes: [row["first"].clone(), row["second"].clone()] };
        key.iter().filter(|row| row["source"] == source).map(pair).collect()
    };
    out.push_str("| Krippendorff's alpha | units | escalation | dialogue | accusation |\n|---|---|---|---|---|\n");
    for (name, pairs) in [
        ("composed, round 1", round("1")),
        ("composed, round 2", round("2")),
        ("composed, round 3", round("3")),
        ("real: US news", real("articles_1800")),
        ("real: five articles on one story", real("seeds")),
    ] {
        let alphas: Vec<String> = FRAMES.iter().map(|frame| alpha(&pairs, frame)).collect();
        let _ = writeln!(out, "| {name} | {} | {} |", pairs.len(), alphas.join(" | "));
    }
}

fn composition(out: &mut String, rows: &[Row]) {
    let several = rows.iter().filter(|row| row["labels"].contains(';')).count();
    let told = rows.iter().filter(|row| row["outlet"] != "Noon Bulletin");
    let _ = writeln!(
        out,
        "{} rows, {} outlets; {} stories told by three to five outlets each in {} articles, and {} single sentences.\n",
        rows.len(),
        distinct(rows, "outlet"),
        distinct(told.clone(), "story_id"),
        distinct(told.clone(), "doc_id"),
        rows.len() - told.count(),
    );
    out.push_str("| register | outlets | rows | words a sentence | escalation | dialogue | accusation | none | quoted | attributed |\n");
    out.push_str("|---|---|---|---|---|---|---|---|---|---|\n");
    let outlets = table("labels/outlets.csv");
    let registers: BTreeSet<&str> = outlets.iter().map(|row| &*row["register"]).collect();
    for register in registers.into_iter().chain(["all"]) {
        let inside: BTreeSet<&str> = outlets
            .iter()
            .filter(|row| register == "all" || row["register"] == register)
            .map(|row| &*row["outlet"])
            .collect();
        let part: Vec<&Row> = rows.iter().filter(|row| inside.contains(&*row["outlet"])).collect();
        let n_words: usize = part.iter().map(|row| row["text"].split_whitespace().count()).sum();
        let share = |holds: &dyn Fn(&Row) -> bool| percent(part.iter().filter(|row| holds(row)).count(), part.len());
        let _ = writeln!(
            out,
            "| {register} | {} | {} | {:.1} | {} | {} | {} | {} | {} | {} |",
            inside.len(),
            part.len(),
            n_words as f64 / part.len() as f64,
            share(&|row| carries(row, "escalation")),
            share(&|row| carries(row, "dialogue")),
            share(&|row| carries(row, "accusation")),
            share(&|row| row["labels"] == "none"),
            share(&|row| row["voice"] == "quoted"),
            share(&|row| row["voice"] == "attributed"),
        );
    }
    let both = |a, b| rows.iter().filter(|row| carries(row, a) && carries(row, b)).count();
    let _ = writeln!(
        out,
        "\n{several} rows carry several frames: escalation and dialogue {}, escalation and accusation {}, dialogue and accusation {}.\n",
        both("escalation", "dialogue"),
        both("escalation", "accusation"),
        both("dialogue", "accusation"),
    );
}

fn vocabulary(out: &mut String, rows: &[Row]) {
    let tokens: Vec<String> = rows.iter().flat_map(|row| words(&row["text"])).collect();
    let types = tokens.iter().collect::<BTreeSet<_>>().len();
    let segments: Vec<f64> =
        tokens.chunks_exact(1000).map(|part| part.iter().collect::<BTreeSet<_>>().len() as f64 / 1000.0).collect();
    let _ = writeln!(
        out,
        "{} words, {types} types: type/token ratio {:.3}; {:.3} on average in segments of 1,000 words.\n",
        tokens.len(),
        types as f64 / tokens.len() as f64,
        segments.iter().sum::<f64>() / segments.len() as f64,
    );
    let model = &*NGRAMS;
    out.push_str("| frame | rows with one of its twelve heaviest words | the twelve |\n|---|---|---|\n");
    for (j, frame) in model.frames().names().iter().enumerate() {
        let heaviest: Vec<String> = model
            .heaviest_words(j, 200)
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| !name.contains(' '))
            .take(12)
            .collect();
        let with: Vec<&Row> = rows.iter().filter(|row| carries(row, frame)).collect();
        let held = with.iter().filter(|row| words(&row["text"]).iter().any(|word| heaviest.contains(word))).count();
        let _ = writeln!(out, "| {frame} | {} | {} |", percent(held, with.len()), heaviest.join(" "));
    }
    out.push('\n');
}

#[test]
fn the_datasheet_is_what_the_rows_say() {
    let rows = rows();
    let mut figures = String::new();
    composition(&mut figures, &rows);
    vocabulary(&mut figures, &rows);
    agreement(&mut figures, &rows);

    let path = project("labels/README.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_DATASHEET").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{figures}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(found, figures, "write it anew with UPDATE_DATASHEET=1 cargo test --test labels");
}
