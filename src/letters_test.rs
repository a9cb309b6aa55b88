use std::collections::BTreeSet;

use proptest::prelude::*;
use regex::Regex;

use super::*;

/// Every code point that is a character.
fn all() -> impl Iterator<Item = char> {
    '\0'..=char::MAX
}

fn of(class: &str) -> BTreeSet<char> {
    let class = Regex::new(&format!("^{class}$")).unwrap();
    all().filter(|letter| class.is_match(letter.encode_utf8(&mut [0; 4]))).collect()
}

#[test]
fn what_unicode_says_to_ignore_is_hidden_or_needs_a_letter() {
    let ignored = of(r"\p{Default_Ignorable_Code_Point}");
    assert!(ignored.len() > 4_000, "{}", ignored.len());
    let shown: String =
        ignored.iter().copied().filter(|letter| !is_hidden(*letter) && !needs_a_letter(*letter)).collect();
    assert_eq!(shown, "");
    // Of formats and separators some are drawn: signs of Arabic, Syriac and Kaithi that stand around numbers.
    let drawn: String =
        of(r"[\p{Cf}\p{Zl}\p{Zp}]").into_iter().filter(|l| !is_hidden(*l) && !needs_a_letter(*l)).collect();
    let signs =
        "\u{600}\u{601}\u{602}\u{603}\u{604}\u{605}\u{6dd}\u{70f}\u{890}\u{891}\u{8e2}\u{110bd}\u{110cd}";
    assert_eq!(drawn, signs);
}

#[test]
fn nothing_that_people_write_is_on_the_list() {
    let listed: Vec<char> = HIDDEN.into_iter().flatten().filter(|l| l.is_alphanumeric()).collect();
    // Blank letters of Hangul are letters to Unicode.
    assert_eq!(listed, ['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}']);
    assert!(JOINERS.chain(SELECTORS.into_iter().flatten()).all(|letter| !letter.is_alphanumeric()));
}

#[test]
fn names_and_words_of_the_world_are_read() {
    let written = [
        "Siân Ŵyn ap Rhŷs",
        "Sia\u{302}n w\u{302}yr",
        "Ó Dómhnaill-Łąka",
        "Nguyễn Thị Hồng",
        "Nguye\u{302}\u{303}n",
        "محمد علي",
        "مُحَمَّد",
        "علی\u{200c}رضا",
        "می\u{200c}خواهم",
        "क्\u{200d}ष",
        "श्री\u{200c}मती",
        "প্র\u{200d}্যা",
        "സന്\u{200d}ധ്യ",
        "ශ්\u{200d}රී ලංකා",
        "မောင်မောင်",
        "ခင်ညွန့်\u{200c}",
        "བསྟན་འཛིན",
        "ᠮᠣᠩᠭ\u{180b}ᠣᠯ",
        "葛\u{e0100}城",
        "陳大文",
        "김민준",
        "שָׁלוֹם",
        "Q\u{323}o",
        "I \u{2764}\u{fe0f} it 👩\u{200d}👧 👍\u{1f3fd} 🏳\u{fe0f}\u{200d}🌈 \u{2764}\u{fe0f}\u{200d}🔥 1\u{fe0f}\u{20e3}",
        "☎\u{fe0e} after six",
        "⠓⠑⠇⠏\u{2800}⠍⠑",
        "one\n\ttwo\r\nthree",
        "\u{a0}=+-@",
    ];
    for text in written {
        assert_eq!(read(text), Ok(()), "{text:?}");
    }
}

#[test]
fn what_nobody_sees_says_nothing() {
    let empty = [
        "",
        " ",
        "\u{a0}\u{3000}\u{2009}\t\n",
        "\u{301}",
        "\u{302}\u{323} \u{941}",
        "\u{20dd}",
        "\u{2800}",
        "\u{2800} \u{94d}",
    ];
    for text in empty {
        assert_eq!(read(text), Err(Fault::SaysNothing), "{text:?}");
    }
    for letter in HIDDEN.into_iter().flatten().chain(JOINERS).chain(SELECTORS.into_iter().flatten()) {
        assert_eq!(read(&letter.to_string()), Err(Fault::Hides), "{letter:?}");
    }
}

#[test]
fn joiners_and_selectors_hide_where_no_word_needs_them() {
    let hides = [
        "Jo\u{200d}hn",
        "Jo\u{200c}hn",
        "John\u{fe0f}",
        "John \u{200d}",
        "\u{200c}علی",
        "علی\u{200c}\u{200c}رضا",
        "क\u{94d}\u{200d}\u{200d}ष",
        "\u{2764}\u{fe0f}\u{fe0f}",
        "John\u{e0100}",
        "John\u{180b}",
        "7\u{200d}7",
        "Pa\u{ad}ul",
        "a\u{34f}b",
        "fit\u{2028}for release",
        "fit\u{2029}for release",
    ];
    for text in hides {
        assert_eq!(read(text), Err(Fault::Hides), "{text:?}");
    }
}

proptest! {
    /// Wherever it stands, in whatever else: what is hidden is found, and a text that is taken shows something.
    #[test]
    fn no_hidden_letter_passes_and_no_empty_text(
        before in "\\PC{0,8}",
        after in "\\PC{0,8}",
        hidden in proptest::sample::select(HIDDEN.into_iter().flatten().collect::<Vec<_>>()),
        unseen in "[\\s\\p{M}\\p{Cf}\\p{Default_Ignorable_Code_Point}\u{2800}]{0,12}",
    ) {
        prop_assert_eq!(read(&format!("{before}{hidden}{after}")), Err(Fault::Hides));
        // Signs that stand around numbers are formats that are drawn.
        prop_assume!(!unseen.contains(|letter: char| of_numbers(letter)));
        prop_assert!(read(&unseen).is_err());
        let joined = [before.as_str(), "a\u{200d}"].concat();
        prop_assert!(read(&joined).is_err());
    }
}

fn of_numbers(letter: char) -> bool {
    get_general_category(letter) == Category::Format && !is_hidden(letter) && !needs_a_letter(letter)
}
