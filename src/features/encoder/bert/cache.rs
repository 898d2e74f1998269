//! Vectors on disk, by the encoder's hash and that of their text: rows that were encoded once are read, not computed.
//!
//! A folder for each encoder holds segments, each written whole and then renamed, so that several runs may write at the same time and
//! a killed one leaves nothing half. A segment that is damaged is passed over. Deleting any of them only costs time.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use ndarray::Array2;
use sha2::{Digest as _, Sha256};

use crate::error::Result;
use crate::features::EncoderIdentity;
use crate::output::{AtomicFile, make_folder};

/// Texts that are encoded, and then written, at a time: what a killed run loses.
const SEGMENT: usize = 4096;
/// Fewer are encoded as fast as they are written.
const WORTH_WRITING: usize = 16;
const MAGIC: [u8; 8] = *b"fsvecs01";
const HASH: usize = 32;

/// The first half of a text's SHA-256.
type Key = [u8; 16];

fn key(text: &str) -> Key {
    let mut key = Key::default();
    key.copy_from_slice(&Sha256::digest(text)[..size_of::<Key>()]);
    key
}

/// The vectors of one encoder that were computed before.
#[derive(Debug)]
pub struct VectorCache {
    folder: PathBuf,
    dim: usize,
    index: Mutex<Option<Index>>,
}

#[derive(Debug, Default)]
struct Index {
    segments: Vec<Segment>,
    /// Segment and row.
    places: HashMap<Key, (u32, u32), FixedState>,
}

#[derive(Debug)]
struct Segment {
    path: PathBuf,
    /// Whether its hash was compared already.
    verified: bool,
}

impl VectorCache {
    /// Vectors of `encoder` in a folder of its own below `root`, which need not be there yet.
    #[must_use]
    pub fn new(root: &Path, encoder: &EncoderIdentity) -> Self {
        VectorCache { folder: root.join(&encoder.sha256), dim: encoder.dim, index: Mutex::new(None) }
    }

    /// The vectors of texts, of shape (n_texts, dim); `compute` is asked for those that are not there, each once, which are then kept.
    /// A cache that cannot be read or written is no cache.
    ///
    /// # Errors
    /// What `compute` returns.
    pub(super) fn encode(
        &self,
        texts: &[&str],
        compute: impl Fn(&[&str]) -> Result<Array2<f32>>,
    ) -> Result<Array2<f32>> {
        let mut all = Array2::zeros((texts.len(), self.dim));
        let keys: Vec<Key> = texts.iter().map(|text| key(text)).collect();
        let mut missing = self.fill(&keys, &mut all);
        missing.sort_by_key(|i| (keys[*i], *i));
        // Rows of one text are computed once.
        let runs: Vec<&[usize]> = missing.chunk_by(|a, b| keys[*a] == keys[*b]).collect();
        for some in runs.chunks(SEGMENT) {
            let firsts: Vec<&str> = some.iter().map(|rows| texts[rows[0]]).collect();
            let vectors = compute(&firsts)?;
            for (rows, vector) in some.iter().zip(vectors.rows()) {
                rows.iter().for_each(|i| all.row_mut(*i).assign(&vector));
            }
            if some.len() >= WORTH_WRITING {
                let keys: Vec<Key> = some.iter().map(|rows| keys[rows[0]]).collect();
                self.keep(&keys, &vectors);
            }
        }
        Ok(all)
    }

    /// Writes what is there into the rows of `all`; gives the others.
    fn fill(&self, keys: &[Key], all: &mut Array2<f32>) -> Vec<usize> {
        let everything = || (0..keys.len()).collect();
        let Ok(mut index) = self.index.lock() else { return everything() };
        let Index { segments, places } = index.get_or_insert_with(|| self.open());
        let mut found: Vec<(u32, u32, usize)> = Vec::new();
        let mut missing = Vec::new();
        for (i, key) in keys.iter().enumerate() {
            match places.get(key) {
                Some((segment, row)) => found.push((*segment, *row, i)),
                None => missing.push(i),
            }
        }
        found.sort_unstable();
        for of_segment in found.chunk_by(|a, b| a.0 == b.0) {
            let segment = &mut segments[of_segment[0].0 as usize];
            let Some(vectors) = segment.read(self.dim) else {
                missing.extend(of_segment.iter().map(|(.., i)| i));
                continue;
            };
            for (_, row, i) in of_segment {
                let vector = &vectors[*row as usize * self.dim..][..self.dim];
                all.row_mut(*i).iter_mut().zip(vector).for_each(|(to, x)| *to = *x);
            }
        }
        missing.sort_unstable();
        missing
    }

