//! Sentences as vectors: a list of blocks that know how to multiply.

mod dense;
mod explicit;
mod order;

use std::sync::OnceLock;

use linfa::dataset::Records;
use rayon::prelude::*;

use super::csr::Csr;
use dense::Dense;

/// Feature vectors of shape (n_samples, n_features), as blocks side by side.
///
/// The estimator needs only products, so that a block is free to keep whatever makes them cheap.
#[derive(Debug, Clone, Default)]
pub struct FeatureMatrix {
    n_samples: usize,
    blocks: Vec<Block>,
    /// Which feature each column is; each is its own where `None`.
    order: Option<Vec<u32>>,
}

/// Some of the columns.
#[derive(Debug, Clone)]
pub(crate) enum Block {
    Sparse(Sparse),
    Factored(Factored),
    Dense(Dense),
}

/// A sparse block, with its transpose once somebody needs it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sparse {
    rows: Csr,
    columns: OnceLock<Csr>,
}

/// The block `diag(r) D Φ`: D counts words in sentences, Φ weighs subwords in words, r scales each sentence.
///
/// Written out it would have 20 to 30 times as many entries as D; kept in factors, each distinct word's subwords are
/// visited once per product.
#[derive(Debug, Clone)]
pub(crate) struct Factored {
    scale: Vec<f64>,
    counts: Sparse,
    subwords: Sparse,
}

impl Sparse {
    pub(crate) fn new(rows: Csr) -> Self {
        Sparse { rows, columns: OnceLock::new() }
    }

    fn columns(&self) -> &Csr {
        self.columns.get_or_init(|| self.rows.transposed())
    }
}

impl Factored {
    /// `counts` has shape (n_samples, n_words), `subwords` (n_words, n_subwords), `scale` length n_samples.
    pub(crate) fn new(scale: Vec<f64>, counts: Csr, subwords: Csr) -> Self {
        Factored { scale, counts: Sparse::new(counts), subwords: Sparse::new(subwords) }
    }
}

impl Block {
    fn n_features(&self) -> usize {
        match self {
            Block::Sparse(sparse) => sparse.rows.n_columns(),
            Block::Factored(factored) => factored.subwords.rows.n_columns(),
            Block::Dense(dense) => dense.n_features(),
        }
    }

    fn product<const K: usize>(&self, v: &[[f64; K]]) -> Vec<[f64; K]> {
        match self {
            Block::Sparse(sparse) => sparse.rows.product(v),
            Block::Factored(Factored { scale, counts, subwords }) => {
                let mut out = counts.rows.product(&subwords.rows.product(v));
                out.iter_mut().zip(scale).for_each(|(x, r)| x.iter_mut().for_each(|x| *x *= r));
                out
            }
            Block::Dense(dense) => dense.product(v),
        }
    }

    fn transposed_product<const K: usize>(&self, u: &[[f64; K]]) -> Vec<[f64; K]> {
        match self {
            Block::Sparse(sparse) => sparse.columns().product(u),
            Block::Factored(Factored { scale, counts, subwords }) => {
                let scaled: Vec<[f64; K]> = u.iter().zip(scale).map(|(u, r)| u.map(|u| u * r)).collect();
                subwords.columns().product(&counts.columns().product(&scaled))
            }
            Block::Dense(dense) => dense.transposed_product(u),
        }
    }

    fn curvature<const K: usize>(&self, d: &[[f64; K]]) -> Vec<[f64; K]> {
        let square = |x: f64| x * x;
        match self {
            Block::Sparse(sparse) => sparse.columns().product_of(square, d),
            Block::Factored(Factored { scale, counts, subwords }) => {
                let scaled: Vec<[f64; K]> = d.iter().zip(scale).map(|(d, r)| d.map(|d| d * r * r)).collect();
                subwords.columns().product_of(square, &counts.columns().product_of(square, &scaled))
            }
            Block::Dense(dense) => dense.curvature(d),
        }
    }
}

/// A vector `v`, or `v ∘ s` with a scale of the same length, that is to be multiplied together with others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operand<'a> {
    pub v: &'a [f64],
    pub scale: Option<&'a [f64]>,
}

/// Vectors that go through one product together, at most: more do not fit into the registers.
const LANES: usize = 4;
/// Elements that one task interleaves, at least.
const TASK: usize = 1 << 14;

/// Runs a function of K interleaved vectors on any number of them, at most [`LANES`] at a time.
macro_rules! in_lanes {
    ($vectors:expr, |$group:ident| $self:ident.$function:ident) => {{
        let mut all = Vec::with_capacity($vectors.len());
        for $group in $vectors.chunks(LANES) {
            match $group.len() {
                1 => all.extend($self.$function::<1>($group)),
                2 => all.extend($self.$function::<2>($group)),
                3 => all.extend($self.$function::<3>($group)),
                _ => all.extend($self.$function::<LANES>($group)),
            }
        }
        all
    }};
}

impl FeatureMatrix {
    pub(crate) fn new(n_samples: usize, blocks: Vec<Block>) -> Self {
        FeatureMatrix { n_samples, blocks, order: None }
    }

