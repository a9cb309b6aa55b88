//! Signed notes (C2SP `signed-note`): a text, and the signatures of those who stand by it, each in a line of its own.
//!
//! Only Ed25519 (type 0x01) is read. Signatures of other keys are passed over, as the format asks; one of a known key that
//! does not fit makes the whole note worthless. Signing itself needs a key, which this room never holds.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{leaf::hex, merkle::sha256};

/// Begins a line with a signature.
const SIGNATURE_START: &str = "\u{2014} ";
/// The type of signature: Ed25519 over the text.
const ED25519_TYPE: u8 = 0x01;
/// Length of the id of a key in a signature, in bytes.
const KEY_ID_BYTES: usize = 4;
/// Longest note that is read, in bytes.
const NOTE_MAX_BYTES: usize = 65_536;
/// Most signatures of a note that are read; the format asks for at least 16.
const SIGNATURES_MAX: usize = 32;

/// A public key under the name of whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    public: [u8; 32],
}

/// Why a note does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a signed note.
    #[error("it is no signed note: a text, an empty line, and lines with signatures")]
    Form,
    /// No signature of a key that is known here.
    #[error("none of its signatures is by a key that is known here")]
    UnknownKey,
    /// A signature of a known key does not fit.
    #[error("its signature does not fit: the text was changed, or another key signed")]
    Wrong,
}

impl VerifierKey {
    /// The key of `name`; `None` where a note cannot hold the name: it is empty, or has spaces, a plus sign or control
    /// characters in it.
    #[must_use]
    pub fn new(name: &str, public: [u8; 32]) -> Option<Self> {
        let holds = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '+';
        (!name.is_empty() && !name.contains(holds)).then(|| Self { name: name.to_owned(), public })
    }

    /// Whose it is.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public key, as RFC 8032 writes it.
    #[must_use]
    pub const fn public(&self) -> &[u8; 32] {
        &self.public
    }

    fn id_bytes(&self) -> [u8; KEY_ID_BYTES] {
        let named = [self.name.as_bytes(), b"\n", &[ED25519_TYPE], &self.public].concat();
        sha256(&named).first_chunk().copied().unwrap_or_default()
    }

    /// Its id: eight hexadecimal digits over name, type and key.
    #[must_use]
    pub fn id(&self) -> String {
        hex(&self.id_bytes())
    }

    /// The key as verifiers are told it: `name+id+base64`.
    #[must_use]
    pub fn to_text(&self) -> String {
        let bytes = [&[ED25519_TYPE], self.public.as_slice()].concat();
        format!("{}+{}+{}", self.name, self.id(), STANDARD.encode(bytes))
    }

    /// Reads [`VerifierKey::to_text`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('+')?;
        let (id, key) = rest.split_once('+')?;
        let bytes = STANDARD.decode(key).ok()?;
        let [ED25519_TYPE, public @ ..] = bytes.as_slice() else { return None };
        let key = Self::new(name, public.try_into().ok()?)?;
        (key.id() == id).then_some(key)
    }
}

/// The note: `text`, which must end in a line feed, and the signature over it that `key` checks.
#[must_use]
pub fn write(text: &str, key: &VerifierKey, signature: &[u8; 64]) -> String {
    let signed = STANDARD.encode([key.id_bytes().as_slice(), signature].concat());
    format!("{text}\n{SIGNATURE_START}{} {signed}\n", key.name)
}

/// The text of a note and the key that stands by it: the first of its signatures that is by one of `keys`.
///
/// # Errors
/// It is no note, nobody known signed it, or a signature of one who is known does not fit.
pub fn open<'n, 'k>(note: &'n str, keys: &'k [VerifierKey]) -> Result<(&'n str, &'k VerifierKey), NoteError> {
    let (text, lines) = split(note)?;
    let mut by = None;
    for line in lines.lines() {
        let (name, id, signature) = read_signature(line)?;
        let Some(key) = keys.iter().find(|key| key.name == name && key.id_bytes() == id) else { continue };
        UnparsedPublicKey::new(&ED25519, &key.public)
            .verify(text.as_bytes(), &signature)
            .map_err(|_| NoteError::Wrong)?;
        by = by.or(Some(key));
    }
    by.map(|key| (text, key)).ok_or(NoteError::UnknownKey)
}

/// The text, with its last line feed, and the lines of signatures.
fn split(note: &str) -> Result<(&str, &str), NoteError> {
    let is_control = |letter: char| letter < ' ' && letter != '\n';
    if note.len() > NOTE_MAX_BYTES || note.contains(is_control) {
        return Err(NoteError::Form);
    }
    // The text may hold empty lines; the last one ends it.
    let at = note.rfind("\n\n").ok_or(NoteError::Form)?;
    let (text, rest) = note.split_at_checked(at.saturating_add(1)).ok_or(NoteError::Form)?;
    let lines = rest.strip_prefix('\n').filter(|lines| lines.ends_with('\n')).ok_or(NoteError::Form)?;
    if lines.lines().count() > SIGNATURES_MAX { Err(NoteError::Form) } else { Ok((text, lines)) }
}

