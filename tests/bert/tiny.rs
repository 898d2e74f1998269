//! An encoder of a few kilobytes in the Hugging Face layout, with weights that a formula gives, and a plain reckoning of its vectors.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};

pub const WIDE: usize = 16;
const INNER: usize = 24;
const HEADS: usize = 4;
const LAYERS: usize = 3;
const POSITIONS: usize = 24;
/// Words of the vocabulary, special ones first.
const WORDS: [&str; 30] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "they", "will", "attack", "talk", "##s", "##ed", "the", "minister",
    "blame", "army", "peace", "war", "and", "of", "threat", "##en", "agree", "lie", ".", ",", "a", "to", "for", "we",
    "not",
];

/// What kind of encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// BERT, the mean of its tokens brought to length 1.
    Mean,
    /// RoBERTa's positions, the first token as it is.
    First,
}

/// All tensors under their names, each with its shape.
type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn tensors(kind: Kind) -> Tensors {
    let prefix = if kind == Kind::First { "roberta." } else { "" };
    let mut all = Tensors::new();
    let mut put = |name: &str, shape: &[usize], middle: f32, spread: f32| {
        let seed = all.len() as f32;
        let number = |i: usize| {
            let x = (i as f32 * 12.9898 + seed * 78.233).sin() * 43758.547;
            middle + spread * (2.0 * (x - x.floor()) - 1.0)
        };
        all.insert(format!("{prefix}{name}"), (shape.to_vec(), (0..shape.iter().product()).map(number).collect()));
    };
    put("embeddings.word_embeddings.weight", &[WORDS.len(), WIDE], 0.0, 1.0);
    put("embeddings.position_embeddings.weight", &[POSITIONS, WIDE], 0.0, 0.3);
    put("embeddings.token_type_embeddings.weight", &[2, WIDE], 0.0, 0.3);
    let mut norm = |name: &str| {
        put(&format!("{name}.weight"), &[WIDE], 1.0, 0.2);
        put(&format!("{name}.bias"), &[WIDE], 0.0, 0.2);
    };
    norm("embeddings.LayerNorm");
    for i in 0..LAYERS {
        norm(&format!("encoder.layer.{i}.attention.output.LayerNorm"));
        norm(&format!("encoder.layer.{i}.output.LayerNorm"));
    }
    for i in 0..LAYERS {
        for (part, n_out, n_in) in [
            ("attention.self.query", WIDE, WIDE),
            ("attention.self.key", WIDE, WIDE),
            ("attention.self.value", WIDE, WIDE),
            ("attention.output.dense", WIDE, WIDE),
            ("intermediate.dense", INNER, WIDE),
            ("output.dense", WIDE, INNER),
        ] {
            put(&format!("encoder.layer.{i}.{part}.weight"), &[n_out, n_in], 0.0, 0.5);
            put(&format!("encoder.layer.{i}.{part}.bias"), &[n_out], 0.0, 0.2);
        }
    }
    all
}

