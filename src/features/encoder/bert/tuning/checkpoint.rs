//! What fine-tuning had reached when an epoch was over, on disk, so that a killed run goes on from there.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};

use super::adam::Learned;
use crate::error::{Error, Result};
use crate::output::{AtomicFile, make_folder};

/// All that the rest of a run depends on besides its rows and options.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    pub learned: Vec<Learned>,
    /// The values at the epoch that is best so far.
    pub best: Vec<Vec<f32>>,
    pub losses: Losses,
}

/// What the held-out rows said after each epoch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Losses {
    /// Hash of encoder, rows and options.
    pub run: String,
    /// By epoch.
    pub held_out: Vec<f64>,
    /// Whether there will be no further epoch.
    pub is_done: bool,
}

const KEY: &str = "framescope-tuning";

fn path(folder: &Path) -> PathBuf {
    folder.join("tuning.safetensors")
}

impl Progress {
    /// What a run of this hash left in the folder; `None` if it is another's, damaged, or not there.
    pub(super) fn load(folder: &Path, run: &str, lengths: &[usize]) -> Option<Self> {
        let bytes = std::fs::read(path(folder)).ok()?;
        let (_, header) = SafeTensors::read_metadata(&bytes).ok()?;
        let losses: Losses = serde_json::from_str(header.metadata().as_ref()?.get(KEY)?).ok()?;
        if losses.run != run {
            return None;
        }
        let tensors = SafeTensors::deserialize(&bytes).ok()?;
        let take = |name: &str, i: usize| -> Option<Vec<f32>> {
            let tensor = tensors.tensor(&format!("{name}.{i}")).ok()?;
            let numbers = tensor.data().as_chunks().0.iter().map(|x| f32::from_le_bytes(*x)).collect::<Vec<f32>>();
            (tensor.dtype() == Dtype::F32 && numbers.len() == lengths[i]).then_some(numbers)
        };
        let learned = |i| {
            let (values, mean, square) = (take("values", i)?, take("mean", i)?, take("square", i)?);
            Some(Learned { values, mean, square, decays: false })
        };
        Some(Progress {
            learned: (0..lengths.len()).map(learned).collect::<Option<_>>()?,
            best: (0..lengths.len()).map(|i| take("best", i)).collect::<Option<_>>()?,
            losses,
        })
    }

    /// Writes it in place of what was there.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io).
    pub(super) fn save(&self, folder: &Path) -> Result<()> {
        let bytes_of = |numbers: &[f32]| numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        let mut all: Vec<(String, Vec<u8>)> = Vec::new();
        for (i, (learned, best)) in self.learned.iter().zip(&self.best).enumerate() {
            let parts =
                [("values", &learned.values), ("mean", &learned.mean), ("square", &learned.square), ("best", best)];
            all.extend(parts.map(|(name, numbers)| (format!("{name}.{i}"), bytes_of(numbers))));
        }
        let failed =
            |error: &dyn std::fmt::Display| Error::encoder(format!("what was learned cannot be kept: {error}"));
        let views = all
            .iter()
            .map(|(name, bytes)| Ok((name, TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes)?)))
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(|error| failed(&error))?;
        let losses = serde_json::to_string(&self.losses).map_err(|error| failed(&error))?;
        let bytes = safetensors::serialize(views, Some(HashMap::from([(KEY.to_owned(), losses)])))
            .map_err(|error| failed(&error))?;
        make_folder(folder)?;
        let mut file = AtomicFile::create(&path(folder))?;
        file.write_all(&bytes)?;
        file.commit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_comes_back_for_the_same_run_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut learned = Learned::new(vec![1.0, -2.5], false);
        learned.mean[1] = 0.25;
        let losses = Losses { run: "this".into(), held_out: vec![0.5, 0.25], is_done: false };
        let progress = Progress { learned: vec![learned], best: vec![vec![0.5, 0.125]], losses };
        progress.save(folder.path()).unwrap();
        let back = Progress::load(folder.path(), "this", &[2]).unwrap();
        assert_eq!(back.losses, progress.losses);
        assert_eq!(back.best, progress.best);
        assert_eq!((&back.learned[0].values, &back.learned[0].mean), (&vec![1.0, -2.5], &vec![0.0, 0.25]));
        assert!(Progress::load(folder.path(), "another", &[2]).is_none());
        assert!(Progress::load(folder.path(), "this", &[3]).is_none());
        let path = path(folder.path());
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 4]).unwrap();
        assert!(Progress::load(folder.path(), "this", &[2]).is_none());
    }
}
