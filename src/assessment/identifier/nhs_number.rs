//! The NHS number: ten digits, the last a modulus-11 check digit.

use std::{fmt, ops::Range};

use super::{Check, Read};

/// How many digits it has.
const DIGITS: usize = 10;

/// A well-formed NHS number with a right check digit. That it is somebody's, and whose, is another question.
///
/// It has no `Display`, and its `Debug` is masked: it cannot slip into a log line or an error.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NhsNumber(String);

/// Why a text is not an NHS number. Never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NhsNumberFault {
    /// It is not ten digits (spaces and hyphens between them are forgiven).
    #[error("an NHS number is ten digits")]
    Format,
    /// The tenth digit does not fit the nine before it.
    #[error("the check digit of the NHS number is wrong")]
    CheckDigit,
}

impl NhsNumber {
    /// Reads ten digits, with or without spaces and hyphens between them, and checks the last one
    /// (NHS Data Dictionary, NHS NUMBER: weights 10 to 2, modulus 11).
    pub fn parse(text: &str) -> Result<Self, NhsNumberFault> {
        let digits = digits(text).ok_or(NhsNumberFault::Format)?;
        if fits(&digits) { Ok(Self(digits)) } else { Err(NhsNumberFault::CheckDigit) }
    }

    /// The ten digits. For the message and the keyed look-up only; never for a log or an error.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Reads an NHS number whose check digit may be wrong.
pub(super) fn read(text: &str) -> Option<Read> {
    let digits = digits(text)?;
    let check = Check::of(fits(&digits));
    Some(Read::new(digits, check))
}

/// The ten digits, with or without spaces and hyphens between them.
fn digits(text: &str) -> Option<String> {
    let mut digits = String::with_capacity(10);
    for letter in text.chars() {
        match letter {
            '0'..='9' if digits.len() < 10 => digits.push(letter),
            ' ' | '-' => {}
            _ => return None,
        }
    }
    (digits.len() == 10).then_some(digits)
}

/// Where in a text something stands that reads as an NHS number with a right check digit: ten digits, in whatever groups with
/// spaces and hyphens between them, and in the printed groups of three, three and four with a stroke or a point. A telephone
/// number behind the code of the country is none, and a date with an hour is none. In bytes, in order.
#[must_use]
pub fn nhs_numbers_in(text: &str) -> Vec<Range<usize>> {
    let groups = groups(text);
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(first) = groups.get(from) {
        match number_from(text, &groups, from) {
            Some(last) => {
                let end = groups.get(last).map_or(first.at.end, |group| group.at.end);
                found.push(first.at.start..end);
                from = last + 1;
            }
            None => from += 1,
        }
    }
    found
}

/// Digits in a row.
struct Group {
    at: Range<usize>,
    digits: String,
    /// How it hangs on the one before it.
    joint: Joint,
}

/// What stands between two groups of digits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joint {
    /// Spaces and hyphens.
    Close,
    /// A stroke, a point, a bracket and their like.
    Loose,
    /// Anything else, or too much.
    None,
}

/// The most letters that stand between two groups of one number.
const JOINT_MAX: usize = 3;

/// A digit, also one of those that are as broad as a Chinese letter, and of Arabic and Persian.
fn digit(letter: char) -> Option<char> {
    let zero = match letter {
        '0'..='9' => return Some(letter),
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6F0}'..='\u{6F9}' => '\u{6F0}',
        '\u{FF10}'..='\u{FF19}' => '\u{FF10}',
        _ => return None,
    };
    char::from_digit(u32::from(letter) - u32::from(zero), 10)
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let (mut between, mut joint) = (0_usize, Joint::None);
    let mut is_open = false;
    for (at, letter) in text.char_indices() {
        let end = at + letter.len_utf8();
        if let Some(digit) = digit(letter) {
            match groups.last_mut().filter(|_| is_open) {
                Some(group) => {
                    group.digits.push(digit);
                    group.at.end = end;
                }
                None => groups.push(Group { at: at..end, digits: String::from(digit), joint }),
            }
            is_open = true;
            continue;
        }
        if is_open {
            (between, joint) = (0, Joint::Close);
        }
        is_open = false;
        between += 1;
        joint = match (letter, joint) {
            _ if between > JOINT_MAX => Joint::None,
            (_, Joint::None) => Joint::None,
            (
                '-' | '\u{AD}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{200B}'..='\u{200D}' | '\u{2060}',
                _,
            ) => joint,
            (letter, _) if letter.is_whitespace() => joint,
            (letter, _) if !letter.is_alphanumeric() => Joint::Loose,
            _ => Joint::None,
        };
    }
    groups
}

