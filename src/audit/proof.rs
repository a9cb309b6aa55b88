//! Proofs of RFC 6962, section 2.1: that an entry is in the log (inclusion), and that a log goes on from an earlier one
//! without changing it (consistency). Making one takes the tiles that [`Proof::tiles`] names; checking one takes nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    merkle::{Hash, node_hash},
    tiles::{TILE_HEIGHT, TILE_WIDTH, Tile, TileError, TileId},
};

/// A whole subtree: its height, and its place among those of that height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Subtree {
    height: u32,
    place: u64,
}

/// A proof that is still to be made: which subtrees each of its hashes is made of, the leftmost first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof(Vec<Vec<Subtree>>);

impl Subtree {
    /// The tile that holds it, the place in it of its first hash, and its height above the tile's hashes.
    fn tile(self) -> (TileId, usize, u32) {
        let (level, height) = (self.height / TILE_HEIGHT, self.height % TILE_HEIGHT);
        let first = self.place.checked_shl(height).unwrap_or(0);
        let index = first / TILE_WIDTH as u64;
        let first = usize::try_from(first % TILE_WIDTH as u64).unwrap_or(0);
        (TileId { level: u8::try_from(level).unwrap_or(u8::MAX), index }, first, height)
    }
}

impl Proof {
    /// The proof that entry `index` is in the log of `size` entries; `None` when it is not that long.
    #[must_use]
    pub fn inclusion(index: u64, size: u64) -> Option<Self> {
        if index >= size {
            return None;
        }
        let (mut start, mut end) = (0_u64, size);
        let mut hashes = Vec::new();
        while end.saturating_sub(start) > 1 {
            let middle = start.saturating_add(split(end.saturating_sub(start)));
            if index < middle {
                hashes.push(subtrees(middle, end));
                end = middle;
            } else {
                hashes.push(subtrees(start, middle));
                start = middle;
            }
        }
        hashes.reverse();
        Some(Self(hashes))
    }

    /// The proof that the log of `size` entries begins with that of `earlier` ones; `None` when it is shorter, or the earlier
    /// one is empty, of which there is nothing to prove.
    #[must_use]
    pub fn consistency(earlier: u64, size: u64) -> Option<Self> {
        if earlier == 0 || earlier > size {
            return None;
        }
        let (mut start, mut end) = (0_u64, size);
        let mut hashes = Vec::new();
        while earlier < end {
            let middle = start.saturating_add(split(end.saturating_sub(start)));
            if earlier <= middle {
                hashes.push(subtrees(middle, end));
                end = middle;
            } else {
                hashes.push(subtrees(start, middle));
                start = middle;
            }
        }
        // The earlier root itself is known to whoever checks; a part of it is not.
        if start > 0 {
            hashes.push(subtrees(start, end));
        }
        hashes.reverse();
        Some(Self(hashes))
    }

    /// The tiles from which it is made.
    #[must_use]
    pub fn tiles(&self) -> BTreeSet<TileId> {
        self.0.iter().flatten().map(|subtree| subtree.tile().0).collect()
    }

    /// Its hashes.
    ///
    /// # Errors
    /// A tile is missing or too narrow.
    pub fn hashes(&self, tiles: &BTreeMap<TileId, Tile>) -> Result<Vec<Hash>, TileError> {
        let of = |subtree: &Subtree| {
            let (id, first, height) = subtree.tile();
            tiles.get(&id)?.subtree(first, height)
        };
        let root = |parts: &Vec<Subtree>| {
            let roots: Option<Vec<Hash>> = parts.iter().map(of).collect();
            roots?.into_iter().rev().reduce(|right, left| node_hash(&left, &right))
        };
        self.0.iter().map(|parts| root(parts).ok_or(TileError)).collect()
    }
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    let below = count.saturating_sub(1);
    1 << (u64::BITS.saturating_sub(1).saturating_sub(below.leading_zeros()))
}

/// The whole subtrees that entries `start` to `end` are made of, the largest first; `start` begins one as large as any.
fn subtrees(start: u64, end: u64) -> Vec<Subtree> {
    let (mut at, mut parts) = (start, Vec::new());
    while at < end {
        let height = u64::BITS.saturating_sub(1).saturating_sub(end.saturating_sub(at).leading_zeros());
        parts.push(Subtree { height, place: at >> height });
        at = at.saturating_add(1 << height);
    }
    parts
}

/// Whether `hashes` prove that the leaf with `leaf_hash` is entry `index` of the log of `size` entries with `root`.
#[must_use]
pub fn verify_inclusion(index: u64, size: u64, leaf_hash: &Hash, hashes: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut found) = (index, size.saturating_sub(1), *leaf_hash);
    for hash in hashes {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            found = node_hash(hash, &found);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            found = node_hash(&found, hash);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && found == *root
}

