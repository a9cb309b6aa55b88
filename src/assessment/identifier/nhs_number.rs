//! The NHS number: ten digits, the last a modulus-11 check digit.

use std::fmt;

use super::{Check, Read};

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
    fn does_not_show_itself() {
        let number = NhsNumber::parse("9990000018").unwrap();
        assert!(!format!("{number:?}").contains("999"));
    }
}
