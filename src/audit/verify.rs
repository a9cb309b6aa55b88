//! Computes the log again from stored bytes and compares: each leaf with the columns and the content beside it,
//! and the whole with the head.
//!
//! Takes rows in the order of the log and keeps only the edge of the tree, so a log of any length is checked in
//! little memory. A change that a row shows by itself, or beside the hash that the tiles hold of its leaf, is named with
//! its index; one that only a root shows (leaf, columns and tiles changed together) is found at the next checkpoint.

use super::{
    Checkpoint,
    leaf::{View, hex},
    merkle::{Frontier, Hash, leaf_hash, sha256},
    note::{self, VerifierKey},
};
use crate::clock::Moment;

/// A stored entry as the verifier takes it.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Its place in the log, from 0.
    pub index: u64,
    /// The column beside the leaf.
    pub entry_id: &'a str,
    /// The column beside the leaf.
    pub at: Moment,
    /// The column beside the leaf.
    pub kind: &'a str,
    /// The column beside the leaf.
    pub site_id: &'a str,
    /// The column beside the leaf, which has it in `about`: the first `person`.
    pub person_id: Option<&'a str>,
    /// The column beside the leaf, which has it in `about`: the first `referral`.
    pub referral_id: Option<&'a str>,
    /// The column beside the leaf, which has it in `about`: the first `partner`.
    pub partner_id: Option<&'a str>,
    /// The canonical bytes.
    pub leaf: &'a [u8],
    /// The sealed content, as stored.
    pub content: Option<&'a [u8]>,
    /// The hash of the leaf that the log's tiles hold; `None` where they have none yet.
    pub hash: Option<Hash>,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum What {
    /// The row's index is not the next one.
    #[error("the entry is not in its place: one before it is missing, doubled or moved")]
    Place,
    /// The leaf cannot be read.
    #[error("the leaf cannot be read")]
    Leaf,
    /// A column says something else than the leaf.
    #[error("the column {0} does not say what the leaf says")]
    Column(&'static str),
    /// The content's hash is not the one in the leaf, or one of the two is missing.
    #[error("the content is not the one whose hash stands in the leaf")]
    Content,
    /// The hash of the leaf is another than the tiles hold.
    #[error("the leaf is not the one whose hash stands in the tiles of the log")]
    Hash,
    /// The tiles do not fit together, or one is missing: at this level, from this entry on.
    #[error(
        "a tile of the log over this entry is missing, or is not the one over those below it (level {0})"
    )]
    Tile(u8),
    /// The log is not the one that was signed.
    #[error("the first {0} entries are not those that a checkpoint was signed over")]
    Checkpoint(u64),
    /// A checkpoint's note does not open, or says something else than is stored beside it.
    #[error(
        "the checkpoint of {0} entries is not signed by a key of this log, or says something else than its columns"
    )]
    Note(u64),
    /// Entries at the end are missing, or this is an old copy.
    #[error(
        "a checkpoint was signed over {0} entries, and the log has fewer: its end is missing, or this is an old copy"
    )]
    Shorter(u64),
    /// The head counts another number of entries.
    #[error("the head of the log counts another number of entries")]
    Size,
    /// The head has another root.
    #[error("the root over the stored leaves is not the one in the head")]
    Root,
    /// The head has another right edge of the tree: the next entry would not be appended to these.
    #[error("the edge of the tree over the stored leaves is not the one in the head")]
    Frontier,
}

/// The first thing that is wrong, and where. Without an index it is about the log as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{what}", .index.map(|i| format!("entry {i}: ")).unwrap_or_default())]
pub struct Fault {
    /// The entry.
    pub index: Option<u64>,
    /// What.
    pub what: What,
}

/// The log is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many entries were checked.
    pub entries: u64,
    /// The root, in hexadecimal.
    pub root: String,
}

/// Checks a log row by row.
#[derive(Clone, Debug, Default)]
pub struct Verifier {
    frontier: Frontier,
    fault: Option<Fault>,
}

