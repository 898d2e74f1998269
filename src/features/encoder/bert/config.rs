//! What `config.json` of a checkpoint says.

use serde::Deserialize;

/// What `config.json` says of the network; what it says besides is not asked for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Config {
    pub model_type: String,
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub num_attention_heads: usize,
    pub num_hidden_layers: usize,
    pub max_position_embeddings: usize,
    #[serde(default = "gelu")]
    pub hidden_act: String,
    #[serde(default = "absolute")]
    pub position_embedding_type: String,
    #[serde(default = "small")]
    pub layer_norm_eps: f32,
    #[serde(default)]
    pub pad_token_id: usize,
}

fn gelu() -> String {
    "gelu".into()
}

fn absolute() -> String {
    "absolute".into()
}

fn small() -> f32 {
    1e-12
}

impl Config {
    /// Where the first token's position is in the table: RoBERTa and its kin leave out those up to that of the padding.
    pub(super) fn first_position(&self) -> usize {
        if self.model_type == "bert" { 0 } else { self.pad_token_id + 1 }
    }

    /// Says what this network cannot be made of, if there is such a thing.
    pub(super) fn fault(&self) -> Option<String> {
        const TYPES: [&str; 4] = ["bert", "roberta", "xlm-roberta", "camembert"];
        /// Far above what there is: sizes are multiplied below.
        const MOST: usize = 1 << 16;
        let sizes = [self.hidden_size, self.intermediate_size, self.num_hidden_layers, self.max_position_embeddings];
        if !TYPES.contains(&self.model_type.as_str()) {
            return Some(format!(
                "model_type is {:?}; those that can be read are {}",
                self.model_type,
                TYPES.join(", ")
            ));
        }
        if self.hidden_act != "gelu" || self.position_embedding_type != "absolute" {
            let (act, position) = (&self.hidden_act, &self.position_embedding_type);
            return Some(format!(
                "hidden_act is {act:?} and position_embedding_type {position:?}; only \"gelu\" and \"absolute\" can be computed"
            ));
        }
        if sizes.iter().any(|n| !(1..=MOST).contains(n)) || self.first_position() >= self.max_position_embeddings {
            return Some(format!("its sizes should be from 1 to {MOST}, and are {sizes:?}"));
        }
        if self.num_attention_heads == 0 || !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            let (heads, size) = (self.num_attention_heads, self.hidden_size);
            return Some(format!("num_attention_heads is {heads}, and should divide hidden_size, which is {size}"));
        }
        None
    }
}