/// Whether `hashes` prove that the log of `size` entries with `root` begins with that of `earlier` ones with `earlier_root`.
#[must_use]
pub fn verify_consistency(
    earlier: u64,
    size: u64,
    hashes: &[Hash],
    earlier_root: &Hash,
    root: &Hash,
) -> bool {
    if earlier == size {
        return hashes.is_empty() && earlier_root == root;
    }
    if earlier == 0 || earlier > size {
        return false;
    }
    let (mut node, mut last) = (earlier.saturating_sub(1), size.saturating_sub(1));
    while node & 1 == 1 {
        (node, last) = (node >> 1, last >> 1);
    }
    let mut rest = hashes.iter();
    let Some(first) = (if node == 0 { Some(earlier_root) } else { rest.next() }) else { return false };
    let (mut before, mut after) = (*first, *first);
    for hash in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            before = node_hash(hash, &before);
            after = node_hash(hash, &after);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            after = node_hash(&after, hash);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && before == *earlier_root && after == *root
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::merkle::{Frontier, leaf_hash, sha256};

    fn leaf(n: u64) -> Hash {
        leaf_hash(&n.to_be_bytes())
    }

    fn root(size: u64) -> Hash {
        let mut frontier = Frontier::new();
        for n in 0..size {
            frontier.append(leaf(n));
        }
        frontier.root()
    }

    fn tiles(size: u64) -> BTreeMap<TileId, Tile> {
        let mut hashes: Vec<Hash> = (0..size).map(leaf).collect();
        let mut tiles = BTreeMap::new();
        for level in 0.. {
            if hashes.is_empty() {
                break;
            }
            let extended = super::super::tiles::extend(level, 0, None, &hashes).unwrap();
            tiles.extend(extended.tiles);
            hashes = extended.roots;
        }
        tiles
    }

    /// Word for word the definition of RFC 6962, 2.1.1.
    fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() < 2 {
            return Vec::new();
        }
        let (left, right) = leaves.split_at(usize::try_from(split(leaves.len() as u64)).unwrap());
        let (mut found, other) = if index < left.len() {
            (path(index, left), of(right))
        } else {
            (path(index - left.len(), right), of(left))
        };
        found.push(other);
        found
    }

    fn of(leaves: &[Hash]) -> Hash {
        let mut frontier = Frontier::new();
        for hash in leaves {
            frontier.append(*hash);
        }
        frontier.root()
    }

    #[test]
    fn every_entry_of_a_small_log_is_proved_and_nothing_else() {
        for size in 1..40_u64 {
            let (tiles, root) = (tiles(size), root(size));
            let leaves: Vec<Hash> = (0..size).map(leaf).collect();
            for index in 0..size {
                let hashes = Proof::inclusion(index, size).unwrap().hashes(&tiles).unwrap();
                assert_eq!(hashes, path(usize::try_from(index).unwrap(), &leaves), "{index} of {size}");
                assert!(verify_inclusion(index, size, &leaf(index), &hashes, &root));
                assert!(!verify_inclusion(index, size, &leaf(index + 1), &hashes, &root));
                assert!(!verify_inclusion(index, size, &leaf(index), &hashes, &sha256(b"another")));
                let more = [hashes.as_slice(), &[root]].concat();
                assert!(!verify_inclusion(index, size, &leaf(index), &more, &root));
                if let Some((_, fewer)) = hashes.split_last() {
                    assert!(!verify_inclusion(index, size, &leaf(index), fewer, &root));
                }
            }
            assert_eq!(Proof::inclusion(size, size), None);
        }
    }

    #[test]
    fn every_earlier_log_of_a_small_one_is_proved_and_nothing_else() {
        for size in 1..40_u64 {
            let tiles = tiles(size);
            for earlier in 1..=size {
                let hashes = Proof::consistency(earlier, size).unwrap().hashes(&tiles).unwrap();
                let (before, after) = (root(earlier), root(size));
                assert!(verify_consistency(earlier, size, &hashes, &before, &after), "{earlier} of {size}");
                assert!(!verify_consistency(earlier, size, &hashes, &sha256(b"a"), &after));
                assert!(!verify_consistency(earlier, size, &hashes, &before, &sha256(b"a")));
                let more = [hashes.as_slice(), &[after]].concat();
                assert!(!verify_consistency(earlier, size, &more, &before, &after));
                if let Some((_, fewer)) = hashes.split_last() {
                    assert!(!verify_consistency(earlier, size, fewer, &before, &after));
                }
            }
            assert_eq!((Proof::consistency(0, size), Proof::consistency(size + 1, size)), (None, None));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        /// Over more than one tile, and more than one level of them.
        #[test]
        fn a_large_log_is_proved_from_a_few_tiles(size in 1_u64..140_000, at: proptest::sample::Index) {
            let all = tiles(size);
            let which = at.index(usize::try_from(size).unwrap()) as u64;
            for (proof, is_inclusion) in
                [(Proof::inclusion(which, size).unwrap(), true), (Proof::consistency(which + 1, size).unwrap(), false)]
            {
                let wanted = proof.tiles();
                prop_assert!(wanted.len() <= 6, "{} tiles", wanted.len());
                let some: BTreeMap<TileId, Tile> = wanted.iter().map(|id| (*id, all[id].clone())).collect();
                let hashes = proof.hashes(&some).unwrap();
                let is_right = if is_inclusion {
                    verify_inclusion(which, size, &leaf(which), &hashes, &root(size))
                } else {
                    verify_consistency(which + 1, size, &hashes, &root(which + 1), &root(size))
                };
                prop_assert!(is_right);
                if let Some(first) = wanted.first() {
                    let mut fewer = some.clone();
                    fewer.remove(first);
                    prop_assert_eq!(proof.hashes(&fewer), Err(TileError));
                }
            }
        }
    }
}
