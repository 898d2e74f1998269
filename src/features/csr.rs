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

    /// The rows of all parts, one part after the other, with no room to spare.
    pub(crate) fn stacked(n_columns: usize, parts: Vec<Csr>) -> Self {
        let n_entries = parts.iter().map(|part| part.columns.len()).sum();
        let mut all = Csr {
            starts: Vec::with_capacity(1 + parts.iter().map(Csr::n_rows).sum::<usize>()),
            columns: Vec::with_capacity(n_entries),
            values: Vec::with_capacity(n_entries),
            n_columns,
        };
        all.starts.push(0);
        for part in parts {
            let base = all.columns.len();
            all.starts.extend(part.starts[1..].iter().map(|start| base + start));
            all.columns.extend_from_slice(&part.columns);
            all.values.extend_from_slice(&part.values);
        }
        all
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

    /// Columns and values of one row.
    pub(crate) fn row(&self, i: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let range = self.starts[i]..self.starts[i + 1];
        let columns = self.columns[range.clone()].iter().map(|column| *column as usize);
        columns.zip(self.values[range].iter().map(|value| f64::from(*value)))
    }

    /// The columns, those with most entries first and those with as many in order of their first row.
    ///
    /// Numbered so, what is fetched most lies close together, and what is fetched once is fetched in the order of the rows.
    pub(crate) fn columns_by_use(&self) -> Vec<u32> {
        let mut uses = vec![(0_u32, 0_u32); self.n_columns];
        for (place, column) in self.columns.iter().enumerate() {
            let (n, first) = &mut uses[*column as usize];
            if *n == 0 {
                // Entries stand in the order of the rows; where their number overflows, the order is another one, and as good.
                *first = place as u32;
            }
            *n += 1;
        }
        let mut order: Vec<u32> = (0..self.n_columns as u32).collect();
        order.par_sort_unstable_by_key(|column| {
            let (n, first) = uses[*column as usize];
            (std::cmp::Reverse(n), first, *column)
        });
        order
    }

    /// Gives column `order[j]` the number `j`. Within a row the entries stay in their order.
    pub(crate) fn renumber_columns(&mut self, order: &[u32]) {
        let mut number = vec![0; order.len()];
        order.iter().enumerate().for_each(|(new, old)| number[*old as usize] = new as u32);
        self.columns.par_iter_mut().for_each(|column| *column = number[*column as usize]);
    }

    /// The same matrix by columns, with the rows of each column in rising order.
    ///
    /// Threads share the columns: each walks over all entries and takes those of its own columns, so that no two write to the same place.
    pub(crate) fn transposed(&self) -> Csr {
        let mut starts = vec![0; self.n_columns + 1];
        for column in &self.columns {
            starts[*column as usize + 1] += 1;
        }
        for j in 0..self.n_columns {
            starts[j + 1] += starts[j];
        }
        let n_entries = self.columns.len();
        let n_parts = if n_entries < SERIAL_BELOW { 1 } else { rayon::current_num_threads() };
        let (mut columns, mut values) = (vec![0; n_entries], vec![0.0; n_entries]);
        let mut parts = Vec::with_capacity(n_parts);
        let (mut free, mut first) = ((&mut columns[..], &mut values[..]), 0);
        for part in 1..=n_parts {
            let end = starts.partition_point(|start| *start < n_entries * part / n_parts).clamp(first, self.n_columns);
            let end = if part == n_parts { self.n_columns } else { end };
            let taken = starts[end] - starts[first];
            let (mine, rest) = (free.0.split_at_mut(taken), free.1.split_at_mut(taken));
            parts.push((first..end, mine.0, rest.0));
            (free, first) = ((mine.1, rest.1), end);
        }
        parts.into_par_iter().for_each(|(mine, columns, values)| {
            let base = starts[mine.start];
            let mut next: Vec<usize> = starts[mine.clone()].iter().map(|start| start - base).collect();
            for i in 0..self.n_rows() {
                for at in self.starts[i]..self.starts[i + 1] {
                    let Some(slot) = (self.columns[at] as usize).checked_sub(mine.start).and_then(|j| next.get_mut(j))
                    else {
                        continue;
                    };
                    columns[*slot] = i as u32;
                    values[*slot] = self.values[at];
                    *slot += 1;
                }
            }
        });
        Csr { starts, columns, values, n_columns: self.n_rows() }
    }

    /// `outᵢ = Σⱼ f(xᵢⱼ) vⱼ` for K vectors at once, with `v` of length n_columns: entries are fetched once for all of them.
    ///
    /// Every row is one sum in the order of its entries by one thread, so that the bits do not depend on the number of threads, nor on how many
    /// vectors go together.
    pub(crate) fn product_of<const K: usize>(&self, f: impl Fn(f64) -> f64 + Sync, v: &[[f64; K]]) -> Vec<[f64; K]> {
        debug_assert_eq!(v.len(), self.n_columns);
        let dot = |i: usize| {
            // What the sum of no number is: a zero that leaves every other number as it is, −0 too.
            let mut sum = [-0.0; K];
            let range = self.starts[i]..self.starts[i + 1];
            for (column, value) in self.columns[range.clone()].iter().zip(&self.values[range]) {
                let (x, v) = (f(f64::from(*value)), v[*column as usize]);
                sum = std::array::from_fn(|k| sum[k] + x * v[k]);
            }
            sum
        };
        if self.columns.len() < SERIAL_BELOW {
            return (0..self.n_rows()).map(dot).collect();
        }
        let rows_per_task = 1 + self.n_rows() * (SERIAL_BELOW / 4) / self.columns.len();
        (0..self.n_rows()).into_par_iter().with_min_len(rows_per_task).map(dot).collect()
    }

    /// `X v`, for K vectors at once.
    pub(crate) fn product<const K: usize>(&self, v: &[[f64; K]]) -> Vec<[f64; K]> {
        self.product_of(|x| x, v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_pool<T: Send>(n_threads: usize, work: impl Fn() -> T + Send + Sync) -> T {
        rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap().install(work)
    }

    #[test]
    fn products_by_hand() {
        let mut x = Csr::with_columns(3);
        x.push_row([(0, 1.0), (2, 2.0)]);
        x.push_row([]);
        x.push_row([(1, -1.0)]);
        assert_eq!(x.product(&[[1.0], [10.0], [100.0]]), [[201.0], [0.0], [-10.0]]);
        assert_eq!(x.product(&[[1.0, 0.0], [10.0, 1.0], [100.0, 2.0]]), [[201.0, 4.0], [0.0, 0.0], [-10.0, -1.0]]);
        assert_eq!(x.transposed().product(&[[1.0], [5.0], [3.0]]), [[1.0], [-3.0], [2.0]]);
        assert_eq!(x.transposed().transposed(), x);
        assert_eq!(x.product_of(|x| x * x, &[[1.0]; 3]), [[5.0], [0.0], [1.0]]);
        assert_eq!(
            Csr::stacked(3, vec![x.clone(), Csr::with_columns(3), x.clone()]).product(&[[1.0]; 3])[3..],
            x.product(&[[1.0]; 3])
        );
    }

    #[test]
    fn columns_in_use_come_first() {
        let mut x = Csr::with_columns(4);
        x.push_row([(1, 1.0), (3, 2.0)]);
        x.push_row([(0, 3.0), (3, 4.0)]);
        let order = x.columns_by_use();
        assert_eq!(order, [3, 1, 0, 2]);
        let v = [[1.0], [10.0], [100.0], [1000.0]];
        let products = x.product(&v);
        x.renumber_columns(&order);
        assert_eq!(x.product(&[3, 1, 0, 2].map(|column: usize| v[column])), products);
    }

    /// One matrix below the size from which threads share the work, one above; three vectors together and each alone.
    #[test]
    fn neither_threads_nor_company_move_a_bit() {
        for n_rows in [50, 2000] {
            let mut x = Csr::with_columns(1000);
            for i in 0..n_rows {
                x.push_row((0..100).map(|k| ((i * 7 + k * 31) % 1000, ((i + k) as f32).sin())));
            }
            assert_eq!(n_rows * 100 < SERIAL_BELOW as u32, n_rows == 50);
            let v: Vec<[f64; 3]> = (0..1000).map(|j| [0.0, 1.0, 2.0].map(|k| (f64::from(j) + k).cos())).collect();
            let u: Vec<[f64; 1]> = (0..n_rows).map(|i| [f64::from(i).cos()]).collect();
            let once = in_pool(1, || (x.product(&v), x.transposed(), x.transposed().product(&u)));
            for n_threads in [2, 5] {
                assert_eq!(in_pool(n_threads, || (x.product(&v), x.transposed(), x.transposed().product(&u))), once);
            }
            for k in 0..3 {
                let alone = x.product(&v.iter().map(|v| [v[k]]).collect::<Vec<_>>());
                assert!(alone.iter().zip(&once.0).all(|(alone, all)| alone[0].to_bits() == all[k].to_bits()));
            }
        }
    }
}
