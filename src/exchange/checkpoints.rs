//! The signed checkpoints of the log, and the key that signs them.
//!
//! A checkpoint is signed over a head that is committed already, and shown to others only when it is committed itself. Nothing
//! is signed that does not go on from what was signed before: the tiles must prove it.

use std::collections::BTreeMap;

use super::{
    Exchange,
    ledger::Note,
    ports::{CommitError, StoreError, Write},
    rows::{CheckpointRow, LogHead, LogKeyRow},
};
use crate::{
    audit::{
        Checkpoint, Kind, Proof, hex,
        merkle::{Hash, sha256},
        note::{self, VerifierKey},
        tiles::{Tile, TileId},
        verify_consistency,
    },
    ids::SiteId,
    limits::CHECKPOINT_LATE_MICROS,
    vault::{LogKey, VaultError},
};

/// What follows the gateway's address in the name of its log.
const LOG_PATH: &str = "log";

/// Why there is no checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// No key was made for this log yet.
    #[error("the log has no key yet")]
    NoKey,
    /// The key cannot be opened, or its row was changed.
    #[error("the key of the log does not open")]
    Key(#[from] VaultError),
    /// The log is not the one that was signed before.
    #[error(
        "the log does not go on from its checkpoint of {0} entries: entries were changed or taken away, or an old copy of \
         the database was put in its place. Nothing more is signed. Run `keyway audit verify`"
    )]
    NotTheSameLog(i64),
    /// The database cannot be read, or what is read not understood.
    #[error(transparent)]
    Read(#[from] StoreError),
    /// The checkpoint or key cannot be kept.
    #[error(transparent)]
    Keep(#[from] CommitError),
}

impl LogKeyRow {
    /// The key as others check signatures with it; `None` when the row holds a name that no note can.
    #[must_use]
    pub fn verifier(&self) -> Option<VerifierKey> {
        VerifierKey::new(&self.name, self.public_key)
    }
}

impl Exchange {
    /// Makes the key of the log, when it has none; the log's name is the gateway's address then, and stays so.
    ///
    /// # Errors
    /// The key cannot be made or kept.
    pub async fn begin_log(&self, site: &SiteId) -> Result<(), CheckpointError> {
        if !self.store.log_keys().await?.is_empty() {
            return Ok(());
        }
        match self.change_log_key(site, "gateway").await {
            // Another gateway was the first to start.
            Err(CheckpointError::Keep(CommitError::Exists(_))) => Ok(()),
            other => other.map(|_| ()),
        }
    }

    /// Makes a new key for the log, which signs from now on; what earlier ones signed can still be checked. The change is an
    /// entry in the log.
    ///
    /// # Errors
    /// The key cannot be made or kept, or somebody else changes it at this moment.
    pub async fn change_log_key(&self, site: &SiteId, actor: &str) -> Result<LogKeyRow, CheckpointError> {
        let keys = self.store.log_keys().await?;
        let before = keys.iter().find(|key| key.valid_until.is_none());
        let name = keys.last().map_or_else(|| self.own_origin(), |last| last.name.clone());
        let (key, wrapped) = self.vault.new_log_key(&name)?;
        let verifier = VerifierKey::new(&name, *key.public()).ok_or(VaultError::Unreadable)?;
        let now = self.now();
        let row = LogKeyRow {
            key_id: verifier.id(),
            name,
            public_key: *key.public(),
            wrapped,
            valid_from: now,
            valid_until: None,
        };
        let note = Note::begin(&self.mint, site, now, Kind::KeyChanged, actor)
            .about("log-key", row.key_id.as_str())
            .fact("what", "log-key")
            .fact("public-key-sha256", &hex(&sha256(&row.public_key)));
        let note = match before {
            Some(before) => note.about("log-key-before", before.key_id.as_str()),
            None => note,
        };
        let before = before.map(|key| key.key_id.clone());
        self.store.commit(vec![Write::LogKey(row.clone(), before), note.write()], Vec::new()).await?;
        self.ring();
        Ok(row)
    }

    /// The name of a log that begins here: its address without the scheme, as the format asks.
    fn own_origin(&self) -> String {
        let host = self.base_url.split_once("://").map_or(self.base_url.as_str(), |(_, host)| host);
        format!("{}/{LOG_PATH}", host.trim_end_matches('/'))
    }

    /// The key that signs for the log now.
    pub(super) async fn log_key(&self) -> Result<(VerifierKey, LogKey), CheckpointError> {
        let keys = self.store.log_keys().await?;
        let row = keys.iter().find(|key| key.valid_until.is_none()).ok_or(CheckpointError::NoKey)?;
        let key = self.vault.log_key(&row.name, &row.public_key, &row.wrapped)?;
        let verifier = row.verifier().filter(|key| key.id() == row.key_id).ok_or(VaultError::Unreadable)?;
        Ok((verifier, key))
    }

    /// Signs the log as it stands, unless it was signed so already; answers whether something was signed.
    ///
    /// # Errors
    /// Nothing was signed, or nothing was kept.
    pub async fn sign_checkpoint(&self) -> Result<bool, CheckpointError> {
        let (head, last) = (self.store.log_head().await?, self.store.latest_checkpoint().await?);
        let (key, signer) = self.log_key().await?;
        let covered = last.as_ref().map_or(0, |last| last.size);
        match &last {
            None => {}
            Some(last) if last.size == head.size && last.root == head.root => return Ok(false),
            Some(last) => self.goes_on(last, &head).await?,
        }
        let size = u64::try_from(head.size).map_err(|_| StoreError::Corrupt("log_head"))?;
        let text = Checkpoint { origin: key.name().to_owned(), size, root: head.root }.text();
        let since = self.store.uncovered_since(covered).await?;
        let now = self.now();
        let row = CheckpointRow {
            size: head.size,
            root: head.root,
            note: note::write(&text, &key, &signer.sign(text.as_bytes())),
            key_id: key.id(),
            signed_at: now,
            late: since.is_some_and(|since| now.micros_since(since) > CHECKPOINT_LATE_MICROS),
        };
        match self.store.commit(vec![Write::Checkpoint(row)], Vec::new()).await {
            Ok(()) => Ok(true),
            // Another gateway signed the same, or the key was changed at this moment: the next round sees.
            Err(CommitError::Exists(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the tiles prove that the log at its head begins with what was signed.
    async fn goes_on(&self, last: &CheckpointRow, head: &LogHead) -> Result<(), CheckpointError> {
        let not_the_same = || CheckpointError::NotTheSameLog(last.size);
        let size = |size| u64::try_from(size).map_err(|_| not_the_same());
        let (earlier, size) = (size(last.size)?, size(head.size)?);
        if earlier == 0 {
            return Ok(());
        }
        let proof = Proof::consistency(earlier, size).ok_or_else(not_the_same)?;
        let hashes = self.proved(&proof).await?.ok_or_else(not_the_same)?;
        let goes_on = verify_consistency(earlier, size, &hashes, &last.root, &head.root);
        if goes_on { Ok(()) } else { Err(not_the_same()) }
    }

    /// The hashes of a proof, from the stored tiles; `None` when they do not hold them.
    pub(super) async fn proved(&self, proof: &Proof) -> Result<Option<Vec<Hash>>, StoreError> {
        let ids: Vec<TileId> = proof.tiles().into_iter().collect();
        let found = self.store.tiles(&ids).await?;
        let tiles: BTreeMap<TileId, Tile> =
            ids.into_iter().zip(found).filter_map(|(id, tile)| Some((id, tile?))).collect();
        Ok(proof.hashes(&tiles).ok())
    }
}
