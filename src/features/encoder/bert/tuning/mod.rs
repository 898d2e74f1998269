//! Contrastive fine-tuning of the last layers, whose predecessors are computed once.
//!
//! Every step takes a batch of rows, rows of rare frames more often, and moves their vectors by [`contrast`]. What a run gives depends on
//! encoder, rows and options alone: the work of a step is cut into parts whose number does not depend on the cores.

mod adam;
mod checkpoint;
mod contrast;
mod sampling;

use candle_core::{Device, Tensor};
use ndarray::{Array2, Axis};
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use self::adam::{Learned, step};
use self::checkpoint::{Losses, Progress};
use self::contrast::contrast;
use self::sampling::{epoch, hold_out};
use super::attention::Spans;
use super::batches::{batches, on_all_cores, pool, tokens};
use super::failed;
use super::folder::Folder;
use super::network::{Layer, N_TENSORS, Steps, is_matrix};
use super::ops::Pool;
use crate::error::{Error, Result};
use crate::features::encoder::{TuningRows, TuningValidParams};

/// Parts that a step is cut into; more would share the matrix products of a batch among more cores, and make each less worth it.
const PARTS: usize = 4;

/// The folder's encoder with its last layers fitted to the rows.
pub(super) fn fine_tune(
    folder: &Folder,
    rows: &TuningRows<'_>,
    params: &TuningValidParams,
    told: &(dyn Fn() + Sync),
) -> Result<Folder> {
    Run::new(folder, rows, params)?.run(told)
}

/// A run: rows, and what the layers that stay make of them.
struct Run<'a> {
    folder: &'a Folder,
    /// Hash of encoder, rows and options.
    hash: String,
    /// Of each row, whether it carries each frame.
    labels: Vec<Vec<Option<bool>>>,
    params: &'a TuningValidParams,
    /// Of each row, the vectors of its tokens before the layers that learn.
    hidden: Vec<Vec<f32>>,
    train: Vec<usize>,
    held_out: Vec<usize>,
    /// Layers that stay.
    n_fixed: usize,
}

impl<'a> Run<'a> {
    fn new(folder: &'a Folder, rows: &TuningRows<'_>, params: &'a TuningValidParams) -> Result<Self> {
        let n = rows.texts.len();
        for (right, n_right) in [("the labels", rows.labels.nrows()), ("the groups", rows.groups.len())] {
            if n_right != n {
                let error = crate::ErrorKind::LengthMismatch { left: "the texts", n_left: n, right, n_right };
                return Err(error.into());
            }
        }
        let n_layers = folder.network.layers.len();
        if params.n_layers > n_layers {
            let expected = format!("at most {n_layers}, which this encoder has");
            return Err(Error::parameter("layers", params.n_layers, &expected));
        }
        let n_fixed = n_layers - params.n_layers;
        let (train, held_out) = hold_out(rows, params);
        let labels: Vec<Vec<Option<bool>>> = rows.labels.rows().into_iter().map(|row| row.to_vec()).collect();
        let hash = hash(folder, rows, &labels, params);
        Ok(Run { folder, hash, labels, params, hidden: fixed(folder, rows.texts, n_fixed)?, train, held_out, n_fixed })
    }

    fn run(&self, told: &(dyn Fn() + Sync)) -> Result<Folder> {
        let network = &self.folder.network;
        let tensors: Vec<&Tensor> = network.layers[self.n_fixed..].iter().flat_map(Layer::tensors).collect();
        let lengths: Vec<usize> = tensors.iter().map(|tensor| tensor.elem_count()).collect();
        let run = self.hash.clone();
        let checkpoints = self.params.checkpoints.as_deref();
        let kept = checkpoints.and_then(|folder| Progress::load(folder, &run, &lengths));
        let mut progress = match kept {
            Some(kept) => kept,
            None => {
                let first = |tensor: &&Tensor| Ok(Learned::new(tensor.flatten_all()?.to_vec1()?, true));
                let learned: Vec<Learned> =
                    tensors.iter().map(first).collect::<candle_core::Result<_>>().map_err(failed)?;
                let best = learned.iter().map(|learned| learned.values.clone()).collect();
                Progress { learned, best, losses: Losses { run, ..Losses::default() } }
            }
        };
        for (place, learned) in progress.learned.iter_mut().enumerate() {
            learned.decays = is_matrix(place % N_TENSORS);
        }
        let n_steps = self.params.n_steps(self.train.len());
        let per_epoch = n_steps / self.params.max_epochs;
        (0..progress.losses.held_out.len() * per_epoch).for_each(|_| told());
        while !progress.losses.is_done && progress.losses.held_out.len() < self.params.max_epochs {
            let at = progress.losses.held_out.len();
            for (k, batch) in epoch(&self.labels, &self.train, self.params, at).into_iter().enumerate() {
                let t = at * per_epoch + k + 1;
                let gradients = self.gradients(&progress.learned, &batch)?;
                step(&mut progress.learned, &gradients, self.rate(t, n_steps), t);
                told();
            }
            self.close_epoch(&mut progress)?;
            if let Some(folder) = checkpoints {
                progress.save(folder)?;
            }
        }
        let mut layers = network.layers[..self.n_fixed].to_vec();
        layers.extend(self.layers(progress.best.iter().map(Vec::as_slice))?);
        self.folder.with_layers(layers)
    }

