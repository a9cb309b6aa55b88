//! Tiles (C2SP `tlog-tiles`): the hashes of the tree in rows of 256, from which anybody computes any root and any proof.
//!
//! The tile at level 0 holds hashes of leaves; one at a higher level holds the roots of full tiles of the level below. A
//! tile that is not full yet is never hashed into the level above.

use super::merkle::{Frontier, Hash, node_hash};

/// How many hashes a full tile holds.
pub const TILE_WIDTH: usize = 256;
/// How many levels of the tree a tile stands for.
pub const TILE_HEIGHT: u32 = 8;
/// Length of a hash, in bytes.
const HASH_BYTES: usize = 32;
/// The highest level: beyond it no 64-bit number counts the entries.
const LEVEL_MAX: u8 = 7;

/// Which tile: its level and its place in the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// 0 for hashes of leaves.
    pub level: u8,
    /// From 0.
    pub index: u64,
}

/// The hashes of a tile, as it is served: one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tile(Vec<u8>);

impl TileId {
    /// How many hashes the tile has when the log has `size` entries.
    #[must_use]
    pub fn width_at(self, size: u64) -> usize {
        let span = |level: u8| u32::from(level).checked_mul(TILE_HEIGHT);
        let hashes = span(self.level).and_then(|bits| size.checked_shr(bits)).unwrap_or(0);
        let before = self.index.saturating_mul(TILE_WIDTH as u64);
        usize::try_from(hashes.saturating_sub(before)).unwrap_or(usize::MAX).min(TILE_WIDTH)
    }

    /// The tiles of a log of `size` entries at the right edge of each level: those that the next entry may change.
    pub fn edge(size: u64) -> impl Iterator<Item = Self> {
        (0..=LEVEL_MAX).map_while(move |level| {
            let hashes = size.checked_shr(u32::from(level).checked_mul(TILE_HEIGHT)?)?;
            let last = hashes.checked_sub(1)?;
            Some(Self { level, index: last / TILE_WIDTH as u64 })
        })
    }

    /// The place as it stands in an address: groups of three digits, all but the last after an `x`.
    #[must_use]
    pub fn place(self) -> String {
        let mut place = format!("{:03}", self.index % 1_000);
        let mut rest = self.index / 1_000;
        while rest > 0 {
            place = format!("x{:03}/{place}", rest % 1_000);
            rest /= 1_000;
        }
        place
    }

    /// Reads [`TileId::place`]; `None` for every other writing of it.
    #[must_use]
    pub fn parse_place(level: u8, place: &str) -> Option<Self> {
        let mut index = 0_u64;
        for group in place.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            index = index.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
        }
        let id = Self { level, index };
        (level <= LEVEL_MAX && id.place() == place).then_some(id)
    }
}

impl Tile {
    /// Takes the bytes of 1 to 256 hashes.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let whole = bytes.len().is_multiple_of(HASH_BYTES) && bytes.len() <= TILE_WIDTH * HASH_BYTES;
        (whole && !bytes.is_empty()).then_some(Self(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// How many hashes it has.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.0.len() / HASH_BYTES
    }

    /// The hashes, in order.
    pub fn hashes(&self) -> impl Iterator<Item = Hash> + '_ {
        self.0.as_chunks::<HASH_BYTES>().0.iter().copied()
    }

    /// The first `width` hashes alone: the tile as it was when the log was smaller.
    #[must_use]
    pub fn cut(&self, width: usize) -> Option<Self> {
        Self::from_bytes(self.0.get(..width.checked_mul(HASH_BYTES)?)?.to_vec())
    }

    /// The root of the subtree of `height` levels that begins at hash `first`, which must be whole.
    #[must_use]
    pub fn subtree(&self, first: usize, height: u32) -> Option<Hash> {
        let count = 1_usize.checked_shl(height)?;
        let mut row: Vec<Hash> = self.hashes().skip(first).take(count).collect();
        if row.len() != count {
            return None;
        }
        while row.len() > 1 {
            row = row.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect();
        }
        row.first().copied()
    }
}

/// What adding hashes to one level comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extended {
    /// The tiles that are changed or new, in order.
    pub tiles: Vec<(TileId, Tile)>,
    /// The roots of those that became full: hashes for the level above.
    pub roots: Vec<Hash>,
}

/// Adds hashes to one level that has `before` of them; `partial` is its last tile, unless that is full or there is none.
///
/// # Errors
/// `partial` is not as wide as `before` says.
pub fn extend(level: u8, before: u64, partial: Option<Tile>, hashes: &[Hash]) -> Result<Extended, TileError> {
    let width = before % TILE_WIDTH as u64;
    let mut tile = partial.unwrap_or_default();
    if u64::try_from(tile.width()) != Ok(width) || level > LEVEL_MAX {
        return Err(TileError);
    }
    let mut id = TileId { level, index: before / TILE_WIDTH as u64 };
    let (mut tiles, mut roots) = (Vec::new(), Vec::new());
    for hash in hashes {
        tile.0.extend_from_slice(hash);
        if tile.width() == TILE_WIDTH {
            roots.push(tile.subtree(0, TILE_HEIGHT).ok_or(TileError)?);
            tiles.push((id, std::mem::take(&mut tile)));
            id.index = id.index.saturating_add(1);
        }
    }
    if tile.width() > 0 {
        tiles.push((id, tile));
    }
    Ok(Extended { tiles, roots })
}

