//! Opens what the user named and hands on clean UTF-8: decompressed, decoded, without a byte-order mark, checked.

use std::fs::File;
use std::io::{self, BufReader, Read};

use encoding_rs::Encoding;
use sha2::{Digest, Sha256};

use super::quotes::{QuoteWatch, n_characters};
use crate::error::{Error, ErrorKind, Result};

const CHUNK: usize = 64 * 1024;

/// Opens `path` (`-` is stdin) as a stream of checked UTF-8.
///
/// gzip and Zstandard are recognised by their first bytes, whatever the file's name. With `encoding` (a WHATWG label) the
/// bytes are decoded, and what cannot be decoded becomes U+FFFD; without it they must be UTF-8. `quotes` is the delimiter
/// of a CSV whose quotes are to be watched.
///
/// # Errors
/// [`ErrorKind::Io`] if the file cannot be opened, [`ErrorKind::UnknownEncoding`]. Reading gives [`ErrorKind::NotUtf8`] and
/// [`ErrorKind::NulByte`], with the line, inside the [`io::Error`].
pub(crate) fn open(path: &str, encoding: Option<&str>, quotes: Option<u8>) -> Result<Utf8Stream> {
    let encoding = encoding
        .map(|name| {
            Encoding::for_label(name.as_bytes())
                .ok_or_else(|| Error::from(ErrorKind::UnknownEncoding { name: name.to_owned() }))
        })
        .transpose()?;
    let raw: Box<dyn Read + Send> = if path == "-" {
        Box::new(io::stdin())
    } else {
        let file = File::open(path).map_err(|source| Error::io("open it", source).in_file(path))?;
        if file.metadata().is_ok_and(|meta| meta.is_dir()) {
            let source = io::Error::new(io::ErrorKind::IsADirectory, "it is a directory; name the files in it");
            return Err(Error::io("read it", source).in_file(path));
        }
        Box::new(file)
    };
    let plain = decompress(raw).map_err(|source| Error::io("read it", source).in_file(display_name(path)))?;
    let decoded: Box<dyn Read + Send> = match encoding {
        None => plain,
        Some(encoding) => {
            Box::new(encoding_rs_io::DecodeReaderBytesBuilder::new().encoding(Some(encoding)).build(plain))
        }
    };
    Ok(Utf8Stream::new(decoded, quotes))
}

/// How messages call an input: its path as given, or `stdin`.
pub(crate) fn display_name(path: &str) -> &str {
    if path == "-" { "stdin" } else { path }
}

/// Names the file of an error that is about all of them, where there is only one.
pub(crate) fn in_only_file(error: Error, paths: &[String]) -> Error {
    match paths {
        [path] => error.in_file(display_name(path)),
        _ => error,
    }
}

fn decompress(mut raw: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let mut magic = [0; 4];
    let mut n = 0;
    while n < magic.len() {
        match raw.read(&mut magic[n..])? {
            0 => break,
            read => n += read,
        }
    }
    let whole = io::Cursor::new(magic).take(n as u64).chain(raw);
    Ok(match &magic[..n] {
        [0x1F, 0x8B, ..] => Box::new(flate2::read::MultiGzDecoder::new(BufReader::with_capacity(CHUNK, whole))),
        [0x28, 0xB5, 0x2F, 0xFD] => Box::new(
            ruzstd::decoding::StreamingDecoder::new(BufReader::with_capacity(CHUNK, whole))
                .map_err(io::Error::other)?,
        ),
        _ => Box::new(whole),
    })
}

/// A stream that yields only valid UTF-8 without NUL, and knows the line it is in.
pub(crate) struct Utf8Stream {
    inner: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// Checked bytes not handed out yet: `buffer[start..checked]`.
    start: usize,
    checked: usize,
    /// Bytes read: `buffer[..filled]`; beyond `checked` stands at most one cut character.
    filled: usize,
    at_start: bool,
    at_end: bool,
    line: u64,
    characters: usize,
    quotes: Option<QuoteWatch>,
    /// What is wrong with the next byte; told once all bytes before it are handed out.
    pending: Option<Error>,
    /// SHA-256 of the text handed out so far.
    digest: Option<Sha256>,
}

impl std::fmt::Debug for Utf8Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Utf8Stream").field("line", &self.line).finish_non_exhaustive()
    }
}

impl Utf8Stream {
    fn new(inner: Box<dyn Read + Send>, quotes: Option<u8>) -> Self {
        Utf8Stream {
            inner,
            buffer: vec![0; CHUNK],
            start: 0,
            checked: 0,
            filled: 0,
            at_start: true,
            at_end: false,
            line: 1,
            characters: 0,
            quotes: quotes.map(QuoteWatch::new),
            pending: None,
            digest: None,
        }
    }

    /// Hashes the text as it is read.
    pub(crate) fn with_digest(mut self) -> Self {
        self.digest = Some(Sha256::new());
        self
    }

    /// SHA-256, in hexadecimal, of the text read so far: decompressed, decoded, without a byte-order mark.
    pub(crate) fn sha256(&self) -> Option<String> {
        self.digest.clone().map(|digest| hex(&digest.finalize()))
    }

    /// The quote that was open when the input ended.
    pub(crate) fn unclosed_quote(&self) -> Option<Error> {
        let (line, character) = self.quotes.as_ref().filter(|_| self.at_end)?.open_quote()?;
        Some(Error::from(ErrorKind::UnclosedQuote { character }).at_line(line))
    }

