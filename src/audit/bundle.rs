//! An exported log: files in the layout of C2SP `tlog-tiles`, which anybody can check without the database. This room names
//! the files and checks what is read from them; reading and writing them is for others.

use super::{
    Checkpoint,
    leaf::View,
    merkle::{Frontier, Hash, leaf_hash},
    note::VerifierKey,
    tiles::{TILE_HEIGHT, TILE_WIDTH, Tile, TileId},
    verify::signed_checkpoint,
};

/// The file with the signed checkpoint.
pub const CHECKPOINT: &str = "checkpoint";
/// The file with the keys of the log, one in each line.
pub const KEYS: &str = "keys";

/// What is wrong with an exported log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleFault {
    /// The checkpoint is not signed by a key that is trusted.
    #[error("the checkpoint is missing, or no key that is trusted here signed it")]
    Unsigned,
    /// A file is missing, too long or too short.
    #[error("the file {0} is missing, or is not as long as the checkpoint asks for")]
    File(String),
    /// A leaf cannot be read.
    #[error("entry {0}: the leaf cannot be read")]
    Leaf(u64),
    /// A leaf is another than the tile holds.
    #[error("entry {0}: the leaf is not the one whose hash stands in the tile")]
    Hash(u64),
    /// A tile above the lowest level is not the one over those below it.
    #[error("the file {0} does not hold the hashes of the tiles below it")]
    Tile(String),
    /// Everything fits together, and is not what was signed.
    #[error("the first {0} entries are not those that a checkpoint was signed over")]
    Root(u64),
    /// A checkpoint that was kept elsewhere is over more entries.
    #[error("the checkpoint that was kept is over {0} entries, and this log has fewer")]
    Shorter(u64),
}

impl BundleFault {
    /// The entry that it is about, where one is known.
    #[must_use]
    pub const fn index(&self) -> Option<u64> {
        match self {
            Self::Leaf(index) | Self::Hash(index) => Some(*index),
            _ => None,
        }
    }
}

/// The name of a tile's file in a log of `size` entries.
#[must_use]
pub fn tile_file(id: TileId, size: u64) -> String {
    format!("tile/{}/{}", id.level, with_width(id, size))
}

/// The name of the file with the leaves of a tile at level 0.
#[must_use]
pub fn entries_file(index: u64, size: u64) -> String {
    format!("tile/entries/{}", with_width(TileId { level: 0, index }, size))
}

fn with_width(id: TileId, size: u64) -> String {
    match id.width_at(size) {
        TILE_WIDTH => id.place(),
        width => format!("{}.p/{width}", id.place()),
    }
}

/// The tiles of a log of `size` entries, from the lowest level up.
pub fn tiles(size: u64) -> impl Iterator<Item = TileId> {
    TileId::edge(size).flat_map(|last| (0..=last.index).map(move |index| TileId { level: last.level, index }))
}

/// Adds a leaf to a file of them: its length in two bytes, and its bytes. `None` when it is too long.
#[must_use]
pub fn put_entry(file: &mut Vec<u8>, leaf: &[u8]) -> Option<()> {
    file.extend(u16::try_from(leaf.len()).ok()?.to_be_bytes());
    file.extend(leaf);
    Some(())
}

