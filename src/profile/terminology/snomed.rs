//! The check digit of SNOMED CT identifiers, and what they identify.
//!
//! Source: SNOMED CT Technical Implementation Guide, "Check-digit computation" (Verhoeff's dihedral check) and "Partition
//! identifier"; the FHIR page "Using SNOMED CT": codes are those of concepts, or expressions of them.

/// Multiplication in the dihedral group of order ten.
const TIMES: [[u8; 10]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];

/// What a digit counts as at its place.
const AT_PLACE: [[u8; 10]; 8] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
    [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
    [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
    [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
    [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
    [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
    [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
];

/// Whether a code has the form of a SNOMED CT identifier (6 to 18 digits, the first not 0) and its check digit holds.
/// Post-coordinated expressions are not looked at: `None`.
#[must_use]
pub fn has_check_digit(code: &str) -> Option<bool> {
    if !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return if code.contains([':', '+', '=', '|', ' ']) { None } else { Some(false) };
    }
    if !(6..=18).contains(&code.len()) || code.starts_with('0') {
        return Some(false);
    }
    let mut sum = 0_u8;
    for (place, byte) in code.bytes().rev().enumerate() {
        let digit = AT_PLACE.get(place % 8)?.get(usize::from(byte - b'0'))?;
        sum = *TIMES.get(usize::from(sum))?.get(usize::from(*digit))?;
    }
    Some(sum == 0)
}

/// Fewest digits of an identifier with a namespace: one of its own, seven of the namespace, two of the partition, and the
/// check digit.
const WITH_NAMESPACE_MIN: usize = 11;

/// What is wrong with a code of SNOMED CT by its form: the rule, and what to say of it. Expressions are not looked at.
#[must_use]
pub fn fault(code: &str) -> Option<(&'static str, &'static str)> {
    if !has_check_digit(code)? {
        return Some(("SNOMED CT check digit", "This is no SNOMED CT code: its check digit is wrong."));
    }
    let partition = code.get(code.len().checked_sub(3)?..code.len().checked_sub(1)?)?;
    let is_concept = match partition {
        "00" => true,
        "10" => code.len() >= WITH_NAMESPACE_MIN,
        _ => false,
    };
    (!is_concept).then_some((
        "SNOMED CT partition",
        "This is no code of a SNOMED CT concept: the two digits before its last say what it identifies, and are 00 or, \
         with a namespace, 10.",
    ))
}
