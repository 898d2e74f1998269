//! What has to be known of all articles before the first row can be written: stories, copies, recurring lines, numbers.

use hashbrown::HashMap;

use super::copies::{Sketch, copies};
use super::recurring::{LineFacts, recurring};
use super::stories::{StoryFacts, StoryParams, stories};

/// What is kept of an article while the others are read.
#[derive(Debug, Default)]
pub(super) struct ArticleFacts {
    pub(super) doc_id: String,
    pub(super) outlet: String,
    /// The story that the input names; empty where it does not.
    pub(super) story_id: String,
    pub(super) story: StoryFacts,
    pub(super) sentences: Vec<SentenceFacts>,
    /// Number and key of each line that may recur.
    pub(super) lines: Vec<(u32, u64)>,
}

/// What is kept of a sentence, or of a line of furniture.
#[derive(Debug, Clone, Copy)]
pub(super) struct SentenceFacts {
    pub(super) line: u32,
    pub(super) is_furniture: bool,
    pub(super) sketch: Option<Sketch>,
}

/// All that was kept.
#[derive(Debug, Default)]
pub(super) struct Collection {
    doc_ids: Vec<String>,
    story_ids: Vec<String>,
    outlets: HashMap<String, u32, foldhash::quality::FixedState>,
    outlet_of: Vec<u32>,
    n_articles_of: Vec<u32>,
    stories: Vec<StoryFacts>,
    /// For each article, where its sentences begin in `sentences`; one more at the end.
    offsets: Vec<usize>,
    sentences: Vec<SentenceFacts>,
    lines: Vec<LineFacts>,
}

impl Collection {
    pub(super) fn push(&mut self, facts: ArticleFacts) {
        let article = self.doc_ids.len() as u32;
        let n_outlets = self.outlets.len() as u32;
        let outlet = *self.outlets.entry(facts.outlet).or_insert(n_outlets);
        if outlet == n_outlets {
            self.n_articles_of.push(0);
        }
        self.n_articles_of[outlet as usize] += 1;
        self.outlet_of.push(outlet);
        self.doc_ids.push(facts.doc_id);
        self.story_ids.push(facts.story_id);
        self.stories.push(facts.story);
        self.offsets.push(self.sentences.len());
        self.sentences.extend(facts.sentences);
        self.lines.extend(facts.lines.into_iter().map(|(line, key)| LineFacts { outlet, key, article, line }));
    }

    /// Finds what belongs together.
    pub(super) fn finish(mut self, params: &StoryParams) -> Plan {
        self.offsets.push(self.sentences.len());
        let story_of = stories(&self.stories, params);
        let recurring = recurring(self.lines, &story_of, &self.n_articles_of);

        // Where no outlet is known, each article counts as one when copies are looked for; lines that recur are looked for in all of them as one.
        let nobody = self.outlets.get("").copied();
        let mut fates: Vec<Fate> = Vec::with_capacity(self.sentences.len());
        let mut sketches = Vec::with_capacity(self.sentences.len());
        let mut numbers: HashMap<&str, (u32, u32)> = HashMap::new();
        for (article, range) in self.offsets.windows(2).enumerate() {
            // An identifier that occurs again goes on counting, so that every row's is its own.
            let (n_sentences, n_furniture) = numbers.entry(&self.doc_ids[article]).or_default();
            let outlet = match self.outlet_of[article] {
                outlet if Some(outlet) == nobody => u32::MAX - article as u32,
                outlet => outlet,
            };
            for sentence in &self.sentences[range[0]..range[1]] {
                let recurs =
                    !sentence.is_furniture && recurring.binary_search(&(article as u32, sentence.line)).is_ok();
                let counter = if sentence.is_furniture || recurs { &mut *n_furniture } else { &mut *n_sentences };
                *counter += 1;
                fates.push(Fate { number: *counter, is_furniture: sentence.is_furniture, recurs, copy_of: None });
                sketches.push((outlet, sentence.sketch.filter(|_| !recurs)));
            }
        }
        drop(numbers);
        for (fate, copy_of) in fates.iter_mut().zip(copies(&sketches)) {
            fate.copy_of = copy_of;
        }
        let story_ids = story_of
            .iter()
            .zip(self.story_ids)
            .map(|(first, given)| if given.is_empty() { self.doc_ids[*first as usize].clone() } else { given })
            .collect();
        Plan { doc_ids: self.doc_ids, story_ids, offsets: self.offsets, fates }
    }
}

/// What becomes of a sentence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fate {
    /// Its number among the sentences of its article, or among its furniture.
    pub(super) number: u32,
    pub(super) is_furniture: bool,
    pub(super) recurs: bool,
    /// The first sentence of which it is a copy.
    pub(super) copy_of: Option<u32>,
}

impl Fate {
    /// Whether it is a sentence of the story.
    pub(super) fn is_story(&self) -> bool {
        !self.is_furniture && !self.recurs
    }
}

/// What the rows of every article say beside its text.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) doc_ids: Vec<String>,
    pub(super) story_ids: Vec<String>,
    offsets: Vec<usize>,
    fates: Vec<Fate>,
}

impl Plan {
    /// The fates of an article's sentences.
    pub(super) fn fates(&self, article: usize) -> &[Fate] {
        &self.fates[self.offsets[article]..self.offsets[article + 1]]
    }

    /// Every fate, of every article.
    pub(super) fn all_fates(&self) -> &[Fate] {
        &self.fates
    }

    /// The identifier of a row.
    pub(super) fn row_id(&self, article: usize, fate: &Fate) -> String {
        let kind = if fate.is_story() { "" } else { "b" };
        format!("{}-{kind}{}", self.doc_ids[article], fate.number)
    }

    /// The identifier of the first row with the same text, where several outlets have it.
    pub(super) fn wire_id(&self, fate: &Fate) -> String {
        fate.copy_of.map_or_else(String::new, |first| {
            let article = self.offsets.partition_point(|offset| *offset <= first as usize) - 1;
            self.row_id(article, &self.fates[first as usize])
        })
    }
}