/// Tiles that do not fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored tiles of the log do not fit together")]
pub struct TileError;

/// The root over the first `size` entries from the tiles at the right edge, which `tile` looks up.
///
/// # Errors
/// A tile is missing or too narrow.
pub fn root_at(size: u64, tile: impl Fn(TileId) -> Option<Tile>) -> Result<Hash, TileError> {
    let mut roots = Vec::new();
    for id in TileId::edge(size).collect::<Vec<_>>().into_iter().rev() {
        let width = id.width_at(size);
        // A tile that is full stands in the level above.
        if width == TILE_WIDTH {
            continue;
        }
        let tile = tile(id).ok_or(TileError)?;
        let mut first = 0_usize;
        for height in (0..TILE_HEIGHT).rev() {
            if width & (1 << height) != 0 {
                roots.push(tile.subtree(first, height).ok_or(TileError)?);
                first = first.saturating_add(1 << height);
            }
        }
    }
    Frontier::of_roots(size, roots).map(|frontier| frontier.root()).ok_or(TileError)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::audit::merkle::leaf_hash;

    /// The tiles of a log, as a database keeps them: extended by `batches`, one after the other.
    pub(in crate::audit) fn tiled(batches: &[usize]) -> (BTreeMap<TileId, Tile>, Frontier) {
        let (mut tiles, mut frontier) = (BTreeMap::<TileId, Tile>::new(), Frontier::new());
        for batch in batches {
            let mut before = frontier.size();
            let mut hashes: Vec<Hash> =
                (before..).take(*batch).map(|n| leaf_hash(&n.to_be_bytes())).collect();
            for hash in &hashes {
                frontier.append(*hash);
            }
            for level in 0.. {
                if hashes.is_empty() {
                    break;
                }
                let last = TileId { level, index: before / 256 };
                let extended = extend(level, before, tiles.get(&last).cloned(), &hashes).unwrap();
                tiles.extend(extended.tiles);
                before /= 256;
                hashes = extended.roots;
            }
        }
        (tiles, frontier)
    }

    /// The example of the specification.
    #[test]
    fn a_tree_of_seventy_thousand_has_these_tiles() {
        let (tiles, _) = tiled(&[70_000]);
        let widths =
            |level| tiles.iter().filter(move |(id, _)| id.level == level).map(|(_, tile)| tile.width());
        assert_eq!(widths(0).filter(|width| *width == 256).count(), 273);
        assert_eq!(widths(0).next_back(), Some(112));
        assert_eq!(widths(1).collect::<Vec<_>>(), [256, 17]);
        assert_eq!(widths(2).collect::<Vec<_>>(), [1]);
        for (id, tile) in &tiles {
            assert_eq!(id.width_at(70_000), tile.width());
        }
        let (tiles, _) = tiled(&[256]);
        assert_eq!(tiles.values().map(Tile::width).collect::<Vec<_>>(), [256, 1]);
    }

    #[test]
    fn places_are_written_one_way() {
        for (index, place) in
            [(0, "000"), (7, "007"), (999, "999"), (1_000, "x001/000"), (1_234_067, "x001/x234/067")]
        {
            let id = TileId { level: 0, index };
            assert_eq!(id.place(), place);
            assert_eq!(TileId::parse_place(0, place), Some(id));
        }
        for wrong in
            ["", "1", "0001", "x001", "001/000", "x000/001", "x001/x000", "+01", "x01/000", "000/", "/000"]
        {
            assert_eq!(TileId::parse_place(0, wrong), None, "{wrong}");
        }
        assert_eq!(TileId::parse_place(8, "000"), None);
        assert_eq!(TileId::parse_place(0, &"x999/".repeat(9)), None);
    }

    #[test]
    fn a_tile_of_another_width_is_not_gone_on_with() {
        let (tiles, _) = tiled(&[5]);
        let tile = tiles.values().next().cloned();
        assert_eq!(extend(0, 4, tile.clone(), &[[0; 32]]), Err(TileError));
        assert_eq!(extend(0, 5, None, &[[0; 32]]), Err(TileError));
        assert!(extend(0, 5, tile, &[[0; 32]]).is_ok());
        assert_eq!(Tile::from_bytes(vec![0; 31]), None);
        assert_eq!(Tile::from_bytes(Vec::new()), None);
        assert_eq!(Tile::from_bytes(vec![0; 257 * 32]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn the_root_from_the_tiles_is_that_of_the_log(batches in proptest::collection::vec(0_usize..700, 0..5)) {
            let (tiles, frontier) = tiled(&batches);
            prop_assert_eq!(root_at(frontier.size(), |id| tiles.get(&id).cloned()), Ok(frontier.root()));
            let (at_once, _) = tiled(&[batches.iter().sum()]);
            prop_assert_eq!(tiles, at_once);
        }
    }
}
