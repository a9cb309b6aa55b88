//! The canonical bytes of an entry, and how to read them again. `docs/audit-format.md` is the reference for
//! anyone who writes a verifier of their own.
//!
//! A leaf is the format byte and then eight fields; a field is its length (two bytes, most significant first)
//! and its bytes. There is one way to write an entry and no way to read two entries from the same bytes.

use super::{entry::Entry, merkle::sha256};
use crate::clock::Moment;

/// The first byte of a leaf. A change of what follows takes another.
const FORMAT: u8 = 0x01;
/// Longest leaf, in bytes: tiles of a transparency log hold no longer one.
const LEAF_MAX_BYTES: usize = 65_535;
/// Longest single text in a leaf, in bytes; a longer one is stood for by its hash.
const TEXT_MAX_BYTES: usize = 1_024;
/// Longest list in a leaf, in bytes; a longer one is stood for by its hash.
const LIST_MAX_BYTES: usize = 24_576;
/// What a text begins with, and a list's only name, when a hash stands for them.
const STAND_IN: &str = "sha256";

/// Writes the leaf of an entry.
pub(super) fn write(entry: &Entry) -> Vec<u8> {
    let mut leaf = vec![FORMAT];
    text(&mut leaf, entry.entry_id.as_str());
    text(&mut leaf, entry.site_id.as_str());
    field(&mut leaf, &entry.at.0.to_be_bytes());
    text(&mut leaf, entry.kind.as_str());
    text(&mut leaf, &entry.actor);
    list(&mut leaf, &entry.about);
    list(&mut leaf, &entry.facts);
    field(&mut leaf, entry.content_sha256.as_ref().map_or(&[], |hash| hash.as_slice()));
    leaf
}

/// A field whose length the two limits above, or its type, keep under 65,536.
fn field(leaf: &mut Vec<u8>, bytes: &[u8]) {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    leaf.extend(length.to_be_bytes());
    leaf.extend(bytes.iter().take(usize::from(length)));
}

fn text(leaf: &mut Vec<u8>, text: &str) {
    if text.len() > TEXT_MAX_BYTES {
        field(leaf, format!("{STAND_IN}:{}", hex(&sha256(text.as_bytes()))).as_bytes());
    } else {
        field(leaf, text.as_bytes());
    }
}

fn list(leaf: &mut Vec<u8>, pairs: &[(&'static str, String)]) {
    let mut bytes = Vec::new();
    for (name, value) in pairs {
        text(&mut bytes, name);
        text(&mut bytes, value);
    }
    if bytes.len() > LIST_MAX_BYTES {
        let hash = hex(&sha256(&bytes));
        bytes.clear();
        text(&mut bytes, STAND_IN);
        text(&mut bytes, &hash);
    }
    field(leaf, &bytes);
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)]).collect()
}

/// What a leaf says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The entry's id.
    pub entry_id: String,
    /// The tenant.
    pub site_id: String,
    /// When.
    pub at: Moment,
    /// What happened: a word of [`super::Kind`], or a newer one.
    pub kind: String,
    /// Who did it.
    pub actor: String,
    /// Ids of what it is about.
    pub about: Vec<(String, String)>,
    /// Facts in closed codes.
    pub facts: Vec<(String, String)>,
    /// SHA-256 of the sealed content that belongs to the entry.
    pub content_sha256: Option<[u8; 32]>,
}

/// Bytes that are no leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// The first byte is not a format that is known here.
    #[error("the leaf's format is not known")]
    Format,
    /// The fields are not as the format says.
    #[error("the leaf's fields are not as its format says")]
    Fields,
}

/// A leaf where it stands, without a copy of anything. Its lists are in order, and read when they are asked.
pub(super) struct View<'a> {
    pub(super) entry_id: &'a str,
    pub(super) site_id: &'a str,
    pub(super) at: Moment,
    pub(super) kind: &'a str,
    actor: &'a str,
    about: &'a [u8],
    facts: &'a [u8],
    pub(super) content_sha256: Option<[u8; 32]>,
}

