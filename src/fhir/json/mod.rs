//! Strict JSON: what two readers could take two ways is refused before anybody reads it.
//!
//! A scanner of our own goes over the bytes once, without recursion, and refuses duplicate keys (also those that are the
//! same only once unescaped), nesting beyond the limit, invalid UTF-8, U+0000, lone surrogates, numbers out of all
//! proportion, more values than any message has and anything after the document; it says where. The values are those of
//! `serde_json`, made on the way: in the order in which their keys stand, numbers with every digit. Not here: what a
//! document means.

mod scan;

use serde_json::Value;

use self::scan::Scanner;
use crate::limits::{JSON_DEPTH_MAX, JSON_EXPONENT_MAX_DIGITS, JSON_NUMBER_MAX_BYTES, JSON_VALUES_MAX};

/// Longest key that is shown in a path, in bytes.
const SHOWN_KEY_MAX_BYTES: usize = 64;
/// Most digits in a key that is shown in a path: no name of a field has more, and identifiers do.
const SHOWN_KEY_MAX_DIGITS: usize = 4;

/// Why bytes are not taken as JSON, and where. Never a value that was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {text}")]
pub struct JsonFault {
    /// FHIR issue type.
    pub code: &'static str,
    /// JSON pointer of the place. A key that does not look like the name of a field stands in it as `*`.
    pub path: String,
    /// What is wrong, with line and column.
    pub text: String,
    /// The byte where it is, from 0.
    pub at: usize,
}

/// Reads a document strictly.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonFault> {
    // Once over the whole is faster than once for every text. What comes before a broken character is scanned all the
    // same: whatever is wrong first is told.
    let (text, whole) = match str::from_utf8(bytes) {
        Ok(text) => (text, true),
        Err(fault) => {
            let sound = bytes.get(..fault.valid_up_to()).unwrap_or_default();
            (str::from_utf8(sound).unwrap_or_default(), false)
        }
    };
    let mut scanner = Scanner::new(text);
    match scanner.document() {
        Ok(_) | Err(Wrong::EndsEarly) if !whole => Err(scanner.fault_at_end(&Wrong::NotUtf8)),
        Ok(value) => Ok(value),
        Err(wrong) => Err(scanner.fault(&wrong)),
    }
}

/// What is wrong, in words for the sender.
#[derive(Debug, thiserror::Error)]
enum Wrong {
    #[error("This key stands more than once in its object; send it once.")]
    DuplicateKey,
    #[error("A key that begins with this is not accepted.")]
    ReservedKey,
    #[error("The JSON is nested deeper than {JSON_DEPTH_MAX} levels.")]
    TooDeep,
    #[error("The JSON holds more than {JSON_VALUES_MAX} values.")]
    TooMany,
    #[error("The text is not valid UTF-8.")]
    NotUtf8,
    #[error("The character U+0000 is not accepted.")]
    Nul,
    #[error("A control character stands in a text as it is; JSON wants it escaped.")]
    Control,
    #[error("A surrogate (\\ud800 to \\udfff) stands alone; it takes a high and a low one together.")]
    LoneSurrogate,
    #[error("A backslash is followed by something that JSON does not know.")]
    Escape,
    #[error("This is not a number as JSON writes it.")]
    Number,
    #[error(
        "A number is at most {JSON_NUMBER_MAX_BYTES} characters long, and its exponent \
         {JSON_EXPONENT_MAX_DIGITS} digits."
    )]
    NumberTooLong,
    #[error("The document begins with a byte order mark; send UTF-8 without one.")]
    ByteOrderMark,
    #[error("The document begins as XML does; only JSON is read here.")]
    Xml,
    #[error("Something follows the end of the document.")]
    Trailing,
    #[error("The document is empty or ends before it is complete.")]
    EndsEarly,
    #[error("Here JSON expects {0}.")]
    Syntax(&'static str),
}

/// A key as a path shows it. A key is the sender's text too, and may be a name or a number that somebody put
/// in the wrong place: only what looks like the name of a field is shown.
#[must_use]
pub fn shown(key: &str) -> String {
    let begins = key.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | '$'));
    if begins && looks_like_a_name(key, "$") { key.to_owned() } else { String::from("*") }
}

/// Whether a text of the sender's looks like a name that somebody gave to a field, and not like what stands in one: short,
/// of letters, `_`, `-` and the `further` characters, with few digits.
#[must_use]
pub fn looks_like_a_name(text: &str, further: &str) -> bool {
    text.len() <= SHOWN_KEY_MAX_BYTES
        && text.chars().all(|one| one.is_ascii_alphanumeric() || "_-".contains(one) || further.contains(one))
        && text.bytes().filter(u8::is_ascii_digit).count() <= SHOWN_KEY_MAX_DIGITS
}

#[cfg(test)]
#[path = "json_test.rs"]
mod tests;
