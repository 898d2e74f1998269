//! Remembers the tokens of chunks, so that the tokenizer sees each distinct chunk of text about once.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// Chunks longer than this are not remembered: they are rare, and would fill the cache with what never returns.
pub(super) const LONGEST_CHUNK: usize = 48;

/// From chunk to tokens.
#[derive(Debug, Default)]
pub(super) struct ChunkCache {
    entries: HashTable<Entry>,
    hasher: FixedState,
    text: Vec<u8>,
    tokens: Vec<u32>,
}

/// Ranges of a chunk's text and of its tokens.
#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u64,
    text: (u32, u32),
    tokens: (u32, u32),
}

impl ChunkCache {
    /// Appends the chunk's tokens to `out`, if it is known.
    pub(super) fn append(&self, chunk: &str, out: &mut Vec<u32>) -> bool {
        let hash = self.hasher.hash_one(chunk.as_bytes());
        let Some(entry) = self.find(chunk, hash) else { return false };
        out.extend_from_slice(&self.tokens[entry.tokens.0 as usize..entry.tokens.1 as usize]);
        true
    }

    fn find(&self, chunk: &str, hash: u64) -> Option<&Entry> {
        let text = |entry: &Entry| &self.text[entry.text.0 as usize..entry.text.1 as usize];
        self.entries.find(hash, |entry| entry.hash == hash && text(entry) == chunk.as_bytes())
    }

    /// Remembers a chunk that [`ChunkCache::append`] did not know.
    pub(super) fn insert(&mut self, chunk: &str, tokens: &[u32]) {
        let range = |from: usize, n: usize| (from as u32, (from + n) as u32);
        let hash = self.hasher.hash_one(chunk.as_bytes());
        let (text, of_tokens) = (range(self.text.len(), chunk.len()), range(self.tokens.len(), tokens.len()));
        self.text.extend_from_slice(chunk.as_bytes());
        self.tokens.extend_from_slice(tokens);
        self.entries.insert_unique(hash, Entry { hash, text, tokens: of_tokens }, |entry| entry.hash);
    }

    /// About how many bytes it holds.
    pub(super) fn n_bytes(&self) -> usize {
        self.text.len() + 4 * self.tokens.len() + 2 * size_of::<Entry>() * self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_come_back_with_their_tokens() {
        let mut cache = ChunkCache::default();
        let chunks: [(&str, &[u32]); 4] = [("é", &[1]), ("è", &[2, 3]), ("naïve-é", &[4, 5, 6, 7]), ("…", &[])];
        for (chunk, tokens) in chunks {
            assert!(!cache.append(chunk, &mut Vec::new()), "not known yet");
            cache.insert(chunk, tokens);
        }
        for (chunk, tokens) in chunks {
            let mut out = vec![99];
            assert!(cache.append(chunk, &mut out));
            assert_eq!(out[1..], *tokens);
        }
    }
}
