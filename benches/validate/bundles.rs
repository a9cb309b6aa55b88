//! Referral messages with values that were not seen before: one message, and in every copy other ids, names, numbers,
//! texts and dates. Nothing is drawn by chance: the same number gives the same message.

use jiff::{ToSpan as _, civil::Date};
use keyway::fhir;
use serde_json::Value;

/// A referral of about 10 KB: thirteen resources; the example message-new.json without its screening score.
const REFERRAL: &[u8] = include_bytes!("referral.json");
/// Where a text is a person's own, and may be anything: these are varied.
const FREE: [&str; 8] = ["family", "given", "line", "text", "comment", "description", "valueString", "note"];
/// The system whose values are NHS numbers.
const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";

/// The message from which all are made.
pub(super) fn original() -> Result<Value, String> {
    fhir::json::parse(REFERRAL).map_err(|fault| fault.to_string())
}

/// Message number `number`, as it comes over the wire.
pub(super) fn message(original: &Value, number: u64) -> Vec<u8> {
    let mut message = original.clone();
    let mut numbers = Numbers(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let copy = Copy { mask: numbers.next(), days: i64::from(numbers.below(300)) - 320 };
    copy.vary(&mut message, "", &mut numbers);
    message.to_string().into_bytes()
}

/// What is the same throughout one message.
struct Copy {
    /// Laid over every UUID, so that references still meet what they refer to.
    mask: u64,
    /// By how many days every date is moved, so that periods still end after they begin.
    days: i64,
}

impl Copy {
    fn vary(&self, value: &mut Value, key: &str, numbers: &mut Numbers) {
        match value {
            Value::Object(fields) => {
                if fields.get("system").and_then(Value::as_str) == Some(NHS_NUMBER) {
                    fields.insert(String::from("value"), Value::String(nhs_number(numbers)));
                    return;
                }
                for (name, field) in fields.iter_mut() {
                    self.vary(field, name, numbers);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.vary(item, key, numbers);
                }
            }
            Value::String(text) => {
                if let Some(varied) = self.text(text, key, numbers) {
                    *text = varied;
                }
            }
            _ => {}
        }
    }

    fn text(&self, text: &str, key: &str, numbers: &mut Numbers) -> Option<String> {
        if FREE.contains(&key) {
            return Some(format!("{text} {}", numbers.word()));
        }
        if let Some(uuid) = text.len().checked_sub(36).and_then(|at| text.get(at..))
            && let Some(varied) = masked(uuid, self.mask)
        {
            return Some(text.replace(uuid, &varied));
        }
        let date: Date = text.get(..10)?.parse().ok()?;
        let moved = date.checked_add(self.days.days()).ok()?;
        Some(format!("{moved}{}", text.get(10..).unwrap_or_default()))
    }
}

/// A UUID with `mask` laid over its last two groups.
fn masked(uuid: &str, mask: u64) -> Option<String> {
    let (head, tail) = (uuid.get(..24)?, uuid.get(24..)?);
    let dashes = [8, 13, 18, 23].iter().all(|at| uuid.as_bytes().get(*at) == Some(&b'-'));
    let number = u64::from_str_radix(tail, 16).ok().filter(|_| dashes)?;
    Some(format!("{head}{:012x}", (number ^ mask) & 0xffff_ffff_ffff))
}

/// An NHS number from the range that is never issued, with the right check digit.
fn nhs_number(numbers: &mut Numbers) -> String {
    loop {
        let nine = format!("999{:06}", numbers.below(1_000_000));
        let weighted: u32 =
            nine.bytes().zip((2..=10).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        match 11 - weighted % 11 {
            11 => return format!("{nine}0"),
            10 => {}
            check => return format!("{nine}{check}"),
        }
    }
}

/// xorshift64*: enough to differ, and always the same.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: u32) -> u32 {
        u32::try_from((self.next() >> 33) % u64::from(end)).unwrap_or_default()
    }

    /// Two to nine small letters.
    fn word(&mut self) -> String {
        (0..2 + self.below(8)).map(|_| char::from_digit(10 + self.below(26), 36).unwrap_or('x')).collect()
    }
}