/// Writes the encoder.
pub fn write(folder: &Path, kind: Kind) {
    std::fs::create_dir_all(folder.join("1_Pooling")).unwrap();
    let (model_type, pad) = if kind == Kind::First { ("roberta", 1) } else { ("bert", 0) };
    let config = serde_json::json!({
        "model_type": model_type, "hidden_size": WIDE, "intermediate_size": INNER, "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS, "max_position_embeddings": POSITIONS, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
        "pad_token_id": pad,
    });
    let vocab: BTreeMap<&str, usize> = WORDS.into_iter().zip(0..).collect();
    let special = |id: usize| serde_json::json!({"id": WORDS[id], "ids": [id], "tokens": [WORDS[id]]});
    let piece = |id: usize| serde_json::json!({"SpecialToken": {"id": WORDS[id], "type_id": 0}});
    let whole = serde_json::json!({"Sequence": {"id": "A", "type_id": 0}});
    let tokenizer = serde_json::json!({
        "version": "1.0", "truncation": null, "added_tokens": [],
        // What sentence-transformers leaves there is not to be followed: every text would be as long as the longest.
        "padding": {"strategy": {"Fixed": 20}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0,
            "pad_type_id": 0, "pad_token": "[PAD]"},
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
            "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"}, "decoder": null,
        "post_processor": {"type": "TemplateProcessing", "single": [piece(2), whole, piece(3)], "pair": [whole, whole],
            "special_tokens": {"[CLS]": special(2), "[SEP]": special(3)}},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocab},
    });
    let st = |name: &str| format!("sentence_transformers.models.{name}");
    let mut modules = vec![
        serde_json::json!({"idx": 0, "name": "0", "path": "", "type": st("Transformer")}),
        serde_json::json!({"idx": 1, "name": "1", "path": "1_Pooling", "type": st("Pooling")}),
    ];
    if kind == Kind::Mean {
        modules.push(serde_json::json!({"idx": 2, "name": "2", "path": "2_Normalize", "type": st("Normalize")}));
    }
    let pooling = serde_json::json!({
        "word_embedding_dimension": WIDE, "pooling_mode_mean_tokens": kind == Kind::Mean,
        "pooling_mode_cls_token": kind == Kind::First,
    });
    for (name, json) in [
        ("config.json", config),
        ("tokenizer.json", tokenizer),
        ("modules.json", modules.into()),
        ("1_Pooling/config.json", pooling),
        ("sentence_bert_config.json", serde_json::json!({"max_seq_length": 12, "do_lower_case": false})),
    ] {
        std::fs::write(folder.join(name), json.to_string()).unwrap();
    }
    let bytes: BTreeMap<String, (Vec<usize>, Vec<u8>)> = tensors(kind)
        .into_iter()
        .map(|(name, (shape, numbers))| (name, (shape, numbers.iter().flat_map(|x| x.to_le_bytes()).collect())))
        .collect();
    let views =
        bytes.iter().map(|(name, (shape, bytes))| (name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    std::fs::write(folder.join("model.safetensors"), safetensors::serialize(views, None).unwrap()).unwrap();
}

/// The numbers of a text's tokens, as WordPiece cuts words that the vocabulary holds with or without an ending.
fn tokens(text: &str) -> Vec<usize> {
    let place = |word: &str| WORDS.iter().position(|other| *other == word);
    let spaced = text.to_lowercase().replace('.', " . ").replace(',', " , ");
    let mut ids = vec![2];
    for word in spaced.split_whitespace() {
        let cut =
            (1..word.len()).rev().find_map(|at| Some([place(&word[..at])?, place(&format!("##{}", &word[at..]))?]));
        match (place(word), cut) {
            (Some(id), _) => ids.push(id),
            (None, Some(parts)) => ids.extend(parts),
            (None, None) => ids.push(1),
        }
    }
    ids.truncate(11);
    ids.push(3);
    ids
}

/// The vector of a text, by the formulas, token by token, in double precision.
pub fn oracle(kind: Kind, text: &str) -> Vec<f64> {
    let all = tensors(kind);
    let prefix = if kind == Kind::First { "roberta." } else { "" };
    let take =
        |name: String| -> Vec<f64> { all[&format!("{prefix}{name}")].1.iter().copied().map(f64::from).collect() };
    let row = |name: &str, i: usize| take(format!("embeddings.{name}.weight"))[i * WIDE..(i + 1) * WIDE].to_vec();
    let norm = |name: String, x: &[f64]| -> Vec<f64> {
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64;
        let (gamma, beta) = (take(format!("{name}.weight")), take(format!("{name}.bias")));
        x.iter()
            .zip(gamma.iter().zip(&beta))
            .map(|(x, (g, b))| (x - mean) / (variance + 1e-12).sqrt() * g + b)
            .collect()
    };
    let dense = |name: String, x: &[f64]| -> Vec<f64> {
        let (weight, bias) = (take(format!("{name}.weight")), take(format!("{name}.bias")));
        let dot = |row: &[f64]| row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
        weight.chunks(x.len()).zip(&bias).map(|(row, b)| dot(row) + b).collect()
    };
    let add = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a + b).collect() };
    let gelu = |x: f64| x * 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2);

    let first = if kind == Kind::First { 2 } else { 0 };
    let embed = |(i, id): (usize, usize)| {
        let sum = add(&row("word_embeddings", id), &row("position_embeddings", first + i));
        norm("embeddings.LayerNorm".into(), &add(&sum, &row("token_type_embeddings", 0)))
    };
    let mut x: Vec<Vec<f64>> = tokens(text).into_iter().enumerate().map(embed).collect();
    for i in 0..LAYERS {
        let name = |part: &str| format!("encoder.layer.{i}.{part}");
        let [q, k, v] = ["query", "key", "value"]
            .map(|part| x.iter().map(|x| dense(name(&format!("attention.self.{part}")), x)).collect::<Vec<_>>());
        let size = WIDE / HEADS;
        let context = |t: usize| -> Vec<f64> {
            (0..HEADS)
                .flat_map(|h| {
                    let part = h * size..(h + 1) * size;
                    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                    let scores: Vec<f64> = (k.iter())
                        .map(|k| (dot(&q[t][part.clone()], &k[part.clone()]) / (size as f64).sqrt()).exp())
                        .collect();
                    let total: f64 = scores.iter().sum();
                    part.map(|d| v.iter().zip(&scores).map(|(v, s)| v[d] * s / total).sum()).collect::<Vec<f64>>()
                })
                .collect()
        };
        let of_token = |t: usize| {
            let attended = dense(name("attention.output.dense"), &context(t));
            let middle = norm(name("attention.output.LayerNorm"), &add(&attended, &x[t]));
            let inner: Vec<f64> = dense(name("intermediate.dense"), &middle).into_iter().map(gelu).collect();
            norm(name("output.LayerNorm"), &add(&dense(name("output.dense"), &inner), &middle))
        };
        x = (0..x.len()).map(of_token).collect();
    }
    match kind {
        Kind::First => x[0].clone(),
        Kind::Mean => {
            let sum = x.iter().fold(vec![0.0; WIDE], |sum, x| add(&sum, x));
            let length = sum.iter().map(|x| x * x).sum::<f64>().sqrt();
            sum.iter().map(|x| x / length).collect()
        }
    }
}
