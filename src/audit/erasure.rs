//! The certificate of an erasure: what the gateway signs about a person whom it erased. Ids, kinds, numbers and times only.
//!
//! The text is signed as a note with the log's key. Its second line can stand in no checkpoint and in no receipt, so that none
//! passes for the other.

use super::{leaf::hex, merkle::Hash};

/// The second line: what kind of text this is, and in which version.
const KIND: &str = "keyway-erasure/1";

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasureText<'a> {
    /// The name of the log.
    pub origin: &'a str,
    /// Who was erased: the pseudonym that Keyway made.
    pub person: &'a str,
    /// When.
    pub erased: &'a str,
    /// In whose name: the account of an officer.
    pub officer: &'a str,
    /// What was removed: a kind, and how many.
    pub removed: &'a [(&'static str, u64)],
    /// What stays: a kind, and how many.
    pub kept: &'a [(&'static str, u64)],
    /// The notices: a message, and to whom it goes.
    pub notices: &'a [(String, String)],
    /// The leaf hash of the entry that tells of the erasure.
    pub entry: Hash,
}

impl ErasureText<'_> {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = vec![
            self.origin.to_owned(),
            KIND.to_owned(),
            format!("person {}", self.person),
            format!("erased {}", self.erased),
            format!("officer {}", self.officer),
            String::from("key destroyed"),
        ];
        lines.extend(self.removed.iter().map(|(kind, count)| format!("removed {kind} {count}")));
        lines.extend(self.kept.iter().map(|(kind, count)| format!("kept {kind} {count}")));
        lines.extend(self.notices.iter().map(|(message, to)| format!("notice {message} {to}")));
        lines.push(format!("entry {}", hex(&self.entry)));
        lines.join("\n") + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Checkpoint, merkle::sha256};

    #[test]
    fn a_certificate_is_these_lines_and_no_checkpoint() {
        let text = ErasureText {
            origin: "log.example/log",
            person: "p-1",
            erased: "2026-11-23T10:00:00Z",
            officer: "ig.officer",
            removed: &[("assessments", 1), ("messages", 2)],
            kept: &[("entries", 9)],
            notices: &[(String::from("m-1"), String::from("cmht"))],
            entry: sha256(b"leaf"),
        }
        .text();
        let entry = hex(&sha256(b"leaf"));
        assert_eq!(
            text,
            format!(
                "log.example/log\nkeyway-erasure/1\nperson p-1\nerased 2026-11-23T10:00:00Z\nofficer ig.officer\nkey destroyed\n\
                 removed assessments 1\nremoved messages 2\nkept entries 9\nnotice m-1 cmht\nentry {entry}\n"
            )
        );
        assert_eq!(Checkpoint::parse(&text), None);
    }
}