    /// The line on which the next record of a CSV starts; called once for each record, the header among them.
    pub(crate) fn next_record_line(&mut self) -> Option<u64> {
        self.quotes.as_mut()?.next_record()
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.checked..self.filled, 0);
        self.filled -= self.checked;
        (self.start, self.checked) = (0, 0);
        let n = loop {
            match self.inner.read(&mut self.buffer[self.filled..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.at_end = n == 0;
        self.filled += n;
        if self.at_start {
            // A byte-order mark may arrive in pieces.
            while self.filled < 3 && !self.at_end {
                let n = self.inner.read(&mut self.buffer[self.filled..])?;
                self.at_end = n == 0;
                self.filled += n;
            }
            self.at_start = false;
            if self.buffer[..self.filled].starts_with(b"\xEF\xBB\xBF") {
                self.buffer.copy_within(3..self.filled, 0);
                self.filled -= 3;
            }
        }
        self.check();
        Ok(())
    }

    fn check(&mut self) {
        let bytes = &self.buffer[..self.filled];
        let (valid, broken) = match std::str::from_utf8(bytes) {
            Ok(_) => (bytes.len(), false),
            Err(error) => (error.valid_up_to(), error.error_len().is_some() || self.at_end),
        };
        let nul = memchr::memchr(0, &bytes[..valid]);
        self.checked = nul.unwrap_or(valid);
        let checked = &bytes[..self.checked];
        self.line += memchr::memchr_iter(b'\n', checked).count() as u64;
        match memchr::memrchr(b'\n', checked) {
            Some(at) => self.characters = n_characters(&checked[at + 1..]),
            // Only the place of an error needs this, and lines are short: one pass over each.
            None => self.characters += n_characters(checked),
        }
        if let Some(quotes) = &mut self.quotes {
            quotes.feed(checked);
        }
        if let Some(digest) = &mut self.digest {
            digest.update(checked);
        }
        let character = self.characters + 1;
        let kind = if nul.is_some() {
            ErrorKind::NulByte { character }
        } else if broken {
            let hint = match bytes {
                [0xFF, 0xFE, ..] if self.line == 1 => " (the first bytes say utf-16le)".to_owned(),
                [0xFE, 0xFF, ..] if self.line == 1 => " (the first bytes say utf-16be)".to_owned(),
                _ => String::new(),
            };
            ErrorKind::NotUtf8 { byte: bytes[valid], character, hint }
        } else {
            return;
        };
        self.pending = Some(Error::from(kind).at_line(self.line));
    }
}

impl Read for Utf8Stream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.start == self.checked {
            if let Some(error) = self.pending.take() {
                return Err(error.into());
            }
            if self.at_end {
                return Ok(0);
            }
            self.fill()?;
        }
        let n = out.len().min(self.checked - self.start);
        out[..n].copy_from_slice(&self.buffer[self.start..self.start + n]);
        self.start += n;
        Ok(n)
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
        write!(out, "{byte:02x}").expect("writing to a String cannot fail");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(bytes: &'static [u8]) -> Utf8Stream {
        Utf8Stream::new(decompress(Box::new(bytes)).unwrap(), Some(b','))
    }

    fn read(bytes: &'static [u8]) -> Result<String> {
        let mut text = String::new();
        stream(bytes).read_to_string(&mut text).map_err(|e| Error::io("read", e))?;
        Ok(text)
    }

    #[test]
    fn strips_the_byte_order_mark_only_at_the_start() {
        assert_eq!(read(b"\xEF\xBB\xBFtext\n").unwrap(), "text\n");
        assert_eq!(read("a\u{FEFF}b".as_bytes()).unwrap(), "a\u{FEFF}b");
        assert_eq!(read(b"").unwrap(), "");
        assert_eq!(read(b"\xEF\xBB\xBF").unwrap(), "");
    }

    #[test]
    fn places_a_bad_byte() {
        let error = read("text\né caf\u{e9}\nx".replace('x', "ok").as_bytes().to_vec().leak()).map(|_| ());
        assert!(error.is_ok());
        let error = read(b"text\n\xC3\xA9 caf\xE9\n").unwrap_err();
        assert_eq!(error.place().line, Some(2));
        assert!(matches!(error.kind(), ErrorKind::NotUtf8 { byte: 0xE9, character: 6, .. }));
        let cut = read(b"caf\xC3").unwrap_err();
        assert!(matches!(cut.kind(), ErrorKind::NotUtf8 { byte: 0xC3, character: 4, .. }));
    }

    #[test]
    fn utf_16_is_suggested() {
        let error = read(b"\xFF\xFEt\0e\0").unwrap_err();
        assert!(error.to_string().contains("utf-16le"), "{error}");
    }

    #[test]
    fn places_a_nul() {
        let error = read(b"a\nb\0c\n").unwrap_err();
        assert_eq!(error.place().line, Some(2));
        assert!(matches!(error.kind(), ErrorKind::NulByte { character: 2 }));
    }

    #[test]
    fn characters_cut_by_the_buffer_are_joined() {
        let text = "é".repeat(CHUNK);
        let bytes: &'static [u8] = format!("x{text}").into_bytes().leak();
        assert_eq!(read(bytes).unwrap().len(), bytes.len());
    }

    #[test]
    fn reads_gzip() {
        use std::io::Write as _;
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(b"text\nhello\n").unwrap();
        assert_eq!(read(gz.finish().unwrap().leak()).unwrap(), "text\nhello\n");
    }
}
