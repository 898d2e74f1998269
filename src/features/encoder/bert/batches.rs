//! Many sentences at once: the longest first, a core's worth of tokens at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

use ndarray::Array2;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::attention::Spans;
use super::failed;
use super::folder::Folder;
use super::ops::Pool;
use crate::error::{Error, Result};

/// Tokens of a batch, at least where there are so many: enough for the matrix products, and few enough for a core's cache.
const TOKENS: usize = 512;

/// One pool a core, each of a single thread: a product that is shared among cores waits for the last of them, and batches need not.
static CORES: LazyLock<Vec<ThreadPool>> = LazyLock::new(|| {
    let pool = |_| ThreadPoolBuilder::new().num_threads(1).build().ok();
    (0..rayon::current_num_threads()).filter_map(pool).collect()
});

/// Does `work` for each number below `n`, on all cores, each of them on one at a time. In order of the numbers; the first error wins.
pub(super) fn on_all_cores<T: Send>(n: usize, work: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Result<T>)>> = Mutex::new(Vec::with_capacity(n));
    let take_all = || {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= n {
                return;
            }
            let result = work(i);
            if let Ok(mut done) = done.lock() {
                done.push((i, result));
            }
        }
    };
    if CORES.is_empty() {
        take_all();
    }
    std::thread::scope(|scope| {
        for core in CORES.iter().take(n) {
            scope.spawn(|| core.install(take_all));
        }
    });
    let mut done = done.into_inner().map_err(|_| Error::encoder("a thread panicked"))?;
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The tokens of each text, the first and the last of the encoder's own among them.
pub(super) fn tokens(folder: &Folder, texts: &[&str]) -> Result<Vec<Vec<u32>>> {
    let of_text = |text: &&str| {
        let lower = folder.lowercase.then(|| text.to_lowercase());
        let encoded = folder.tokenizer.encode_fast(lower.as_deref().unwrap_or(text), true);
        let encoded = encoded.map_err(|error| Error::encoder(format!("a text cannot be tokenised: {error}")))?;
        Ok(encoded.get_ids().to_vec())
    };
    texts.par_iter().with_min_len(64).map(of_text).collect()
}

/// Places of texts with these numbers of tokens, the longest first, cut into batches.
pub(super) fn batches(lengths: &[usize]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|i| (std::cmp::Reverse(lengths[*i]), *i));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut room = 0;
    for i in order {
        if room < lengths[i] || batches.is_empty() {
            batches.push(Vec::new());
            room = TOKENS.max(lengths[i]);
        }
        room -= lengths[i];
        if let Some(batch) = batches.last_mut() {
            batch.push(i);
        }
    }
    batches
}

/// The vectors of texts, of shape (n_texts, dim).
pub(super) fn encode(folder: &Folder, texts: &[&str]) -> Result<Array2<f32>> {
    let dim = folder.network.config.hidden_size;
    let tokens = tokens(folder, texts)?;
    let lengths: Vec<usize> = tokens.iter().map(Vec::len).collect();
    let batches = batches(&lengths);
    let vectors = on_all_cores(batches.len(), |b| {
        let spans = Spans::new(batches[b].iter().map(|i| lengths[*i]));
        let ids: Vec<u32> = batches[b].iter().flat_map(|i| tokens[*i].iter().copied()).collect();
        let hidden = folder.network.forward(&ids, &spans, folder.network.layers.len());
        let vectors = hidden.and_then(|hidden| hidden.apply_op1_no_bwd(&pool(folder, spans)));
        vectors.and_then(|vectors| vectors.flatten_all()?.to_vec1::<f32>()).map_err(failed)
    })?;
    let mut all = Array2::zeros((texts.len(), dim));
    for (batch, vectors) in batches.iter().zip(&vectors) {
        for (i, vector) in batch.iter().zip(vectors.chunks_exact(dim)) {
            all.row_mut(*i).iter_mut().zip(vector).for_each(|(to, x)| *to = *x);
        }
    }
    Ok(all)
}

/// How the folder makes one vector of a sentence's.
pub(super) fn pool(folder: &Folder, spans: Spans) -> Pool {
    Pool { spans, pooling: folder.pooling, normalise: folder.normalise }
}