    /// A matrix from dense rows, each of length n_features, for callers that have vectors of their own.
    ///
    /// Values are kept as `f32`, zeros not at all. An empty slice gives a matrix of shape (0, 0).
    ///
    /// # Panics
    /// If the rows have different lengths.
    #[must_use]
    pub fn from_dense_rows(rows: &[Vec<f32>]) -> Self {
        let n_features = rows.first().map_or(0, Vec::len);
        let mut csr = Csr::with_columns(n_features);
        for row in rows {
            assert_eq!(row.len(), n_features, "rows of a matrix are of one length");
            csr.push_row((0..).zip(row.iter().copied()).filter(|(_, x)| *x != 0.0));
        }
        FeatureMatrix::new(rows.len(), vec![Block::Sparse(Sparse::new(csr))])
    }

    /// Rows.
    #[must_use]
    pub fn n_samples(&self) -> usize {
        self.n_samples
    }

    /// Columns, over all blocks.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.blocks.iter().map(Block::n_features).sum()
    }

    /// `X v`, of length n_samples, for `v` of length n_features.
    ///
    /// # Panics
    /// If `v` has another length.
    #[must_use]
    pub fn product(&self, v: &[f64]) -> Vec<f64> {
        assert_eq!(v.len(), self.n_features(), "a number for each feature");
        self.products(&[Operand { v: &self.to_columns(v), scale: None }]).pop().expect("one vector in, one out")
    }

    /// `X v` for several vectors at once, which go by columns, to the same bits as one by one: the matrix is fetched once
    /// for all of them.
    pub(crate) fn products(&self, vectors: &[Operand<'_>]) -> Vec<Vec<f64>> {
        in_lanes!(vectors, |group| self.products_in_lanes)
    }

    fn products_in_lanes<const K: usize>(&self, group: &[Operand<'_>]) -> [Vec<f64>; K] {
        let mut sums = vec![[0.0; K]; self.n_samples];
        for (block, range) in self.blocks.iter().zip(self.blocks()) {
            let part: [Operand<'_>; K] = std::array::from_fn(|k| Operand {
                v: &group[k].v[range.clone()],
                scale: group[k].scale.map(|scale| &scale[range.clone()]),
            });
            let v = interleaved(range.len(), |k, j| match part[k].scale {
                None => part[k].v[j],
                Some(scale) => part[k].v[j] * scale[j],
            });
            let product = block.product::<K>(&v);
            let add = |(sum, x): (&mut [f64; K], [f64; K])| sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
            sums.par_iter_mut().with_min_len(TASK).zip(product).for_each(add);
        }
        std::array::from_fn(|k| lane(&sums, k))
    }

    /// `Xᵀ u`, of length n_features, for `u` of length n_samples.
    ///
    /// # Panics
    /// If `u` has another length.
    #[must_use]
    pub fn transposed_product(&self, u: &[f64]) -> Vec<f64> {
        assert_eq!(u.len(), self.n_samples, "a number for each row");
        self.to_features(self.transposed_products(&[u]).pop().expect("one vector in, one out"))
    }

    /// `Xᵀ u` for several vectors at once, by columns, to the same bits as one by one.
    pub(crate) fn transposed_products(&self, vectors: &[&[f64]]) -> Vec<Vec<f64>> {
        in_lanes!(vectors, |group| self.transposed_in_lanes)
    }

    fn transposed_in_lanes<const K: usize>(&self, group: &[&[f64]]) -> [Vec<f64>; K] {
        self.by_blocks(group, Block::transposed_product::<K>)
    }

    /// About the diagonals of `Xᵀ diag(d) X`, by columns, for several `d` of length n_samples.
    ///
    /// Exact for sparse and dense blocks. For factored ones it leaves out that two words of a sentence may share a subword, which is
    /// good enough for the preconditioner it serves.
    #[must_use]
    pub(crate) fn curvatures(&self, vectors: &[&[f64]]) -> Vec<Vec<f64>> {
        in_lanes!(vectors, |group| self.curvatures_in_lanes)
    }

    fn curvatures_in_lanes<const K: usize>(&self, group: &[&[f64]]) -> [Vec<f64>; K] {
        self.by_blocks(group, Block::curvature::<K>)
    }

    /// What `work` makes of K vectors of length n_samples, block beside block.
    fn by_blocks<const K: usize>(
        &self,
        group: &[&[f64]],
        work: impl Fn(&Block, &[[f64; K]]) -> Vec<[f64; K]>,
    ) -> [Vec<f64>; K] {
        let u: Vec<[f64; K]> = interleaved(self.n_samples, |k, i| group[k][i]);
        // The intercept will stand behind the features.
        let mut all: [Vec<f64>; K] = std::array::from_fn(|_| Vec::with_capacity(self.n_features() + 1));
        for block in &self.blocks {
            let part = work(block, &u);
            all.iter_mut()
                .enumerate()
                .for_each(|(k, all)| all.par_extend(part.par_iter().with_min_len(TASK).map(|x| x[k])));
        }
        all
    }

    /// The columns of each block, as ranges over all columns.
    pub(crate) fn blocks(&self) -> Vec<std::ops::Range<usize>> {
        let mut end = 0;
        let range = |block: &Block| {
            end += block.n_features();
            end - block.n_features()..end
        };
        self.blocks.iter().map(range).collect()
    }
}