/// Name, id of the key, and signature.
fn read_signature(line: &str) -> Result<(&str, [u8; KEY_ID_BYTES], Vec<u8>), NoteError> {
    let rest = line.strip_prefix(SIGNATURE_START).ok_or(NoteError::Form)?;
    let (name, signed) = rest.split_once(' ').ok_or(NoteError::Form)?;
    let bytes = STANDARD.decode(signed).map_err(|_| NoteError::Form)?;
    let (id, signature) = bytes.split_first_chunk().ok_or(NoteError::Form)?;
    if name.is_empty() || signature.is_empty() {
        return Err(NoteError::Form);
    }
    Ok((name, *id, signature.to_vec()))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
    use proptest::prelude::*;

    use super::*;

    fn pair(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
    }

    fn key(seed: u8, name: &str) -> VerifierKey {
        VerifierKey::new(name, pair(seed).public_key().as_ref().try_into().unwrap()).unwrap()
    }

    fn signed(text: &str, seed: u8, name: &str) -> String {
        let signature = pair(seed).sign(text.as_bytes()).as_ref().try_into().unwrap();
        write(text, &key(seed, name), &signature)
    }

    /// The key and the note of the Go library that the format comes from (`golang.org/x/mod/sumdb/note`).
    #[test]
    fn a_note_and_a_key_that_others_made_are_read() {
        let peter =
            VerifierKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
        let text = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
        let note = format!(
            "{text}\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
        );
        assert_eq!(open(&note, std::slice::from_ref(&peter)), Ok((text, &peter)));
        assert_eq!(peter.to_text(), "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    }

    #[test]
    fn only_what_a_known_key_signed_is_opened() {
        let note = signed("a\n\nb\n", 1, "log.example/one");
        let known = [key(1, "log.example/one")];
        assert_eq!(open(&note, &known), Ok(("a\n\nb\n", &known[0])));
        assert_eq!(open(&note, &[key(1, "log.example/two")]), Err(NoteError::UnknownKey));
        assert_eq!(open(&note, &[key(2, "log.example/one")]), Err(NoteError::UnknownKey));
        assert_eq!(open(&note.replace("b\n", "c\n"), &known), Err(NoteError::Wrong));
        // A stranger's signature beside it changes nothing, a wrong one of a known key everything.
        let stranger = signed("a\n\nb\n", 3, "witness.example");
        let beside = stranger.lines().last().unwrap();
        assert!(open(&format!("{note}{beside}\n"), &known).is_ok());
        let both = [known[0].clone(), key(3, "witness.example")];
        let forged = signed("another\n", 3, "witness.example");
        let forged = forged.lines().last().unwrap();
        assert_eq!(open(&format!("{note}{forged}\n"), &both), Err(NoteError::Wrong));
    }

    #[test]
    fn what_is_no_note_is_refused() {
        let note = signed("text\n", 1, "log.example");
        let keys = [key(1, "log.example")];
        for wrong in [
            String::new(),
            String::from("text\n"),
            note.trim_end().to_owned(),
            note.replace("\n\n", "\n"),
            note.replace('\u{2014}', "-"),
            note.replace("text", "te\txt"),
            note.replace("log.example ", ""),
            format!("text\n{}", "x\n".repeat(NOTE_MAX_BYTES)),
        ] {
            assert_eq!(open(&wrong, &keys), Err(NoteError::Form), "{wrong:.60}");
        }
        for (name, right) in
            [("a b", false), ("a+b", false), ("", false), ("a\u{a0}b", false), ("a/b:1", true)]
        {
            assert_eq!(VerifierKey::new(name, [1; 32]).is_some(), right, "{name}");
        }
        assert_eq!(VerifierKey::parse(&keys[0].to_text()), Some(keys[0].clone()));
        assert_eq!(VerifierKey::parse(&keys[0].to_text().replace("log", "lag")), None);
    }

    proptest! {
        #[test]
        fn any_text_is_opened_or_refused(text in "\\PC*", lines in proptest::collection::vec("[\u{2014} a-zA-Z0-9+/=\n]{0,60}", 0..5)) {
            let note = format!("{text}\n\n{}", lines.join("\n"));
            prop_assert!(open(&note, &[key(1, "a")]).is_err(), "nobody signed it");
        }

        #[test]
        fn one_changed_byte_of_the_text_is_found(at in 0_usize..40, bit in 0_u8..7) {
            let text = "log.example\n12\nabcdefghijklmnopqrstuvwxyz\n";
            let note = signed(text, 1, "log.example");
            let mut bytes = note.into_bytes();
            bytes[at] ^= 1 << bit;
            if let Ok(changed) = String::from_utf8(bytes) {
                prop_assert!(open(&changed, &[key(1, "log.example")]).is_err());
            }
        }
    }
}
