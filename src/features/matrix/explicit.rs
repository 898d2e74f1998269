//! Rows written out, for whoever solves the same problem by other means.

use super::{Block, Factored, FeatureMatrix};

impl FeatureMatrix {
    /// Row `i` written out: pairs of feature and value, with each feature once and in ascending order.
    ///
    /// Factored blocks are multiplied out, which makes a row 20 to 30 times as long as what is kept of it.
    #[must_use]
    pub fn row(&self, i: usize) -> Vec<(usize, f64)> {
        let mut entries: Vec<(usize, f64)> = Vec::new();
        for (block, columns) in self.blocks.iter().zip(self.blocks()) {
            match block {
                Block::Sparse(sparse) => {
                    entries.extend(sparse.rows.row(i).map(|(j, x)| (self.feature(columns.start + j), x)));
                }
                Block::Factored(Factored { scale, counts, subwords }) => {
                    let start = entries.len();
                    for (word, count) in counts.rows.row(i) {
                        let of_word = subwords.rows.row(word);
                        entries.extend(of_word.map(|(j, x)| (self.feature(columns.start + j), scale[i] * count * x)));
                    }
                    entries[start..].sort_by_key(|(feature, _)| *feature);
                }
                Block::Dense(dense) => {
                    entries.extend(dense.row(i).map(|(j, x)| (self.feature(columns.start + j), x)));
                }
            }
        }
        // Words of a sentence share subwords.
        entries.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0.0 };
            same
        });
        entries
    }
}

#[cfg(test)]
mod tests {
    use crate::features::matrix::tests::overlapping;

    #[test]
    fn shared_subwords_are_summed() {
        let x = overlapping();
        assert_eq!(x.row(0), [(1, 1.0), (2, 1.0), (3, 12.0), (4, 10.0)]);
        assert_eq!(x.row(1), [(0, 4.0), (1, 2.0), (3, 3.0), (4, 2.0)]);
    }
}