impl<'a> View<'a> {
    pub(super) fn read(leaf: &'a [u8]) -> Result<Self, LeafError> {
        let Some((&FORMAT, mut rest)) = leaf.split_first() else {
            return Err(LeafError::Format);
        };
        if leaf.len() > LEAF_MAX_BYTES {
            return Err(LeafError::Fields);
        }
        let rest = &mut rest;
        let read = Self {
            entry_id: take_text(rest)?,
            site_id: take_text(rest)?,
            at: Moment(i64::from_be_bytes(take(rest)?.try_into().map_err(|_| LeafError::Fields)?)),
            kind: take_text(rest)?,
            actor: take_text(rest)?,
            about: take_list(rest)?,
            facts: take_list(rest)?,
            content_sha256: match take(rest)? {
                [] => None,
                hash => Some(hash.try_into().map_err(|_| LeafError::Fields)?),
            },
        };
        if rest.is_empty() { Ok(read) } else { Err(LeafError::Fields) }
    }

    /// The id in `about` under this name.
    pub(super) fn id_of(&self, name: &str) -> Option<&'a str> {
        pairs(self.about).find(|(n, _)| *n == name).map(|(_, id)| id)
    }
}

/// The pairs of a list that was found in order.
fn pairs(mut list: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        let rest = &mut list;
        Some((take_text(rest).ok()?, take_text(rest).ok()?))
    })
}

impl Leaf {
    /// Reads a leaf. Only bytes that [`Entry::leaf`] can write are read; anything else is an error.
    pub fn read(leaf: &[u8]) -> Result<Self, LeafError> {
        let view = View::read(leaf)?;
        let owned = |list| pairs(list).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Self {
            entry_id: view.entry_id.to_owned(),
            site_id: view.site_id.to_owned(),
            at: view.at,
            kind: view.kind.to_owned(),
            actor: view.actor.to_owned(),
            about: owned(view.about),
            facts: owned(view.facts),
            content_sha256: view.content_sha256,
        })
    }

    /// The id in `about` under this name.
    #[must_use]
    pub fn id_of(&self, name: &str) -> Option<&str> {
        self.about.iter().find(|(n, _)| n == name).map(|(_, id)| id.as_str())
    }

    /// The fact under this name.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

fn take<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], LeafError> {
    let (length, after) = rest.split_first_chunk::<2>().ok_or(LeafError::Fields)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (bytes, after) = after.split_at_checked(length).ok_or(LeafError::Fields)?;
    *rest = after;
    Ok(bytes)
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Result<&'a str, LeafError> {
    let bytes = take(rest)?;
    if bytes.len() > TEXT_MAX_BYTES {
        return Err(LeafError::Fields);
    }
    std::str::from_utf8(bytes).map_err(|_| LeafError::Fields)
}

