//! Remembers the tokens of chunks, so that the tokenizer sees each distinct chunk of text about once.

use hashbrown::HashTable;

/// Chunks longer than this are not remembered: they are rare, and would fill the cache with what never returns.
pub(super) const LONGEST_CHUNK: usize = 48;
const HOT_BYTES: usize = 16;
const HOT_TOKENS: usize = 3;
/// Slots for the last short chunk with each hash: 2 MB, since tokenising anew costs more than reaching a little further.
const HOT_SLOTS: usize = 1 << 16;

/// From chunk to tokens, in two layers: short, common chunks cost one access to memory, all others a few.
#[derive(Debug, Default)]
pub(super) struct ChunkCache {
    hot: Vec<HotChunk>,
    all: HashTable<Entry>,
    text: Vec<u8>,
    tokens: Vec<u32>,
}

/// A short chunk and its tokens in half a cache line.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
struct HotChunk {
    text: [u8; HOT_BYTES],
    tokens: [u32; HOT_TOKENS],
    len: u8,
    n_tokens: u8,
}

/// Ranges of a chunk's text and of its tokens.
#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u64,
    text: (u32, u32),
    tokens: (u32, u32),
}

impl HotChunk {
    fn new(chunk: &[u8], tokens: &[u32]) -> Option<Self> {
        if chunk.len() > HOT_BYTES || tokens.len() > HOT_TOKENS {
            return None;
        }
        let mut hot = HotChunk { len: chunk.len() as u8, n_tokens: tokens.len() as u8, ..HotChunk::default() };
        hot.text[..chunk.len()].copy_from_slice(chunk);
        hot.tokens[..tokens.len()].copy_from_slice(tokens);
        Some(hot)
    }

    fn is(&self, chunk: &[u8]) -> bool {
        usize::from(self.len) == chunk.len() && self.text[..chunk.len()] == *chunk
    }
}

impl ChunkCache {
    /// Appends the chunk's tokens to `out`, if it is among the hot ones.
    pub(super) fn append_hot(&mut self, chunk: &[u8], hash: u64, out: &mut Vec<u32>) -> bool {
        if self.hot.is_empty() {
            self.hot.resize(HOT_SLOTS, HotChunk::default());
        }
        let slot = &self.hot[hash as usize % HOT_SLOTS];
        let found = slot.is(chunk);
        if found {
            out.extend_from_slice(&slot.tokens[..usize::from(slot.n_tokens)]);
        }
        found
    }

    /// Makes a chunk hot, if it is short.
    pub(super) fn heat(&mut self, chunk: &[u8], hash: u64, tokens: &[u32]) {
        if let Some(hot) = HotChunk::new(chunk, tokens) {
            self.hot[hash as usize % HOT_SLOTS] = hot;
        }
    }

    /// Appends the chunk's tokens to `out`, if it is in the second layer.
    pub(super) fn append(&self, chunk: &[u8], hash: u64, out: &mut Vec<u32>) -> bool {
        let same =
            |entry: &Entry| entry.hash == hash && self.text[entry.text.0 as usize..entry.text.1 as usize] == *chunk;
        let Some(entry) = self.all.find(hash, same) else { return false };
        out.extend_from_slice(&self.tokens[entry.tokens.0 as usize..entry.tokens.1 as usize]);
        true
    }

    /// Remembers a chunk that [`ChunkCache::append`] did not know.
    pub(super) fn insert(&mut self, chunk: &[u8], hash: u64, tokens: &[u32]) {
        let range = |from: usize, n: usize| (from as u32, (from + n) as u32);
        let entry =
            Entry { hash, text: range(self.text.len(), chunk.len()), tokens: range(self.tokens.len(), tokens.len()) };
        self.text.extend_from_slice(chunk);
        self.tokens.extend_from_slice(tokens);
        self.all.insert_unique(hash, entry, |entry| entry.hash);
    }

    /// About how many bytes the second layer holds; the first is of fixed size.
    pub(super) fn n_bytes(&self) -> usize {
        self.text.len() + 4 * self.tokens.len() + 2 * size_of::<Entry>() * self.all.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_that_share_a_hash_are_told_apart() {
        let mut cache = ChunkCache::default();
        let long = "x".repeat(HOT_BYTES + 1);
        let chunks: [(&str, &[u32]); 4] = [("a", &[1]), ("b", &[2, 3]), ("four-tokens", &[4, 5, 6, 7]), (&long, &[8])];
        for (chunk, tokens) in chunks {
            let mut out = Vec::new();
            assert!(!cache.append_hot(chunk.as_bytes(), 7, &mut out), "not known yet");
            assert!(!cache.append(chunk.as_bytes(), 7, &mut out), "not known yet");
            cache.insert(chunk.as_bytes(), 7, tokens);
        }
        for _ in 0..2 {
            for (chunk, tokens) in chunks {
                let mut out = vec![99];
                assert!(cache.append(chunk.as_bytes(), 7, &mut out));
                assert_eq!(out[1..], *tokens);

                // The one slot they share holds whichever short one was heated last.
                cache.heat(chunk.as_bytes(), 7, tokens);
                let mut out = Vec::new();
                let short = chunk.len() <= HOT_BYTES && tokens.len() <= HOT_TOKENS;
                assert_eq!(cache.append_hot(chunk.as_bytes(), 7, &mut out), short);
                assert_eq!(out, if short { tokens } else { &[] });
            }
        }
    }
}
