//! Artefacts that somebody made on purpose, their hash right: each is refused with one clear error, or is safe to use;
//! and none makes the loader take much memory or time.

// A test that cannot set its scene may panic.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod encoders;
#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use framescope::report::{card_table, feature_csv};
use framescope::{ErrorKind, Model, Scorer};
use peak_alloc::PeakAlloc;
use serde_json::{Value, json};
use support::encoder::Hashed;
use support::forge::{Artefact, Tensor, join};
use support::{Folder, trained};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Bytes of memory a byte of the file, and beside that.
const A_BYTE: usize = 20;
const BESIDE: usize = 4 << 20;
/// The same for a scorer.
const A_BYTE_OF_SCORER: usize = 40;
/// Far more than any of them takes on a slow machine that does other things too.
const LONGEST: Duration = Duration::from_secs(20);

const TEXTS: [&str; 5] = [
    "",
    "Norvia threatened to shell the port. Norvia threatened to shell the port.",
    "“Don’t,” said GENERAL Oru — naïve ﬁnale… <name> of and the",
    "antidisestablishmentarianismantidisestablishmentarianism \u{1F9E8}\u{200D}\u{1F525} e\u{301}e\u{301}",
    "a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a",
];

/// All cases one after the other, since memory is counted for the whole program.
struct Bench {
    folder: Folder,
    sound: Artefact,
    /// The worst ratio, and whose it is.
    worst: (f64, String),
}

impl Bench {
    fn new() -> Self {
        let sound = Artefact::open(&trained().read("m.safetensors")).unwrap();
        Bench { folder: Folder::new(), sound, worst: (0.0, String::new()) }
    }

    /// Loads a file within the bounds, and returns why it is refused; if it is not, it is used.
    fn load(&mut self, case: &str, file: &[u8]) -> Option<String> {
        let path = self.folder.path("m.safetensors");
        std::fs::write(&path, file).unwrap();
        #[expect(clippy::disallowed_methods, reason = "time is what is tested")]
        let started = Instant::now();
        let (loaded, memory) = taken(|| Model::load(&path));
        assert!(memory <= A_BYTE * file.len() + BESIDE, "{case}: {memory} bytes of memory for {} of file", file.len());
        let ratio = memory.saturating_sub(1 << 20) as f64 / file.len() as f64;
        if ratio > self.worst.0 {
            self.worst = (ratio, case.to_owned());
        }
        let refused = match loaded {
            Ok(model) => {
                use_it(case, model, file.len());
                None
            }
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Artifact { .. }), "{case}: {error}");
                let message = error.to_string();
                let start = format!("{}: not a usable framescope model: ", path.display());
                assert!(message.starts_with(&start), "{case}: {message}");
                assert!(message.len() < start.len() + 450 && !message.contains('\n'), "{case}: {message}");
                Some(message)
            }
        };
        assert!(started.elapsed() < LONGEST, "{case} took {:?}", started.elapsed());
        refused
    }

    fn refused(&mut self, case: &str, file: &[u8], says: &str) {
        match self.load(case, file) {
            None => panic!("{case} was taken for a model"),
            Some(message) => assert!(message.contains(says), "{case} should say {says:?}: {message}"),
        }
    }

    /// A model whose metadata has another value at a place.
    fn with(&self, pointer: &str, value: Value) -> Vec<u8> {
        let mut forged = self.sound.clone();
        *forged.metadata.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is in the metadata")) = value;
        forged.file()
    }

    /// A model whose metadata has this text in place of a string that is nowhere else.
    fn with_text(&self, pointer: &str, text: &str) -> Vec<u8> {
        let mut forged = self.sound.clone();
        *forged.metadata.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is in the metadata")) = json!("HERE");
        forged.file_with(&forged.metadata.to_string().replace("\"HERE\"", text))
    }

    fn metadata_refused(&mut self, pointer: &str, value: Value, says: &str) {
        let case = format!("{pointer} {}", value.to_string().chars().take(60).collect::<String>());
        let file = self.with(pointer, value);
        self.refused(&case, &file, says);
    }

    /// A model with another tensor of this name.
    fn tensor_refused(&mut self, name: &str, change: impl Fn(&mut Tensor), says: &str) {
        let mut forged = self.sound.clone();
        change(forged.tensors.get_mut(name).unwrap());
        self.refused(&format!("{name}, {says}"), &forged.file(), says);
    }
}

