//! Opens what the user named and hands on clean UTF-8: decompressed, decoded, without a byte-order mark, checked.

use std::fs::File;
use std::io::{self, BufReader, Read};

use encoding_rs::Encoding;
use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorKind, Result};

const CHUNK: usize = 64 * 1024;

/// Opens `path` (`-` is stdin) as a stream of checked UTF-8.
///
/// gzip and Zstandard are recognised by their first bytes, whatever the file's name. With `encoding` (a WHATWG label)
/// the bytes are decoded, and what cannot be decoded becomes U+FFFD; without it they must be UTF-8.
///
/// # Errors
/// [`ErrorKind::Io`] if the file cannot be opened, [`ErrorKind::UnknownEncoding`].
pub(crate) fn open(path: &str, encoding: Option<&str>) -> Result<Utf8Stream> {
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
    decode(raw, encoding).map_err(|error| error.in_file(display_name(path)))
}

/// The same for bytes from anywhere.
///
/// # Errors
/// As [`open`].
pub(crate) fn decode(raw: Box<dyn Read + Send>, encoding: Option<&str>) -> Result<Utf8Stream> {
    let encoding = encoding
        .map(|name| {
            Encoding::for_label(name.as_bytes())
                .ok_or_else(|| Error::from(ErrorKind::UnknownEncoding { name: name.to_owned() }))
        })
        .transpose()?;
    let plain = decompress(raw).map_err(|source| Error::io("read it", source))?;
    let decoded: Box<dyn Read + Send> = match encoding {
        None => plain,
        Some(encoding) => {
            Box::new(encoding_rs_io::DecodeReaderBytesBuilder::new().encoding(Some(encoding)).build(plain))
        }
    };
    Ok(Utf8Stream::new(decoded))
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
    /// Bytes of a cut character at the start of the buffer.
    n_left: usize,
    at_start: bool,
    at_end: bool,
    line: u64,
    characters: usize,
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
    fn new(inner: Box<dyn Read + Send>) -> Self {
        Utf8Stream {
            inner,
            buffer: vec![0; CHUNK],
            n_left: 0,
            at_start: true,
            at_end: false,
            line: 1,
            characters: 0,
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

    /// Appends the next piece of text to `out`, and says how many bytes that are: 0 at the end.
    ///
    /// # Errors
    /// [`ErrorKind::NotUtf8`] and [`ErrorKind::NulByte`], with the line, once all text before is appended;
    /// [`ErrorKind::Io`].
    pub(crate) fn append(&mut self, out: &mut String) -> Result<usize> {
        loop {
            if let Some(error) = self.pending.take() {
                self.at_end = true;
                return Err(error);
            }
            if self.at_end {
                return Ok(0);
            }
            let n_before = out.len();
            self.fill(out).map_err(|source| Error::io("read it", source))?;
            if out.len() > n_before {
                return Ok(out.len() - n_before);
            }
        }
    }

    /// Appends all that is left.
    ///
    /// # Errors
    /// As [`Utf8Stream::append`].
    pub(crate) fn append_all(&mut self, out: &mut String) -> Result<()> {
        while self.append(out)? > 0 {}
        Ok(())
    }

    fn fill(&mut self, out: &mut String) -> io::Result<()> {
        let mut filled = self.n_left;
        // A byte-order mark may arrive in pieces.
        let wanted = if self.at_start { 3 } else { filled + 1 };
        while filled < wanted && !self.at_end {
            match self.inner.read(&mut self.buffer[filled..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(n) => {
                    filled += n;
                    self.at_end = n == 0;
                }
            }
        }
        let mark = if self.at_start && self.buffer[..filled].starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        self.at_start = false;
        let n_valid = self.check(mark, filled, out);
        self.buffer.copy_within(n_valid..filled, 0);
        self.n_left = filled - n_valid;
        Ok(())
    }

    /// Appends what is text of these bytes of the buffer, and says where it ends.
    fn check(&mut self, start: usize, end: usize, out: &mut String) -> usize {
        let bytes = &self.buffer[start..end];
        let (text, broken) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, false),
            Err(error) => {
                let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
                (valid, error.error_len().is_some() || self.at_end)
            }
        };
        let nul = memchr::memchr(0, text.as_bytes());
        let checked = &text[..nul.unwrap_or(text.len())];
        out.push_str(checked);
        self.line += memchr::memchr_iter(b'\n', checked.as_bytes()).count() as u64;
        match memchr::memrchr(b'\n', checked.as_bytes()) {
            Some(at) => self.characters = n_characters(&checked.as_bytes()[at + 1..]),
            // Only the place of an error needs this, and lines are short: one pass over each.
            None => self.characters += n_characters(checked.as_bytes()),
        }
        if let Some(digest) = &mut self.digest {
            digest.update(checked);
        }
        let character = self.characters + 1;
        let kind = if nul.is_some() {
            Some(ErrorKind::NulByte { character })
        } else if broken {
            let hint = match bytes {
                [0xFF, 0xFE, ..] if self.line == 1 => " (the first bytes say utf-16le)".to_owned(),
                [0xFE, 0xFF, ..] if self.line == 1 => " (the first bytes say utf-16be)".to_owned(),
                _ => String::new(),
            };
            Some(ErrorKind::NotUtf8 { byte: bytes[text.len()], character, hint })
        } else {
            None
        };
        self.pending = kind.map(|kind| Error::from(kind).at_line(self.line));
        start + text.len()
    }
}

/// Characters in a piece of UTF-8.
pub(crate) fn n_characters(bytes: &[u8]) -> usize {
    // A character starts with the byte that is no continuation.
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
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
        Utf8Stream::new(decompress(Box::new(bytes)).unwrap())
    }

    fn read(bytes: &'static [u8]) -> Result<String> {
        let mut text = String::new();
        stream(bytes).append_all(&mut text)?;
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