/// Vectors of length `n`, of which `of(k, i)` is element i of vector k, side by side: what belongs to one column is fetched together.
fn interleaved<const K: usize>(n: usize, of: impl Fn(usize, usize) -> f64 + Sync) -> Vec<[f64; K]> {
    (0..n).into_par_iter().with_min_len(TASK).map(|i| std::array::from_fn(|k| of(k, i))).collect()
}

/// The k-th of interleaved vectors.
fn lane<const K: usize>(vectors: &[[f64; K]], k: usize) -> Vec<f64> {
    vectors.par_iter().with_min_len(TASK).map(|x| x[k]).collect()
}

impl Records for FeatureMatrix {
    type Elem = f64;

    fn nsamples(&self) -> usize {
        self.n_samples
    }

    fn nfeatures(&self) -> usize {
        self.n_features()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words share a subword. Of the words the second is used most, of the subwords the last.
    pub(super) fn overlapping() -> FeatureMatrix {
        let mut words = Csr::with_columns(2);
        words.push_row([(1, 1.0)]);
        words.push_row([(0, 4.0), (1, 2.0)]);
        let mut counts = Csr::with_columns(2);
        counts.push_row([(0, 1.0), (1, 2.0)]);
        counts.push_row([(1, 1.0)]);
        let mut subwords = Csr::with_columns(3);
        subwords.push_row([(0, 0.5), (2, 1.0)]);
        subwords.push_row([(1, 3.0), (2, 2.0)]);
        let factored = Factored::new(vec![2.0, 1.0], counts, subwords);
        FeatureMatrix::new(2, vec![Block::Sparse(Sparse::new(words)), Block::Factored(factored)])
    }

    fn factored() -> FeatureMatrix {
        let mut counts = Csr::with_columns(3);
        counts.push_row([(0, 1.0), (1, 2.0)]);
        counts.push_row([(2, 1.0)]);
        let mut subwords = Csr::with_columns(4);
        subwords.push_row([(0, 0.5)]);
        subwords.push_row([(1, 1.0), (2, 2.0)]);
        subwords.push_row([(3, 3.0)]);
        let mut words = Csr::with_columns(2);
        words.push_row([(1, 1.0)]);
        words.push_row([(0, 4.0)]);
        let factored = Factored::new(vec![2.0, 1.0], counts, subwords);
        FeatureMatrix::new(2, vec![Block::Sparse(Sparse::new(words)), Block::Factored(factored)])
    }

    /// The same matrix written out: words, then diag(2, 1) D Φ.
    const WRITTEN_OUT: [[f64; 6]; 2] = [[0.0, 1.0, 1.0, 4.0, 8.0, 0.0], [4.0, 0.0, 0.0, 0.0, 0.0, 3.0]];

    #[test]
    fn factors_multiply_as_the_matrix_written_out() {
        let x = factored();
        assert_eq!((x.n_samples(), x.n_features()), (2, 6));
        let v = [1.0, -1.0, 2.0, 0.5, 3.0, -2.0];
        let u = [3.0, -0.5];
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        assert_eq!(x.product(&v), [dot(&WRITTEN_OUT[0], &v), dot(&WRITTEN_OUT[1], &v)]);
        let columns: Vec<f64> = (0..6).map(|j| dot(&[WRITTEN_OUT[0][j], WRITTEN_OUT[1][j]], &u)).collect();
        assert_eq!(x.transposed_product(&u), columns);
        let squares: Vec<f64> =
            (0..6).map(|j| dot(&[WRITTEN_OUT[0][j].powi(2), WRITTEN_OUT[1][j].powi(2)], &[1.0, 2.0])).collect();
        assert_eq!(x.curvatures(&[&[1.0, 2.0]]), [squares]);
    }

    #[test]
    fn vectors_together_are_as_alone() {
        let x = factored();
        let vectors: Vec<Vec<f64>> = (0..6).map(|k| (0..6).map(|j| f64::from(j * 7 + k).sin()).collect()).collect();
        let scale = [2.0, 1.0, 0.5, 1.0, 1.0, 3.0];
        let operands: Vec<Operand<'_>> = vectors.iter().map(|v| Operand { v, scale: Some(&scale) }).collect();
        let scaled = |v: &[f64]| -> Vec<f64> { v.iter().zip(scale).map(|(v, s)| v * s).collect() };
        let rows: Vec<&[f64]> = vectors.iter().map(|v| &v[..2]).collect();
        for n in 0..=6 {
            let alone: Vec<Vec<f64>> = vectors[..n].iter().map(|v| x.product(&scaled(v))).collect();
            assert_eq!(x.products(&operands[..n]), alone);
            let alone: Vec<Vec<f64>> = rows[..n].iter().map(|u| x.transposed_product(u)).collect();
            assert_eq!(x.transposed_products(&rows[..n]), alone);
        }
    }
}
