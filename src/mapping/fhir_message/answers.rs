//! The assessment as it was made, in one `QuestionnaireResponse`: a group for each block, an item for each field,
//! named by its path. Whatever the health audience may have and no other resource holds is here.

use super::{Entry, Message};
use crate::{
    clock::Moment,
    mapping::{
        codes,
        place::Place,
        tree::{Tree, list, map},
    },
    minimise::Held,
};

pub(super) const ROLE: &str = "assessment";

/// What the other resources hold whole: who, by whom, and what is asked of this recipient.
const ELSEWHERE: [&str; 5] = ["profile", "person", "practitioner", "referrals", "assessed_at"];

/// The answers.
pub(super) fn answers(message: &Message<'_>) -> Entry {
    let about = message
        .at("/person/demographics")
        .and_then(|place| item("demographics", "person.demographics", &place));
    let blocks = message
        .root
        .fields()
        .into_iter()
        .filter(|(key, _)| !ELSEWHERE.contains(key))
        .filter_map(|(key, place)| groups(key, key, &place))
        .flatten();
    let items: Vec<Tree> = about.into_iter().chain(blocks).collect();
    let authored = message
        .at("/assessed_at")
        .filter(|place| place.text().and_then(Moment::from_rfc3339).is_some())
        .map_or_else(|| message.frame.at(), |place| place.copy());
    let fields = [
        ("questionnaire", Some(Tree::fixed(codes::ASSESSMENT))),
        ("status", Some(Tree::fixed("completed"))),
        ("subject", message.refer("patient")),
        ("encounter", message.refer("encounter")),
        ("authored", Some(authored)),
        ("author", message.refer("practitioner-role")),
        ("item", list(items)),
    ];
    message.entry(ROLE, "QuestionnaireResponse", "ld-assessment", fields)
}

/// The items for one field: one, or one for each object in a list.
fn groups(key: &str, link: &str, place: &Place<'_>) -> Option<Vec<Tree>> {
    let items: Vec<Tree> = if place.is_list_of_groups() {
        place.items().iter().filter_map(|one| item(key, link, one)).collect()
    } else {
        item(key, link, place).into_iter().collect()
    };
    (!items.is_empty()).then_some(items)
}

fn item(key: &str, link: &str, place: &Place<'_>) -> Option<Tree> {
    let head = [("linkId", Some(Tree::fixed(link.to_owned()))), ("text", Some(Tree::fixed(label(key))))];
    let content = if place.is_group() {
        let below: Vec<Tree> = place
            .fields()
            .into_iter()
            .filter_map(|(key, field)| groups(key, &format!("{link}.{key}"), &field))
            .flatten()
            .collect();
        ("item", Some(list(below)?))
    } else {
        ("answer", Some(list(place.items().iter().filter_map(|one| answer(key, one)))?))
    };
    map(head.into_iter().chain([content]))
}

/// An answer of the type that the questionnaire has for the field: dates are those of fields that hold dates.
fn answer(key: &str, place: &Place<'_>) -> Option<Tree> {
    let kind = match place.held() {
        Held::Bool(_) => "valueBoolean",
        Held::Number(_) if place.whole_number().is_some() && !matches!(key, "score" | "maximum") => {
            "valueInteger"
        }
        Held::Number(_) => "valueDecimal",
        Held::Text(text) if key == "review_by" && text.parse::<jiff::civil::Date>().is_ok() => "valueDate",
        Held::Text(text) if is_dated(key) && is_moment_or_day(text) => "valueDateTime",
        _ => "valueString",
    };
    map([(kind, Some(place.copy()))])
}

fn is_moment_or_day(text: &str) -> bool {
    Moment::from_rfc3339(text).is_some() || text.parse::<jiff::civil::Date>().is_ok()
}

fn is_dated(key: &str) -> bool {
    key == "at" || key == "review_by" || ["_at", "_until", "_date"].iter().any(|end| key.ends_with(end))
}

/// `handover_advice` as people read it.
pub(in crate::mapping) fn label(key: &str) -> String {
    if matches!(key, "adhd" | "tag") {
        return key.to_ascii_uppercase();
    }
    let words = key.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
