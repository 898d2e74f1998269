//! Sentences that look like news to a program, made up from a seed: nothing is downloaded, and every run measures the same text.

#![allow(dead_code, reason = "each bench takes a part")]

use std::io::Write as _;
use std::path::Path;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Distinct made-up words, beside the common ones.
const N_INVENTED: usize = 4_000;
/// Of the vocabulary, one word in so many marks a sentence as carrying the frame.
const MARKED_EVERY: usize = 40;
/// Labels that contradict the rule, so that no fit can separate the classes.
const NOISE: f64 = 0.05;

/// The head of the distribution, most frequent first.
const COMMON: &str = "the of to and in a that for on with is said by as at from was it has its an be were have are he this \
    but not who will after which their they had or his would more than been about one over new up when there all also \
    government talks president minister officials sanctions troops agreed warned accused ceasefire border military \
    meeting between against people country two last year week told region";

const SYLLABLES: [&str; 32] = [
    "ba", "cor", "del", "en", "fa", "gri", "hol", "is", "jo", "ka", "lem", "mar", "no", "or", "pe", "qui", "ra", "sel",
    "tan", "ul", "ver", "wi", "xo", "ya", "zu", "tion", "ment", "ing", "der", "sta", "bri", "lo",
];

/// Draws words by Zipf's law, and sentences of them.
pub struct Generator {
    rng: ChaCha8Rng,
    words: Vec<String>,
    /// Sums of `1 / (rank + 2.7)`, the law with Mandelbrot's shift.
    cumulative: Vec<f64>,
}

impl Generator {
    pub fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut words: Vec<String> = COMMON.split_whitespace().map(str::to_owned).collect();
        words.extend((0..N_INVENTED).map(|_| invented(&mut rng)));
        let mut sum = 0.0;
        let add = |rank: usize| {
            sum += 1.0 / (rank as f64 + 2.7);
            sum
        };
        let cumulative = (1..=words.len()).map(add).collect();
        Generator { rng, words, cumulative }
    }

    fn word(&mut self) -> usize {
        let total = self.cumulative[self.cumulative.len() - 1];
        let at = self.rng.random::<f64>() * total;
        self.cumulative.partition_point(|sum| *sum <= at).min(self.words.len() - 1)
    }

    /// A sentence of 8 to 40 words, and whether a rule says that it carries the frame.
    pub fn sentence(&mut self) -> (String, bool) {
        let n_words = self.rng.random_range(8..=40);
        let quoted = self.rng.random_bool(0.15);
        let mut text = String::from(if quoted { "“" } else { "" });
        let contradicts = self.rng.random_bool(NOISE);
        let mut marked = false;
        for i in 0..n_words {
            let word = self.word();
            marked |= word % MARKED_EVERY == MARKED_EVERY / 2;
            let name = word > self.words.len() / 20 && self.rng.random_bool(0.1);
            push_word(&mut text, &self.words[word], i == 0 || name);
            if i + 1 < n_words {
                text.push_str(if self.rng.random_bool(0.08) { ", " } else { " " });
            }
        }
        text.push_str(if quoted { ".”" } else { "." });
        (text, marked != contradicts)
    }

    /// A sentence of words that nobody has seen before.
    pub fn unseen_sentence(&mut self) -> String {
        let mut text = String::new();
        for i in 0..self.rng.random_range(8..=40) {
            let number: u32 = self.rng.random();
            let word = format!("{}{number:x}", invented(&mut self.rng));
            text.push_str(if i == 0 { "" } else { " " });
            push_word(&mut text, &word, i == 0);
        }
        text + "."
    }
}

fn invented(rng: &mut ChaCha8Rng) -> String {
    (0..rng.random_range(2..=4)).map(|_| SYLLABLES[rng.random_range(0..SYLLABLES.len())]).collect()
}

fn push_word(text: &mut String, word: &str, capital: bool) {
    let (first, rest) = word.split_at(1);
    text.push_str(&if capital { first.to_ascii_uppercase() } else { first.to_owned() });
    text.push_str(rest);
}

/// Generated sentences.
pub fn sentences(n: usize) -> Vec<String> {
    labelled(n).0
}

/// Generated sentences, and which of them carry the frame.
pub fn labelled(n: usize) -> (Vec<String>, Vec<bool>) {
    let mut generator = Generator::new(1);
    (0..n).map(|_| generator.sentence()).unzip()
}

/// Sentences without a word in common.
pub fn unseen_sentences(n: usize) -> Vec<String> {
    let mut generator = Generator::new(2);
    (0..n).map(|_| generator.unseen_sentence()).collect()
}

/// Bytes of all texts.
pub fn n_bytes(texts: &[String]) -> usize {
    texts.iter().map(String::len).sum()
}

/// Writes a CSV of `n` rows as a news archive would have them, and returns its bytes.
pub fn write_csv(path: &Path, n: usize) -> u64 {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path).expect("the temporary folder can be written to"));
    writeln!(out, "id,outlet,doc_id,date,text").expect("the temporary folder has room");
    for (i, text) in sentences(n).iter().enumerate() {
        let (outlet, article, day) = (i % 37, i / 25, 1 + i / 25 % 28);
        writeln!(out, "row-{i},outlet-{outlet},article-{article},2024-05-{day:02},\"{text}\"")
            .expect("the temporary folder has room");
    }
    out.into_inner().expect("the temporary folder has room").metadata().expect("the file is open").len()
}

/// A size for real runs, and a small one for `cargo test --benches`, which runs everything once without optimisation.
pub const fn size(optimised: usize, debug: usize) -> usize {
    if cfg!(debug_assertions) { debug } else { optimised }
}
