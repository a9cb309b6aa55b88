//! Reads the whole log from the store and checks it, entry by entry, from the stored bytes: against its tiles, its head, every
//! checkpoint that was signed over it, and those that somebody kept elsewhere.

use super::{
    ports::{Read, Store},
    rows::{CheckpointRow, LogKeyRow, StoredEntry},
};
use crate::{
    audit::{
        Checkpoint,
        merkle::Hash,
        note::VerifierKey,
        tiles::{TILE_HEIGHT, TILE_WIDTH, Tile, TileId},
        verify::{Fault, Row, Verified, Verifier, What, signed_checkpoint},
    },
    ids::{PartnerId, PersonId, ReferralId},
};

/// Entries read at once: whole tiles.
const PAGE: usize = 16 * TILE_WIDTH;
/// Tiles above the lowest level read at once.
const TILES: usize = 64;

/// What is read at once: the entries of some tiles, the tiles, and the checkpoints that end within them.
struct Page {
    entries: Vec<StoredEntry>,
    tiles: Vec<Option<Tile>>,
    checkpoints: Vec<CheckpointRow>,
}

/// The keys of the log, for checking what they signed.
pub async fn log_verifiers(store: &dyn Store) -> Read<Vec<VerifierKey>> {
    Ok(store.log_keys().await?.iter().filter_map(LogKeyRow::verifier).collect())
}

/// Checks every sequenced entry, the head, the tiles and the checkpoints; `see` is shown each entry on the way (for
/// progress). The inner result is the verdict: the first fault, or how much was found whole.
pub async fn verify_log(
    store: &dyn Store,
    see: impl FnMut(&StoredEntry) + Send,
) -> Read<Result<Verified, Fault>> {
    verify_log_against(store, None, see).await
}

/// The same, and that the log goes on from a checkpoint that was kept elsewhere.
pub async fn verify_log_against(
    store: &dyn Store,
    kept: Option<&Checkpoint>,
    mut see: impl FnMut(&StoredEntry) + Send,
) -> Read<Result<Verified, Fault>> {
    let keys = log_verifiers(store).await?;
    // In this order: the head reaches at least as far as what was signed before it was read, and entries that are sequenced
    // meanwhile lie behind it and are not judged.
    let signed = store.latest_checkpoint().await?.map_or(0, |latest| latest.size);
    let head = store.log_head().await?;
    let (Ok(signed), Ok(size)) = (u64::try_from(signed), u64::try_from(head.size)) else {
        return Ok(Err(Fault { index: None, what: What::Size }));
    };
    for told in [Some(signed), kept.map(|kept| kept.size)].into_iter().flatten() {
        if told > size {
            return Ok(Err(Fault { index: None, what: What::Shorter(told) }));
        }
    }
    let mut walk = Walk { keys, kept, signed, verifier: Verifier::new(), roots: Vec::new() };
    let mut page = page_from(store, 0).await?;
    while walk.verifier.size() < size && !page.entries.is_empty() {
        let before = walk.verifier.size();
        // The next page is read while this one is checked.
        let next = before.saturating_add(PAGE as u64);
        let (read, checked) =
            tokio::join!(biased; page_from(store, next), async { walk.check(&page, size, &mut see) });
        if let Err(fault) = checked {
            return Ok(Err(fault));
        }
        if walk.verifier.size().saturating_sub(before) < PAGE as u64 {
            break;
        }
        page = read?;
    }
    if let Err(fault) = walk.higher_tiles(store).await? {
        return Ok(Err(fault));
    }
    if let Some(index) = beyond_the_head(store).await? {
        return Ok(Err(Fault { index: Some(index), what: What::Place }));
    }
    Ok(walk.verifier.finish(size, &head.root, &head.frontier))
}

/// The place of an entry that no head counts: head and places move together, so somebody put it there.
async fn beyond_the_head(store: &dyn Store) -> Read<Option<u64>> {
    loop {
        let size = store.log_head().await?.size;
        let Some(entry) = store.audit_page(size, 1).await?.pop() else { return Ok(None) };
        // The sequencer may have come between the two.
        if store.log_head().await?.size == size {
            return Ok(entry.log_index.and_then(|index| u64::try_from(index).ok()));
        }
    }
}

