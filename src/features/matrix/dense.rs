//! Vectors that somebody else has made, such as a sentence encoder, as a block.

use std::sync::Arc;

use ndarray::Array2;
use rayon::prelude::*;

use super::{Block, FeatureMatrix};

/// Rows of a task: sums over rows are made of the sums of so many each, in their order, which no number of threads can change.
const CHUNK: usize = 512;

/// The block `λ V`: some rows of an array that several matrices share, times a length.
#[derive(Debug, Clone)]
pub(crate) struct Dense {
    vectors: Arc<Array2<f32>>,
    rows: Arc<[usize]>,
    length: f64,
}

impl Dense {
    /// `vectors` has shape (any number of rows, n_features), in standard order; `rows` names those of the matrix.
    pub(crate) fn new(vectors: Arc<Array2<f32>>, rows: &[usize]) -> Self {
        debug_assert!(vectors.is_standard_layout() && rows.iter().all(|row| *row < vectors.nrows()));
        Dense { vectors, rows: rows.into(), length: 1.0 }
    }

    pub(super) fn n_features(&self) -> usize {
        self.vectors.ncols()
    }

    /// Row `i` as it is, before it gets its length.
    fn vector(&self, row: usize) -> &[f32] {
        let n = self.vectors.ncols();
        &self.vectors.as_slice().unwrap_or_default()[row * n..][..n]
    }

    /// Row `i` of the block, by column.
    pub(super) fn row(&self, i: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.vector(self.rows[i]).iter().map(|x| self.length * f64::from(*x)).enumerate()
    }

    pub(super) fn product<const K: usize>(&self, v: &[[f64; K]]) -> Vec<[f64; K]> {
        let of_row = |row: &usize| {
            let mut sums = [0.0; K];
            for (x, v) in self.vector(*row).iter().zip(v) {
                sums.iter_mut().zip(v).for_each(|(sum, v)| *sum += f64::from(*x) * v);
            }
            sums.map(|sum| self.length * sum)
        };
        self.rows.par_iter().with_min_len(CHUNK).map(of_row).collect()
    }

    pub(super) fn transposed_product<const K: usize>(&self, u: &[[f64; K]]) -> Vec<[f64; K]> {
        self.summed(self.length, |x| x, u)
    }

    pub(super) fn curvature<const K: usize>(&self, d: &[[f64; K]]) -> Vec<[f64; K]> {
        self.summed(self.length * self.length, |x| x * x, d)
    }

    /// `factor Σᵢ f(xᵢⱼ) uᵢ` for each column j.
    fn summed<const K: usize>(&self, factor: f64, f: impl Fn(f64) -> f64 + Sync, u: &[[f64; K]]) -> Vec<[f64; K]> {
        let of_chunk = |(rows, u): (&[usize], &[[f64; K]])| {
            let mut sums = vec![[0.0; K]; self.n_features()];
            for (row, u) in rows.iter().zip(u) {
                for (sums, x) in sums.iter_mut().zip(self.vector(*row)) {
                    let x = f(f64::from(*x));
                    sums.iter_mut().zip(u).for_each(|(sum, u)| *sum += x * u);
                }
            }
            sums
        };
        let chunks: Vec<Vec<[f64; K]>> = self.rows.par_chunks(CHUNK).zip(u.par_chunks(CHUNK)).map(of_chunk).collect();
        let mut total = vec![[0.0; K]; self.n_features()];
        for chunk in chunks {
            for (total, sums) in total.iter_mut().zip(chunk) {
                total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
            }
        }
        total.iter_mut().flatten().for_each(|total| *total *= factor);
        total
    }
}

impl FeatureMatrix {
    /// The same with the rows `rows` of `vectors` as one more block, of length 1 until [`FeatureMatrix::set_dense_length`] says otherwise.
    pub(crate) fn with_dense(mut self, vectors: Arc<Array2<f32>>, rows: &[usize]) -> Self {
        assert_eq!(rows.len(), self.n_samples, "a vector for each row");
        let start = self.n_features() as u32;
        let dense = Dense::new(vectors, rows);
        if let Some(order) = &mut self.order {
            order.extend(start..start + dense.n_features() as u32);
        }
        self.blocks.push(Block::Dense(dense));
        self
    }

    /// Makes the vectors of dense blocks so many times as long as they were given.
    pub(crate) fn set_dense_length(&mut self, length: f64) {
        for block in &mut self.blocks {
            if let Block::Dense(dense) = block {
                dense.length = length;
            }
        }
    }