impl Verifier {
    /// A verifier that expects the entry with index 0.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks the next row. After a fault the rest need not be pushed; `finish` says the same fault again.
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        check(row, self.frontier.size()).map_err(|what| {
            let fault = Fault { index: Some(row.index), what };
            self.fault = Some(fault);
            fault
        })?;
        let hash = leaf_hash(row.leaf);
        if row.hash.is_some_and(|kept| kept != hash) {
            let fault = Fault { index: Some(row.index), what: What::Hash };
            self.fault = Some(fault);
            return Err(fault);
        }
        self.frontier.append(hash);
        Ok(())
    }

    /// How many rows were pushed.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Compares a checkpoint over as many entries as were pushed with them. After a fault `finish` says it again.
    pub fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), Fault> {
        if checkpoint.size == self.frontier.size() && checkpoint.root == self.frontier.root() {
            return Ok(());
        }
        let fault = Fault { index: None, what: What::Checkpoint(checkpoint.size) };
        self.fault = Some(fault);
        Err(fault)
    }

    /// Compares what was pushed with the head of the log.
    pub fn finish(
        self,
        head_size: u64,
        head_root: &[u8; 32],
        head_frontier: &[u8],
    ) -> Result<Verified, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let fault = |what| Fault { index: None, what };
        if self.frontier.size() != head_size {
            return Err(fault(What::Size));
        }
        let root = self.frontier.root();
        if root != *head_root {
            return Err(fault(What::Root));
        }
        if self.frontier.to_bytes() != head_frontier {
            return Err(fault(What::Frontier));
        }
        Ok(Verified { entries: head_size, root: hex(&root) })
    }
}

/// The checkpoint in a note that one of these keys signed under its own name; `None` when none did, or it is no checkpoint of
/// this log.
#[must_use]
pub fn signed_checkpoint(signed: &str, keys: &[VerifierKey]) -> Option<Checkpoint> {
    let (text, key) = note::open(signed, keys).ok()?;
    Checkpoint::parse(text).filter(|checkpoint| checkpoint.origin == key.name())
}

