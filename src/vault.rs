//! Keys for content: one for each person, wrapped, and one for each site for what belongs to nobody yet. Both hang
//! from the database's root key, and that from the key-encryption key of the configuration. Erasing a person is
//! destroying the wrapped key.
//!
//! Sealed bytes are a format byte, a random 96-bit nonce, and AES-256-GCM ciphertext with its tag; the format
//! byte and the caller's label are authenticated with them, so that sealed content cannot be moved to another
//! place. The keys that sign documents (`document_key`) and the audit
//! log (`log_key`) are here too. Not here: where sealed bytes are kept (`store`), and
//! the keys that sign tokens and events (`identity`, `outbound`).

mod document_key;
mod log_key;
mod root;

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    error::Unspecified,
    hkdf, hmac,
};
use zeroize::Zeroizing;

use crate::{
    exchange::rows::Sealed,
    ids::{Chance, PersonId, SiteId},
};

pub use document_key::{Attested, DocumentKey, Doubt, check_signature, key_ids};
pub use log_key::LogKey;
pub use root::RootKey;

/// Length of every key, in bytes.
const KEY_BYTES: usize = 32;
/// First byte of sealed content. A change of cipher or layout takes another.
const SEALED_FORMAT: u8 = 1;
/// Salt of all derivations: separates these keys from any other use of the same secret.
const SALT: &[u8] = b"keyway/vault/1";

/// A key that content is sealed under. Its bytes are wiped when it is dropped and never shown.
pub struct ContentKey(Zeroizing<[u8; KEY_BYTES]>);

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(..)")
    }
}

/// Why something cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The person was erased, and the key is gone, or the content was purged at the end of its retention.
    #[error("the key was destroyed when the person was erased, or the content was purged")]
    Erased,
    /// Another key, another label, or changed bytes.
    #[error("the sealed bytes do not open under this key and label")]
    Unreadable,
}

/// Makes, wraps and uses keys.
pub struct Vault {
    root: RootKey,
    chance: Arc<dyn Chance>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}

impl Vault {
    /// A vault over this root key; nonces and new keys come from `chance`.
    #[must_use]
    pub fn open(root: RootKey, chance: Arc<dyn Chance>) -> Self {
        Self { root, chance }
    }

    /// Which root key it works with: the first byte of the keys that it wraps, and what stands beside look-ups.
    #[must_use]
    pub const fn key_id(&self) -> u8 {
        self.root.id()
    }

    /// A new key for a person, and the same key wrapped, for the database. It opens as that person's only.
    #[must_use]
    pub fn new_person_key(&self, site: &SiteId, person: &PersonId) -> (ContentKey, Vec<u8>) {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        self.chance.fill(key.as_mut());
        let (id, label) = (self.key_id(), person_key_label(site, person));
        let mut wrapped = vec![id];
        wrapped.extend(close(&self.wrapping_key(), self.chance.as_ref(), id, &label, key.as_ref()));
        (ContentKey(key), wrapped)
    }

    /// Opens a person's wrapped key. An empty one is that of an erased person.
    pub fn person_key(
        &self,
        site: &SiteId,
        person: &PersonId,
        wrapped: &[u8],
    ) -> Result<ContentKey, VaultError> {
        match wrapped {
            [] => Err(VaultError::Erased),
            [id, rest @ ..] if *id == self.key_id() => {
                let label = person_key_label(site, person);
                let bytes = Zeroizing::new(reopen(&self.wrapping_key(), *id, &label, rest)?);
                let key = bytes.as_slice().try_into().map_err(|_| VaultError::Unreadable)?;
                Ok(ContentKey(Zeroizing::new(key)))
            }
            _ => Err(VaultError::Unreadable),
        }
    }

    /// The key for a site's content that belongs to no person: unmatched messages in, kept answers.
    #[must_use]
    pub fn site_key(&self, site: &SiteId) -> ContentKey {
        ContentKey(self.derive(&["content", site.as_str()]))
    }