/// The leaves in such a file; `None` when it does not end with one.
fn entries(mut file: &[u8]) -> Option<Vec<&[u8]>> {
    let mut leaves = Vec::new();
    while !file.is_empty() {
        let (length, rest) = file.split_first_chunk::<2>()?;
        let (leaf, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        leaves.push(leaf);
        file = rest;
    }
    Some(leaves)
}

/// Checks an exported log whose files `read` gives by their names: that one of `keys` signed its checkpoint, and that every leaf
/// and every hash is one that the checkpoint was signed over; and, where a checkpoint was kept elsewhere, that the log goes on
/// from that. `see` is told how many entries were checked, for progress. Answers the checkpoint.
///
/// # Errors
/// The first fault.
pub fn check(
    read: impl Fn(&str) -> Option<Vec<u8>>,
    keys: &[VerifierKey],
    kept: Option<&Checkpoint>,
    mut see: impl FnMut(u64),
) -> Result<Checkpoint, BundleFault> {
    let signed = read(CHECKPOINT).and_then(|bytes| String::from_utf8(bytes).ok());
    let signed = signed.and_then(|note| signed_checkpoint(&note, keys)).ok_or(BundleFault::Unsigned)?;
    let size = signed.size;
    if let Some(kept) = kept.filter(|kept| kept.size > size) {
        return Err(BundleFault::Shorter(kept.size));
    }
    let (mut frontier, mut below, mut roots): (_, Vec<Hash>, Vec<Hash>) = (Frontier::new(), vec![], vec![]);
    let mut level = 0;
    for id in tiles(size) {
        let name = tile_file(id, size);
        let width = id.width_at(size);
        let tile = read(&name).and_then(Tile::from_bytes).filter(|tile| tile.width() == width);
        let tile = tile.ok_or_else(|| BundleFault::File(name.clone()))?;
        if id.level != level {
            level = id.level;
            below = std::mem::take(&mut roots);
        }
        if level == 0 {
            let file = entries_file(id.index, size);
            let leaves = read(&file).ok_or_else(|| BundleFault::File(file.clone()))?;
            let leaves = entries(&leaves).filter(|leaves| leaves.len() == width);
            for (leaf, hash) in leaves.ok_or(BundleFault::File(file))?.into_iter().zip(tile.hashes()) {
                let index = frontier.size();
                View::read(leaf).map_err(|_| BundleFault::Leaf(index))?;
                if leaf_hash(leaf) != hash {
                    return Err(BundleFault::Hash(index));
                }
                frontier.append(hash);
                if let Some(kept) = kept.filter(|kept| kept.size == frontier.size())
                    && (kept.root != frontier.root() || kept.origin != signed.origin)
                {
                    return Err(BundleFault::Root(kept.size));
                }
            }
            see(frontier.size());
        } else {
            let first = usize::try_from(id.index).unwrap_or(usize::MAX).saturating_mul(TILE_WIDTH);
            if !tile.hashes().eq(below.iter().skip(first).take(width).copied()) {
                return Err(BundleFault::Tile(name));
            }
        }
        roots.extend(tile.subtree(0, TILE_HEIGHT));
    }
    if frontier.root() == signed.root { Ok(signed) } else { Err(BundleFault::Root(size)) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;
    use crate::{
        audit::{Entry, Kind, note, tiles::extend},
        clock::Moment,
        ids::{EntryId, SiteId},
    };

    type Files = BTreeMap<String, Vec<u8>>;

    fn leaf(n: u64) -> Vec<u8> {
        let entry = Entry {
            entry_id: EntryId::parse(&format!("e-{n}")).unwrap(),
            site_id: SiteId::parse("riverside").unwrap(),
            at: Moment(1),
            kind: Kind::Moved,
            actor: String::from("gateway"),
            about: Vec::new(),
            facts: Vec::new(),
            content_sha256: None,
        };
        entry.leaf()
    }

    fn signed(size: u64, root: Hash) -> (String, VerifierKey) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap();
        let key = VerifierKey::new("log.example", pair.public_key().as_ref().try_into().unwrap()).unwrap();
        let text = Checkpoint { origin: String::from("log.example"), size, root }.text();
        (note::write(&text, &key, pair.sign(text.as_bytes()).as_ref().try_into().unwrap()), key)
    }

    fn bundle(size: u64) -> (Files, Checkpoint, VerifierKey) {
        let leaves: Vec<Vec<u8>> = (0..size).map(leaf).collect();
        let mut hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
        let mut frontier = Frontier::new();
        for hash in &hashes {
            frontier.append(*hash);
        }
        let mut files = Files::new();
        for level in 0.. {
            if hashes.is_empty() {
                break;
            }
            let extended = extend(level, 0, None, &hashes).unwrap();
            for (id, tile) in extended.tiles {
                files.insert(tile_file(id, size), tile.as_bytes().to_vec());
            }
            hashes = extended.roots;
        }
        for (leaves, index) in leaves.chunks(TILE_WIDTH).zip(0..) {
            let mut file = Vec::new();
            for leaf in leaves {
                put_entry(&mut file, leaf).unwrap();
            }
            files.insert(entries_file(index, size), file);
        }
        let (note, key) = signed(size, frontier.root());
        files.insert(String::from(CHECKPOINT), note.into_bytes());
        (files, Checkpoint { origin: String::from("log.example"), size, root: frontier.root() }, key)
    }

    fn judge(files: &Files, key: &VerifierKey, kept: Option<&Checkpoint>) -> Result<Checkpoint, BundleFault> {
        check(|name| files.get(name).cloned(), std::slice::from_ref(key), kept, |_| {})
    }

    #[test]
    fn a_whole_bundle_is_whole_at_every_size() {
        for size in [0, 1, 255, 256, 257, 700] {
            let (files, checkpoint, key) = bundle(size);
            assert_eq!(judge(&files, &key, Some(&checkpoint)), Ok(checkpoint), "{size}");
            assert_eq!(files.len() as u64, 1 + tiles(size).count() as u64 + size.div_ceil(256));
        }
        let names: Vec<String> = bundle(700).0.into_keys().collect();
        for name in ["tile/0/000", "tile/0/002.p/188", "tile/1/000.p/2", "tile/entries/002.p/188"] {
            assert!(names.contains(&name.to_owned()), "{name} is not among {names:?}");
        }
    }

    #[test]
    fn whatever_was_done_to_a_bundle_is_found() {
        let (whole, checkpoint, key) = bundle(600);
        let with = |change: &dyn Fn(&mut Files)| {
            let mut files = whole.clone();
            change(&mut files);
            judge(&files, &key, None).unwrap_err()
        };
        for name in whole.keys() {
            with(&|files| drop(files.remove(name)));
            for at in [0, 1, 2, 40, 1_000] {
                let length = whole[name].len();
                with(&|files| files.get_mut(name).unwrap()[at.min(length - 1)] ^= 1);
            }
            with(&|files| files.get_mut(name).unwrap().truncate(whole[name].len() - 1));
            with(&|files| files.get_mut(name).unwrap().push(0));
        }
        // The last byte of entry 3's id, so that it still reads.
        let at = 3 * (leaf(0).len() + 2) + 2 + 1 + 2 + 2;
        let flipped = with(&|files| files.get_mut("tile/entries/000").unwrap()[at] ^= 1);
        assert_eq!((flipped.clone(), flipped.index()), (BundleFault::Hash(3), Some(3)));
        let swapped = with(&|files| {
            let file = files.get_mut("tile/entries/000").unwrap();
            let length = leaf(0).len() + 2;
            let (first, second) = file.split_at_mut(length);
            first.swap_with_slice(&mut second[..length]);
        });
        assert_eq!(swapped, BundleFault::Hash(0));

        // Another log of the same length, whole in itself and signed by another.
        let another = with(&|files| {
            *files = bundle(599).0;
            files.insert(String::from(CHECKPOINT), whole[CHECKPOINT].clone());
        });
        assert!(matches!(another, BundleFault::File(_)), "{another}");
        let stranger = VerifierKey::new("log.example", [7; 32]).unwrap();
        assert_eq!(judge(&whole, &stranger, None), Err(BundleFault::Unsigned));

        // Kept elsewhere: of an earlier and a later log, and of another history.
        let (_, earlier, _) = bundle(300);
        assert!(judge(&whole, &key, Some(&earlier)).is_ok());
        let (shorter, _, _) = bundle(300);
        assert_eq!(judge(&shorter, &key, Some(&checkpoint)), Err(BundleFault::Shorter(600)));
        let fork = Checkpoint { root: [0; 32], ..earlier };
        assert_eq!(judge(&whole, &key, Some(&fork)), Err(BundleFault::Root(300)));
    }
}
