//! Receipts: what the gateway signs about a message that it sends, for whoever gets it. Ids, times and hashes only.
//!
//! The text is signed as a note with the log's key. Its second line can stand in no checkpoint, so that neither passes for the
//! other.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    leaf::hex,
    merkle::{Hash, sha256},
};

/// The second line: what kind of text this is, and in which version.
const KIND: &str = "keyway-receipt/1";

/// What a receipt says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt<'a> {
    /// The name of the log.
    pub origin: &'a str,
    /// The message.
    pub message: &'a str,
    /// The disclosure that it makes, if it makes one.
    pub disclosure: Option<&'a str>,
    /// When the message was made.
    pub made: &'a str,
    /// SHA-256 of the body.
    pub body: Hash,
    /// SHA-256 of what is fetched beside the body, in hexadecimal, if there is something.
    pub detail: Option<&'a str>,
    /// The commitment to what was withheld ([`commitment`]), in hexadecimal, where something could have been.
    pub withheld: Option<&'a str>,
    /// What made the message: names of lines with what stands in them, such as `mapping` with a version and a hash.
    pub made_by: &'a [(&'static str, String)],
    /// The leaf hash of the entry that tells of the message.
    pub entry: Hash,
}

impl Receipt<'_> {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{KIND}\n", self.origin);
        let (body, entry) = (hex(&self.body), hex(&self.entry));
        let made_by = self.made_by.iter().map(|(name, value)| (*name, Some(value.as_str())));
        let lines = [
            ("message", Some(self.message)),
            ("disclosure", self.disclosure),
            ("made", Some(self.made)),
            ("body-sha256", Some(body.as_str())),
            ("detail-sha256", self.detail),
            ("withheld-commitment", self.withheld),
        ];
        for (name, value) in lines.into_iter().chain(made_by).chain([("entry", Some(entry.as_str()))]) {
            if let Some(value) = value {
                text.push_str(name);
                text.push(' ');
                text.push_str(value);
                text.push('\n');
            }
        }
        text
    }
}

/// SHA-256 over a secret salt and what is committed to, in hexadecimal: it tells nothing, and fits nothing else once both are
/// shown.
#[must_use]
pub fn commitment(salt: &[u8; 32], content: &[u8]) -> String {
    hex(&sha256(&[salt.as_slice(), content].concat()))
}

/// A proof of inclusion with its checkpoint, in the form of C2SP `tlog-proof`.
#[must_use]
pub fn proof_text(index: u64, hashes: &[Hash], checkpoint: &str) -> String {
    let mut text = format!("c2sp.org/tlog-proof@v1\nindex {index}\n");
    for hash in hashes {
        text.push_str(&STANDARD.encode(hash));
        text.push('\n');
    }
    text.push('\n');
    text.push_str(checkpoint);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Checkpoint;

    #[test]
    fn a_receipt_is_these_lines_and_no_checkpoint() {
        let receipt = Receipt {
            origin: "log.example/log",
            message: "m-1",
            disclosure: Some("d-1"),
            made: "2026-11-23T10:00:00Z",
            body: sha256(b"body"),
            detail: None,
            withheld: Some("ab"),
            made_by: &[("mapping", String::from("court-sheet/2 cd"))],
            entry: sha256(b"leaf"),
        };
        let text = format!(
            "log.example/log\nkeyway-receipt/1\nmessage m-1\ndisclosure d-1\nmade 2026-11-23T10:00:00Z\n\
             body-sha256 {}\nwithheld-commitment ab\nmapping court-sheet/2 cd\nentry {}\n",
            hex(&sha256(b"body")),
            hex(&sha256(b"leaf"))
        );
        assert_eq!(receipt.text(), text);
        assert_eq!(Checkpoint::parse(&text), None);
    }

    #[test]
    fn a_commitment_is_to_one_content_under_one_salt() {
        let one = commitment(&[1; 32], b"[]");
        assert_ne!(one, commitment(&[2; 32], b"[]"));
        assert_ne!(one, commitment(&[1; 32], b"[1]"));
        assert_eq!(one, hex(&sha256(&[[1_u8; 32].as_slice(), b"[]"].concat())));
    }

    #[test]
    fn a_proof_is_written_as_the_format_says() {
        let text = proof_text(7, &[[0; 32]], "log.example\n8\nroot\n\nsignature\n");
        assert_eq!(
            text,
            "c2sp.org/tlog-proof@v1\nindex 7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nlog.example\n8\nroot\n\n\
             signature\n"
        );
    }
}
