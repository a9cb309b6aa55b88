//! The primitive types of FHIR R4, each with its own format.
//!
//! Source: FHIR R4 (4.0.1), "Data types", with its regular expressions read as they are meant: a date must exist.

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::dates;

/// Longest string that FHIR allows, in bytes (1 MiB).
const STRING_MAX_BYTES: usize = 1_048_576;
/// Longest id, in characters.
const ID_MAX: usize = 64;

/// How an OID is written.
const OID: &str = "An OID is written as in urn:oid:1.2.3.4.";
/// How a UUID is written.
const UUID: &str = "A UUID is written as in urn:uuid:c757873d-ec9a-4326-a141-556f43239520.";

/// A primitive type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Primitive {
    Boolean,
    Integer,
    UnsignedInt,
    PositiveInt,
    Decimal,
    String,
    Markdown,
    Code,
    Id,
    Uri,
    Url,
    Canonical,
    Oid,
    Uuid,
    Date,
    DateTime,
    Instant,
    Time,
    Base64Binary,
    Xhtml,
}

impl Primitive {
    /// The type of this name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let name = name.strip_prefix("http://hl7.org/fhirpath/System.").unwrap_or(name);
        Some(match name {
            "boolean" | "Boolean" => Self::Boolean,
            "integer" | "Integer" => Self::Integer,
            "unsignedInt" => Self::UnsignedInt,
            "positiveInt" => Self::PositiveInt,
            "decimal" | "Decimal" => Self::Decimal,
            "string" | "String" => Self::String,
            "markdown" => Self::Markdown,
            "code" => Self::Code,
            "id" => Self::Id,
            "uri" => Self::Uri,
            "url" => Self::Url,
            "canonical" => Self::Canonical,
            "oid" => Self::Oid,
            "uuid" => Self::Uuid,
            "date" | "Date" => Self::Date,
            "dateTime" | "DateTime" => Self::DateTime,
            "instant" => Self::Instant,
            "time" | "Time" => Self::Time,
            "base64Binary" => Self::Base64Binary,
            "xhtml" => Self::Xhtml,
            _ => return None,
        })
    }

    /// Its name.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::UnsignedInt => "unsignedInt",
            Self::PositiveInt => "positiveInt",
            Self::Decimal => "decimal",
            Self::String => "string",
            Self::Markdown => "markdown",
            Self::Code => "code",
            Self::Id => "id",
            Self::Uri => "uri",
            Self::Url => "url",
            Self::Canonical => "canonical",
            Self::Oid => "oid",
            Self::Uuid => "uuid",
            Self::Date => "date",
            Self::DateTime => "dateTime",
            Self::Instant => "instant",
            Self::Time => "time",
            Self::Base64Binary => "base64Binary",
            Self::Xhtml => "xhtml",
        }
    }

    /// What is wrong with a value of this type: the FHIR issue type, and what would be right.
    pub(super) fn fault(self, value: &Value) -> Option<(&'static str, Cow<'static, str>)> {
        match (self, value) {
            (Self::Boolean, Value::Bool(_)) | (Self::Decimal, Value::Number(_)) => None,
            (Self::Integer | Self::UnsignedInt | Self::PositiveInt, Value::Number(number)) => {
                self.number_fault(number)
            }
            (Self::Boolean | Self::Integer | Self::UnsignedInt | Self::PositiveInt | Self::Decimal, _) => {
                Some(("structure", self.wants_json()))
            }
            (_, Value::String(text)) => self.text_fault(text),
            _ => Some(("structure", self.wants_json())),
        }
    }

    fn wants_json(self) -> Cow<'static, str> {
        let (what, example) = match self {
            Self::Boolean => ("true or false", "true"),
            Self::Integer | Self::UnsignedInt | Self::PositiveInt => ("a whole number", "7"),
            Self::Decimal => ("a number", "1.10"),
            _ => ("a text in quotation marks", "\"text\""),
        };
        format!("A {} is {what} in JSON, as in {example}.", self.as_str()).into()
    }

    fn number_fault(self, number: &Number) -> Option<(&'static str, Cow<'static, str>)> {
        let least = match self {
            Self::UnsignedInt => 0,
            Self::PositiveInt => 1,
            _ => i64::from(i32::MIN),
        };
        let fits = number.as_i64().is_some_and(|n| n >= least && n <= i64::from(i32::MAX));
        if fits {
            return None;
        }
        let says = match self {
            Self::UnsignedInt => "An unsignedInt is a whole number from 0 to 2147483647.",
            Self::PositiveInt => "A positiveInt is a whole number from 1 to 2147483647.",
            _ => {
                "An integer is a whole number from -2147483648 to 2147483647, without a point or an exponent."
            }
        };
        Some(("value", says.into()))
    }

    fn text_fault(self, text: &str) -> Option<(&'static str, Cow<'static, str>)> {
        if text.is_empty() {
            return Some(("value", "A text is never empty; leave the element out instead.".into()));
        }
        let (right, says): (bool, &'static str) = match self {
            Self::String | Self::Markdown => return free_text_fault(text),
            Self::Code => (
                is_code(text),
                "A code has no space at its beginning or end, and no other white space inside than single spaces.",
            ),
            Self::Id => (is_id(text), "An id is 1 to 64 letters, digits, hyphens and points."),
            Self::Uri | Self::Url | Self::Canonical => {
                if let Some(name) = text.strip_prefix("urn:")
                    && let Some(says) = name_fault(name, text)
                {
                    return Some(("value", says.into()));
                }
                (is_uri(text), "A URI has no spaces or control characters in it.")
            }
            Self::Oid => (is_oid(text), OID),
            Self::Uuid => (is_uuid(text), UUID),
            Self::Date => {
                (dates::is_date(text), "A date that exists, as in 2026-11-23, 2026-11 or 2026, is expected.")
            }
            Self::DateTime => (
                dates::is_date_time(text),
                "A date as in 2026-11-23, 2026-11 or 2026, or a time with seconds and an offset as in \
                 2026-11-23T09:30:00Z, is expected.",
            ),
            Self::Instant => (
                dates::is_instant(text),
                "A time to at least the second and with an offset is expected, as in 2026-11-23T09:30:00Z.",
            ),
            Self::Time => (dates::is_time(text), "A time of day is expected, as in 09:30:00."),
            Self::Base64Binary => {
                (is_base64(text), "Base64 is expected, in groups of four characters, padded with `=`.")
            }
            Self::Xhtml => return None,
            Self::Boolean | Self::Integer | Self::UnsignedInt | Self::PositiveInt | Self::Decimal => {
                return Some(("structure", self.wants_json()));
            }
        };
        (!right).then(|| ("value", says.into()))
    }
}