    /// A keyed hash by which a person is found again: HMAC-SHA-256 under a key of the site's own, so that the
    /// same number at two sites, or of two kinds, has nothing to show for it.
    #[must_use]
    pub fn lookup_hash(&self, site: &SiteId, kind: &str, value: &str) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.derive(&["look-up", site.as_str()]).as_ref());
        let tag = hmac::sign(&key, &length_prefixed(&[kind, value]));
        let mut hash = [0; 32];
        for (to, from) in hash.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        hash
    }

    /// Seals `plain`. The label says what it is and where it belongs (`message/<id>/body`): unsealing asks for
    /// the same.
    #[must_use]
    pub fn seal(&self, key: &ContentKey, label: &str, plain: &[u8]) -> Sealed {
        let mut sealed = vec![SEALED_FORMAT];
        sealed.extend(close(key, self.chance.as_ref(), SEALED_FORMAT, label, plain));
        Sealed(sealed)
    }

    /// Opens what [`Vault::seal`] sealed under the same key and label. Empty bytes are of what was purged.
    pub fn unseal(&self, key: &ContentKey, label: &str, sealed: &Sealed) -> Result<Vec<u8>, VaultError> {
        match sealed.0.as_slice() {
            [SEALED_FORMAT, rest @ ..] => reopen(key, SEALED_FORMAT, label, rest),
            [] => Err(VaultError::Erased),
            _ => Err(VaultError::Unreadable),
        }
    }

    /// A salt that hangs from a person's key: when that is destroyed, nobody can open what was committed to under it.
    #[must_use]
    pub fn salt(key: &ContentKey, label: &str) -> [u8; KEY_BYTES] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.0.as_ref());
        let tag = hmac::sign(&key, &length_prefixed(&["keyway/salt/1", label]));
        let mut salt = [0; KEY_BYTES];
        for (to, from) in salt.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        salt
    }

    fn wrapping_key(&self) -> ContentKey {
        ContentKey(self.derive(&["wrap"]))
    }

    /// HKDF-SHA-256 of the root key for one purpose.
    #[expect(clippy::expect_used, reason = "HKDF refuses only outputs over 8,160 bytes; this one is 32")]
    fn derive(&self, purpose: &[&str]) -> Zeroizing<[u8; KEY_BYTES]> {
        let info = length_prefixed(purpose);
        let info = [info.as_slice()];
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, SALT)
            .extract(self.root.bytes.as_ref())
            .expand(&info, hkdf::HKDF_SHA256)
            .and_then(|output| output.fill(key.as_mut()))
            .expect("32 bytes can be derived");
        key
    }
}

/// No id holds a slash, so no two people have the same label.
fn person_key_label(site: &SiteId, person: &PersonId) -> String {
    format!("person-key/{site}/{person}")
}

/// Nonce, ciphertext and tag. `format` is authenticated though it is not among them.
#[expect(clippy::expect_used, reason = "AES-GCM refuses only more than 64 GiB, which no limit lets in")]
fn close(key: &ContentKey, chance: &dyn Chance, format: u8, label: &str, plain: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE_LEN];
    chance.fill(&mut nonce);
    let mut text = plain.to_vec();
    cipher(key)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound_to(format, label), &mut text)
        .expect("the content is short enough to be sealed");
    [nonce.as_slice(), &text].concat()
}

fn reopen(key: &ContentKey, format: u8, label: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
    let unreadable = |_: Unspecified| VaultError::Unreadable;
    let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(VaultError::Unreadable)?;
    let mut text = text.to_vec();
    let plain_bytes = cipher(key)
        .open_in_place(Nonce::assume_unique_for_key(*nonce), bound_to(format, label), &mut text)
        .map_err(unreadable)?
        .len();
    text.truncate(plain_bytes);
    Ok(text)
}

fn bound_to(format: u8, label: &str) -> Aad<Vec<u8>> {
    Aad::from([&[format], label.as_bytes()].concat())
}

#[expect(clippy::expect_used, reason = "only a key of another length is refused, and the type fixes it")]
fn cipher(key: &ContentKey) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.0.as_ref()).expect("a key of 32 bytes"))
}