    fn open(&self) -> Index {
        let mut index = Index::default();
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| is_segment(path)).collect();
        paths.sort();
        for path in paths {
            if let Some(keys) = read_keys(&path, self.dim) {
                index.add(path, &keys, false);
            }
        }
        index
    }

    fn keep(&self, keys: &[Key], vectors: &Array2<f32>) {
        let mut bytes = Vec::with_capacity(MAGIC.len() + 8 + keys.len() * (size_of::<Key>() + 4 * self.dim) + HASH);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&(keys.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&(self.dim as u32).to_le_bytes());
        bytes.extend(keys.as_flattened());
        bytes.extend(vectors.iter().flat_map(|x| x.to_le_bytes()));
        let hash = Sha256::digest(&bytes);
        bytes.extend_from_slice(&hash);
        let path = self.folder.join(format!("{hash:x}")).with_extension("vectors");
        let write = || {
            make_folder(&self.folder)?;
            let mut file = AtomicFile::create(&path)?;
            file.write_all(&bytes)?;
            file.commit()
        };
        if let (Ok(()), Ok(mut index)) = (write(), self.index.lock()) {
            index.get_or_insert_default().add(path, keys, true);
        }
    }
}

impl Index {
    fn add(&mut self, path: PathBuf, keys: &[Key], verified: bool) {
        let number = self.segments.len() as u32;
        self.segments.push(Segment { path, verified });
        self.places.extend(keys.iter().zip(0..).map(|(key, row)| (*key, (number, row))));
    }
}

impl Segment {
    /// Its vectors; `None` if it is damaged or gone.
    fn read(&mut self, dim: usize) -> Option<Vec<f32>> {
        let bytes = std::fs::read(&self.path).ok()?;
        let (content, hash) = bytes.split_at_checked(bytes.len().checked_sub(HASH)?)?;
        if !self.verified && Sha256::digest(content)[..] != *hash {
            return None;
        }
        let n = n_keys(content.first_chunk()?, dim)?;
        let vectors = content.get(16 + n * size_of::<Key>()..).filter(|rest| rest.len() == 4 * n * dim)?;
        self.verified = true;
        Some(vectors.as_chunks().0.iter().map(|x| f32::from_le_bytes(*x)).collect())
    }
}

fn is_segment(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "vectors")
}

/// How many vectors a segment that begins like this has.
fn n_keys(head: &[u8; 16], dim: usize) -> Option<usize> {
    let number = |at: usize| head[at..].first_chunk().map(|n| u32::from_le_bytes(*n) as usize);
    (head.starts_with(&MAGIC) && number(12) == Some(dim)).then(|| number(8)).flatten()
}

/// The keys of a segment that is as long as they ask for.
fn read_keys(path: &Path, dim: usize) -> Option<Vec<Key>> {
    let mut file = File::open(path).ok()?;
    let mut head = [0; 16];
    file.read_exact(&mut head).ok()?;
    let n = n_keys(&head, dim)?;
    let length = head.len() + n * (size_of::<Key>() + 4 * dim) + HASH;
    if file.metadata().ok()?.len() != length as u64 {
        return None;
    }
    let mut keys = vec![0; n * size_of::<Key>()];
    file.read_exact(&mut keys).ok()?;
    Some(keys.as_chunks().0.to_vec())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn identity() -> EncoderIdentity {
        EncoderIdentity { name: "toy".into(), revision: None, sha256: "ab".repeat(32), dim: 2, max_tokens: 8 }
    }

    fn lengths(texts: &[&str]) -> Array2<f32> {
        Array2::from_shape_fn((texts.len(), 2), |(i, j)| texts[i].len() as f32 + j as f32 / 2.0)
    }

    #[test]
    fn texts_are_encoded_once() {
        let root = tempfile::tempdir().unwrap();
        let texts: Vec<String> = (0..40).map(|i| "x".repeat(i % 30 + 1)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let asked = Cell::new(0);
        let compute = |texts: &[&str]| {
            asked.set(asked.get() + texts.len());
            Ok(lengths(texts))
        };
        let run = |texts: &[&str]| VectorCache::new(root.path(), &identity()).encode(texts, compute).unwrap();
        assert_eq!(run(&texts), lengths(&texts));
        assert_eq!(asked.get(), 30, "the same text was encoded twice");
        assert_eq!(run(&texts), lengths(&texts));
        assert_eq!(asked.get(), 30, "a second run encoded anew");
        assert_eq!(run(&["another", texts[3]]), lengths(&["another", texts[3]]));
        assert_eq!(asked.get(), 31);

        let folder = root.path().join(identity().sha256);
        let path = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.len() - HASH - 3;
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(run(&texts), lengths(&texts), "a damaged vector was believed");
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert_eq!(run(&texts), lengths(&texts), "half a segment was believed");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_no_cache() {
        let root = tempfile::NamedTempFile::new().unwrap();
        let texts: Vec<String> = (0..40).map(|i| i.to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let cache = VectorCache::new(root.path(), &identity());
        assert_eq!(cache.encode(&texts, |texts| Ok(lengths(texts))).unwrap(), lengths(&texts));
    }
}
