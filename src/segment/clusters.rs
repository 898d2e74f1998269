//! Disjoint sets of numbers.

/// Numbers from 0, each in a set by itself until joined. The least number of a set stands for it.
#[derive(Debug, Clone)]
pub(super) struct Clusters {
    parent: Vec<u32>,
}

impl Clusters {
    pub(super) fn new(n: usize) -> Self {
        Clusters { parent: (0..n as u32).collect() }
    }

    /// The least number of the set that `i` is in.
    pub(super) fn find(&mut self, mut i: u32) -> u32 {
        while self.parent[i as usize] != i {
            let above = self.parent[self.parent[i as usize] as usize];
            self.parent[i as usize] = above;
            i = above;
        }
        i
    }

    /// Makes the sets of two numbers one.
    pub(super) fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        self.parent[a.max(b) as usize] = a.min(b);
    }
}
