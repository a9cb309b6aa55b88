//! Strict JSON: what two readers could take two ways is refused before anybody reads it.
//!
//! A scanner of our own goes over the bytes once, without recursion, and refuses duplicate keys (also those
//! that are the same only once unescaped), nesting beyond the limit, invalid UTF-8, U+0000, lone surrogates,
//! numbers out of all proportion, more values than
//! any message has and anything after the document; it says where. What it lets through is read
//! by `serde_json`, which keeps the order of keys and the digits of numbers. Not here: what a document means.

use std::{borrow::Cow, collections::HashSet};

use serde_json::Value;

use crate::limits::{JSON_DEPTH_MAX, JSON_EXPONENT_MAX_DIGITS, JSON_NUMBER_MAX_BYTES, JSON_VALUES_MAX};

/// Longest key that is shown in a path, in bytes.
const SHOWN_KEY_MAX_BYTES: usize = 64;
/// Most digits in a key that is shown in a path: no name of a field has more, and identifiers do.
const SHOWN_KEY_MAX_DIGITS: usize = 4;
/// Up to how many keys of an object are compared one by one.
const FEW_KEYS: usize = 16;
/// Keys that `serde_json` keeps for itself: an object with one would be read as something else.
const RESERVED_KEYS: &str = "$serde_json::private::";

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
    let mut scanner =
        Scanner { text, bytes: text.as_bytes(), at: 0, open: Vec::new(), spare: Vec::new(), values: 0 };
    let verdict = match scanner.document() {
        Ok(()) | Err(Wrong::EndsEarly) if !whole => {
            scanner.at = text.len();
            Err(Wrong::NotUtf8)
        }
        verdict => verdict,
    };
    verdict.map_err(|wrong| scanner.fault(&wrong))?;
    serde_json::from_str(text).map_err(|_| scanner.fault(&Wrong::Syntax("JSON that can be read")))
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

/// An object or array that is open.
enum Open<'a> {
    /// With the keys so far and the present one.
    Object { seen: Keys<'a>, key: Option<Cow<'a, str>> },
    /// With the present index.
    Array { index: usize },
}

/// The keys of an object so far. Most objects have few: those are compared one by one, which is faster than hashing.
#[derive(Default)]
struct Keys<'a> {
    few: Vec<Cow<'a, str>>,
    more: HashSet<Cow<'a, str>>,
}

impl<'a> Keys<'a> {
    /// Takes a key; whether it is new.
    fn insert(&mut self, key: Cow<'a, str>) -> bool {
        if self.few.contains(&key) {
            return false;
        }
        if self.few.len() < FEW_KEYS {
            self.few.push(key);
            return true;
        }
        self.more.insert(key)
    }
}

struct Scanner<'a> {
    text: &'a str,
    /// The same.
    bytes: &'a [u8],
    at: usize,
    open: Vec<Open<'a>>,
    /// Lists of keys that are not in use any more, to be used again.
    spare: Vec<Vec<Cow<'a, str>>>,
    /// How many values have begun.
    values: usize,
}

impl<'a> Scanner<'a> {
    fn document(&mut self) -> Result<(), Wrong> {
        if self.bytes.starts_with(b"\xef\xbb\xbf") {
            return Err(Wrong::ByteOrderMark);
        }
        while self.value()? {}
        Ok(())
    }