/// The bytes of a list whose pairs are all in order.
fn take_list<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], LeafError> {
    let list = take(rest)?;
    if list.len() > LIST_MAX_BYTES {
        return Err(LeafError::Fields);
    }
    let mut left = list;
    while !left.is_empty() {
        take_text(&mut left)?;
        take_text(&mut left)?;
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        audit::{Kind, merkle},
        ids::{EntryId, SiteId},
    };

    fn entry() -> Entry {
        Entry {
            entry_id: EntryId::parse("e-1").unwrap(),
            site_id: SiteId::parse("riverside").unwrap(),
            at: Moment::from_rfc3339("2026-11-23T09:30:00Z").unwrap(),
            kind: Kind::Disclosed,
            actor: "gateway".into(),
            about: vec![("referral", "r-1".into()), ("partner", "cmht".into())],
            facts: vec![("reason", "consent-given".into())],
            content_sha256: Some(merkle::sha256(b"sealed")),
        }
    }

    /// The worked example of `docs/audit-format.md`, which must say the same.
    #[test]
    fn a_leaf_is_these_bytes() {
        let leaf = entry().leaf();
        assert_eq!(hex(&leaf), EXAMPLE_LINES.concat().replace(' ', ""));
        let page = include_str!("../../docs/audit-format.md");
        for kind in Kind::ALL {
            assert!(page.contains(&format!("`{}`", kind.as_str())), "the page lacks the kind {kind:?}");
        }
        for line in EXAMPLE_LINES {
            assert!(page.contains(line), "the page lacks: {line}");
        }
        assert!(page.contains(&hex(&merkle::leaf_hash(&leaf))), "the page lacks the leaf's hash");
    }

    /// The example, a line for each field, the length apart.
    const EXAMPLE_LINES: [&str; 9] = [
        "01",
        "0003 652d31",
        "0009 726976657273696465",
        "0008 000660ee3cdf1600",
        "0009 646973636c6f736564",
        "0007 67617465776179",
        "001e 0008 726566657272616c 0003 722d31 0007 706172746e6572 0004 636d6874",
        "0017 0006 726561736f6e 000d 636f6e73656e742d676976656e",
        "0020 c9d0036bed6744bcdf692fc980d8717d7e5f5a4f4e8266b4a84982602fb1cd09",
    ];

    #[test]
    fn a_leaf_read_says_what_the_entry_said() {
        let leaf = Leaf::read(&entry().leaf()).unwrap();
        assert_eq!((leaf.entry_id.as_str(), leaf.site_id.as_str()), ("e-1", "riverside"));
        assert_eq!((leaf.at, leaf.kind.as_str(), leaf.actor.as_str()), (entry().at, "disclosed", "gateway"));
        assert_eq!((leaf.id_of("referral"), leaf.id_of("partner")), (Some("r-1"), Some("cmht")));
        assert_eq!((leaf.fact("reason"), leaf.fact("else")), (Some("consent-given"), None));
        assert_eq!(leaf.content_sha256, entry().content_sha256);
        assert_eq!(entry().id_of("partner"), Some("cmht"));
    }

    #[test]
    fn what_is_no_leaf_is_refused() {
        let leaf = entry().leaf();
        for end in 0..leaf.len() {
            assert!(Leaf::read(&leaf[..end]).is_err(), "cut at {end}");
        }
        assert_eq!(Leaf::read(&[leaf.as_slice(), &[0]].concat()), Err(LeafError::Fields));
        assert_eq!(Leaf::read(&[&[2], &leaf[1..]].concat()), Err(LeafError::Format));
    }

    #[test]
    fn what_is_too_long_is_stood_for_by_its_hash() {
        let mut long = entry();
        long.actor = "a".repeat(TEXT_MAX_BYTES + 1);
        long.facts = (0..2_000).map(|i| ("reason", format!("consent-given-{i}"))).collect();
        let bytes = long.leaf();
        assert!(bytes.len() <= LEAF_MAX_BYTES);
        let leaf = Leaf::read(&bytes).unwrap();
        assert_eq!(leaf.actor, format!("sha256:{}", hex(&merkle::sha256(long.actor.as_bytes()))));
        assert_eq!((leaf.facts.len(), leaf.fact("sha256").map(str::len)), (1, Some(64)));
    }

    proptest! {
        #[test]
        fn every_entry_reads_back(
            actor in ".{0,40}", values in proptest::collection::vec(".{0,30}", 0..6), at: i64, content: Option<[u8; 32]>,
        ) {
            let entry = Entry {
                at: Moment(at),
                actor: actor.clone(),
                about: values.iter().map(|value| ("referral", value.clone())).collect(),
                content_sha256: content,
                ..entry()
            };
            let leaf = Leaf::read(&entry.leaf()).unwrap();
            prop_assert_eq!((leaf.at, leaf.actor, leaf.content_sha256), (Moment(at), actor, content));
            let read: Vec<String> = leaf.about.into_iter().map(|(_, value)| value).collect();
            prop_assert_eq!(read, values);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(Leaf::read(&[&[FORMAT], bytes.as_slice()].concat()));
        }
    }
}
