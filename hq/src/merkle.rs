//! The tree of RFC 6962 over entry hashes in order of arrival, kept as its right edge only.
//!
//! A signed root a day binds HQ to what it holds: it cannot rewrite a journal later without every earlier
//! checkpoint saying so (SYNC.md 6.2).

use ezhifa_casework::seal::hash::{Digest, Hasher};
use serde::{Deserialize, Serialize};

/// The right edge: one complete subtree for each bit of `size`, largest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Edge {
    /// Leaves so far.
    pub size: u64,
    /// Roots of the complete subtrees.
    pub peaks: Vec<Digest>,
}

fn hash(prefix: u8, parts: &[&[u8]]) -> Digest {
    let mut h = Hasher::new();
    h.update(&[prefix]);
    for part in parts {
        h.update(part);
    }
    h.finish()
}

fn node(left: &Digest, right: &Digest) -> Digest {
    hash(1, &[&left.0, &right.0])
}

impl Edge {
    /// Adds a leaf.
    pub fn push(&mut self, leaf: &[u8]) {
        let mut top = hash(0, &[leaf]);
        let mut low = self.size;
        while low & 1 == 1 {
            if let Some(left) = self.peaks.pop() {
                top = node(&left, &top);
            }
            low >>= 1;
        }
        self.peaks.push(top);
        self.size = self.size.saturating_add(1);
    }

    /// Root of the whole tree; the empty tree has the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        peaks.next().map_or_else(
            || Hasher::new().finish(),
            |last| peaks.fold(*last, |right, left| node(left, &right)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of RFC 6962 2.1, word for word.
    fn plain(leaves: &[Vec<u8>]) -> Digest {
        match leaves {
            [] => Hasher::new().finish(),
            [one] => hash(0, &[one]),
            many => {
                let k = many.len().next_power_of_two() / 2;
                let (l, r) = many.split_at(k);
                node(&plain(l), &plain(r))
            }
        }
    }

    #[test]
    fn the_edge_gives_the_root_of_the_definition() {
        let mut edge = Edge::default();
        let mut leaves = Vec::new();
        for i in 0..70_u8 {
            assert_eq!(edge.root(), plain(&leaves), "{i} leaves");
            edge.push(&[i, 7]);
            leaves.push(vec![i, 7]);
        }
    }

    #[test]
    fn one_changed_leaf_changes_the_root() {
        let root = |odd: u8| {
            let mut edge = Edge::default();
            for i in 0..9_u8 {
                edge.push(&[if i == 4 { odd } else { i }]);
            }
            edge.root()
        };
        assert_ne!(root(4), root(5));
    }
}
