//! The Merkle tree of RFC 6962, section 2.1: hashes of leaves and of nodes, and the root over a growing log.
//!
//! Not here: what a leaf says (`entry`), the inner nodes (`tiles`), and proofs (`proof`).

use aws_lc_rs::digest::{Context, SHA256, digest};

/// A SHA-256 hash.
pub type Hash = [u8; HASH_BYTES];

/// Length of a hash, in bytes.
const HASH_BYTES: usize = 32;
/// Set before a leaf's bytes, so that no leaf can pass for a node.
const LEAF_PREFIX: &[u8] = &[0x00];
/// Set before the two halves of a node.
const NODE_PREFIX: &[u8] = &[0x01];

/// SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Hash {
    to_hash(&digest(&SHA256, bytes))
}

/// The hash of a leaf: SHA-256 over the byte 0x00 and the leaf.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    joined(LEAF_PREFIX, leaf, &[])
}

/// The hash of a node: SHA-256 over the byte 0x01 and the hashes of its two halves.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    joined(NODE_PREFIX, left, right)
}

fn joined(prefix: &[u8], first: &[u8], second: &[u8]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(prefix);
    context.update(first);
    context.update(second);
    to_hash(&context.finish())
}

fn to_hash(digest: &aws_lc_rs::digest::Digest) -> Hash {
    let mut hash = [0; HASH_BYTES];
    for (to, from) in hash.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    hash
}

/// The right edge of the tree: the root of each complete subtree, the largest (leftmost) first. It is all that
/// is needed to append and to say the root, and is at most 64 hashes long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

/// Bytes that are no frontier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored edge of the log cannot be read")]
pub struct FrontierError;

impl Frontier {
    /// The edge of the empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a leaf, by its [`leaf_hash`], at the end.
    pub fn append(&mut self, leaf_hash: Hash) {
        let mut root = leaf_hash;
        // Each trailing one of the size is a complete subtree as large as the one just made: join them.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                root = node_hash(&left, &root);
            }
        }
        self.roots.push(root);
        self.size = self.size.saturating_add(1);
    }

    /// How many leaves there are.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves; of the empty log it is the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.roots
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(|| sha256(&[]))
    }

    /// The edge of a log of `size` leaves whose complete subtrees have these roots, the largest first. `None` when there
    /// are more or fewer of them than the size asks for.
    #[must_use]
    pub fn of_roots(size: u64, roots: Vec<Hash>) -> Option<Self> {
        (usize::try_from(size.count_ones()) == Ok(roots.len())).then_some(Self { size, roots })
    }

    /// For keeping: the size as 8 bytes, most significant first, then the hashes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        bytes.extend(self.roots.iter().flatten());
        bytes
    }

    /// Reads [`Frontier::to_bytes`]. The number of hashes must be what the size asks for.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrontierError> {
        let (size, hashes) = bytes.split_first_chunk::<8>().ok_or(FrontierError)?;
        let size = u64::from_be_bytes(*size);
        let (roots, rest) = hashes.as_chunks::<HASH_BYTES>();
        if !rest.is_empty() {
            return Err(FrontierError);
        }
        Self::of_roots(size, roots.to_vec()).ok_or(FrontierError)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hex(hash: &[u8]) -> String {
        use std::fmt::Write;
        hash.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    fn of(leaves: &[Vec<u8>]) -> Frontier {
        let mut frontier = Frontier::new();
        for leaf in leaves {
            frontier.append(leaf_hash(leaf));
        }
        frontier
    }

    /// RFC 6962, 2.1, word for word.
    fn by_definition(leaves: &[Vec<u8>]) -> Hash {
        match leaves {
            [] => sha256(&[]),
            [leaf] => leaf_hash(leaf),
            _ => {
                let mut split = 1;
                while split * 2 < leaves.len() {
                    split *= 2;
                }
                node_hash(&by_definition(&leaves[..split]), &by_definition(&leaves[split..]))
            }
        }
    }

    /// The leaves and roots of the reference implementation of Certificate Transparency.
    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let leaves: Vec<Vec<u8>> = vec![
            vec![],
            vec![0x00],
            vec![0x10],
            vec![0x20, 0x21],
            vec![0x30, 0x31],
            (0x40..=0x43).collect(),
            (0x50..=0x57).collect(),
            (0x60..=0x6f).collect(),
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        for (size, root) in roots.iter().enumerate() {
            assert_eq!(hex(&of(&leaves[..size]).root()), *root, "root over {size} leaves");
        }
    }

    #[test]
    fn bytes_that_are_no_frontier_are_refused() {
        let bytes = of(&vec![vec![1]; 5]).to_bytes();
        assert!(Frontier::from_bytes(&bytes).is_ok());
        assert_eq!(Frontier::from_bytes(&[]), Err(FrontierError));
        assert_eq!(Frontier::from_bytes(&bytes[..bytes.len() - 1]), Err(FrontierError));
        assert_eq!(Frontier::from_bytes(&bytes[..bytes.len() - 32]), Err(FrontierError));
        let more = [bytes.as_slice(), &[0; 32]].concat();
        assert_eq!(Frontier::from_bytes(&more), Err(FrontierError));
    }

    proptest! {
        #[test]
        fn the_frontier_agrees_with_the_definition(
            leaves in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..6), 0..150),
        ) {
            let frontier = of(&leaves);
            prop_assert_eq!(frontier.root(), by_definition(&leaves));
            prop_assert_eq!(frontier.size(), leaves.len() as u64);
        }

        #[test]
        fn a_frontier_kept_and_read_again_goes_on_alike(
            leaves in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..6), 0..150),
            at in 0_usize..150,
        ) {
            let (first, rest) = leaves.split_at(at.min(leaves.len()));
            let mut again = Frontier::from_bytes(&of(first).to_bytes()).unwrap();
            for leaf in rest {
                again.append(leaf_hash(leaf));
            }
            prop_assert_eq!(again, of(&leaves));
        }
    }
}
