//! What may be shown as it is, wherever somebody else's text is shown.

use crate::letters;

/// Whether a letter could upset a terminal, or who reads it: control characters, and those that turn the direction of reading
/// or are not seen.
#[must_use]
pub fn is_hidden(letter: char) -> bool {
    letters::is_hidden(letter) || letters::JOINERS.contains(&letter)
}

/// Text as a terminal or a page may get it: nothing moves the cursor or turns the direction of what is read.
#[must_use]
pub fn printable(text: &str) -> String {
    let safe = |letter: char| match letter {
        '\n' => '\n',
        '\t' => ' ',
        hidden if is_hidden(hidden) => '·',
        letter => letter,
    };
    text.chars().map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn nothing_that_is_printed_moves_the_cursor() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}c\td\ne"), "a·[2Jb·c d\ne");
    }
}
