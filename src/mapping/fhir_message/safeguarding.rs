//! A concern for somebody's safety as flags: one for each kind that was stated, with a code of BaRS where one says just that.

use super::{Entry, Message, coding, concept, findings::flag, label, labelled};
use crate::{
    assessment::Form,
    mapping::{
        codes,
        place::Place,
        tree::{Tree, map},
    },
};

const SYSTEM: &str = "https://fhir.nhs.uk/CodeSystem/safeguarding-codes-bars";

/// A code and its words, as they are published.
type Code = (&'static str, &'static str);

/// Said where the assessment names no kind.
const UNSPECIFIED: Code = ("U", "Unspecified Safeguarding Concern Identified");

/// The flags; none where no concern is stated.
pub(super) fn flags(message: &Message<'_>) -> Vec<Entry> {
    let Some(concern) = message.at("/safeguarding/concern").filter(Place::says_yes) else {
        return Vec::new();
    };
    let route = || message.at("/safeguarding/route");
    let made = |role: String, code| {
        flag(message, role, concept(codes::FLAG_CATEGORIES, "SG", "Safeguarding Concern"), code)
    };
    let kinds = message.at("/safeguarding/kinds").map(|kinds| kinds.items()).unwrap_or_default();
    if kinds.is_empty() {
        let code = map([
            ("coding", Some(concern.becomes(coded(UNSPECIFIED)))),
            ("text", labelled(&[("Route", route())])),
        ]);
        return vec![made(String::from("flag-safeguarding"), code)];
    }
    let is_child = is_child(message);
    let one = |(index, kind): (usize, &Place<'_>)| {
        let word = kind.text().unwrap_or_default();
        let mut said = label(&word.replace('-', "_"));
        let mut sources = vec![*kind];
        if let Some(route) = route() {
            said = format!("{said}; Route: {}", route.text().unwrap_or_default());
            sources.push(route);
        }
        let code = map([
            ("coding", published(word, is_child).map(|code| kind.becomes(coded(code)))),
            ("text", Some(Tree::made_from(sources.iter(), said))),
        ]);
        made(format!("flag-safeguarding-{index}"), code)
    };
    kinds.iter().enumerate().map(one).collect()
}

/// The code that says of this person what the kind does. Exploitation, modern slavery and sexual abuse have narrower ones only,
/// or such as say who did what to whom; and a child in an adult's home is not the person whom the flag is about.
fn published(kind: &str, is_child: bool) -> Option<Code> {
    match kind {
        "adult" if !is_child => Some(("766561000000109", "Adult safeguarding concern (finding)")),
        "child" if is_child => Some(("836881000000105", "Child is cause for safeguarding concern (finding)")),
        "domestic-abuse" => Some(("697950003", "Suspected domestic abuse (situation)")),
        "self-neglect" => Some(("248054003", "Self-neglect (finding)")),
        "radicalisation" => Some(("766969008", "At risk of radicalization (finding)")),
        _ => None,
    }
}

fn coded((code, display): Code) -> Tree {
    Tree::array([coding(SYSTEM, code, display)])
}

/// Whether the person is under 18, by the date of birth that may leave, or by the form.
fn is_child(message: &Message<'_>) -> bool {
    let born = message.at("/person/birth_date");
    let by_date = born.map(|born| Form::of_age(born.text(), message.frame.now) == Form::Youth);
    by_date.unwrap_or(message.form == Some(Form::Youth))
}