    /// Scans one value, or the opening of one, and all that closes after it. Whether another value must follow.
    fn value(&mut self) -> Result<bool, Wrong> {
        self.values += 1;
        if self.values > JSON_VALUES_MAX {
            return Err(Wrong::TooMany);
        }
        match self.next_token() {
            None => return Err(Wrong::EndsEarly),
            Some(b'{') => {
                let few = self.spare.pop().unwrap_or_default();
                self.enter(Open::Object { seen: Keys { few, ..Keys::default() }, key: None })?;
                if self.next_token() != Some(b'}') {
                    return self.key().map(|()| true);
                }
            }
            Some(b'[') => {
                self.enter(Open::Array { index: 0 })?;
                if self.next_token() != Some(b']') {
                    return Ok(true);
                }
            }
            Some(b'"') => drop(self.text()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word(b"true")?,
            Some(b'f') => self.word(b"false")?,
            Some(b'n') => self.word(b"null")?,
            Some(b'<') if self.values == 1 => return Err(Wrong::Xml),
            Some(_) => return Err(Wrong::Syntax("a value")),
        }
        self.after_value()
    }

    fn enter(&mut self, container: Open<'a>) -> Result<(), Wrong> {
        if self.open.len() >= JSON_DEPTH_MAX {
            return Err(Wrong::TooDeep);
        }
        self.at += 1;
        self.open.push(container);
        Ok(())
    }

    /// Closes what closes here. Whether another value must follow.
    fn after_value(&mut self) -> Result<bool, Wrong> {
        loop {
            let token = self.next_token();
            match (self.open.last_mut(), token) {
                (None, None) => return Ok(false),
                (None, Some(_)) => return Err(Wrong::Trailing),
                (Some(_), None) => return Err(Wrong::EndsEarly),
                (Some(Open::Object { .. }), Some(b'}')) | (Some(Open::Array { .. }), Some(b']')) => {
                    self.at += 1;
                    if let Some(Open::Object { seen: Keys { mut few, .. }, .. }) = self.open.pop() {
                        few.clear();
                        self.spare.push(few);
                    }
                }
                (Some(Open::Object { .. }), Some(b',')) => {
                    self.at += 1;
                    return self.key().map(|()| true);
                }
                (Some(Open::Array { index }), Some(b',')) => {
                    *index += 1;
                    self.at += 1;
                    return Ok(true);
                }
                (Some(Open::Object { .. }), _) => return Err(Wrong::Syntax("a comma or `}`")),
                (Some(Open::Array { .. }), _) => return Err(Wrong::Syntax("a comma or `]`")),
            }
        }
    }

    /// Scans a key and its colon, and remembers it in the object that is open.
    fn key(&mut self) -> Result<(), Wrong> {
        if let Some(Open::Object { key, .. }) = self.open.last_mut() {
            *key = None;
        }
        match self.next_token() {
            Some(b'"') => {}
            None => return Err(Wrong::EndsEarly),
            Some(_) => return Err(Wrong::Syntax("a key in quotation marks")),
        }
        let (start, name) = (self.at, self.text()?);
        let reserved = name.starts_with(RESERVED_KEYS);
        if let Some(Open::Object { seen, key }) = self.open.last_mut() {
            *key = Some(name.clone());
            if !seen.insert(name) {
                self.at = start;
                return Err(Wrong::DuplicateKey);
            }
        }
        if reserved {
            self.at = start;
            return Err(Wrong::ReservedKey);
        }
        match self.next_token() {
            Some(b':') => self.at += 1,
            None => return Err(Wrong::EndsEarly),
            Some(_) => return Err(Wrong::Syntax("a colon")),
        }
        Ok(())
    }

    /// Scans a text from its opening quotation mark on, and gives what it says.
    fn text(&mut self) -> Result<Cow<'a, str>, Wrong> {
        let start = self.at;
        let mut escaped = false;
        self.at += 1;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            self.at += rest.iter().take_while(|b| !matches!(b, b'"' | b'\\' | 0..=0x1f)).count();
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(0) => return Err(Wrong::Nul),
                Some(_) => return Err(Wrong::Control),
                None => return Err(Wrong::EndsEarly),
            }
        }
        let inside = self.text.get(start + 1..self.at).unwrap_or_default();
        self.at += 1;
        Ok(if escaped { Cow::Owned(unescaped(inside)) } else { Cow::Borrowed(inside) })
    }

    /// Scans one escape from its backslash on.
    fn escape(&mut self) -> Result<(), Wrong> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => match self.unit()? {
                0 => Err(Wrong::Nul),
                0xdc00..=0xdfff => Err(Wrong::LoneSurrogate),
                0xd800..=0xdbff => {
                    self.at += 6;
                    let low = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(b"\\u"))
                        && matches!(self.unit()?, 0xdc00..=0xdfff);
                    self.at += if low { 6 } else { 0 };
                    if low { Ok(()) } else { Err(Wrong::LoneSurrogate) }
                }
                _ => {
                    self.at += 6;
                    Ok(())
                }
            },
            Some(_) => Err(Wrong::Escape),
            None => Err(Wrong::EndsEarly),
        }
    }

    /// The four hexadecimal digits of the escape that begins here.
    fn unit(&self) -> Result<u32, Wrong> {
        let digits = self.bytes.get(self.at + 2..self.at + 6).ok_or(Wrong::EndsEarly)?;
        digits
            .iter()
            .try_fold(0, |unit, digit| Ok(unit * 16 + char::from(*digit).to_digit(16).ok_or(Wrong::Escape)?))
    }

    fn number(&mut self) -> Result<(), Wrong> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || (leading_zero && whole > 1) {
            return Err(Wrong::Number);
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(Wrong::Number);
            }
        }
        let mut exponent = 0;
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            exponent = self.digits();
            if exponent == 0 {
                return Err(Wrong::Number);
            }
        }
        let too_long = self.at - start > JSON_NUMBER_MAX_BYTES || exponent > JSON_EXPONENT_MAX_DIGITS;
        if too_long { Err(Wrong::NumberTooLong) } else { Ok(()) }
    }

    fn digits(&mut self) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        digits
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Wrong> {
        if !self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(Wrong::Syntax("`true`, `false` or `null`"));
        }
        self.at += word.len();
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The next byte that is not white space.
    fn next_token(&mut self) -> Option<u8> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        self.peek()
    }

    fn fault(&self, wrong: &Wrong) -> JsonFault {
        let before = self.bytes.get(..self.at).unwrap_or(self.bytes);
        let mut lines = before.split(|byte| *byte == b'\n');
        let column = lines.next_back().map_or(0, <[u8]>::len) + 1;
        let line = lines.count() + 1;
        let text = format!("{wrong} (Line {line}, byte {column}.)");
        JsonFault { code: "structure", path: self.pointer(), text }
    }

    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for container in &self.open {
            let place = match container {
                Open::Object { key: Some(key), .. } => shown(key),
                Open::Object { key: None, .. } => continue,
                Open::Array { index } => index.to_string(),
            };
            pointer.push('/');
            pointer.push_str(&place);
        }
        pointer
    }
}

/// What a text with sound escapes says.
fn unescaped(inside: &str) -> String {
    serde_json::from_str(&format!("\"{inside}\"")).unwrap_or_default()
}

/// A key as a path shows it. A key is the sender's text too, and may be a name or a number that somebody put
/// in the wrong place: only what looks like the name of a field is shown.
#[must_use]
pub fn shown(key: &str) -> String {
    let named = key.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | '$'))
        && key.len() <= SHOWN_KEY_MAX_BYTES
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$'))
        && key.bytes().filter(u8::is_ascii_digit).count() <= SHOWN_KEY_MAX_DIGITS;
    if named { key.to_owned() } else { String::from("*") }
}

#[cfg(test)]
#[path = "json_test.rs"]
mod tests;
