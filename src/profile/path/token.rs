//! An expression cut into words.

use super::{
    decimal::Decimal,
    fault::PathFault,
    temporal::{Temporal, TemporalKind},
};

/// One word of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    /// `name`; also every keyword.
    Name(String),
    /// `` `name` ``, which is never a keyword.
    Quoted(String),
    /// `'text'`.
    Text(String),
    /// `12`.
    Integer(i64),
    /// `1.20`.
    Decimal(Decimal),
    /// `@2020-01-01`, `@T10:00`.
    Temporal(TemporalWord),
    /// `%name`, `` %`name` ``, `%'name'`.
    Variable(String),
    /// `$this`.
    Dollar(String),
    /// An operator or a bracket.
    Mark(&'static str),
}

/// A date or time; equal only to the same text.
#[derive(Clone, Debug)]
pub(super) struct TemporalWord(pub(super) Temporal);

impl PartialEq for TemporalWord {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

/// Longer marks before their beginnings.
const MARKS: &[&str] = &[
    "<=", ">=", "!=", "!~", "(", ")", "[", "]", "{", "}", ".", ",", "+", "-", "*", "/", "&", "|", "=", "~",
    "<", ">",
];

/// The words of `text`, each with the byte where it begins.
pub(super) fn words(text: &str) -> Result<Vec<(usize, Word)>, PathFault> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|r| !r.is_empty()) {
        let start = at;
        let Some(first) = rest.chars().next() else { break };
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        if let Some(comment) = rest.strip_prefix("/*") {
            let end = comment.find("*/").ok_or_else(|| PathFault::new(start, "a comment has no end"))?;
            at += end + 4;
            continue;
        }
        let (word, length) = word(rest, first, start)?;
        found.push((start, word));
        at += length;
    }
    Ok(found)
}

fn word(rest: &str, first: char, start: usize) -> Result<(Word, usize), PathFault> {
    match first {
        '\'' => quoted(rest, '\'', start).map(|(text, length)| (Word::Text(text), length)),
        '`' => quoted(rest, '`', start).map(|(text, length)| (Word::Quoted(text), length)),
        '0'..='9' => numeric(rest, start),
        '@' => temporal(rest, start),
        '%' => {
            let name = rest.get(1..).unwrap_or_default();
            if let Some(quote) = name.chars().next().filter(|c| matches!(c, '\'' | '`' | '"')) {
                let (text, length) = quoted(name, quote, start + 1)?;
                return Ok((Word::Variable(text), length + 1));
            }
            match identifier(name) {
                "" => Err(PathFault::new(start, "% without a name after it")),
                found => Ok((Word::Variable(found.to_owned()), found.len() + 1)),
            }
        }
        '$' => {
            let name = identifier(rest.get(1..).unwrap_or_default());
            Ok((Word::Dollar(name.to_owned()), name.len() + 1))
        }
        _ if first.is_ascii_alphabetic() || first == '_' => {
            let name = identifier(rest);
            Ok((Word::Name(name.to_owned()), name.len()))
        }
        _ => MARKS
            .iter()
            .find(|mark| rest.starts_with(**mark))
            .map(|mark| (Word::Mark(mark), mark.len()))
            .ok_or_else(|| PathFault::new(start, "a character that FHIRPath does not know here")),
    }
}

fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// Text between quotes, its escapes undone, and how long it is with its quotes.
fn quoted(text: &str, quote: char, start: usize) -> Result<(String, usize), PathFault> {
    let mut made = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Ok((made, at + c.len_utf8()));
        }
        if c != '\\' {
            made.push(c);
            continue;
        }
        let wrong = || PathFault::new(start + at, "an escape that FHIRPath does not know");
        let (_, escaped) = chars.next().ok_or_else(wrong)?;
        let plain = match escaped {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\u{c}',
            '\\' | '/' | '\'' | '"' | '`' => escaped,
            'u' => {
                let hex = text.get(at + 2..at + 6).ok_or_else(wrong)?;
                let code = u32::from_str_radix(hex, 16).ok().and_then(char::from_u32).ok_or_else(wrong)?;
                for _ in 0..4 {
                    chars.next();
                }
                code
            }
            // A published expression writes `\.` and means the pattern's own escape.
            other if other.is_ascii_punctuation() => {
                made.push('\\');
                other
            }
            _ => return Err(wrong()),
        };
        made.push(plain);
    }
    Err(PathFault::new(start, "a quotation has no end"))
}

fn numeric(rest: &str, start: usize) -> Result<(Word, usize), PathFault> {
    let digits = |t: &str| t.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(rest);
    let places = rest.get(whole..).and_then(|r| r.strip_prefix('.')).map_or(0, digits);
    let too_large = || PathFault::new(start, "a number that is too large");
    if places > 0 {
        let length = whole + 1 + places;
        let text = rest.get(..length).unwrap_or_default();
        return Ok((Word::Decimal(Decimal::parse(text).ok_or_else(too_large)?), length));
    }
    let text = rest.get(..whole).unwrap_or_default();
    Ok((Word::Integer(text.parse().map_err(|_| too_large())?), whole))
}

fn temporal(rest: &str, start: usize) -> Result<(Word, usize), PathFault> {
    let body = rest.get(1..).unwrap_or_default();
    let part = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | 'T' | 'Z' | '+');
    let length = body.find(|c: char| !part(c)).unwrap_or(body.len());
    let mut text = body.get(..length).unwrap_or_default();
    // What follows a date may be a full stop and a function: `@2020.toString()`.
    if body.get(length..).is_some_and(|r| r.starts_with(|c: char| c.is_ascii_alphabetic())) {
        text = text.trim_end_matches('.');
    }
    let made = match text.strip_prefix('T') {
        Some(time) => Temporal::parse_time(time),
        None => Temporal::parse(text),
    };
    let made = made.ok_or_else(|| PathFault::new(start, "a date or time that does not exist"))?;
    debug_assert!(text.starts_with('T') == (made.kind() == TemporalKind::Time), "the T says so");
    Ok((Word::Temporal(TemporalWord(made)), text.len() + 1))
}