/// Parts with their lengths before them, so that `ab`+`c` and `a`+`bc` differ.
fn length_prefixed(parts: &[&str]) -> Vec<u8> {
    parts.iter().flat_map(|part| (part.len() as u64).to_be_bytes().into_iter().chain(part.bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::SeededChance;

    fn vault() -> Vault {
        let chance = SeededChance::new(1);
        Vault::open(RootKey::fresh(&chance), Arc::new(chance))
    }

    fn person(name: &str) -> PersonId {
        PersonId::parse(name).unwrap()
    }

    fn new_key(vault: &Vault) -> (ContentKey, Vec<u8>) {
        vault.new_person_key(&site("north"), &person("ann"))
    }

    fn site(name: &str) -> SiteId {
        SiteId::parse(name).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_under_the_same_key_and_label_and_no_other() {
        let vault = vault();
        let (key, wrapped) = new_key(&vault);
        let sealed = vault.seal(&key, "message/1/body", b"content");
        let again = vault.person_key(&site("north"), &person("ann"), &wrapped).unwrap();
        assert_eq!(vault.unseal(&again, "message/1/body", &sealed).unwrap(), b"content");
        assert_eq!(vault.unseal(&again, "message/2/body", &sealed), Err(VaultError::Unreadable));
        let (other, _) = new_key(&vault);
        assert_eq!(vault.unseal(&other, "message/1/body", &sealed), Err(VaultError::Unreadable));
        assert_eq!(
            vault.unseal(&vault.site_key(&site("north")), "message/1/body", &sealed),
            Err(VaultError::Unreadable)
        );
    }

    #[test]
    fn any_changed_byte_is_noticed() {
        let vault = vault();
        let (key, wrapped) = new_key(&vault);
        let sealed = vault.seal(&key, "l", b"content");
        for at in 0..sealed.0.len() {
            let mut changed = sealed.clone();
            changed.0[at] ^= 1;
            assert_eq!(vault.unseal(&key, "l", &changed), Err(VaultError::Unreadable), "byte {at}");
            let shorter = Sealed(sealed.0[..at].to_vec());
            // Nothing at all is what purging leaves.
            let fault = if at == 0 { VaultError::Erased } else { VaultError::Unreadable };
            assert_eq!(vault.unseal(&key, "l", &shorter), Err(fault), "cut at {at}");
        }
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            let opened = vault.person_key(&site("north"), &person("ann"), &changed);
            assert_eq!(opened.err(), Some(VaultError::Unreadable), "byte {at}");
        }
    }

    #[test]
    fn an_erased_person_has_no_key() {
        assert_eq!(vault().person_key(&site("north"), &person("ann"), &[]).err(), Some(VaultError::Erased));
    }

    #[test]
    fn a_wrapped_key_opens_as_that_of_its_own_person_only() {
        let vault = vault();
        let (_, wrapped) = new_key(&vault);
        for (site, person) in [(site("south"), person("ann")), (site("north"), person("bob"))] {
            assert_eq!(vault.person_key(&site, &person, &wrapped).err(), Some(VaultError::Unreadable));
        }
    }

    #[test]
    fn another_root_key_opens_nothing() {
        let (_, wrapped) = new_key(&vault());
        let chance = SeededChance::new(2);
        let other = Vault::open(RootKey::fresh(&chance), Arc::new(chance));
        let opened = other.person_key(&site("north"), &person("ann"), &wrapped);
        assert_eq!(opened.err(), Some(VaultError::Unreadable));
        assert_ne!(
            other.lookup_hash(&site("north"), "nhs-number", "1"),
            vault().lookup_hash(&site("north"), "nhs-number", "1")
        );
    }

    #[test]
    fn the_same_content_sealed_twice_looks_different() {
        let vault = vault();
        let key = vault.site_key(&site("north"));
        assert_ne!(vault.seal(&key, "l", b"content"), vault.seal(&key, "l", b"content"));
    }

    #[test]
    fn a_keyed_hash_is_steady_and_differs_by_site_kind_and_value() {
        let vault = vault();
        let hash = vault.lookup_hash(&site("north"), "nhs-number", "12");
        assert_eq!(hash, vault.lookup_hash(&site("north"), "nhs-number", "12"));
        let others = [
            vault.lookup_hash(&site("south"), "nhs-number", "12"),
            vault.lookup_hash(&site("north"), "sender:cmht", "12"),
            vault.lookup_hash(&site("north"), "nhs-number", "13"),
            vault.lookup_hash(&site("north"), "nhs-number1", "2"),
        ];
        assert!(!others.contains(&hash));
    }

    #[test]
    fn nothing_of_a_key_or_of_content_is_printed() {
        let vault = vault();
        let (key, _) = new_key(&vault);
        let sealed = vault.seal(&key, "l", b"abc");
        assert_eq!(format!("{vault:?} {key:?} {sealed:?}"), "Vault(..) ContentKey(..) Sealed(32 bytes)");
    }
}
