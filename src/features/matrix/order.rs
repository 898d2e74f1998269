//! The order of a matrix's columns, which need not be that of the features.

use std::borrow::Cow;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::{Block, Factored, FeatureMatrix, TASK};

impl FeatureMatrix {
    /// The same vectors with the columns of each block stored by how often they are used, the most used first.
    ///
    /// Where the matrix is too large for the processor's caches, fits are faster for it. Vectors, rows and weights go by
    /// the features' own numbers all the same; sums over features have another order, and other last bits.
    #[must_use]
    pub fn by_use(mut self) -> Self {
        if self.order.is_some() {
            return self;
        }
        let mut order: Vec<u32> = Vec::with_capacity(self.n_features());
        for block in &mut self.blocks {
            let base = order.len() as u32;
            let sparse = match block {
                Block::Sparse(sparse) | Block::Factored(Factored { subwords: sparse, .. }) => sparse,
                // Every row uses every column.
                Block::Dense(dense) => {
                    order.extend(base..base + dense.n_features() as u32);
                    continue;
                }
            };
            let of_block = sparse.rows.columns_by_use();
            sparse.rows.renumber_columns(&of_block);
            sparse.columns = OnceLock::new();
            order.extend(of_block.into_iter().map(|column| base + column));
        }
        self.order = Some(order);
        self
    }

    /// The feature that a column stands for.
    pub(super) fn feature(&self, column: usize) -> usize {
        self.order.as_ref().map_or(column, |order| order[column] as usize)
    }

    /// A vector over features as one over columns. What stands behind the features, as an intercept does, stays there.
    pub(crate) fn to_columns<'a>(&self, features: &'a [f64]) -> Cow<'a, [f64]> {
        let Some(order) = &self.order else { return Cow::Borrowed(features) };
        let mut columns = Vec::with_capacity(features.len());
        columns.par_extend(order.par_iter().with_min_len(TASK).map(|feature| features[*feature as usize]));
        columns.extend_from_slice(&features[order.len()..]);
        Cow::Owned(columns)
    }

    /// A vector over columns as one over features; the inverse of [`FeatureMatrix::to_columns`].
    pub(crate) fn to_features(&self, columns: Vec<f64>) -> Vec<f64> {
        let Some(order) = &self.order else { return columns };
        let mut features = columns.clone();
        order.iter().zip(columns).for_each(|(feature, x)| features[*feature as usize] = x);
        features
    }
}

#[cfg(test)]
mod tests {
    use crate::features::matrix::tests::overlapping;

    #[test]
    fn the_order_of_columns_is_not_seen_from_outside() {
        let (x, by_use) = (overlapping(), overlapping().by_use());
        assert_eq!(by_use.order, Some(vec![1, 0, 4, 2, 3]));
        assert_eq!(by_use.clone().by_use().order, by_use.order);

        let (v, u) = ([1.0, -1.0, 2.0, 0.5, 3.0], [3.0, -0.5]);
        assert_eq!(by_use.product(&v), x.product(&v));
        assert_eq!(by_use.transposed_product(&u), x.transposed_product(&u));
        (0..2).for_each(|i| assert_eq!(by_use.row(i), x.row(i)));

        let point = [&v[..], &[7.0]].concat();
        let columns = by_use.to_columns(&point);
        assert_eq!(*columns, [-1.0, 1.0, 3.0, 2.0, 0.5, 7.0]);
        assert_eq!(by_use.to_features(columns.into_owned()), point);
        assert_eq!(*x.to_columns(&point), point);
        assert_eq!(x.to_features(point.clone()), point);
    }
}
