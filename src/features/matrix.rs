//! Sentences as vectors: a list of blocks that know how to multiply.

mod explicit;

use std::sync::OnceLock;

use linfa::dataset::Records;

use super::csr::Csr;

/// Feature vectors of shape (n_samples, n_features), as blocks side by side.
///
/// The estimator needs only products, so that a block is free to keep whatever makes them cheap.
#[derive(Debug, Clone, Default)]
pub struct FeatureMatrix {
    n_samples: usize,
    blocks: Vec<Block>,
}

/// Some of the columns.
#[derive(Debug, Clone)]
pub(crate) enum Block {
    Sparse(Sparse),
    Factored(Factored),
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
        }
    }

    fn product(&self, v: &[f64]) -> Vec<f64> {
        match self {
            Block::Sparse(sparse) => sparse.rows.product(v),
            Block::Factored(Factored { scale, counts, subwords }) => {
                let mut out = counts.rows.product(&subwords.rows.product(v));
                out.iter_mut().zip(scale).for_each(|(x, r)| *x *= r);
                out
            }
        }
    }

    fn transposed_product(&self, u: &[f64]) -> Vec<f64> {
        match self {
            Block::Sparse(sparse) => sparse.columns().product(u),
            Block::Factored(Factored { scale, counts, subwords }) => {
                let scaled: Vec<f64> = u.iter().zip(scale).map(|(u, r)| u * r).collect();
                subwords.columns().product(&counts.columns().product(&scaled))
            }
        }
    }

    fn curvature(&self, d: &[f64]) -> Vec<f64> {
        let square = |x: f64| x * x;
        match self {
            Block::Sparse(sparse) => sparse.columns().product_of(square, d),
            Block::Factored(Factored { scale, counts, subwords }) => {
                let scaled: Vec<f64> = d.iter().zip(scale).map(|(d, r)| d * r * r).collect();
                subwords.columns().product_of(square, &counts.columns().product_of(square, &scaled))
            }
        }
    }
}

impl FeatureMatrix {
    pub(crate) fn new(n_samples: usize, blocks: Vec<Block>) -> Self {
        FeatureMatrix { n_samples, blocks }
    }

    /// A matrix from dense rows, each of length n_features, for callers that have vectors of their own.
    ///
    /// Values are kept as `f32`. An empty slice gives a matrix of shape (0, 0).
    #[must_use]
    pub fn from_dense_rows(rows: &[Vec<f32>]) -> Self {
        let mut csr = Csr::with_columns(rows.first().map_or(0, Vec::len));
        for row in rows {
            csr.push_row(row.iter().enumerate().map(|(j, x)| (j as u32, *x)));
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
    #[must_use]
    pub fn product(&self, v: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.n_samples];
        for (block, v) in self.blocks.iter().zip(self.parts(v)) {
            out.iter_mut().zip(block.product(v)).for_each(|(sum, x)| *sum += x);
        }
        out
    }

    /// `Xᵀ u`, of length n_features, for `u` of length n_samples.
    #[must_use]
    pub fn transposed_product(&self, u: &[f64]) -> Vec<f64> {
        self.blocks.iter().flat_map(|block| block.transposed_product(u)).collect()
    }

    /// About the diagonal of `Xᵀ diag(d) X`, of length n_features, for `d` of length n_samples.
    ///
    /// Exact for sparse blocks. For factored ones it leaves out that two words of a sentence may share a subword, which is
    /// good enough for the preconditioner it serves.
    #[must_use]
    pub(crate) fn curvature(&self, d: &[f64]) -> Vec<f64> {
        self.blocks.iter().flat_map(|block| block.curvature(d)).collect()
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

    fn parts<'a>(&'a self, mut v: &'a [f64]) -> impl Iterator<Item = &'a [f64]> + 'a {
        self.blocks.iter().map(move |block| {
            let (part, rest) = v.split_at(block.n_features());
            v = rest;
            part
        })
    }
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
        assert_eq!(x.curvature(&[1.0, 2.0]), squares);
    }
}