    /// The columns of blocks that count what occurs in a row, and so are 0 or more and mostly 0.
    pub(crate) fn counting_blocks(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        let counts = self.blocks.iter().map(|block| !matches!(block, Block::Dense(_)));
        self.blocks().into_iter().zip(counts).filter_map(|(columns, counts)| counts.then_some(columns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Operand;
    use crate::features::matrix::tests::overlapping;

    const N_FEATURES: usize = 5;

    /// More rows than one chunk, some of them twice.
    fn dense(n_rows: usize, length: f64) -> (FeatureMatrix, Vec<Vec<f64>>) {
        let vectors = Array2::from_shape_fn((50, N_FEATURES), |(i, j)| ((i * 7 + j * 3) as f32).sin());
        let rows: Vec<usize> = (0..n_rows).map(|i| (i * 13) % 50).collect();
        let written_out =
            rows.iter().map(|row| vectors.row(*row).iter().map(|x| length * f64::from(*x)).collect()).collect();
        let mut matrix = FeatureMatrix::new(n_rows, Vec::new()).with_dense(Arc::new(vectors), &rows);
        matrix.set_dense_length(length);
        (matrix, written_out)
    }

    #[test]
    fn a_dense_block_multiplies_as_the_matrix_written_out() {
        for (n_rows, length) in [(0, 1.0), (3, 2.5), (1300, 0.5)] {
            let (x, rows) = dense(n_rows, length);
            assert_eq!((x.n_samples(), x.n_features()), (n_rows, N_FEATURES));
            let v: Vec<f64> = (0..N_FEATURES).map(|j| (j as f64).cos()).collect();
            let u: Vec<f64> = (0..n_rows).map(|i| (i as f64 * 0.3).cos()).collect();
            let near = |a: &[f64], b: &[f64]| {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-9 * (1.0 + b.abs()))
            };
            let product: Vec<f64> = rows.iter().map(|row| row.iter().zip(&v).map(|(x, v)| x * v).sum()).collect();
            assert!(near(&x.product(&v), &product), "{n_rows} rows");
            let column = |f: &dyn Fn(f64) -> f64| -> Vec<f64> {
                (0..N_FEATURES).map(|j| rows.iter().zip(&u).map(|(row, u)| f(row[j]) * u).sum()).collect()
            };
            assert!(near(&x.transposed_product(&u), &column(&|x| x)), "{n_rows} rows");
            assert!(near(&x.curvatures(&[&u])[0], &column(&|x| x * x)), "{n_rows} rows");
            for (i, row) in rows.iter().enumerate().take(5) {
                assert_eq!(x.row(i), row.iter().copied().enumerate().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn threads_and_company_do_not_move_a_bit() {
        let (x, _) = dense(1300, 3.0);
        let u: Vec<Vec<f64>> = (0..5).map(|k| (0..1300).map(|i| f64::from(i * 3 + k).sin()).collect()).collect();
        let v: Vec<Vec<f64>> = (0..5).map(|k| (0..5).map(|j| f64::from(j + k).cos()).collect()).collect();
        let products = |n_threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| {
                let u: Vec<&[f64]> = u.iter().map(Vec::as_slice).collect();
                let v: Vec<Operand<'_>> = v.iter().map(|v| Operand { v, scale: None }).collect();
                (x.products(&v), x.transposed_products(&u), x.curvatures(&u))
            })
        };
        let one = products(1);
        assert_eq!(one, products(4));
        assert_eq!(one.0[4], x.product(&v[4]));
        assert_eq!(one.1[4], x.transposed_product(&u[4]));
    }

    #[test]
    fn it_stands_behind_the_other_blocks_in_any_order_of_columns() {
        let vectors = Arc::new(Array2::from_shape_vec((2, 2), vec![0.5, -1.0, 2.0, 0.25]).unwrap());
        let plain = overlapping().with_dense(Arc::clone(&vectors), &[1, 0]);
        let (before, after) = (plain.clone().by_use(), overlapping().by_use().with_dense(vectors, &[1, 0]));
        assert_eq!(plain.counting_blocks().collect::<Vec<_>>(), [0..2, 2..5]);
        let v = [1.0, -1.0, 2.0, 0.5, 3.0, 4.0, -8.0];
        for x in [&before, &after] {
            assert_eq!(x.product(&v), plain.product(&v));
            assert_eq!(x.transposed_product(&[3.0, -0.5]), plain.transposed_product(&[3.0, -0.5]));
            assert_eq!(x.row(1), plain.row(1));
        }
        assert_eq!(plain.row(1)[4..], [(5, 0.5), (6, -1.0)]);
    }
}
