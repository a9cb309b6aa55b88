//! The root key: random, made once for a database, and kept there wrapped by the key-encryption key. Every other key
//! hangs from it, so another key-encryption key means to wrap this one again and nothing else.

use std::fmt;

use zeroize::Zeroizing;

use super::{ContentKey, KEY_BYTES, VaultError, close, reopen};
use crate::ids::Chance;

/// First byte of a wrapped root key. A change of cipher or layout takes another.
const FORMAT: u8 = 1;

/// The key that all others are derived from or wrapped by. Its bytes are wiped when it is dropped and never shown.
pub struct RootKey {
    id: u8,
    pub(super) bytes: Zeroizing<[u8; KEY_BYTES]>,
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootKey({})", self.id)
    }
}

impl RootKey {
    /// The id of the first root key of a database. There is one so far.
    const FIRST: u8 = 1;

    /// A new one for a new database.
    #[must_use]
    pub fn fresh(chance: &dyn Chance) -> Self {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        chance.fill(bytes.as_mut());
        Self { id: Self::FIRST, bytes }
    }

    /// Which it is: the first byte of every key that it wraps, and the `key_id` of look-ups.
    #[must_use]
    pub const fn id(&self) -> u8 {
        self.id
    }

    /// The key wrapped for the database.
    #[must_use]
    pub fn wrap(&self, key_encryption_key: &[u8; KEY_BYTES], chance: &dyn Chance) -> Vec<u8> {
        let mut wrapped = vec![FORMAT];
        let under = ContentKey(Zeroizing::new(*key_encryption_key));
        wrapped.extend(close(&under, chance, FORMAT, &label(self.id), self.bytes.as_ref()));
        wrapped
    }

    /// Opens what [`RootKey::wrap`] wrapped under the same key-encryption key.
    pub fn unwrap(id: u8, wrapped: &[u8], key_encryption_key: &[u8; KEY_BYTES]) -> Result<Self, VaultError> {
        let [FORMAT, rest @ ..] = wrapped else {
            return Err(VaultError::Unreadable);
        };
        let under = ContentKey(Zeroizing::new(*key_encryption_key));
        let bytes = Zeroizing::new(reopen(&under, FORMAT, &label(id), rest)?);
        let bytes = bytes.as_slice().try_into().map_err(|_| VaultError::Unreadable)?;
        Ok(Self { id, bytes: Zeroizing::new(bytes) })
    }
}

fn label(id: u8) -> String {
    format!("root-key/{id}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        ids::{PersonId, SeededChance, SiteId},
        vault::Vault,
    };

    #[test]
    fn another_key_encryption_key_is_one_row_wrapped_again() {
        let chance = Arc::new(SeededChance::new(1));
        let (old, new) = ([7; 32], [8; 32]);
        let root = RootKey::fresh(chance.as_ref());
        let wrapped = root.wrap(&old, chance.as_ref());
        let (site, person) = (SiteId::parse("north").unwrap(), PersonId::parse("p").unwrap());
        let vault = Vault::open(root, chance.clone());
        let (key, wrapped_key) = vault.new_person_key(&site, &person);
        let sealed = vault.seal(&key, "l", b"content");
        let found_by = vault.lookup_hash(&site, "nhs-number", "1");

        let again = RootKey::unwrap(1, &wrapped, &old).unwrap().wrap(&new, chance.as_ref());
        let vault = Vault::open(RootKey::unwrap(1, &again, &new).unwrap(), chance);
        let key = vault.person_key(&site, &person, &wrapped_key).unwrap();
        assert_eq!(vault.unseal(&key, "l", &sealed).unwrap(), b"content");
        assert_eq!(vault.lookup_hash(&site, "nhs-number", "1"), found_by);
    }

    #[test]
    fn it_opens_under_its_own_key_encryption_key_and_id_only() {
        let chance = SeededChance::new(1);
        let root = RootKey::fresh(&chance);
        let wrapped = root.wrap(&[7; 32], &chance);
        assert_eq!(RootKey::unwrap(1, &wrapped, &[8; 32]).err(), Some(VaultError::Unreadable));
        assert_eq!(RootKey::unwrap(2, &wrapped, &[7; 32]).err(), Some(VaultError::Unreadable));
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            assert_eq!(
                RootKey::unwrap(1, &changed, &[7; 32]).err(),
                Some(VaultError::Unreadable),
                "byte {at}"
            );
            assert!(RootKey::unwrap(1, &wrapped[..at], &[7; 32]).is_err(), "cut at {at}");
        }
        assert_ne!(wrapped, root.wrap(&[7; 32], &chance));
        assert_eq!(format!("{root:?}"), "RootKey(1)");
    }
}
