//! The check letter that PNC IDs, CRO numbers, ASNs and court case references share: the digits as one number, modulo
//! 23, as a letter.

/// The letters by remainder. I, O and S are not among them: they look like digits.
const LETTERS: [char; 23] = [
    'Z', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'T', 'U', 'V', 'W',
    'X', 'Y',
];

/// The text before its last letter, and that letter, if it can be a check letter.
pub(super) fn split(text: &str) -> Option<(&str, char)> {
    let letter = text.chars().next_back().filter(|last| LETTERS.contains(last))?;
    Some((text.strip_suffix(letter)?, letter))
}

/// Whether `letter` fits `digits`, at most 18 of them.
pub(super) fn fits(digits: &str, letter: char) -> bool {
    let of = |number: u64| usize::try_from(number % 23).ok().and_then(|rest| LETTERS.get(rest));
    digits.parse().ok().and_then(of) == Some(&letter)
}
