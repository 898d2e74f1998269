//! A sentence encoder that is small and quick, and can be watched: words hashed into buckets. The fuzz target `model` uses this file too.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use framescope::Result;
use framescope::features::encoder::{TuningRows, TuningValidParams};
use framescope::features::{EncoderIdentity, SentenceEncoder};
use ndarray::{Array1, Array2};

/// What an encoder was fine-tuned on.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuned {
    pub texts: Vec<String>,
    pub groups: Vec<u32>,
    pub checkpoints: Option<PathBuf>,
}

/// Adds up the words of a text, each in its bucket and with its sign, and brings the sum to length 1.
#[derive(Debug)]
pub struct Hashed {
    identity: EncoderIdentity,
    /// What each bucket is multiplied by, which fine-tuning changes.
    scale: Array1<f32>,
    /// Every fine-tuning that began here, in order.
    pub tuned: Arc<Mutex<Vec<Tuned>>>,
    /// Texts encoded, over all copies.
    pub n_encoded: Arc<Mutex<usize>>,
}

impl Hashed {
    pub fn new(dim: usize) -> Self {
        Hashed::of(EncoderIdentity {
            name: "hashed-words".into(),
            revision: Some("main".into()),
            sha256: format!("{:064x}", hash(&dim.to_string())),
            dim,
            max_tokens: 128,
        })
    }

    /// One that claims to be another.
    pub fn of(identity: EncoderIdentity) -> Self {
        let scale = Array1::ones(identity.dim);
        Hashed { identity, scale, tuned: Arc::default(), n_encoded: Arc::default() }
    }

    fn vector(&self, text: &str) -> Array1<f32> {
        let mut vector = Array1::<f32>::zeros(self.identity.dim);
        for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            let hash = hash(word);
            let bucket = (hash >> 1) as usize % self.identity.dim;
            vector[bucket] += if hash & 1 == 0 { self.scale[bucket] } else { -self.scale[bucket] };
        }
        let length = vector.dot(&vector).sqrt();
        if length > 0.0 { vector / length } else { vector }
    }
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl SentenceEncoder for Hashed {
    fn identity(&self) -> &EncoderIdentity {
        &self.identity
    }

    fn encode(&self, texts: &[&str]) -> Result<Array2<f32>> {
        *self.n_encoded.lock().expect("nobody panics here") += texts.len();
        let mut vectors = Array2::zeros((texts.len(), self.identity.dim));
        texts.iter().zip(vectors.rows_mut()).for_each(|(text, mut row)| row.assign(&self.vector(text)));
        Ok(vectors)
    }

    /// Makes the more of a bucket the more it tells the first frame.
    fn fine_tuned(
        &self,
        rows: &TuningRows<'_>,
        params: &TuningValidParams,
        step: &(dyn Fn() + Sync),
    ) -> Result<Arc<dyn SentenceEncoder>> {
        (0..params.n_steps(rows.texts.len())).for_each(|_| step());
        let mut odds = Array1::<f32>::zeros(self.identity.dim);
        for (text, label) in rows.texts.iter().zip(rows.labels.column(0)) {
            let sign = match label {
                Some(true) => 1.0,
                Some(false) => -0.5,
                None => 0.0,
            };
            odds.scaled_add(sign, &self.vector(text));
        }
        let texts: Vec<String> = rows.texts.iter().map(|text| (*text).to_owned()).collect();
        let sha256 = format!("{:064x}", hash(&format!("{}{texts:?}", self.identity.sha256)));
        self.tuned.lock().expect("nobody panics here").push(Tuned {
            texts,
            groups: rows.groups.to_vec(),
            checkpoints: params.checkpoints.clone(),
        });
        Ok(Arc::new(Hashed {
            identity: EncoderIdentity { sha256, ..self.identity.clone() },
            scale: odds.mapv(|odds| 1.0 + odds.abs().min(4.0)),
            tuned: Arc::clone(&self.tuned),
            n_encoded: Arc::clone(&self.n_encoded),
        }))
    }
}
