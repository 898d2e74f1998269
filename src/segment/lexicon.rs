//! What is known of single English words: one look-up a word serves voice, speakers, stories and the language.

use std::sync::LazyLock;

use hashbrown::HashMap;

use super::reporting::{Form, forms};

/// FNV-1a, 64 bits: the same on every machine and in every version.
pub(super) const FNV_START: u64 = 0xCBF2_9CE4_8422_2325;

/// One step of FNV-1a.
pub(super) const fn fnv(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x0100_0000_01B3)
}

/// The hash of a word in lower case.
pub(super) const fn hash(word: &str) -> u64 {
    let bytes = word.as_bytes();
    let (mut hash, mut i) = (FNV_START, 0);
    while i < bytes.len() {
        hash = fnv(hash, bytes[i]);
        i += 1;
    }
    hash
}

/// What a word can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Stands between a subject and its verb.
    Auxiliary,
    /// Begins a clause, so that no subject reaches over it.
    ClauseHead,
    /// Stands for somebody named before.
    Pronoun,
    /// Stands before a noun: what follows is no verb.
    Determiner,
    /// Stands before an infinitive.
    BeforeInfinitive,
    /// Ends the name of a speaker that stands behind its verb.
    AfterName,
    /// Says that somebody else has said so.
    Hedge,
    /// A month or a day of the week.
    Calendar,
    /// One of the commonest words of English, or of any news.
    Common,
}

/// What is known of a word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Entry {
    classes: u16,
    /// The reporting verb that it is a form of.
    pub(super) form: Option<Form>,
}

impl Entry {
    pub(super) fn is(self, class: Class) -> bool {
        self.classes & (1 << class as u16) != 0
    }
}

const WORDS: [(Class, &str); 9] = [
    (
        Class::Auxiliary,
        "already also are be been being both did do does had has have is later long never not now often once reportedly since still then to too \
         was were will would further again just even",
    ),
    (
        Class::ClauseHead,
        "after although and as because before but despite even for if in nor on once or since so that though unless until when where whereas whether \
         which while who whose with yet how what",
    ),
    (Class::Pronoun, "he she they it who i we you"),
    (Class::Determiner, "a an the his her their its this these those any no some of our"),
    (Class::BeforeInfinitive, "to not will would could should may might can must cannot i you we let"),
    (
        Class::AfterName,
        "about after ahead among are as at be because been before between but by did does during earlier early from had has have how in into is last \
         late on since that this to under was were when where which while who whose will with without would",
    ),
    (Class::Hedge, "reportedly allegedly purportedly supposedly so-called"),
    (
        Class::Calendar,
        "january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec monday \
         tuesday wednesday thursday friday saturday sunday",
    ),
    (
        Class::Common,
        "a an as at be by he i if in is it my of on or so to up us we the and that for was with his they this have from had not are but what all were when your can said there each which she how their will other about \
         out many then them these some her would make like him into time has two more could than first been who its now people my made over did down only way may \
         long after just where most know back much before also around three well such because does between under last never same another while every year \
         day week month here there's new news say says told according asked added called report reported monday tuesday wednesday thursday friday saturday \
         sunday during through against since until should those both own too any even off again being must might very still our own us take get go going came down \
         every however without within among per still yet",
    ),
];

static LEXICON: LazyLock<HashMap<u64, Entry, foldhash::fast::FixedState>> = LazyLock::new(|| {
    let mut lexicon: HashMap<u64, Entry, _> = HashMap::with_hasher(foldhash::fast::FixedState::default());
    for (class, words) in WORDS {
        for word in words.split_whitespace() {
            lexicon.entry(hash(word)).or_default().classes |= 1 << class as u16;
        }
    }
    for (word, form) in forms() {
        lexicon.entry(hash(&word)).or_default().form = Some(form);
    }
    lexicon
});

/// What is known of the word with this hash; nothing of most.
pub(super) fn look_up(hash: u64) -> Entry {
    LEXICON.get(&hash).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::reporting::Shape;

    #[test]
    fn words_have_all_their_classes() {
        let that = look_up(hash("that"));
        assert!(that.is(Class::ClauseHead) && that.is(Class::Common) && !that.is(Class::Pronoun));
        assert_eq!(look_up(hash("said")).form.map(|form| form.shape), Some(Shape::Past));
        assert_eq!(look_up(hash("talan")), Entry::default());
    }

    #[test]
    fn no_two_words_share_a_hash() {
        let mut words: Vec<String> = forms().map(|(form, _)| form).collect();
        words.extend(WORDS.iter().flat_map(|(_, words)| words.split_whitespace()).map(str::to_owned));
        words.sort();
        words.dedup();
        assert_eq!(LEXICON.len(), words.len());
    }
}
