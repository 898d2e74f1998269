//! Where the tokens of a text begin and end, found sixty-four bytes at a time.

use crate::error::Result;

/// Bytes of a block.
const BLOCK: usize = 64;

/// A piece of a text; positions are bytes of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A token, all ASCII, which is to be lower-cased.
    Token { start: usize, end: usize },
    /// A whole chunk that has to be tokenised, in place of those of its tokens that came before it.
    Chunk { start: usize, end: usize },
}

/// Calls `emit` with the pieces of a text, in order, until it fails. What the default tokenizer makes of ASCII is known without asking it; for
/// any other one there are only chunks.
#[inline]
pub(super) fn pieces(text: &str, is_default: bool, mut emit: impl FnMut(Piece) -> Result<()>) -> Result<()> {
    let mut block = Block::default();
    while block.load(text) {
        while block.starts != 0 {
            let bit = block.starts.trailing_zeros();
            let start = block.end - BLOCK + bit as usize;
            let piece = if is_default && text.as_bytes()[start].is_ascii() {
                block.starts &= block.starts - 1;
                let n = (!(block.words >> bit)).trailing_zeros();
                let mut end = start + n.max(1) as usize;
                // A word may go on behind the block; a mark does not.
                while n > 0 && end == block.end && block.load(text) {
                    end += (!block.words).trailing_zeros() as usize;
                }
                Piece::Token { start, end }
            } else {
                let (chunk, end) = chunk(text, start);
                block.skip_to(text, end);
                let Some(chunk) = chunk else { continue };
                chunk
            };
            emit(piece)?;
        }
    }
    Ok(())
}

/// Some bytes of a text, one bit each, lowest first.
#[derive(Debug, Default)]
struct Block {
    /// Where the block ends in the text, which may end before.
    end: usize,
    /// Bytes at which a word begins, or at which something stands that is neither word nor white space. Those behind us are taken away.
    starts: u64,
    /// Bytes that are part of a word.
    words: u64,
}

impl Block {
    /// Goes on to the next block, unless the text ends here.
    #[inline]
    fn load(&mut self, text: &str) -> bool {
        let Some(rest) = text.as_bytes().get(self.end..).filter(|rest| !rest.is_empty()) else { return false };
        let (words, visible) = match rest.first_chunk() {
            Some(block) => classify(block),
            None => {
                let mut block = [b' '; BLOCK];
                block[..rest.len()].copy_from_slice(rest);
                classify(&block)
            }
        };
        let goes_on = self.words >> (BLOCK - 1);
        self.starts = visible & !(words & (words << 1 | goes_on));
        self.words = words;
        self.end += BLOCK;
        true
    }

    /// Goes on to a byte that is not behind us.
    fn skip_to(&mut self, text: &str, at: usize) {
        while self.end <= at && self.load(text) {}
        self.starts &= u64::MAX.checked_shl((at + BLOCK - self.end) as u32).unwrap_or(0);
    }
}

/// The chunk around a byte, if that is not white space, and where it ends, or the white space does.
fn chunk(text: &str, at: usize) -> (Option<Piece>, usize) {
    let (before, rest) = text.split_at(at);
    let n = rest.find(char::is_whitespace).unwrap_or(rest.len());
    if n == 0 {
        return (None, at + rest.chars().next().map_or(1, char::len_utf8));
    }
    let blank = before.char_indices().rev().find(|(_, c)| c.is_whitespace());
    (Some(Piece::Chunk { start: blank.map_or(0, |(at, c)| at + c.len_utf8()), end: at + n }), at + n)
}

/// Which bytes belong to words, and which are not white space, lowest bit first. What is not ASCII counts as visible, and as no word.
#[inline]
fn classify(block: &[u8; BLOCK]) -> (u64, u64) {
    // In numbers, not in conditions, so that the compiler works on sixteen bytes at once.
    let within = |byte: u8, first: u8, last: u8| u8::from(byte.wrapping_sub(first) <= last - first);
    let (mut words, mut visible) = ([0; BLOCK], [0; BLOCK]);
    for ((word, visible), b) in words.iter_mut().zip(&mut visible).zip(*block) {
        let is_space = within(b, b'\t', b'\r') | within(b, b' ', b' ');
        let is_mark = within(b, b'!', b'/') | within(b, b':', b'@') | within(b, b'[', b'`') | within(b, b'{', b'~');
        *visible = 1 - is_space;
        *word = *visible & (1 - is_mark) & within(b, 0, 0x7F);
    }
    (gather(&words), gather(&visible))
}

/// The lowest bits of bytes.
#[inline]
fn gather(bytes: &[u8; BLOCK]) -> u64 {
    // Eight bytes at once: the product moves the bit of byte i to bit 56 + i.
    let eight = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    bytes.as_chunks::<8>().0.iter().rev().fold(0, |all, bytes| all << 8 | eight(bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::features::Tokenizer;

    fn collect(text: &str, is_default: bool) -> Vec<Piece> {
        let mut all = Vec::new();
        pieces(text, is_default, |piece| {
            all.push(piece);
            Ok(())
        })
        .unwrap();
        all
    }

    #[test]
    fn classes_are_the_standard_librarys() {
        for byte in 0..=u8::MAX {
            let mut block = [b' '; BLOCK];
            block[usize::from(byte) % BLOCK] = byte;
            let (words, visible) = classify(&block);
            let c = char::from(byte);
            let word = byte.is_ascii() && !c.is_whitespace() && !c.is_ascii_punctuation();
            assert_eq!(words, u64::from(word) << (byte % 64), "{byte:#x}");
            assert_eq!(visible, u64::from(!byte.is_ascii() || !c.is_whitespace()) << (byte % 64), "{byte:#x}");
        }
    }

    #[test]
    fn words_and_chunks_go_on_behind_a_block() {
        let long = "x".repeat(200);
        for blanks in 0..130 {
            let text = format!("{}{long} {long}’{long} .", " ".repeat(blanks));
            let (first, second) = (blanks, blanks + 201);
            let expected = [
                Piece::Token { start: first, end: first + 200 },
                Piece::Token { start: second, end: second + 200 },
                Piece::Chunk { start: second, end: text.len() - 2 },
                Piece::Token { start: text.len() - 1, end: text.len() },
            ];
            assert_eq!(collect(&text, true), expected);
        }
    }

    proptest! {
        #[test]
        fn pieces_are_the_tokens_of_the_text(
            text in "[a-zA-Z0-9.,'\\-’“é\u{301}ﬁ \t\u{a0}\u{2003}\x01\x0B\x1C\u{85}]{0,200}",
            is_default in any::<bool>(),
        ) {
            let tokenizer = Tokenizer::default();
            let mut tokens: Vec<(usize, String)> = Vec::new();
            for piece in collect(&text, is_default) {
                match piece {
                    Piece::Token { start, end } => tokens.push((start, text[start..end].to_ascii_lowercase())),
                    Piece::Chunk { start, end } => {
                        tokens.retain(|(at, _)| *at < start);
                        tokenizer.tokenize_chunk(&text[start..end], |token, _| tokens.push((start, token.to_owned()))).unwrap();
                    }
                }
            }
            let tokens: Vec<String> = tokens.into_iter().map(|(_, token)| token).collect();
            prop_assert_eq!(tokens, tokenizer.tokens(&text).unwrap());
        }
    }
}