async fn page_from(store: &dyn Store, from: u64) -> Read<Page> {
    let first = i64::try_from(from).unwrap_or(i64::MAX);
    let ids: Vec<TileId> = (0..(PAGE / TILE_WIDTH) as u64)
        .map(|n| TileId { level: 0, index: (from / TILE_WIDTH as u64).saturating_add(n) })
        .collect();
    let end = first.saturating_add(i64::try_from(PAGE).unwrap_or(i64::MAX));
    // All are asked at once, so that they are read while the page before is checked.
    let (entries, tiles, checkpoints) =
        tokio::join!(store.audit_page(first, PAGE), store.tiles(&ids), store.checkpoints_after(first, PAGE));
    let mut checkpoints = checkpoints?;
    checkpoints.retain(|checkpoint| checkpoint.size <= end);
    Ok(Page { entries: entries?, tiles: tiles?, checkpoints })
}

/// How far the check has come.
struct Walk<'a> {
    keys: Vec<VerifierKey>,
    kept: Option<&'a Checkpoint>,
    /// As far as something was signed, the tiles must be there.
    signed: u64,
    verifier: Verifier,
    /// The roots of the full tiles so far.
    roots: Vec<Hash>,
}

impl Walk<'_> {
    fn check(
        &mut self,
        page: &Page,
        size: u64,
        see: &mut (impl FnMut(&StoredEntry) + Send),
    ) -> Result<(), Fault> {
        let mut hashes = page.tiles.iter().flat_map(|tile| {
            let of_tile = tile.iter().flat_map(Tile::hashes).map(Some);
            of_tile.chain(std::iter::repeat(None)).take(TILE_WIDTH)
        });
        let mut checkpoints = page.checkpoints.iter().peekable();
        for entry in &page.entries {
            let index = entry.log_index.and_then(|index| u64::try_from(index).ok());
            let index = index.ok_or(Fault { index: None, what: What::Place })?;
            if index >= size {
                break;
            }
            let hash = hashes.next().flatten();
            self.verifier.push(&Row {
                index,
                entry_id: entry.entry_id.as_str(),
                at: entry.at,
                kind: &entry.kind,
                site_id: entry.site_id.as_str(),
                person_id: entry.person_id.as_ref().map(PersonId::as_str),
                referral_id: entry.referral_id.as_ref().map(ReferralId::as_str),
                partner_id: entry.partner_id.as_ref().map(PartnerId::as_str),
                leaf: &entry.leaf,
                content: entry.content.as_ref().map(|sealed| sealed.0.as_slice()),
                hash,
            })?;
            if hash.is_none() && index < self.signed {
                return Err(Fault { index: Some(index), what: What::Tile(0) });
            }
            see(entry);
            let so_far = self.verifier.size();
            while let Some(row) = checkpoints.next_if(|row| u64::try_from(row.size) == Ok(so_far)) {
                let said = signed_checkpoint(&row.note, &self.keys)
                    .filter(|said| said.size == so_far && said.root == row.root)
                    .ok_or(Fault { index: None, what: What::Note(so_far) })?;
                self.verifier.checkpoint(&said)?;
            }
            if let Some(kept) = self.kept.filter(|kept| kept.size == so_far) {
                self.verifier.checkpoint(kept)?;
            }
        }
        let full = page.tiles.iter().flatten().filter_map(|tile| tile.subtree(0, TILE_HEIGHT));
        self.roots.extend(full);
        Ok(())
    }

    /// The tiles above the lowest level, each hash from the tile below it.
    async fn higher_tiles(&self, store: &dyn Store) -> Read<Result<(), Fault>> {
        let (mut level, mut below) = (1_u8, self.roots.clone());
        while !below.is_empty() {
            let ids: Vec<TileId> =
                (0..below.len().div_ceil(TILE_WIDTH) as u64).map(|index| TileId { level, index }).collect();
            let mut roots = Vec::new();
            let mut hashes = below.iter().zip(0_u64..);
            for ids in ids.chunks(TILES) {
                for tile in store.tiles(ids).await? {
                    let kept =
                        tile.as_ref().map(|tile| tile.hashes().collect::<Vec<Hash>>()).unwrap_or_default();
                    for (place, (hash, at)) in hashes.by_ref().take(TILE_WIDTH).enumerate() {
                        let first = at.saturating_mul(span(level));
                        let is_kept = kept.get(place);
                        let is_due = first.saturating_add(span(level)) <= self.signed;
                        if is_kept.map_or(is_due, |kept| kept != hash) {
                            return Ok(Err(Fault { index: Some(first), what: What::Tile(level) }));
                        }
                    }
                    roots.extend(tile.and_then(|tile| tile.subtree(0, TILE_HEIGHT)));
                }
            }
            below = roots;
            level = level.saturating_add(1);
        }
        Ok(Ok(()))
    }
}

/// How many entries one hash of a tile at this level stands for.
fn span(level: u8) -> u64 {
    1_u64.checked_shl(u32::from(level).saturating_mul(TILE_HEIGHT)).unwrap_or(u64::MAX)
}
