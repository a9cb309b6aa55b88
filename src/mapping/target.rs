//! Fields of the systems into which a justice sheet is copied, where those hold fewer letters than was said: SPI's
//! `SpecialNeeds` (80) and `LanguageNeeds` (150). Whole entries only, what keeps somebody safe first, and a flag where not
//! all of it fits: a program that cuts at the limit would drop the one that matters in silence.

use super::{
    place::Place,
    sections::Sheet,
    tree::{Tree, map},
};

/// The most letters that SPI's `SpecialNeeds` holds (its published XSD).
const SPECIAL_NEEDS_MAX: usize = 80;
/// The most letters that SPI's `LanguageNeeds` holds (its published XSD).
const LANGUAGE_NEEDS_MAX: usize = 150;
/// Between two entries.
const BETWEEN: &str = "; ";
/// What stands last where not all of it fits.
const MORE: &str = "see sheet";
/// The adjustments without which harm comes first, in the order in which they are given up last. The others follow as they
/// were said.
const SAFETY_FIRST: [&str; 10] = [
    "medication-timing",
    "intermediary",
    "interpreter",
    "BSL",
    "hearing-loop",
    "familiar-supporter",
    "sensory-adjust",
    "quiet-space",
    "separate-waiting",
    "breaks",
];

/// One entry: what it says, and where that comes from.
struct Entry<'p> {
    words: String,
    source: Place<'p>,
}

impl<'p> Entry<'p> {
    fn new(words: impl Into<String>, source: Place<'p>) -> Self {
        Self { words: words.into(), source }
    }
}

/// What fits, and whether something was left out.
struct Fitted {
    text: String,
    shortened: bool,
}

/// The fields, where there is something to put into them.
pub(super) fn fields(sheet: &Sheet<'_>) -> Option<Tree> {
    map([
        ("specialNeeds", field(&special_needs(sheet), SPECIAL_NEEDS_MAX)),
        ("languageNeeds", field(&language_needs(sheet), LANGUAGE_NEEDS_MAX)),
    ])
}

fn field(entries: &[Entry<'_>], most: usize) -> Option<Tree> {
    if entries.is_empty() {
        return None;
    }
    let words: Vec<&str> = entries.iter().map(|entry| entry.words.as_str()).collect();
    let Fitted { text, shortened } = fitted(&words, most);
    let sources = || entries.iter().map(|entry| &entry.source);
    map([
        ("text", Some(Tree::made_from(sources(), text))),
        ("shortened", Some(Tree::made_from(sources(), shortened))),
    ])
}

/// The entries, in order, as far as they fit whole beside the word that says that there is more.
fn fitted(entries: &[&str], most: usize) -> Fitted {
    let letters = |text: &str| text.chars().count();
    let all = entries.join(BETWEEN);
    if letters(&all) <= most {
        return Fitted { text: all, shortened: false };
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut used = letters(MORE);
    for entry in entries {
        let needed = letters(entry) + letters(BETWEEN);
        // One that is too long is left out, and a shorter one behind it is not.
        if used + needed <= most {
            used += needed;
            kept.push(entry);
        }
    }
    kept.push(MORE);
    Fitted { text: kept.join(BETWEEN), shortened: true }
}

fn special_needs<'p>(sheet: &Sheet<'p>) -> Vec<Entry<'p>> {
    let mut entries = Vec::new();
    // What the sheet says, and so what may leave: not less by what the assessment left open.
    entries.extend(sheet.adult_needed().map(|needed| Entry::new("appropriate adult", needed)));
    let listed = |path: &str| sheet.at(path).map(|list| list.items()).unwrap_or_default();
    let adjustments = listed("/communication/reasonable_adjustments");
    let mut codes: Vec<Place<'p>> = adjustments.iter().filter_map(|one| one.at("/code")).collect();
    let rank = |code: &Place<'_>| {
        let code = code.text().unwrap_or_default();
        SAFETY_FIRST.iter().position(|first| *first == code).unwrap_or(SAFETY_FIRST.len())
    };
    codes.sort_by_key(rank);
    entries.extend(
        codes.into_iter().map(|code| Entry::new(code.text().unwrap_or_default().replace('-', " "), code)),
    );
    let needs = listed("/communication/needs");
    entries.extend(needs.into_iter().filter_map(|need| Some(Entry::new(need.text()?, need))));
    entries
}

fn language_needs<'p>(sheet: &Sheet<'p>) -> Vec<Entry<'p>> {
    let at = |path: &str| sheet.at(&format!("/communication/{path}"));
    let said = |path: &str, lead: &str| {
        let place = at(path)?;
        Some(Entry::new(format!("{lead}{}", place.text()?), place))
    };
    let needed = at("interpreter_needed").filter(Place::says_yes);
    let language = said("language", "language: ");
    // Who speaks English and needs no interpreter has no need of language.
    let language = language.filter(|said| needed.is_some() || !is_english(&said.source));
    let needed = needed.map(|needed| Entry::new("interpreter needed", needed));
    [
        needed,
        language,
        said("interpreter/not_this_person", "not as interpreter: "),
        said("interpreter/dialect", "dialect: "),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether a BCP 47 tag is of English, in whatever region.
fn is_english(tag: &Place<'_>) -> bool {
    let first = tag.text().and_then(|tag| tag.split('-').next());
    first.is_some_and(|language| language.eq_ignore_ascii_case("en"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_fits_stays_whole_and_what_does_not_is_said() {
        let short = fitted(&["intermediary", "breaks"], SPECIAL_NEEDS_MAX);
        assert_eq!((short.text.as_str(), short.shortened), ("intermediary; breaks", false));
        let long = [
            "appropriate adult",
            "medication timing",
            "intermediary",
            "hearing loop",
            "quiet space",
            "breaks",
        ];
        let cut = fitted(&long, SPECIAL_NEEDS_MAX);
        assert!(cut.shortened && cut.text.chars().count() <= SPECIAL_NEEDS_MAX, "{}", cut.text);
        assert!(cut.text.starts_with("appropriate adult; medication timing; intermediary"), "{}", cut.text);
        assert!(cut.text.ends_with("; see sheet"), "{}", cut.text);
    }

    proptest! {
        #[test]
        fn no_field_is_longer_than_its_system_holds_and_no_entry_is_cut(
            entries in proptest::collection::vec("[a-zé ]{1,130}", 1..12),
            most in prop_oneof![Just(SPECIAL_NEEDS_MAX), Just(LANGUAGE_NEEDS_MAX)],
        ) {
            let words: Vec<&str> = entries.iter().map(String::as_str).collect();
            let Fitted { text, shortened } = fitted(&words, most);
            prop_assert!(text.chars().count() <= most);
            prop_assert_eq!(shortened, words.join(BETWEEN).chars().count() > most);
            let mut left = words.iter();
            for part in text.split(BETWEEN).filter(|part| !shortened || *part != MORE) {
                prop_assert!(left.any(|entry| *entry == part), "an entry was cut: {}", part);
            }
        }
    }
}
