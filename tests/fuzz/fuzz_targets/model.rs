//! Any file, its hash made right: either one clear error, or a model that scores, explains itself and is written
//! again.

#![no_main]

#[path = "../../support/encoder.rs"]
#[allow(dead_code)]
mod encoder;
#[path = "../../support/forge.rs"]
mod forge;

use std::sync::Arc;

use encoder::Hashed;
use framescope::report::{card_table, feature_csv};
use framescope::{ErrorKind, Model, Scorer};
use libfuzzer_sys::fuzz_target;

const TEXTS: [&str; 3] = [
    "",
    "Norvia threatened to shell the port, and the port, General Oru said.",
    "“Don’t,” said ORU — naïve ﬁnale… <name> \u{1F9E8}\u{200D}\u{1F525}",
];

fuzz_target!(|bytes: &[u8]| {
    // Without it nearly everything would end at the hash.
    let file = forge::signed(bytes).unwrap_or_else(|| bytes.to_vec());
    let model = match Model::from_bytes(&file) {
        Ok(model) => model,
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::Artifact { .. }), "{error}");
            assert!(error.to_string().len() < 600, "{error}");
            return;
        }
    };
    assert!(card_table(&model, "forged").contains("sha256"));
    feature_csv(&model).expect("its features can be listed");
    let again = model.to_bytes().expect("it can be written");
    let identity = model.metadata().encoder.as_ref().map(|summary| summary.identity.clone());
    let scorer = match identity {
        None => Scorer::new(model).expect("it needs no encoder"),
        Some(identity) => Scorer::with_encoder(model, Arc::new(Hashed::of(identity))).expect("it is the one that it names"),
    };
    for text in TEXTS {
        let proba = scorer.score(text).expect("any text can be scored");
        assert!(proba.iter().all(|p| (0.0..=1.0).contains(p)), "{proba:?} for {text:?}");
        let explanation = scorer.explain(text).expect("any text can be explained");
        assert!(explanation.frames.iter().all(|frame| frame.logit.is_finite()), "{text:?}");
    }
    // The JSON may have been spelled otherwise than it is written now, so the hash is made again.
    let again = forge::signed(&again).expect("what is written is sound");
    assert!(Model::from_bytes(&again).is_ok(), "what is written can be read");
});