/// The last group of the number that begins with group `from`.
fn number_from(text: &str, groups: &[Group], from: usize) -> Option<usize> {
    let (mut all, mut lengths, mut is_loose) = (String::new(), Vec::new(), false);
    for (number, group) in groups.iter().enumerate().skip(from) {
        if number > from {
            is_loose |= group.joint == Joint::Loose;
            if group.joint == Joint::None {
                return None;
            }
        }
        all.push_str(&group.digits);
        lengths.push(group.digits.len());
        if all.len() < DIGITS {
            continue;
        }
        let start = groups.get(from)?.at.start;
        let is_one = all.len() == DIGITS
            && fits(&all)
            && (!is_loose || lengths == [3, 3, 4])
            && !is_after_a_country(text.get(..start)?)
            && !is_a_date(text.get(start..)?, &lengths);
        return is_one.then_some(number);
    }
    None
}

/// Whether what stands before says that a telephone number follows.
fn is_after_a_country(before: &str) -> bool {
    let before =
        before.trim_end_matches(|letter: char| letter.is_whitespace() || letter == '-' || letter == ')');
    ["+44", "+44(0", "+44 (0", "0044"].iter().any(|code| before.ends_with(code))
}

/// Whether it is a date as in `2026-11-23`, and an hour.
fn is_a_date(text: &str, lengths: &[usize]) -> bool {
    lengths == [4, 2, 2, 2] && text.get(..10).is_some_and(|date| date.parse::<jiff::civil::Date>().is_ok())
}

/// With the check digit at weight 1 the whole sum is a multiple of 11; a check digit of "10" cannot occur.
fn fits(digits: &str) -> bool {
    let weighted: u32 = digits.bytes().zip((1..=10).rev()).map(|(b, w)| u32::from(b - b'0') * w).sum();
    weighted.is_multiple_of(11)
}

impl fmt::Debug for NhsNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NhsNumber(**********)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_right_numbers_with_or_without_spaces() {
        for right in ["9990000018", "999 000 0026", "999-000-0034", "9449307539", "9000000009", "9476719931"]
        {
            assert!(NhsNumber::parse(right).is_ok());
        }
        assert_eq!(NhsNumber::parse("999 000 0018").unwrap().as_str(), "9990000018");
    }

    #[test]
    fn refuses_wrong_check_digits_and_other_texts() {
        for wrong in ["9990000019", "3478526985", "7778521234", "9912003890"] {
            assert_eq!(NhsNumber::parse(wrong), Err(NhsNumberFault::CheckDigit));
        }
        for other in ["", "999000001", "99900000181", "999000001X", "٩٩٩٠٠٠٠٠١٨", "9990000018\n"] {
            assert_eq!(NhsNumber::parse(other), Err(NhsNumberFault::Format));
        }
    }

    #[test]
    fn every_single_wrong_digit_is_found() {
        let right = "9990000018";
        for place in 0..10 {
            for digit in b'0'..=b'9' {
                let mut bytes = right.as_bytes().to_vec();
                bytes[place] = digit;
                let text = String::from_utf8(bytes).unwrap();
                assert_eq!(NhsNumber::parse(&text).is_ok(), text == right);
            }
        }
    }

    #[test]
    fn is_found_in_a_text_however_it_is_written() {
        for (text, found) in [
            ("9990000018", vec!["9990000018"]),
            ("NHS9990000018.", vec!["9990000018"]),
            ("no. 999 000 0018 20 November", vec!["999 000 0018"]),
            ("12 999-000-0018", vec!["999-000-0018"]),
            ("999\u{a0}000\u{2011}0018, 999 000 0026", vec!["999\u{a0}000\u{2011}0018", "999 000 0026"]),
            ("999.000.0018", vec!["999.000.0018"]),
            ("9 9 9 0 0 0 0 0 1 8", vec!["9 9 9 0 0 0 0 0 1 8"]),
            ("９９９０００００１８", vec!["９９９０００００１８"]),
            // The digits of longer numbers, wrong check digits, amounts, dates and telephone numbers.
            ("99900000181", vec![]),
            ("9990000019", vec![]),
            ("99.90.00.00.18", vec![]),
            ("999, and 000, and 0018", vec![]),
            ("07700 900123", vec![]),
            ("+44 9990000018", vec![]),
            ("+44 (0)999 000 0018", vec![]),
            ("0044 999 000 0018", vec![]),
            ("", vec![]),
        ] {
            let told: Vec<&str> = nhs_numbers_in(text).into_iter().map(|at| &text[at]).collect();
            assert_eq!(told, found, "{text}");
        }
        // Some date with an hour has a right check digit.
        let hours = (0..24).map(|hour| format!("2026-11-23 {hour:02}:30"));
        assert!(hours.clone().any(|at| NhsNumber::parse(&at[..13]).is_ok()));
        assert!(hours.into_iter().all(|at| nhs_numbers_in(&at).is_empty()));
    }

    #[test]
    fn does_not_show_itself() {
        let number = NhsNumber::parse("9990000018").unwrap();
        assert!(!format!("{number:?}").contains("999"));
    }
}