    /// Notes what the held-out rows say, and whether to go on: not when two epochs in a row were no better than the best.
    fn close_epoch(&self, progress: &mut Progress) -> Result<()> {
        const PATIENCE: usize = 2;
        let values: Vec<Vec<f32>> = progress.learned.iter().map(|learned| learned.values.clone()).collect();
        let loss = if self.held_out.is_empty() { 0.0 } else { self.held_out_loss(&values)? };
        let before = progress.losses.held_out.iter().copied().fold(f64::INFINITY, f64::min);
        progress.losses.held_out.push(loss);
        if self.held_out.is_empty() || loss < before {
            progress.best = values;
        }
        let losses = &progress.losses.held_out;
        let best = losses.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(at, _)| at);
        progress.losses.is_done = !self.held_out.is_empty() && losses.len() > best + PATIENCE;
        Ok(())
    }

    /// Up to the highest in a tenth of the steps, then down to nothing, both in a straight line.
    fn rate(&self, t: usize, n_steps: usize) -> f64 {
        let warm = n_steps.div_ceil(10);
        let share =
            if t <= warm { t as f64 / warm as f64 } else { (n_steps - t) as f64 / (n_steps - warm).max(1) as f64 };
        self.params.learning_rate * share
    }

    /// The layers that learn, with these values.
    fn layers<'c>(&self, values: impl IntoIterator<Item = &'c [f32]>) -> Result<Vec<Layer>> {
        let like = self.folder.network.layers[self.n_fixed..].iter().flat_map(Layer::tensors);
        let tensors: Vec<Tensor> = like
            .zip(values)
            .map(|(like, values)| Tensor::from_slice(values, like.shape(), &Device::Cpu))
            .collect::<candle_core::Result<_>>()
            .map_err(failed)?;
        Ok(tensors.as_chunks::<{ N_TENSORS }>().0.iter().cloned().map(Layer::from_tensors).collect())
    }

    /// The way of some rows through these layers, and their vectors at its end, of shape (n_rows, dim).
    fn way(&self, layers: &[Layer], rows: &[usize]) -> candle_core::Result<Way> {
        let config = &self.folder.network.config;
        let wide = config.hidden_size;
        let hidden: Vec<f32> = rows.iter().flat_map(|row| self.hidden[*row].iter().copied()).collect();
        let n_tokens = hidden.len() / wide;
        let mut last = Tensor::from_vec(hidden, (n_tokens, wide), &Device::Cpu)?;
        let spans = Spans::new(rows.iter().map(|row| self.hidden[*row].len() / wide));
        let mut steps = Vec::with_capacity(layers.len());
        for layer in layers {
            let of_layer = layer.steps(&last, &spans, config)?;
            last = of_layer.next.clone();
            steps.push(of_layer);
        }
        let pool = pool(self.folder, spans);
        Ok(Way { vectors: last.apply_op1_no_bwd(&pool)?, last, steps, pool })
    }

    /// The gradients of the loss on a batch, tensor by tensor.
    fn gradients(&self, learned: &[Learned], batch: &[usize]) -> Result<Vec<Vec<f32>>> {
        let layers = self.layers(learned.iter().map(|learned| &learned.values[..]))?;
        let parts: Vec<&[usize]> = batch.chunks(batch.len().div_ceil(PARTS)).collect();
        let ways = on_all_cores(parts.len(), |p| self.way(&layers, parts[p]).map_err(failed))?;
        let (_, slopes) = contrast(stacked(ways.iter().map(|way| &way.vectors))?.view(), &self.labels(batch));

        let starts: Vec<usize> =
            parts.iter().scan(0, |end, part| Some(std::mem::replace(end, *end + part.len()))).collect();
        let of_parts = on_all_cores(parts.len(), |p| {
            let slope = slopes.slice_axis(Axis(0), (starts[p]..starts[p] + parts[p].len()).into());
            let slope = Tensor::from_vec(slope.iter().copied().collect(), slope.dim(), &Device::Cpu);
            slope.and_then(|slope| ways[p].back(&layers, &slope)).map_err(failed)
        })?;
        let mut parts = of_parts.into_iter();
        let mut sums = parts.next().unwrap_or_default();
        for part in parts {
            sums.par_iter_mut()
                .zip(&part)
                .for_each(|(sum, part)| sum.iter_mut().zip(part).for_each(|(sum, x)| *sum += x));
        }
        Ok(sums)
    }

    fn held_out_loss(&self, values: &[Vec<f32>]) -> Result<f64> {
        let layers = self.layers(values.iter().map(Vec::as_slice))?;
        let parts: Vec<&[usize]> = self.held_out.chunks(self.params.batch).collect();
        let vectors =
            on_all_cores(parts.len(), |p| self.way(&layers, parts[p]).map(|way| way.vectors).map_err(failed))?;
        Ok(contrast(stacked(&vectors)?.view(), &self.labels(&self.held_out)).0)
    }

    fn labels(&self, rows: &[usize]) -> Vec<&[Option<bool>]> {
        rows.iter().map(|row| &self.labels[*row][..]).collect()
    }
}