fn free_text_fault(text: &str) -> Option<(&'static str, Cow<'static, str>)> {
    if text.len() > STRING_MAX_BYTES {
        return Some(("too-long", format!("A text is at most {STRING_MAX_BYTES} bytes long.").into()));
    }
    if text.trim().is_empty() {
        return Some(("value", "A text says something: it is not made of spaces alone.".into()));
    }
    if text.bytes().any(|byte| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) {
        return Some(("value", "A text has no control characters beside tab, new line and return.".into()));
    }
    None
}

/// `[^\s]+(\s[^\s]+)*`, in which the only white space is a single space ("Data types", code).
fn is_code(text: &str) -> bool {
    let mut after_space = true;
    for c in text.chars() {
        if c == ' ' {
            if after_space {
                return false;
            }
        } else if c.is_whitespace() || c.is_control() {
            return false;
        }
        after_space = c == ' ';
    }
    !after_space
}

/// Whether this is an id: `[A-Za-z0-9\-\.]{1,64}`.
pub(super) fn is_id(text: &str) -> bool {
    (1..=ID_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

fn is_uri(text: &str) -> bool {
    if text.is_ascii() {
        return text.bytes().all(|byte| byte > b' ' && byte != 0x7f);
    }
    !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// What is wrong with a URI that is a UUID or an OID; `name` is what stands behind `urn:`.
fn name_fault(name: &str, whole: &str) -> Option<&'static str> {
    if name.starts_with("uuid:") {
        (!is_uuid(whole)).then_some(UUID)
    } else if name.starts_with("oid:") {
        (!is_oid(whole)).then_some(OID)
    } else {
        None
    }
}

pub(super) fn is_oid(text: &str) -> bool {
    let Some(arcs) = text.strip_prefix("urn:oid:") else { return false };
    let mut arcs = arcs.split('.');
    let root = arcs.next().is_some_and(|arc| matches!(arc, "0" | "1" | "2"));
    let mut count = 0;
    let all = arcs.all(|arc| {
        count += 1;
        !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()) && (arc == "0" || !arc.starts_with('0'))
    });
    root && all && count > 0
}

/// Whether this is `urn:uuid:` and a UUID in lower case (RFC 4122 has it written so; FHIR's pattern as well).
pub(super) fn is_uuid(text: &str) -> bool {
    let Some(uuid) = text.strip_prefix("urn:uuid:") else { return false };
    uuid.len() == 36
        && uuid.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

fn is_base64(text: &str) -> bool {
    let (mut count, mut padding) = (0_usize, 0_usize);
    for byte in text.bytes() {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => continue,
            b'=' => padding += 1,
            _ if padding > 0 => return false,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {}
            _ => return false,
        }
        count += 1;
    }
    count > 0 && count % 4 == 0 && padding <= 2
}

#[cfg(test)]
#[path = "primitive_test.rs"]
mod tests;
