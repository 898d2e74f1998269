//! Compressed sparse rows, and the one product that everything is made of.

use rayon::prelude::*;

/// A sparse matrix by rows. Values are `f32`, sums `f64`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Csr {
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
    n_columns: usize,
}

/// Entries below which a product is not worth sharing among threads.
const SERIAL_BELOW: usize = 1 << 16;

impl Csr {
    /// An empty matrix to which rows are pushed.
    pub(crate) fn with_columns(n_columns: usize) -> Self {
        Csr { starts: vec![0], columns: Vec::new(), values: Vec::new(), n_columns }
    }

    pub(crate) fn push_row(&mut self, entries: impl IntoIterator<Item = (u32, f32)>) {
        for (column, value) in entries {
            self.columns.push(column);
            self.values.push(value);
        }
        self.starts.push(self.columns.len());
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.starts.len() - 1
    }

    pub(crate) fn n_columns(&self) -> usize {
        self.n_columns
    }

    pub(crate) fn row(&self, i: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let range = self.starts[i]..self.starts[i + 1];
        let columns = self.columns[range.clone()].iter().map(|column| *column as usize);
        columns.zip(self.values[range].iter().map(|value| f64::from(*value)))
    }

    pub(crate) fn transposed(&self) -> Csr {
        let mut starts = vec![0; self.n_columns + 1];
        for column in &self.columns {
            starts[*column as usize + 1] += 1;
        }
        for j in 0..self.n_columns {
            starts[j + 1] += starts[j];
        }
        let mut next = starts.clone();
        let mut columns = vec![0; self.columns.len()];
        let mut values = vec![0.0; self.values.len()];
        for i in 0..self.n_rows() {
            for at in self.starts[i]..self.starts[i + 1] {
                let slot = &mut next[self.columns[at] as usize];
                columns[*slot] = i as u32;
                values[*slot] = self.values[at];
                *slot += 1;
            }
        }
        Csr { starts, columns, values, n_columns: self.n_rows() }
    }

    /// `outᵢ = Σⱼ f(xᵢⱼ) vⱼ`, with `v` of length n_columns.
    ///
    /// Every row is one sum in column order by one thread, so that the bits do not depend on the number of threads.
    pub(crate) fn product_of(&self, f: impl Fn(f64) -> f64 + Sync, v: &[f64]) -> Vec<f64> {
        debug_assert_eq!(v.len(), self.n_columns);
        let dot = |i: usize| self.row(i).map(|(j, x)| f(x) * v[j]).sum();
        if self.columns.len() < SERIAL_BELOW {
            return (0..self.n_rows()).map(dot).collect();
        }
        let rows_per_task = 1 + self.n_rows() * (SERIAL_BELOW / 4) / self.columns.len();
        (0..self.n_rows()).into_par_iter().with_min_len(rows_per_task).map(dot).collect()
    }

    /// `X v`.
    pub(crate) fn product(&self, v: &[f64]) -> Vec<f64> {
        self.product_of(|x| x, v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_by_hand() {
        let mut x = Csr::with_columns(3);
        x.push_row([(0, 1.0), (2, 2.0)]);
        x.push_row([]);
        x.push_row([(1, -1.0)]);
        assert_eq!(x.product(&[1.0, 10.0, 100.0]), [201.0, 0.0, -10.0]);
        assert_eq!(x.transposed().product(&[1.0, 5.0, 3.0]), [1.0, -3.0, 2.0]);
        assert_eq!(x.transposed().transposed(), x);
        assert_eq!(x.product_of(|x| x * x, &[1.0, 1.0, 1.0]), [5.0, 0.0, 1.0]);
    }

    #[test]
    fn threads_do_not_move_a_bit() {
        let mut x = Csr::with_columns(1000);
        for i in 0..2000_u32 {
            x.push_row((0..100).map(|k| ((i * 7 + k * 31) % 1000, ((i + k) as f32).sin())));
        }
        let v: Vec<f64> = (0..1000).map(|j| f64::from(j).cos()).collect();
        let in_pool = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap().install(|| x.product(&v));
        assert_eq!(in_pool(1), in_pool(4));
    }
}