/// What the work gives, and the most memory that it took at once.
fn taken<T>(work: impl FnOnce() -> T) -> (T, usize) {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let result = work();
    (result, MEMORY.peak_usage().saturating_sub(before))
}

/// Does with a model what the program does: scores with it, prints its card, writes it again.
fn use_it(case: &str, model: Model, n_bytes: usize) {
    assert!(card_table(&model, "m.safetensors").contains("sha256"), "{case}");
    assert!(!feature_csv(&model).unwrap().is_empty(), "{case}");
    assert!(model.to_bytes().is_ok(), "{case}");
    let identity = model.metadata().encoder.as_ref().map(|summary| summary.identity.clone());
    let (scorer, memory) = taken(|| match identity {
        None => Scorer::new(model).unwrap(),
        Some(identity) => Scorer::with_encoder(model, Arc::new(Hashed::of(identity))).unwrap(),
    });
    assert!(memory <= A_BYTE_OF_SCORER * n_bytes + BESIDE, "{case}: a scorer of {memory} bytes for {n_bytes} of file");
    for text in TEXTS {
        let proba = scorer.score(text).unwrap();
        assert!(proba.iter().all(|p| (0.0..=1.0).contains(p)), "{case}: {proba:?} for {text:?}");
        let explanation = scorer.explain(text).unwrap();
        assert!(explanation.frames.iter().all(|frame| frame.logit.is_finite()), "{case}: {text:?}");
    }
}

