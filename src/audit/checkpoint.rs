//! Checkpoints (C2SP `tlog-checkpoint`): what the log was at one size, in three lines that are signed as a note.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::merkle::Hash;

/// Digits of the largest size.
const SIZE_MAX_DIGITS: usize = 20;

/// The log at one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: its address without the scheme.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// Reads [`Checkpoint::text`]. Lines beyond the three are refused: this log writes none, and nobody could audit them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let is_decimal =
            !size.is_empty() && size.len() <= SIZE_MAX_DIGITS && size.bytes().all(|b| b.is_ascii_digit());
        if origin.is_empty()
            || lines.next().is_some()
            || !is_decimal
            || (size.starts_with('0') && size != "0")
        {
            return None;
        }
        let root = STANDARD.decode(root).ok()?.try_into().ok()?;
        Some(Self { origin: origin.to_owned(), size: size.parse().ok()?, root })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::merkle::sha256;

    #[test]
    fn a_checkpoint_is_three_lines() {
        let empty = Checkpoint { origin: String::from("log.example/log"), size: 0, root: sha256(&[]) };
        let text = "log.example/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
        assert_eq!(empty.text(), text);
        assert_eq!(Checkpoint::parse(text), Some(empty));
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        let text = "log.example/log\n12\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
        assert!(Checkpoint::parse(text).is_some());
        for wrong in [
            text.trim_end().to_owned(),
            text.replace("12", "012"),
            text.replace("12", "+12"),
            text.replace("12", ""),
            text.replace("12", "99999999999999999999"),
            text.replace("47", "4"),
            format!("{text}more\n"),
            text.replace("log.example/log", ""),
        ] {
            assert_eq!(Checkpoint::parse(&wrong), None, "{wrong}");
        }
    }
}