fn check(row: &Row<'_>, next: u64) -> Result<(), What> {
    if row.index != next {
        return Err(What::Place);
    }
    let leaf = View::read(row.leaf).map_err(|_| What::Leaf)?;
    let columns = [
        ("entry_id", leaf.entry_id == row.entry_id),
        ("at", leaf.at == row.at),
        ("kind", leaf.kind == row.kind),
        ("site_id", leaf.site_id == row.site_id),
        ("person_id", leaf.id_of("person") == row.person_id),
        ("referral_id", leaf.id_of("referral") == row.referral_id),
        ("partner_id", leaf.id_of("partner") == row.partner_id),
    ];
    if let Some((name, _)) = columns.into_iter().find(|(_, same)| !same) {
        return Err(What::Column(name));
    }
    if leaf.content_sha256 != row.content.map(sha256) {
        return Err(What::Content);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
    use proptest::prelude::*;

    use super::*;
    use crate::{
        audit::{Entry, Kind},
        ids::{EntryId, SiteId},
    };

    /// A row as a database holds it.
    #[derive(Clone, Debug, PartialEq)]
    struct Stored {
        index: u64,
        entry_id: Vec<u8>,
        at: i64,
        kind: Vec<u8>,
        site_id: Vec<u8>,
        person_id: Option<Vec<u8>>,
        referral_id: Option<Vec<u8>>,
        partner_id: Option<Vec<u8>>,
        leaf: Vec<u8>,
        content: Option<Vec<u8>>,
        hash: Option<Hash>,
    }

    fn stored(index: u64) -> Stored {
        let kind = Kind::ALL[usize::try_from(index).unwrap() % Kind::ALL.len()];
        let content = index.is_multiple_of(3).then(|| format!("sealed content {index}").into_bytes());
        let referral_id = (index % 4 != 1).then(|| format!("r-{index}"));
        let person_id = (index % 3 != 2).then(|| format!("p-{index}"));
        let partner_id = (index % 5 != 3).then(|| format!("cmht-{index}"));
        let about = [("referral", &referral_id), ("person", &person_id), ("partner", &partner_id)];
        let entry = Entry {
            entry_id: EntryId::parse(&format!("e-{index}")).unwrap(),
            site_id: SiteId::parse("riverside").unwrap(),
            at: Moment(1_000 + i64::try_from(index).unwrap()),
            kind,
            actor: "gateway".into(),
            about: about.into_iter().filter_map(|(name, id)| Some((name, id.clone()?))).collect(),
            facts: vec![("reason", "consent-given".into())],
            content_sha256: content.as_deref().map(sha256),
        };
        Stored {
            index,
            entry_id: entry.entry_id.as_str().into(),
            at: entry.at.0,
            kind: kind.as_str().into(),
            site_id: entry.site_id.as_str().into(),
            person_id: person_id.map(String::into_bytes),
            referral_id: referral_id.map(String::into_bytes),
            partner_id: partner_id.map(String::into_bytes),
            leaf: entry.leaf(),
            content,
            // Of every other tile, say.
            hash: index.is_multiple_of(2).then(|| leaf_hash(&entry.leaf())),
        }
    }

    /// What the database keeps of the log as a whole.
    #[derive(Clone, Debug, PartialEq)]
    struct Head {
        size: u64,
        root: [u8; 32],
        frontier: Vec<u8>,
    }

    fn log(entries: u64) -> (Vec<Stored>, Head) {
        let rows: Vec<Stored> = (0..entries).map(stored).collect();
        let mut frontier = Frontier::new();
        for row in &rows {
            frontier.append(leaf_hash(&row.leaf));
        }
        (rows, Head { size: entries, root: frontier.root(), frontier: frontier.to_bytes() })
    }

    fn verify(rows: &[Stored], head: &Head) -> Result<Verified, Fault> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut verifier = Verifier::new();
        for row in rows {
            let [person_id, referral_id, partner_id] =
                [&row.person_id, &row.referral_id, &row.partner_id].map(|id| id.as_deref().map(text));
            verifier.push(&Row {
                index: row.index,
                entry_id: &text(&row.entry_id),
                at: Moment(row.at),
                kind: &text(&row.kind),
                site_id: &text(&row.site_id),
                person_id: person_id.as_deref(),
                referral_id: referral_id.as_deref(),
                partner_id: partner_id.as_deref(),
                leaf: &row.leaf,
                content: row.content.as_deref(),
                hash: row.hash,
            })?;
        }
        verifier.finish(head.size, &head.root, &head.frontier)
    }

    #[test]
    fn a_whole_log_is_verified() {
        for entries in [0, 1, 2, 7, 40] {
            let (rows, head) = log(entries);
            assert_eq!(verify(&rows, &head).unwrap().entries, entries);
        }
    }

    #[test]
    fn a_fault_is_named_with_its_place() {
        let (rows, head) = log(9);
        let with = |change: &dyn Fn(&mut Vec<Stored>)| {
            let mut rows = rows.clone();
            change(&mut rows);
            let fault = verify(&rows, &head).unwrap_err();
            (fault.index, fault.what)
        };
        assert_eq!(with(&|r| drop(r.remove(4))), (Some(5), What::Place));
        assert_eq!(with(&|r| r.insert(4, stored(3))), (Some(3), What::Place));
        assert_eq!(with(&|r| r.swap(2, 7)), (Some(7), What::Place));
        assert_eq!(with(&|r| drop(r.pop())), (None, What::Size));
        assert_eq!(with(&|r| r[3].at += 1), (Some(3), What::Column("at")));
        assert_eq!(with(&|r| r[5].referral_id = Some(b"r".into())), (Some(5), What::Column("referral_id")));
        assert_eq!(with(&|r| r[6].referral_id = None), (Some(6), What::Column("referral_id")));
        assert_eq!(with(&|r| r[2].site_id = b"south".into()), (Some(2), What::Column("site_id")));
        assert_eq!(with(&|r| r[4].person_id = Some(b"p-5".into())), (Some(4), What::Column("person_id")));
        assert_eq!(with(&|r| r[2].person_id = Some(b"p".into())), (Some(2), What::Column("person_id")));
        assert_eq!(
            with(&|r| r[4].partner_id = Some(b"cmht-5".into())),
            (Some(4), What::Column("partner_id"))
        );
        assert_eq!(with(&|r| r[4].partner_id = None), (Some(4), What::Column("partner_id")));
        assert_eq!(with(&|r| r[3].content = None), (Some(3), What::Content));
        assert_eq!(with(&|r| r[4].content = Some(vec![])), (Some(4), What::Content));
        assert_eq!(with(&|r| r[4].hash = Some([0; 32])), (Some(4), What::Hash));
        assert_eq!(
            with(&|r| {
                r[4] = Stored { index: 4, hash: r[4].hash, ..stored(8) };
            }),
            (Some(4), What::Hash),
            "a whole row in the place of another"
        );
        let exchanged = with(&|r| {
            r[2].hash = None;
            r.swap(2, 7);
            r[2].index = 2;
            r[7].index = 7;
        });
        assert_eq!(exchanged, (None, What::Root));
        let of_head = |change: &dyn Fn(&mut Head)| {
            let mut head = head.clone();
            change(&mut head);
            verify(&rows, &head).unwrap_err()
        };
        assert_eq!(of_head(&|h| h.size = 8).to_string(), What::Size.to_string());
        assert_eq!(of_head(&|h| h.frontier = Frontier::new().to_bytes()).what, What::Frontier);
        let mut rows = rows;
        rows[0].kind = b"viewed".into();
        let fault = verify(&rows, &head).unwrap_err();
        assert_eq!(fault.to_string(), "entry 0: the column kind does not say what the leaf says");
    }

    #[test]
    fn a_checkpoint_is_of_these_entries_and_signed_by_this_log() {
        let (rows, head) = log(5);
        let checkpoint = Checkpoint { origin: String::from("log.example"), size: 5, root: head.root };
        let mut verifier = Verifier::new();
        assert!(verifier.checkpoint(&checkpoint).is_err(), "before they are there");
        let mut verifier = Verifier::new();
        for row in &rows {
            verifier.frontier.append(leaf_hash(&row.leaf));
        }
        assert_eq!((verifier.size(), verifier.checkpoint(&checkpoint)), (5, Ok(())));
        let another = Checkpoint { root: [0; 32], ..checkpoint.clone() };
        let fault = Fault { index: None, what: What::Checkpoint(5) };
        assert_eq!(verifier.checkpoint(&another), Err(fault));
        assert_eq!(verifier.finish(head.size, &head.root, &head.frontier), Err(fault), "it is not forgotten");

        let pair = Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap();
        let key =
            |name: &str| VerifierKey::new(name, pair.public_key().as_ref().try_into().unwrap()).unwrap();
        let signed = |name: &str, text: &str| {
            note::write(text, &key(name), pair.sign(text.as_bytes()).as_ref().try_into().unwrap())
        };
        let own = [key("log.example")];
        assert_eq!(
            signed_checkpoint(&signed("log.example", &checkpoint.text()), &own),
            Some(checkpoint.clone())
        );
        let of_another = Checkpoint { origin: String::from("other.example"), ..checkpoint.clone() };
        assert_eq!(signed_checkpoint(&signed("log.example", &of_another.text()), &own), None);
        assert_eq!(signed_checkpoint(&signed("other.example", &checkpoint.text()), &own), None);
        assert_eq!(signed_checkpoint(&signed("log.example", "a receipt\n"), &own), None);
    }

    proptest! {
        /// One byte, anywhere: leaf, content, a column or the head.
        #[test]
        fn one_flipped_byte_is_found(entries in 1_u64..20, which: proptest::sample::Index, bit in 0_u8..8,
                                     part in 0..12, at: proptest::sample::Index) {
            let (whole, whole_head) = log(entries);
            let (mut rows, mut head) = (whole.clone(), whole_head.clone());
            let flip = |bytes: &mut [u8]| if !bytes.is_empty() { bytes[at.index(bytes.len())] ^= 1 << bit };
            let flip8 = |number: [u8; 8]| { let mut bytes = number; bytes[at.index(8)] ^= 1 << bit; bytes };
            let row = &mut rows[which.index(whole.len())];
            match part {
                0 => flip(&mut row.leaf),
                1 => row.content.as_mut().map_or((), |bytes| flip(bytes)),
                2 => flip(&mut row.kind),
                3 => flip(&mut row.entry_id),
                4 => row.referral_id.as_mut().map_or((), |bytes| flip(bytes)),
                5 => row.at = i64::from_be_bytes(flip8(row.at.to_be_bytes())),
                6 => flip(&mut row.site_id),
                7 => row.person_id.as_mut().map_or((), |bytes| flip(bytes)),
                8 => row.partner_id.as_mut().map_or((), |bytes| flip(bytes)),
                9 => head.size = u64::from_be_bytes(flip8(head.size.to_be_bytes())),
                10 => flip(&mut head.frontier),
                _ => flip(&mut head.root),
            }
            let changed = (&rows, &head) != (&whole, &whole_head);
            prop_assert_eq!(verify(&rows, &head).is_err(), changed);
        }

        /// Any other order of the same rows, renumbered, is found.
        #[test]
        fn another_order_is_found(order in Just((0..12).collect::<Vec<usize>>()).prop_shuffle()) {
            let (whole, head) = log(12);
            let mut rows: Vec<Stored> = order.iter().map(|&from| whole[from].clone()).collect();
            for (row, index) in rows.iter_mut().zip(0..) {
                row.index = index;
                row.hash = None;
            }
            let whole: Vec<Stored> = whole.into_iter().map(|row| Stored { hash: None, ..row }).collect();
            prop_assert_eq!(verify(&rows, &head).is_err(), rows != whole);
        }
    }
}
