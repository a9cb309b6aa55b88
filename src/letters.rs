//! Letters that deceive the eye: the one list of those that cannot be seen, and what a text needs so that it says something.
//!
//! Used where a text comes in (the format `text` of the profiles), where one is shown on a sheet, and where one goes to a
//! terminal.

use std::ops::RangeInclusive;

use unicode_general_category::{GeneralCategory as Category, get_general_category};

/// Letters that cannot be seen, or turn the direction of reading, and have no place in any text; beside control characters.
/// Each range of Unicode's default-ignorable code points is here, but for [`JOINERS`] and [`SELECTORS`], which words need.
pub const HIDDEN: [RangeInclusive<char>; 20] = [
    // The soft hyphen and the grapheme joiner: two names that look the same are not.
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    // Fillers of Hangul are letters that are blank.
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180e}'..='\u{180e}',
    '\u{200b}'..='\u{200b}',
    '\u{200e}'..='\u{200f}',
    // Lines and paragraphs that end where no eye sees it, and overrides of the direction.
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    // No characters at all.
    '\u{fffe}'..='\u{ffff}',
    '\u{13430}'..='\u{1343f}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    // Tags: a second text that rides on the first.
    '\u{e0000}'..='\u{e00ff}',
    '\u{e01f0}'..='\u{e0fff}',
];

/// What joins or parts the letters beside it, and is not seen: right only after a letter whose form it changes.
pub const JOINERS: RangeInclusive<char> = '\u{200c}'..='\u{200d}';

/// What chooses the form of the letter before it, and is not seen: right only after a letter that has such forms.
pub const SELECTORS: [RangeInclusive<char>; 4] =
    ['\u{180b}'..='\u{180d}', '\u{180f}'..='\u{180f}', '\u{fe00}'..='\u{fe0f}', '\u{e0100}'..='\u{e01ef}'];

/// The scripts whose words hold joiners, by their blocks: Arabic to Sinhala, Tibetan and Burmese, Khmer and Mongolian, those
/// of India and Indonesia, Arabic's older forms, and the newer blocks of the same families.
const JOINED: [RangeInclusive<char>; 9] = [
    '\u{600}'..='\u{dff}',
    '\u{f00}'..='\u{109f}',
    '\u{1700}'..='\u{18af}',
    '\u{1a20}'..='\u{1cff}',
    '\u{a800}'..='\u{aaff}',
    '\u{abc0}'..='\u{abff}',
    '\u{fb50}'..='\u{fdff}',
    '\u{fe70}'..='\u{fefc}',
    '\u{10a00}'..='\u{11fff}',
];

/// Pictures, which are joined to one another and take a form in colour: signs, arrows and emoji with their shades of skin.
const PICTURES: [RangeInclusive<char>; 6] = [
    '\u{a9}'..='\u{a9}',
    '\u{ae}'..='\u{ae}',
    '\u{203c}'..='\u{2bff}',
    '\u{3030}'..='\u{303d}',
    '\u{3297}'..='\u{3299}',
    '\u{1f000}'..='\u{1faff}',
];

/// Ideographs, some of which names write in a form of their own.
const IDEOGRAPHS: [RangeInclusive<char>; 4] =
    ['\u{3400}'..='\u{4dbf}', '\u{4e00}'..='\u{9fff}', '\u{f900}'..='\u{faff}', '\u{20000}'..='\u{3ffff}'];

/// Letters of Mongolian.
const MONGOLIAN: RangeInclusive<char> = '\u{1820}'..='\u{18aa}';
/// Chooses the picture in colour.
const IN_COLOUR: char = '\u{fe0f}';
/// A blank of braille: a space between words of it, and nothing to see.
const BLANK: char = '\u{2800}';

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing of it is seen: blanks, and marks that stand on no letter.
    SaysNothing,
    /// It holds what cannot be seen, where no word needs it.
    Hides,
}

/// Whether a letter is not seen, or turns the direction in which others are read, wherever it stands. Control characters are,
/// with tab and the ends of lines among them: whoever takes those says so.
#[must_use]
pub fn is_hidden(letter: char) -> bool {
    letter.is_control() || within(&HIDDEN, letter)
}

/// What is wrong with a text that a person reads: everything in it is seen but blanks, joiners and selectors where words need
/// them, and the ends of lines; and something is.
///
/// # Errors
///
/// [`Fault`] says which of the two does not hold.
pub fn read(text: &str) -> Result<(), Fault> {
    let mut before = None;
    for letter in text.chars() {
        let is_line = matches!(letter, '\t' | '\n' | '\r');
        if (is_hidden(letter) && !is_line)
            || (needs_a_letter(letter) && !before.is_some_and(|b| goes_on(b, letter)))
        {
            return Err(Fault::Hides);
        }
        before = Some(letter);
    }
    if says_something(text) { Ok(()) } else { Err(Fault::SaysNothing) }
}

/// A name as it is compared: without case, with single spaces.
#[must_use]
pub fn squeezed(name: &str) -> String {
    name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether anything of a text is seen.
#[must_use]
pub fn says_something(text: &str) -> bool {
    text.chars().any(|letter| is_drawn(letter) && !is_hidden(letter))
}

/// Whether a letter shows by itself. A mark does so on a letter only.
fn is_drawn(letter: char) -> bool {
    let category = get_general_category(letter);
    let is_mark =
        matches!(category, Category::NonspacingMark | Category::SpacingMark | Category::EnclosingMark);
    !is_mark && !letter.is_whitespace() && letter != BLANK && !needs_a_letter(letter)
}

fn needs_a_letter(letter: char) -> bool {
    JOINERS.contains(&letter) || within(&SELECTORS, letter)
}

/// Whether `letter`, a joiner or a selector, has a use after `before`.
fn goes_on(before: char, letter: char) -> bool {
    let is_picture = within(&PICTURES, before);
    match letter {
        '\u{200c}' => within(&JOINED, before),
        '\u{200d}' => within(&JOINED, before) || is_picture || before == IN_COLOUR,
        // The digits of a keypad, which a frame follows.
        '\u{fe0e}' | IN_COLOUR => is_picture || matches!(before, '0'..='9' | '#' | '*'),
        '\u{fe00}'..='\u{fe0d}' => is_picture || within(&JOINED, before) || within(&IDEOGRAPHS, before),
        '\u{e0100}'..='\u{e01ef}' => within(&IDEOGRAPHS, before),
        _ => MONGOLIAN.contains(&before),
    }
}

fn within(list: &[RangeInclusive<char>], letter: char) -> bool {
    list.iter().any(|range| range.contains(&letter))
}

#[cfg(test)]
#[path = "letters_test.rs"]
mod letters_test;
