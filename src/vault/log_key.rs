//! The key that signs for the audit log: Ed25519, made here, and kept in the database wrapped like a person's key.

use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::{KEY_BYTES, Vault, VaultError, close, reopen};

/// Signs checkpoints and receipts. Never shown.
pub struct LogKey {
    pair: Ed25519KeyPair,
    public: [u8; 32],
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogKey(..)")
    }
}

impl LogKey {
    fn of(seed: &[u8; KEY_BYTES]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        let public = pair.public_key().as_ref().try_into().ok()?;
        Some(Self { pair, public })
    }

    /// The public key, as RFC 8032 writes it.
    #[must_use]
    pub const fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// The signature of `text`.
    #[must_use]
    pub fn sign(&self, text: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        for (to, from) in signature.iter_mut().zip(self.pair.sign(text).as_ref()) {
            *to = *from;
        }
        signature
    }
}

impl Vault {
    /// A new key for the log, and the same key wrapped, for the database. It opens as the key of this `name` only.
    ///
    /// # Errors
    /// The random bytes are no key; they nearly always are.
    pub fn new_log_key(&self, name: &str) -> Result<(LogKey, Vec<u8>), VaultError> {
        let mut seed = Zeroizing::new([0; KEY_BYTES]);
        self.chance.fill(seed.as_mut());
        let key = LogKey::of(&seed).ok_or(VaultError::Unreadable)?;
        let (id, label) = (self.key_id(), label(name, &key.public));
        let mut wrapped = vec![id];
        wrapped.extend(close(&self.wrapping_key(), self.chance.as_ref(), id, &label, seed.as_ref()));
        Ok((key, wrapped))
    }

    /// Opens the wrapped key of the log with this name and public key.
    ///
    /// # Errors
    /// Another root key wrapped it, its row was changed, or it is the key of another name or public key.
    pub fn log_key(&self, name: &str, public: &[u8; 32], wrapped: &[u8]) -> Result<LogKey, VaultError> {
        match wrapped {
            [id, rest @ ..] if *id == self.key_id() => {
                let seed = Zeroizing::new(reopen(&self.wrapping_key(), *id, &label(name, public), rest)?);
                let seed =
                    seed.as_slice().try_into().map(Zeroizing::new).map_err(|_| VaultError::Unreadable)?;
                LogKey::of(&seed).filter(|key| key.public == *public).ok_or(VaultError::Unreadable)
            }
            _ => Err(VaultError::Unreadable),
        }
    }
}

fn label(name: &str, public: &[u8; 32]) -> String {
    format!("log-key/{}/{name}", URL_SAFE_NO_PAD.encode(public))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    use super::*;
    use crate::{ids::SeededChance, vault::RootKey};

    #[test]
    fn a_key_opens_under_its_own_name_and_public_key_and_root_key_alone() {
        let chance = Arc::new(SeededChance::new(1));
        let vault = Vault::open(RootKey::fresh(chance.as_ref()), chance.clone());
        let (key, wrapped) = vault.new_log_key("log.example/log").unwrap();
        let again = vault.log_key("log.example/log", key.public(), &wrapped).unwrap();
        let signature = again.sign(b"text");
        assert!(UnparsedPublicKey::new(&ED25519, key.public()).verify(b"text", &signature).is_ok());

        let (other, _) = vault.new_log_key("log.example/log").unwrap();
        let another_root = Vault::open(RootKey::fresh(chance.as_ref()), chance);
        let mut changed = wrapped.clone();
        changed[20] ^= 1;
        for refused in [
            vault.log_key("log.example/lag", key.public(), &wrapped),
            vault.log_key("log.example/log", other.public(), &wrapped),
            vault.log_key("log.example/log", key.public(), &changed),
            vault.log_key("log.example/log", key.public(), &[]),
            another_root.log_key("log.example/log", key.public(), &wrapped),
        ] {
            assert_eq!(refused.err(), Some(VaultError::Unreadable));
        }
        assert_eq!(format!("{key:?}"), "LogKey(..)");
    }
}
