//! Models that say that they need a sentence encoder.

use serde_json::{Value, json};

use crate::support::forge::{Artefact, Tensor};
use crate::{Bench, f32s, list};

/// The sound model with an encoder of vectors of four numbers, which its training could have had.
fn with_encoder(bench: &Bench) -> Artefact {
    let mut forged = bench.sound.clone();
    let before = forged.metadata.as_object().unwrap().clone();
    let identity = json!({ "name": "any-encoder", "sha256": "0".repeat(64), "dim": 4, "max_tokens": 128 });
    let encoder = json!({ "identity": identity, "weights": [1.0, 2.0, 4.0], "alone": false });
    let all = before.into_iter().flat_map(|(key, value)| {
        let encoder = (key == "tokenizer").then(|| ("encoder".to_owned(), encoder.clone()));
        encoder.into_iter().chain([(key, value)])
    });
    forged.metadata = Value::Object(all.collect());
    let dense = forged.tensors.get_mut("weights.dense").unwrap();
    (dense.shape, dense.bytes) = (vec![3, 4], f32s(&[0.5; 12]));
    forged
}

pub fn encoders(bench: &mut Bench) {
    let needy = with_encoder(bench);
    let plain = std::mem::replace(&mut bench.sound, needy);
    assert_eq!(bench.load("an encoder", &bench.sound.file()), None);

    let names = "its encoder's name and revision should have 1 to 256 bytes and no control characters";
    for name in [String::new(), "x".repeat(257), "x".repeat(1 << 20), "a\nb".into(), "\u{1b}[2J".into(), "\0".into()] {
        bench.metadata_refused("/encoder/identity/name", json!(name), names);
        let mut identity = bench.sound.metadata["encoder"]["identity"].clone();
        identity["revision"] = json!(name);
        bench.metadata_refused("/encoder/identity", identity, names);
    }
    let hash = "its encoder's hash should have 64 hexadecimal digits in lower case";
    for sha256 in [String::new(), "0".repeat(63), "0".repeat(65), "A".repeat(64), "g".repeat(64), "é".repeat(32)] {
        bench.metadata_refused("/encoder/identity/sha256", json!(sha256), hash);
    }
    let sizes = "its encoder should give vectors of 1 to 65536 numbers and read 1 to 1048576 tokens, and has";
    for dim in [json!(0), json!(65_537), json!(u64::MAX)] {
        bench.metadata_refused("/encoder/identity/dim", dim, sizes);
    }
    bench.metadata_refused("/encoder/identity/max_tokens", json!(0), sizes);
    bench.metadata_refused("/encoder/identity/max_tokens", json!(u64::MAX), sizes);
    let broken = "its metadata cannot be read";
    bench.metadata_refused("/encoder/identity/dim", json!(-4), broken);
    bench.metadata_refused("/encoder/identity", json!({}), broken);
    bench.metadata_refused("/encoder/alone", json!("no"), broken);
    bench.metadata_refused("/encoder", json!([]), broken);
    bench.metadata_refused("/encoder/identity/dim", json!(3), "\"weights.dense\" should be F32 of shape [3, 3] beside");
    let lengths = "a length of its encoder's vectors for each of its 3 frames, above 0 and at most 1000000";
    for weights in
        [json!([]), json!([1.0, 1.0]), json!([1.0, 0.0, 1.0]), json!([1.0, -1.0, 1.0]), json!([2e6, 1.0, 1.0])]
    {
        bench.metadata_refused("/encoder/weights", weights, lengths);
    }
    let file = bench.with_text("/encoder/weights", &list("1", 1 << 20));
    bench.refused("many lengths", &file, lengths);
    bench.metadata_refused("/encoder/alone", json!(true), "its encoder stands alone; it should have no words");
    for (name, value) in
        [("max_epochs", json!(0)), ("batch", json!(1)), ("learning_rate", json!(0.0)), ("held_out", json!(1.0))]
    {
        let mut encoder = bench.sound.metadata["encoder"].clone();
        let tuned =
            json!({ "max_epochs": 6, "batch": 32, "learning_rate": 1e-4, "n_layers": 3, "held_out": 0.1, "seed": 0 });
        encoder["fine_tuned"] = tuned;
        assert_eq!(bench.load("fine-tuned", &bench.with("/encoder", encoder.clone())), None);
        encoder["fine_tuned"][name] = value;
        bench.metadata_refused("/encoder", encoder, "its encoder was fine-tuned with options that do not exist");
    }
    for value in [f32::NAN, f32::INFINITY, 2e9] {
        let first = |tensor: &mut Tensor| tensor.bytes[..4].copy_from_slice(&f32s(&[value]));
        bench.tensor_refused("weights.dense", first, "\"weights.dense\" should hold numbers from -1000000000 to");
    }
    let shape = "\"weights.dense\" should be F32 of shape [3, 4] beside its other parts";
    bench.tensor_refused("weights.dense", |tensor| tensor.shape.reverse(), shape);
    bench.tensor_refused("weights.dense", |tensor| (tensor.shape, tensor.bytes) = (vec![3, 0], Vec::new()), shape);

    // The longest vectors and the largest numbers.
    let mut largest = bench.sound.clone();
    largest.metadata["encoder"]["identity"]["dim"] = json!(1 << 16);
    let dense = largest.tensors.get_mut("weights.dense").unwrap();
    (dense.shape, dense.bytes) = (vec![3, 1 << 16], f32s(&vec![1e9; 3 << 16]));
    for calibration in largest.metadata["calibration"].as_array_mut().unwrap() {
        *calibration = json!({ "map": { "slope": 1e15, "intercept": -1e15 }, "threshold": 1.0 });
    }
    assert_eq!(bench.load("the longest vectors", &largest.file()), None);

    bench.sound = plain;
    let dense = |tensor: &mut Tensor| (tensor.shape, tensor.bytes) = (vec![3, 4], f32s(&[0.5; 12]));
    bench.tensor_refused(
        "weights.dense",
        dense,
        "\"weights.dense\" should be F32 of shape [3, 0] beside its other parts",
    );
}
