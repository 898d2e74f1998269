//! Articles between two walks: in memory while they are few, in a temporary file from then on.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Seek as _, Write as _};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Pieces are put in, then taken out in the same order.
#[derive(Debug)]
pub(super) struct Spool<T> {
    /// More bytes than this go to the file, and all that come after them.
    most_in_memory: usize,
    n_bytes: usize,
    pieces: std::collections::VecDeque<T>,
    file: Option<BufWriter<File>>,
}

/// A piece as it was kept.
#[derive(Debug)]
pub(super) enum Kept<T> {
    Whole(T),
    Line(Vec<u8>),
}

impl<T: Serialize + DeserializeOwned> Spool<T> {
    pub(super) fn new(most_in_memory: usize) -> Self {
        Spool { most_in_memory, n_bytes: 0, pieces: std::collections::VecDeque::new(), file: None }
    }

    /// Keeps a piece that takes about `n_bytes`.
    pub(super) fn push(&mut self, piece: T, n_bytes: usize) -> Result<()> {
        self.n_bytes += n_bytes;
        if self.n_bytes <= self.most_in_memory {
            self.pieces.push_back(piece);
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BufWriter::with_capacity(1 << 18, tempfile::tempfile().map_err(failed)?)),
        };
        serde_json::to_writer(&mut *file, &piece).map_err(|error| failed(error.into()))?;
        file.write_all(b"\n").map_err(failed)
    }

    /// All pieces in order. They are read back by [`Kept::open`], which any thread may do.
    pub(super) fn into_pieces(self) -> Result<impl Iterator<Item = Result<Kept<T>>>> {
        let mut file = match self.file {
            None => None,
            Some(file) => {
                let mut file = file.into_inner().map_err(|error| failed(error.into_error()))?;
                file.rewind().map_err(failed)?;
                Some(BufReader::with_capacity(1 << 18, file))
            }
        };
        let lines = std::iter::from_fn(move || {
            let mut line = Vec::new();
            match file.as_mut()?.read_until(b'\n', &mut line) {
                Ok(0) => None,
                Ok(_) => Some(Ok(Kept::Line(line))),
                Err(error) => Some(Err(failed(error))),
            }
        });
        Ok(self.pieces.into_iter().map(|piece| Ok(Kept::Whole(piece))).chain(lines))
    }
}

impl<T: DeserializeOwned> Kept<T> {
    pub(super) fn open(self) -> Result<T> {
        match self {
            Kept::Whole(piece) => Ok(piece),
            Kept::Line(line) => serde_json::from_slice(&line).map_err(|error| failed(error.into())),
        }
    }
}

fn failed(source: std::io::Error) -> Error {
    Error::io("keep sentences in a temporary file", source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_back_in_order_from_memory_and_file() {
        let mut spool = Spool::new(25);
        for i in 0..10 {
            spool.push(format!("piece\n{i}"), 10).unwrap();
        }
        let kept: Vec<Kept<String>> = spool.into_pieces().unwrap().map(Result::unwrap).collect();
        assert_eq!(kept.iter().filter(|kept| matches!(kept, Kept::Whole(_))).count(), 2);
        let pieces: Vec<String> = kept.into_iter().map(|kept| kept.open().unwrap()).collect();
        assert_eq!(pieces, (0..10).map(|i| format!("piece\n{i}")).collect::<Vec<_>>());
    }
}
