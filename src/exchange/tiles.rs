//! What others read of the log: its latest checkpoint, its keys, its tiles, and, for the liaison and diversion service alone,
//! its entries. Nothing is shown beyond the latest checkpoint.

use serde_json::{Value, json};

use super::{
    Answer, CheckpointError, Exchange,
    caller::Caller,
    ports::Write,
    refusal::Refusal,
    rows::{CheckpointRow, StoredEntry},
};
use crate::{
    audit::{
        Kind, Leaf, bundle,
        tiles::{TILE_WIDTH, TileId},
    },
    clock::Moment,
    ids::SiteId,
};

/// How long what never changes may be kept by whoever asked, and by nobody between.
const KEPT: &str = "private, max-age=31536000, immutable";
/// What parts a tile's place from the width of one that is not full.
const PARTIAL: &str = ".p/";

impl Exchange {
    /// `GET /log/checkpoint`.
    pub async fn read_checkpoint(&self) -> Result<Answer, Refusal> {
        let latest = self.store.latest_checkpoint().await?.ok_or_else(Refusal::not_found)?;
        let mut answer = Answer::json(200, &Value::Null);
        answer.content_type = "text/plain; charset=utf-8";
        answer.body = latest.note.into_bytes();
        Ok(answer)
    }

    /// `GET /log/keys`: every key that signs or signed for the log, the oldest first.
    pub async fn read_log_keys(&self) -> Result<Answer, Refusal> {
        let keys = self.store.log_keys().await?;
        let origin = keys.last().map(|key| key.name.clone());
        let shown: Option<Vec<Value>> = keys
            .iter()
            .map(|key| {
                Some(json!({
                    "key_id": key.key_id,
                    "verifier_key": key.verifier()?.to_text(),
                    "valid_from": key.valid_from.to_rfc3339(),
                    "valid_until": key.valid_until.map(Moment::to_rfc3339),
                }))
            })
            .collect();
        let shown = shown.ok_or_else(Refusal::internal)?;
        Ok(Answer::json(200, &json!({"origin": origin.ok_or_else(Refusal::not_found)?, "keys": shown})))
    }

    /// `GET /log/tile/{level}/{place}`: `place` as tlog-tiles has it, with `.p/<width>` for a tile that is not full.
    pub async fn read_tile(&self, level: &str, place: &str) -> Result<Answer, Refusal> {
        let level =
            decimal(level).and_then(|level| u8::try_from(level).ok()).ok_or_else(Refusal::not_found)?;
        let (id, width) = self.shown_tile(level, place).await?;
        let tile = self.store.tiles(&[id]).await?.pop().flatten();
        let tile = tile.and_then(|tile| tile.cut(width)).ok_or_else(Refusal::not_found)?;
        Ok(bytes(tile.as_bytes().to_vec(), Some(KEPT)))
    }

    /// `GET /log/tile/entries/{place}`: the leaves of a tile at level 0. They name people by ids that every agency's entries
    /// have in common, and looks of which their actor must not hear: a tile with an entry of another site, or with a look that
    /// was refused to the caller itself, is not there.
    pub async fn read_log_entries(&self, caller: &Caller, place: &str) -> Result<Answer, Refusal> {
        if !caller.is_service() {
            return Err(Refusal::not_found());
        }
        let (id, width) = self.shown_tile(0, place).await?;
        let first = id.index.saturating_mul(TILE_WIDTH as u64);
        let entries = self.store.audit_page(i64::try_from(first).unwrap_or(i64::MAX), width).await?;
        if entries.len() != width || !entries.iter().all(|entry| may_see(caller, entry)) {
            return Err(Refusal::not_found());
        }
        let mut body = Vec::new();
        for entry in &entries {
            bundle::put_entry(&mut body, &entry.leaf).ok_or_else(Refusal::internal)?;
        }
        let look = self
            .note(&caller.site_id, self.now(), Kind::Viewed, caller.partner_id.as_str())
            .fact("what", "log-entries")
            .fact("first", &first)
            .fact("number", &width);
        let look: Write = look.write();
        self.commit(vec![look], Vec::new()).await?;
        Ok(bytes(body, None))
    }

    /// Puts on record that the log is exported, and answers the checkpoint up to which it is.
    ///
    /// # Errors
    /// Nothing is signed yet, or the entry cannot be kept: then nothing may be exported.
    pub async fn begin_export(&self, site: &SiteId, actor: &str) -> Result<CheckpointRow, CheckpointError> {
        let latest = self.store.latest_checkpoint().await?.ok_or(CheckpointError::NoKey)?;
        let note = self.note(site, self.now(), Kind::Exported, actor).fact("entries", &latest.size);
        self.store.commit(vec![note.write()], Vec::new()).await?;
        self.ring();
        Ok(latest)
    }

    /// Which tile is asked for and how wide, if the latest checkpoint has it so wide.
    async fn shown_tile(&self, level: u8, place: &str) -> Result<(TileId, usize), Refusal> {
        let asked = match place.split_once(PARTIAL) {
            None => TileId::parse_place(level, place).map(|id| (id, TILE_WIDTH)),
            Some((place, width)) => {
                let width = decimal(width).filter(|width| (1..TILE_WIDTH).contains(width));
                TileId::parse_place(level, place).zip(width)
            }
        };
        let (id, width) = asked.ok_or_else(Refusal::not_found)?;
        let latest = self.store.latest_checkpoint().await?.ok_or_else(Refusal::not_found)?;
        let there = id.width_at(u64::try_from(latest.size).unwrap_or(0));
        if width <= there { Ok((id, width)) } else { Err(Refusal::not_found()) }
    }
}

fn may_see(caller: &Caller, entry: &StoredEntry) -> bool {
    let refused_to_caller = || match Leaf::read(&entry.leaf) {
        Ok(leaf) => leaf.kind == Kind::AccessRefused.as_str() && leaf.actor == caller.partner_id.as_str(),
        Err(_) => true,
    };
    entry.site_id == caller.site_id && !refused_to_caller()
}

fn bytes(body: Vec<u8>, kept: Option<&'static str>) -> Answer {
    let mut answer = Answer::json(200, &Value::Null);
    answer.content_type = "application/octet-stream";
    answer.body = body;
    answer.headers.extend(kept.map(|kept| ("cache-control", kept.to_owned())));
    answer
}

/// A number in the one way in which the format writes it.
fn decimal(text: &str) -> Option<usize> {
    let number: usize = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}