fn f32s(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn f64s(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn u32s(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// `n` times `item`, with commas between.
fn list(item: &str, n: usize) -> String {
    format!("[{}]", vec![item; n].join(","))
}

#[test]
fn a_tampered_artefact_is_refused_or_safe_and_never_large() {
    let mut bench = Bench::new();
    let sound = bench.sound.file();
    assert_eq!(bench.load("nothing changed", &sound), None);
    headers(&mut bench, &sound);
    tokenizers(&mut bench);
    swollen(&mut bench);
    settings(&mut bench);
    summaries(&mut bench);
    tensors(&mut bench);
    encoders::encoders(&mut bench);
    extremes(&mut bench);
    println!("at most {:.1} bytes of memory a byte of file, beside 1 MB: {}", bench.worst.0, bench.worst.1);
}

fn headers(bench: &mut Bench, sound: &[u8]) {
    const N: usize = 1 << 20;
    let mut length = |length: u64| {
        let mut file = sound.to_vec();
        file[..8].copy_from_slice(&length.to_le_bytes());
        bench.refused(&format!("header of {length}"), &file, "no .safetensors file at all");
    };
    [0, 1, 5, sound.len() as u64 - 7, 1 << 32, 100_000_001, u64::MAX].into_iter().for_each(&mut length);

    let foreign = "not one that `framescope train` wrote";
    let none = "no .safetensors file at all";
    bench.refused("array", &join(&format!("{{\"x\":{}}}", list("0", N)), b""), none);
    bench.refused("arrays", &join(&format!("{{\"x\":{}}}", list("[]", N)), b""), none);
    bench.refused("objects", &join(&format!("{{\"x\":{}}}", list("{\"a\":0}", N)), b""), none);
    bench.refused("deep", &join(&format!("{{\"x\":{}", "[".repeat(N)), b""), none);
    let shape = format!("{{\"x\":{{\"dtype\":\"U8\",\"shape\":{},\"data_offsets\":[0,0]}}}}", list("0", N));
    bench.refused("long shape", &join(&shape, b""), foreign);
    let info = "{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";
    let many: Vec<String> = (0..N / 8).map(|i| format!("\"{i}\":{info}")).collect();
    bench.refused("many tensors", &join(&format!("{{{}}}", many.join(",")), b""), foreign);
    let strings: Vec<String> = (0..N / 8).map(|i| format!("\"{i}\":\"\"")).collect();
    let own = bench.sound.metadata.to_string();
    let strings = format!("{{\"__metadata__\":{{{}}}}}", strings.join(","));
    bench.refused("many strings", &join(&strings, b""), foreign);
    let twice = format!("{{\"pairs\":{info},\"pairs\":{info}}}");
    bench.refused("a tensor twice", &join(&twice, b""), "should stand there once");
    bench.refused("metadata twice", &join("{\"__metadata__\":{},\"__metadata__\":{}}", b""), "should stand there once");
    let bare = json!({ "__metadata__": { "framescope": own } }).to_string();
    bench.refused("no tensors", &join(&bare, b""), "it should have a tensor \"idf.subwords\"");
    let long = json!({ "__metadata__": { "framescope": "{\"format\":".repeat(N) } }).to_string();
    bench.refused("deep metadata", &join(&long, b""), "its metadata cannot be read");
}

fn tokenizers(bench: &mut Bench) {
    let says = "its tokenizer should be the one of framescope";
    let pattern =
        |i: usize| json!({ "type": "Replace", "pattern": { "Regex": format!("\\p{{L}}{{{i}}}") }, "content": "" });
    let patterns: Vec<Value> = (0..1000).map(pattern).collect();
    bench.metadata_refused("/tokenizer/normalizer", json!({ "type": "Sequence", "normalizers": patterns }), says);
    bench.metadata_refused("/tokenizer/normalizer/normalizers", json!([{ "type": "Lowercase" }]), says);
    bench.metadata_refused("/tokenizer/pre_tokenizer", json!({ "type": "Whitespace" }), says);
    bench.metadata_refused("/tokenizer/added_tokens", json!([{ "id": 0, "content": "war" }]), says);
    bench.metadata_refused("/tokenizer", json!(null), says);
    for text in [list("0", 1 << 20), list("{}", 1 << 19), format!("[{}0]", " ".repeat(1 << 20)), "[".repeat(100)] {
        let file = bench.with_text("/tokenizer", &text);
        let why = if text.ends_with(']') { says } else { "its metadata cannot be read" };
        bench.refused(&format!("tokenizer {}", &text[..20]), &file, why);
    }
}

/// JSON of which each byte makes as many bytes of memory as can be.
fn swollen(bench: &mut Bench) {
    const N: usize = 1 << 20;
    let broken = "its metadata cannot be read";
    for (pointer, text, says) in [
        ("/frames", list("\"\"", N), broken),
        (
            "/frames",
            format!("[{}]", (0..N / 4).map(|i| format!("\"{i}\"")).collect::<Vec<_>>().join(",")),
            "should have",
        ),
        ("/features", list("[]", N), broken),
        ("/calibration", list("{}", N), broken),
        ("/training/sources", list("{\"name\":\"\",\"sha256\":\"\",\"n_rows\":0}", N / 8), ""),
        ("/training/alphas", list("1", N), ""),
        ("/training/profile/proba_deciles", list("[1,1,1,1,1,1,1,1,1]", N / 8), "deciles of each frame"),
        ("/training/profile/proba_deciles", list("[]", N), broken),
        ("/training/frames", list("[]", N), broken),
        ("/training/evaluation/co_occurrence/names", list("\"\"", N), "a row and a column"),
        ("/training/evaluation/co_occurrence/predicted", list("[]", N), "a row and a column"),
        ("/training/evaluation/co_occurrence/gold", list("[1]", N), "a row and a column"),
        ("/training/evaluation/co_occurrence/gold", format!("[{}]", list("1", N)), "a row and a column"),
        ("/training/evaluation/macro_average", list("0", N), broken),
        ("/training/evaluation/frames/0/reliability", list("{\"n\":0,\"mean_proba\":0,\"share\":0}", N / 8), ""),
        ("/sha256", format!("{},\"a\":0", list("0", N)), broken),
        ("/framescope_version", list("\"\"", N), broken),
        ("/format", format!("9,\"x\":{}", list("0", N)), "it has format 9"),
    ] {
        let case = format!("{pointer} {}", text.chars().take(30).collect::<String>());
        let file = bench.with_text(pointer, &text);
        match says {
            "" => assert_eq!(bench.load(&case, &file), None, "{case}"),
            says => bench.refused(&case, &file, says),
        }
    }
    let mut old = bench.sound.clone();
    (old.metadata["format"], old.metadata["framescope_version"]) = (json!(1), json!("9".repeat(N)));
    bench.refused("long version", &old.file(), "it has format 1, written by framescope 9999");
}

fn settings(bench: &mut Bench) {
    let options = "it was made with options that do not exist";
    bench.metadata_refused("/features/max_subword", json!(1_000_000_000), options);
    bench.metadata_refused("/features/max_subword", json!(u64::MAX), options);
    bench.metadata_refused("/features/min_subword", json!(0), options);
    bench.metadata_refused("/features/max_words", json!(9), options);
    bench.metadata_refused("/features/max_features", json!(0), options);
    bench.metadata_refused("/features/word_weight", json!(0.0), options);
    bench.metadata_refused("/features/word_weight", json!(1e300), options);

    let broken = "its metadata cannot be read";
    for frames in [
        json!([]),
        json!(["a", "a", "b"]),
        json!(["none", "a", "b"]),
        json!(["a;b", "a", "b"]),
        json!(["", "a", "b"]),
        json!([" a", "a", "b"]),
        json!(["a\nb", "a", "b"]),
    ] {
        bench.metadata_refused("/frames", frames, broken);
    }
    bench.metadata_refused("/frames", json!(["x", "y", "z"]), "a summary of each frame, in column order");
    bench.metadata_refused("/frames", json!(["accusation", "dialogue"]), "a summary of each frame, in column order");

    let calibration = "it should have a calibration for each of its 3 frames";
    bench.metadata_refused("/calibration", json!([]), calibration);
    bench.metadata_refused("/calibration/0/map/slope", json!(-1.0), calibration);
    bench.metadata_refused("/calibration/0/map/slope", json!(1e300), calibration);
    bench.metadata_refused("/calibration/2/map/intercept", json!(-1e300), calibration);
    bench.metadata_refused("/calibration/1/threshold", json!(1.5), calibration);
    bench.metadata_refused("/calibration/1/threshold", json!(null), broken);
}

fn summaries(bench: &mut Bench) {
    let counts = "counts of rows should be below 2³²";
    for pointer in ["/training/frames/0/n_present", "/training/evaluation/frames/1/n_absent"] {
        bench.metadata_refused(pointer, json!(u64::MAX), counts);
    }
    bench.metadata_refused("/training/evaluation/frames/1/counts/true_negative", json!(u64::MAX), counts);
    bench.metadata_refused("/training/frames", json!([]), "a summary of each frame");
    bench.metadata_refused("/training/evaluation/frames", json!([]), "the scores of each frame");
    bench.metadata_refused("/training/evaluation/frames/0/frame", json!("other"), "the scores of each frame");
    bench.metadata_refused("/training/profile/proba_deciles", json!([]), "the deciles of each frame");
    bench.metadata_refused("/training/evaluation/co_occurrence/gold/0", json!([]), "a row and a column");
    let frames = bench.sound.metadata["training"]["evaluation"]["frames"].clone();
    let outlet = json!({
        "outlet": "\u{1b}[2J\0", "n_rows": u64::MAX, "n_clusters": u64::MAX, "frames": frames, "macro_average": {}
    });
    let file = bench.with("/training/evaluation", {
        let mut evaluation = bench.sound.metadata["training"]["evaluation"].clone();
        evaluation["outlets"] = json!(vec![outlet; 100]);
        evaluation["bootstrap"] = json!({ "n_replicates": u64::MAX, "level": 1e308, "seed": u64::MAX });
        evaluation["n_rows"] = json!(u64::MAX);
        evaluation
    });
    assert_eq!(bench.load("numbers of wild size", &file), None);
    distillations(bench);
    let file = bench.with("/training/logistic/max_iterations", json!(u64::MAX));
    assert_eq!(bench.load("settings of wild size", &file), None);
}

/// A sound model has no teacher; one that claims to have one tells of it within bounds.
fn distillations(bench: &mut Bench) {
    let frames = ["accusation", "dialogue", "escalation"];
    let mix = frames.map(|frame| json!({ "frame": frame, "mix": 1e308 }));
    let agreement = frames.map(|frame| {
        json!({
            "frame": frame, "teacher_share": 1e308, "student_share": -1e308, "agreement": null, "alpha": null, "mean_difference": null
        })
    });
    let sound = json!({
        "teacher": { "name": "\u{1b}[2J\0", "sha256": "", "sources": [] },
        "unlabelled": [],
        "n_unlabelled": 1,
        "n_held_out": 1,
        "unused": { "empty_text": 0, "in_gold": 0, "in_test": 0, "copies": 0 },
        "mixes": [1e308],
        "frames": mix,
        "n_judging": 0,
        "agreement": { "n_rows": 1, "n_clusters": 0, "frames": agreement },
    });
    let with = |bench: &Bench, pointer: &str, value: Value| {
        let mut forged = bench.sound.clone();
        let mut distillation = sound.clone();
        if !pointer.is_empty() {
            *distillation.pointer_mut(pointer).unwrap() = value;
        }
        forged.metadata["training"]["distillation"] = distillation;
        forged.file()
    };
    let file = with(bench, "", Value::Null);
    assert_eq!(bench.load("a teacher of wild size", &file), None);
    let long = "x".repeat(2_001);
    for (pointer, value, says) in [
        ("/frames", json!([]), "tell of each frame"),
        ("/agreement/frames/1/frame", json!("other"), "tell of each frame"),
        ("/teacher/name", json!(long), "at most 2,000 bytes"),
        ("/teacher/sha256", json!(long), "at most 2,000 bytes"),
        ("/n_unlabelled", json!(u64::MAX), "below 2³²"),
        ("/unused/copies", json!(u64::MAX), "below 2³²"),
        ("/agreement/n_rows", json!(u64::MAX), "below 2³²"),
        ("/mixes", json!(null), "cannot be read"),
        ("/unlabelled", json!({ "name": 1 }), "cannot be read"),
    ] {
        let file = with(bench, pointer, value);
        bench.refused(pointer, &file, says);
    }
    let many = json!(vec![json!({ "name": "", "sha256": "", "n_rows": 0 }); 50_000]);
    let file = with(bench, "/unlabelled", many);
    assert_eq!(bench.load("rows of many files", &file), None);
}

fn tensors(bench: &mut Bench) {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -1.0, 47.0, f32::MAX, f32::from_bits(1)] {
        let first = |tensor: &mut Tensor| tensor.bytes[..4].copy_from_slice(&f32s(&[value]));
        bench.tensor_refused("idf.words", first, "\"idf.words\" should hold numbers from 1 to 46, and number 0 is");
        bench.tensor_refused("idf.subwords", first, "\"idf.subwords\" should hold numbers from 1 to 46");
    }
    for value in [f32::NAN, f32::INFINITY, f32::MIN, 2e9] {
        let last = |tensor: &mut Tensor| {
            let end = tensor.bytes.len() - 4;
            tensor.bytes[end..].copy_from_slice(&f32s(&[value]));
        };
        bench.tensor_refused(
            "weights.words",
            last,
            "\"weights.words\" should hold numbers from -1000000000 to 1000000000",
        );
        bench.tensor_refused("weights.subwords", last, "\"weights.subwords\" should hold numbers");
    }
    for value in [f64::NAN, f64::INFINITY, f64::MAX] {
        let all = |tensor: &mut Tensor| tensor.bytes = f64s(&[value; 3]);
        bench.tensor_refused("intercepts", all, "\"intercepts\" should hold numbers");
    }

    let shape = "beside its other parts";
    let n_pairs = bench.sound.tensors["pairs"].shape[0];
    bench.tensor_refused("pairs", |tensor| tensor.shape = vec![2 * n_pairs], "should be U32 of shape [any, 2]");
    bench.tensor_refused("pairs", |tensor| tensor.shape = vec![2, n_pairs], shape);
    bench.tensor_refused("pairs", |tensor| tensor.shape = vec![1, n_pairs, 2], shape);
    bench.tensor_refused("pairs", |tensor| tensor.dtype = "I32".into(), "and is I32 of shape");
    bench.tensor_refused("intercepts", |tensor| (tensor.shape, tensor.bytes) = (vec![4], f64s(&[0.0; 4])), shape);
    bench.tensor_refused("weights.words", |tensor| tensor.shape.reverse(), shape);
    bench.tensor_refused("words.offsets", |tensor| tensor.shape.insert(0, 1), shape);
    let sizes = "no .safetensors file at all";
    bench.tensor_refused("pairs", |tensor| tensor.shape = vec![1 << 63, 4], sizes);
    bench.tensor_refused("pairs", |tensor| tensor.shape = vec![usize::MAX, 2], sizes);
    bench.tensor_refused("pairs", |tensor| tensor.shape[0] += 1, sizes);
    bench.tensor_refused("pairs", |tensor| tensor.bytes.push(0), sizes);
    bench.tensor_refused("pairs", |tensor| tensor.dtype = "F4".into(), sizes);
    bench.tensor_refused("pairs", |tensor| tensor.dtype = "X".into(), sizes);

    let pairs = "\"pairs\" should hold positions of words, sorted, each pair once";
    let with = |pairs: &'static [u32]| {
        move |tensor: &mut Tensor| tensor.bytes[..4 * pairs.len()].copy_from_slice(&u32s(pairs))
    };
    bench.tensor_refused("pairs", with(&[u32::MAX, 0]), pairs);
    bench.tensor_refused("pairs", with(&[0, 1, 0, 1]), pairs);
    bench.tensor_refused("pairs", with(&[1, 0, 0, 1]), pairs);

    let words = "\"words.bytes\" should hold words in UTF-8, sorted, each once";
    bench.tensor_refused("words.bytes", |tensor| tensor.bytes[0] = 0xFF, words);
    bench.tensor_refused("words.bytes", |tensor| tensor.bytes[0] = b'z', words);
    bench.tensor_refused("words.offsets", |tensor| tensor.bytes[..4].copy_from_slice(&u32s(&[1])), words);
    bench.tensor_refused("words.offsets", |tensor| tensor.bytes[4..8].copy_from_slice(&u32s(&[0])), words);
    bench.tensor_refused("words.offsets", |tensor| tensor.bytes[4..8].copy_from_slice(&u32s(&[u32::MAX])), words);
    bench.tensor_refused("words.offsets", |tensor| (tensor.shape, tensor.bytes) = (vec![0], Vec::new()), words);
    bench.tensor_refused("trained_on", |tensor| tensor.bytes[..8].fill(0xFF), "\"trained_on\" should be sorted");

    let mut more = bench.sound.clone();
    more.tensors.insert("evil".into(), Tensor { dtype: "U8".into(), shape: vec![0], bytes: Vec::new() });
    bench.refused("a tensor more", &more.file(), "it has a tensor \"evil\"; a model's are idf.subwords, ");
    let mut fewer = bench.sound.clone();
    fewer.tensors.remove("trained_on");
    bench.refused("a tensor less", &fewer.file(), "it should have a tensor \"trained_on\"");
    let mut longer = bench.sound.file();
    longer.extend_from_slice(&[0; 64]);
    bench.refused("bytes behind", &longer, "its tensors should take");
    let [overlap, gap] = [0, 1 << 20].map(|start| {
        let file = bench.sound.file();
        let header = u64::from_le_bytes(*file.first_chunk().unwrap()) as usize;
        let mut json: Value = serde_json::from_slice(&file[8..8 + header]).unwrap();
        let length =
            json["pairs"]["data_offsets"][1].as_u64().unwrap() - json["pairs"]["data_offsets"][0].as_u64().unwrap();
        json["pairs"]["data_offsets"] = json!([start, start + length]);
        join(&json.to_string(), &file[8 + header..])
    });
    bench.refused("overlap", &overlap, sizes);
    bench.refused("gap", &gap, sizes);
}

/// The largest numbers that are let through, and the smallest models.
fn extremes(bench: &mut Bench) {
    let mut largest = bench.sound.clone();
    for calibration in largest.metadata["calibration"].as_array_mut().unwrap() {
        *calibration = json!({ "map": { "slope": 1e15, "intercept": -1e15 }, "threshold": 1.0 });
    }
    largest.metadata["features"]["word_weight"] = json!(1e6);
    for (name, tensor) in &mut largest.tensors {
        let n = tensor.bytes.len() / 4;
        match &**name {
            "idf.words" | "idf.subwords" => tensor.bytes = f32s(&vec![46.0; n]),
            "weights.words" => tensor.bytes = f32s(&vec![1e9; n]),
            "weights.subwords" => tensor.bytes = f32s(&vec![-1e9; n]),
            "intercepts" => tensor.bytes = f64s(&[1e15; 3]),
            _ => {}
        }
    }
    assert_eq!(bench.load("largest numbers", &largest.file()), None);

    let mut empty = bench.sound.clone();
    for (name, tensor) in &mut empty.tensors {
        match &**name {
            "intercepts" => {}
            "words.offsets" | "subwords.offsets" => (tensor.shape, tensor.bytes) = (vec![1], vec![0; 4]),
            "weights.words" | "weights.subwords" | "weights.dense" => {
                (tensor.shape, tensor.bytes) = (vec![3, 0], Vec::new());
            }
            "pairs" => (tensor.shape, tensor.bytes) = (vec![0, 2], Vec::new()),
            _ => (tensor.shape, tensor.bytes) = (vec![0], Vec::new()),
        }
    }
    assert_eq!(bench.load("no features", &empty.file()), None);

    // Words of one character take the scorer's tables the most room for the least of the file.
    let mut words = empty;
    let all: Vec<char> = ('\u{20}'..'\u{D7FF}').collect();
    let set = |words: &mut Artefact, name: &str, shape: Vec<usize>, bytes: Vec<u8>| {
        let tensor = words.tensors.get_mut(name).unwrap();
        (tensor.shape, tensor.bytes) = (shape, bytes);
    };
    let ends = all.iter().scan(0, |end, c| {
        *end += c.len_utf8() as u32;
        Some(*end)
    });
    let offsets: Vec<u32> = std::iter::once(0).chain(ends).collect();
    let text: Vec<u8> = all.iter().collect::<String>().into_bytes();
    set(&mut words, "words.offsets", vec![offsets.len()], u32s(&offsets));
    set(&mut words, "words.bytes", vec![text.len()], text);
    set(&mut words, "idf.words", vec![all.len()], f32s(&vec![1.0; all.len()]));
    set(&mut words, "weights.words", vec![3, all.len()], f32s(&vec![0.5; 3 * all.len()]));
    assert_eq!(bench.load("short words", &words.file()), None);

    many_frames(bench);
}

/// A thousand frames without a feature.
fn many_frames(bench: &mut Bench) {
    const N: usize = 1000;
    let mut forged = bench.sound.clone();
    for (name, tensor) in &mut forged.tensors {
        match &**name {
            "intercepts" => (tensor.shape, tensor.bytes) = (vec![N], f64s(&[0.0; N])),
            "words.offsets" | "subwords.offsets" => (tensor.shape, tensor.bytes) = (vec![1], vec![0; 4]),
            "weights.words" | "weights.subwords" | "weights.dense" => {
                (tensor.shape, tensor.bytes) = (vec![N, 0], Vec::new());
            }
            "pairs" => (tensor.shape, tensor.bytes) = (vec![0, 2], Vec::new()),
            _ => (tensor.shape, tensor.bytes) = (vec![0], Vec::new()),
        }
    }
    let names: Vec<String> = (0..N).map(|j| format!("f{j}")).collect();
    let named = |sample: &Value| -> Value {
        names
            .iter()
            .map(|name| {
                let mut of_frame = sample.clone();
                of_frame["frame"] = json!(name);
                of_frame
            })
            .collect()
    };
    let metadata = &mut forged.metadata;
    metadata["frames"] = json!(names);
    metadata["calibration"] = json!(vec![metadata["calibration"][0].clone(); N]);
    let training = &mut metadata["training"];
    training["frames"] = named(&training["frames"][0]);
    training["profile"]["proba_deciles"] = json!(vec![[0.5; 9]; N]);
    let evaluation = &mut training["evaluation"];
    evaluation["frames"] = named(&evaluation["frames"][0]);
    let all: Vec<String> = names.iter().cloned().chain(["none".to_owned()]).collect();
    let square = vec![vec![0; N + 1]; N + 1];
    evaluation["co_occurrence"] = json!({ "names": all, "predicted": square, "gold": square });
    assert_eq!(bench.load("a thousand frames", &forged.file()), None);
}
