//! The key that all others of a database hang from: opened at every start, made at the first.

use super::{
    ports::{CommitError, Store, StoreError, Write},
    rows::RootKeyRow,
};
use crate::{
    ids::Mint,
    vault::{RootKey, VaultError},
};

/// Why there is no root key to work with.
#[derive(Debug, thiserror::Error)]
pub enum RootKeyError {
    /// The key-encryption key is another than the one that wrapped it.
    #[error(
        "the key-encryption key does not open this database: it is not the one under which its keys are wrapped"
    )]
    AnotherKeyEncryptionKey,
    /// The database cannot be read.
    #[error(transparent)]
    Read(#[from] StoreError),
    /// The new key cannot be kept.
    #[error(transparent)]
    Keep(#[from] CommitError),
}

/// Opens the database's root key, or makes one for a database that has none and no people either.
///
/// # Errors
/// Nothing can be sealed or opened; nothing was changed.
pub async fn open_root_key(
    store: &dyn Store,
    mint: &Mint,
    key_encryption_key: &[u8; 32],
) -> Result<RootKey, RootKeyError> {
    let row = match store.root_key().await? {
        Some(row) => row,
        None => make(store, mint, key_encryption_key).await?,
    };
    // What is stored is what counts: also a key that was just made is opened from what was kept.
    u8::try_from(row.key_id)
        .map_err(|_| VaultError::Unreadable)
        .and_then(|id| RootKey::unwrap(id, &row.wrapped, key_encryption_key))
        .map_err(|_| RootKeyError::AnotherKeyEncryptionKey)
}

async fn make(
    store: &dyn Store,
    mint: &Mint,
    key_encryption_key: &[u8; 32],
) -> Result<RootKeyRow, RootKeyError> {
    let fresh = RootKey::fresh(mint.chance());
    let row = RootKeyRow {
        key_id: i64::from(fresh.id()),
        wrapped: fresh.wrap(key_encryption_key, mint.chance()),
        created_at: mint.clock().now(),
    };
    match store.commit(vec![Write::RootKey(row.clone())], Vec::new()).await {
        Ok(()) => Ok(row),
        // Another gateway was the first to start.
        Err(error @ CommitError::Exists(_)) => store.root_key().await?.ok_or(RootKeyError::Keep(error)),
        Err(error) => Err(error.into()),
    }
}