/// What the result depends on.
fn hash(folder: &Folder, rows: &TuningRows<'_>, labels: &[Vec<Option<bool>>], params: &TuningValidParams) -> String {
    let mut digest = Sha256::new();
    digest.update(format!("{} {:?}\n", folder.sha256, params.without_checkpoints()));
    for ((text, group), labels) in rows.texts.iter().zip(rows.groups).zip(labels) {
        digest.update(format!("{group} {text:?} {labels:?}\n"));
    }
    format!("{:x}", digest.finalize())
}

/// What became of some rows on the way through the layers that learn.
struct Way {
    steps: Vec<Steps>,
    /// The vectors of their tokens at its end.
    last: Tensor,
    pool: Pool,
    vectors: Tensor,
}

impl Way {
    /// The gradients of all layers' tensors, given those of the vectors.
    fn back(&self, layers: &[Layer], slope: &Tensor) -> candle_core::Result<Vec<Vec<f32>>> {
        let mut grad = self.pool.backward(&self.last, slope)?;
        let mut all = Vec::with_capacity(layers.len());
        for (layer, steps) in layers.iter().zip(&self.steps).rev() {
            let (gradients, before) = layer.backward(steps, &grad)?;
            all.push(gradients);
            grad = before;
        }
        all.into_iter().rev().flatten().map(|gradient| gradient.flatten_all()?.to_vec1()).collect()
    }
}

/// The rows of several tensors, one behind the other.
fn stacked<'a>(vectors: impl IntoIterator<Item = &'a Tensor>) -> Result<Array2<f32>> {
    let rows: Vec<Vec<Vec<f32>>> =
        vectors.into_iter().map(Tensor::to_vec2).collect::<candle_core::Result<_>>().map_err(failed)?;
    let rows: Vec<&Vec<f32>> = rows.iter().flatten().collect();
    let dim = rows.first().map_or(0, |row| row.len());
    Ok(Array2::from_shape_fn((rows.len(), dim), |(i, j)| rows[i][j]))
}

/// The vectors of each text's tokens behind the first `n_fixed` layers.
fn fixed(folder: &Folder, texts: &[&str], n_fixed: usize) -> Result<Vec<Vec<f32>>> {
    let wide = folder.network.config.hidden_size;
    let tokens = tokens(folder, texts)?;
    let batches = batches(&tokens.iter().map(Vec::len).collect::<Vec<_>>());
    let computed = on_all_cores(batches.len(), |b| {
        let spans = Spans::new(batches[b].iter().map(|i| tokens[*i].len()));
        let ids: Vec<u32> = batches[b].iter().flat_map(|i| tokens[*i].iter().copied()).collect();
        let hidden =
            folder.network.forward(&ids, &spans, n_fixed).and_then(|hidden| hidden.flatten_all()?.to_vec1::<f32>());
        let hidden = hidden.map_err(failed)?;
        Ok(spans.iter().map(|span| hidden[span.start * wide..span.end * wide].to_vec()).collect::<Vec<_>>())
    })?;
    let mut all = vec![Vec::new(); texts.len()];
    for (place, hidden) in batches.into_iter().flatten().zip(computed.into_iter().flatten()) {
        all[place] = hidden;
    }
    Ok(all)
}
