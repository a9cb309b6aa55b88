//! One pass over the bytes: what is wrong is found, and what is right is made, as it is read.

use std::{borrow::Cow, collections::HashSet};

use serde_json::{Number, Value};

use super::{JsonFault, Wrong, shown};
use crate::limits::{JSON_DEPTH_MAX, JSON_EXPONENT_MAX_DIGITS, JSON_NUMBER_MAX_BYTES, JSON_VALUES_MAX};

/// Up to how many keys of an object are compared one by one.
const FEW_KEYS: usize = 16;
/// Keys that `serde_json` keeps for itself: an object with one would be read as something else.
const RESERVED_KEYS: &str = "$serde_json::private::";

/// An object or array that is open; `first` is where its own begin among all fields, or items, that wait.
enum Open<'a> {
    /// With the keys so far and the present one.
    Object { seen: Keys<'a>, key: Option<Cow<'a, str>>, first: usize },
    /// With the present index.
    Array { index: usize, first: usize },
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

pub(super) struct Scanner<'a> {
    text: &'a str,
    /// The same.
    bytes: &'a [u8],
    at: usize,
    open: Vec<Open<'a>>,
    /// Lists of keys that are not in use any more, to be used again.
    spare: Vec<Vec<Cow<'a, str>>>,
    /// How many values have begun.
    values: usize,
    /// What is read of the objects that are open, and of the arrays: each is made when it closes, of just its size.
    fields: Vec<(String, Value)>,
    items: Vec<Value>,
    /// The document, once it is whole.
    whole: Option<Value>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            open: Vec::new(),
            spare: Vec::new(),
            values: 0,
            fields: Vec::new(),
            items: Vec::new(),
            whole: None,
        }
    }

    /// Reads the document.
    pub(super) fn document(&mut self) -> Result<Value, Wrong> {
        if self.bytes.starts_with(b"\xef\xbb\xbf") {
            return Err(Wrong::ByteOrderMark);
        }
        while self.value()? {}
        self.whole.take().ok_or(Wrong::EndsEarly)
    }

    /// Reads one value, or the opening of one, and all that closes after it. Whether another value must follow.
    fn value(&mut self) -> Result<bool, Wrong> {
        self.values += 1;
        if self.values > JSON_VALUES_MAX {
            return Err(Wrong::TooMany);
        }
        match self.next_token() {
            None => return Err(Wrong::EndsEarly),
            Some(b'{') => {
                let few = self.spare.pop().unwrap_or_default();
                let first = self.fields.len();
                self.enter(Open::Object { seen: Keys { few, ..Keys::default() }, key: None, first })?;
                if self.next_token() != Some(b'}') {
                    return self.key().map(|()| true);
                }
            }
            Some(b'[') => {
                self.enter(Open::Array { index: 0, first: self.items.len() })?;
                if self.next_token() != Some(b']') {
                    return Ok(true);
                }
            }
            Some(b'"') => {
                let text = self.text()?.into_owned();
                self.place(Value::String(text));
            }
            Some(b'-' | b'0'..=b'9') => {
                let number = self.number()?;
                self.place(Value::Number(number));
            }
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(b'<') if self.values == 1 => return Err(Wrong::Xml),
            Some(_) => return Err(Wrong::Syntax("a value")),
        }
        self.after_value()
    }

    /// Puts a whole value where it belongs.
    fn place(&mut self, value: Value) {
        match self.open.last() {
            Some(Open::Object { key, .. }) => {
                self.fields.push((key.as_deref().unwrap_or_default().to_owned(), value));
            }
            Some(Open::Array { .. }) => self.items.push(value),
            None => self.whole = Some(value),
        }
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
                    self.close();
                }
                (Some(Open::Object { .. }), Some(b',')) => {
                    self.at += 1;
                    return self.key().map(|()| true);
                }
                (Some(Open::Array { index, .. }), Some(b',')) => {
                    *index += 1;
                    self.at += 1;
                    return Ok(true);
                }
                (Some(Open::Object { .. }), _) => return Err(Wrong::Syntax("a comma or `}`")),
                (Some(Open::Array { .. }), _) => return Err(Wrong::Syntax("a comma or `]`")),
            }
        }
    }

    /// Makes the object or array that closes here.
    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::Object { seen: Keys { mut few, .. }, first, .. }) => {
                few.clear();
                self.spare.push(few);
                let object = self.fields.drain(first..).collect();
                self.place(Value::Object(object));
            }
            Some(Open::Array { first, .. }) => {
                let array = self.items.drain(first..).collect();
                self.place(Value::Array(array));
            }
            None => {}
        }
    }

    /// Reads a key and its colon, and remembers it in the object that is open.
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
        if let Some(Open::Object { seen, key, .. }) = self.open.last_mut() {
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

    /// Reads a text from its opening quotation mark on, and gives what it says.
    fn text(&mut self) -> Result<Cow<'a, str>, Wrong> {
        let start = self.at;
        let mut escaped = false;
        self.at += 1;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            self.at += plain(rest);
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

    /// Reads one escape from its backslash on.
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

    fn number(&mut self) -> Result<Number, Wrong> {
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
        if too_long {
            return Err(Wrong::NumberTooLong);
        }
        let written = self.text.get(start..self.at).unwrap_or_default();
        written.parse().map_err(|_| Wrong::Number)
    }

    fn digits(&mut self) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        digits
    }

    fn word(&mut self, word: &str, value: Value) -> Result<(), Wrong> {
        if !self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            return Err(Wrong::Syntax("`true`, `false` or `null`"));
        }
        self.at += word.len();
        self.place(value);
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

    /// Something wrong that comes after all that was read.
    pub(super) fn fault_at_end(&mut self, wrong: &Wrong) -> JsonFault {
        self.at = self.text.len();
        self.fault(wrong)
    }

    /// Something wrong here.
    pub(super) fn fault(&self, wrong: &Wrong) -> JsonFault {
        let before = self.bytes.get(..self.at).unwrap_or(self.bytes);
        let mut lines = before.split(|byte| *byte == b'\n');
        let column = lines.next_back().map_or(0, <[u8]>::len) + 1;
        let line = lines.count() + 1;
        let text = format!("{wrong} (Line {line}, byte {column}.)");
        JsonFault { code: "structure", path: self.pointer(), text, at: self.at.min(self.text.len()) }
    }

    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for container in &self.open {
            let place = match container {
                Open::Object { key: Some(key), .. } => shown(key),
                Open::Object { key: None, .. } => continue,
                Open::Array { index, .. } => index.to_string(),
            };
            pointer.push('/');
            pointer.push_str(&place);
        }
        pointer
    }
}

/// How many bytes stand before the next quotation mark, backslash or control character: eight at a time are asked whether
/// one of them is among these.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    // Whether a byte is zero: only then does taking one from it set its highest bit where that was not set before.
    let has_zero = |eight: u64| eight.wrapping_sub(ONES) & !eight & HIGHS != 0;
    let mut at = 0;
    for eight in bytes.as_chunks::<8>().0 {
        let eight = u64::from_le_bytes(*eight);
        let has_control = eight.wrapping_sub(ONES * 0x20) & !eight & HIGHS != 0;
        if has_control || has_zero(eight ^ (ONES * 0x22)) || has_zero(eight ^ (ONES * 0x5c)) {
            break;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)).count()
}

/// What a text with sound escapes says.
fn unescaped(inside: &str) -> String {
    serde_json::from_str(&format!("\"{inside}\"")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn every_byte_is_told_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for before in 0..20 {
                let mut text = vec![b'x'; before];
                text.extend([byte, 0xc3, 0xa9, b'y', b'"', 0x01]);
                let naive = text.iter().take_while(|b| !matches!(b, b'"' | b'\\' | 0..=0x1f)).count();
                assert_eq!(plain(&text), naive, "{byte:#x} after {before}");
            }
        }
    }
}
