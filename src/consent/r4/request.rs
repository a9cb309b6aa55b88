//! What is asked: who wants which data, for what, to do what with them, when.

use jiff::civil::Date;
use serde_json::Value;

use super::{
    code::Code,
    label::Label,
    purpose::Purpose,
    reference::{Actor, Named, Role},
    shape::{Coding, Fields, coding},
    time::{self, Stretch},
    unread::Unread,
};
use crate::clock::Moment;

const ACTION: &str = "http://terminology.hl7.org/CodeSystem/consentaction";
/// From this age on a person's own word suffices.
const OWN_WORD_YEARS: i16 = 16;

/// One request. Built by [`Request::read`].
#[derive(Clone, Debug)]
pub struct Request {
    /// Whoever gets the data, with all that they belong to; and others in other parts, where the request says so.
    pub(super) actors: Vec<Actor>,
    pub(super) purpose: Option<Purpose>,
    pub(super) action: Coding,
    /// The moment of the decision, in microseconds.
    pub(super) now: i64,
    /// All names of the person whom it is about; none: whoever the Consents are about.
    pub(super) subjects: Vec<Named>,
    /// Categories whose permissions count; none: each.
    pub(super) categories: Vec<Coding>,
    /// From when the person's own word suffices; `None`: nobody asks about age.
    pub(super) own_word_from: Option<Moment>,
    /// The data; none: all there are about the person.
    pub(super) items: Vec<Item>,
}

/// One piece of data. What is `None` is not known of it.
#[derive(Clone, Debug, Default)]
pub struct Item {
    pub(super) names: Vec<Named>,
    /// The type of resource that one of its names gives.
    pub(super) kind: Option<Box<str>>,
    pub(super) subjects: Vec<Named>,
    pub(super) labels: Option<Vec<Label>>,
    pub(super) classes: Option<Vec<Coding>>,
    pub(super) codes: Option<Vec<Coding>>,
    pub(super) authored: Option<Stretch>,
    pub(super) authors: Option<Vec<Named>>,
    /// What it refers to.
    pub(super) references: Option<Vec<Named>>,
}

const KNOWN: [&str; 11] = [
    "purposeOfUse",
    "actorReferences",
    "actors",
    "action",
    "resource",
    "resources",
    "now",
    "patient",
    "birthDate",
    "ownWordFrom",
    "category",
];
const ITEM_KNOWN: [&str; 9] = [
    "reference",
    "subject",
    "securityLabel",
    "class",
    "code",
    "authored",
    "author",
    "encounter",
    "references",
];

impl Request {
    /// Reads a request in the shape of `docs/consent-decisions.md`.
    pub fn read(value: &Value) -> Result<Self, Unread> {
        let fields = Fields::of(value, &KNOWN)?;
        let actors = named(&fields, "actorReferences")?.unwrap_or_default();
        // One recipient, who goes by its own name and those of all that it belongs to.
        let recipient = (!actors.is_empty()).then_some(Actor { names: actors, role: Role::RECIPIENT });
        let further = fields.each("actors", |one, _| actor(one))?;
        let items = match (fields.get("resource"), fields.get("resources")) {
            (Some(one), None) => vec![Item::read(one).map_err(|fault| fault.under("resource"))?],
            (None, Some(_)) => fields.each("resources", |one, _| Item::read(one))?,
            (None, None) => Vec::new(),
            (Some(_), Some(_)) => return Err(Unread::here(Code::ElementInvalid).under("resources")),
        };
        let read_at = |name: &str| -> Result<Option<i64>, Unread> {
            let Some(text) = fields.text(name)? else { return Ok(None) };
            let (at, _) = time::moment(text).ok_or_else(|| Unread::here(Code::DateUnparsable).under(name))?;
            Ok(Some(at))
        };
        let optional = |name: &str| -> Result<Option<Coding>, Unread> {
            fields.get(name).map(|one| coding(one).map_err(|fault| fault.under(name))).transpose()
        };
        let own_word_from = match (fields.text("birthDate")?, read_at("ownWordFrom")?) {
            (None, from) => from.map(Moment),
            (Some(birth), None) => {
                Some(turns(birth).ok_or_else(|| Unread::here(Code::DateUnparsable).under("birthDate"))?)
            }
            (Some(_), Some(_)) => return Err(Unread::here(Code::ElementInvalid).under("ownWordFrom")),
        };
        Ok(Self {
            actors: recipient.into_iter().chain(further).collect(),
            purpose: optional("purposeOfUse")?.map(Purpose::of),
            action: optional("action")?.unwrap_or_else(|| Coding::new(ACTION, "disclose")),
            now: read_at("now")?.ok_or_else(|| Unread::here(Code::ElementInvalid).under("now"))?,
            subjects: named(&fields, "patient")?.unwrap_or_default(),
            categories: fields.each("category", |one, _| coding(one))?,
            own_word_from,
            items,
        })
    }
}

impl Item {
    fn read(value: &Value) -> Result<Self, Unread> {
        let fields = Fields::of(value, &ITEM_KNOWN)?;
        let labels = codings(&fields, "securityLabel")?;
        let encounter = named(&fields, "encounter")?;
        let references = match (named(&fields, "references")?, encounter) {
            (Some(mut some), Some(more)) => {
                some.extend(more);
                Some(some)
            }
            (some, more) => some.or(more),
        };
        let authored = fields
            .text("authored")?
            .map(|text| {
                time::stretch(text).ok_or_else(|| Unread::here(Code::DateUnparsable).under("authored"))
            })
            .transpose()?;
        let names = named(&fields, "reference")?.unwrap_or_default();
        Ok(Self {
            kind: names.iter().find_map(Named::kind).map(Into::into),
            names,
            subjects: named(&fields, "subject")?.unwrap_or_default(),
            labels: labels.map(|labels| labels.into_iter().map(Label::of).collect()),
            classes: codings(&fields, "class")?,
            codes: codings(&fields, "code")?,
            authored,
            authors: named(&fields, "author")?,
            references,
        })
    }
}

/// One name or a list of them. `None` where nothing is said; an empty list says that there is none.
fn named(fields: &Fields<'_>, name: &str) -> Result<Option<Vec<Named>>, Unread> {
    let unclear = || Unread::here(Code::ActorUnresolvable).under(name);
    match fields.get(name) {
        None => Ok(None),
        Some(Value::Array(list)) if list.is_empty() => Ok(Some(Vec::new())),
        Some(Value::Array(_)) => fields
            .each(name, |one, _| {
                one.as_str().and_then(Named::of).ok_or(Unread::here(Code::ActorUnresolvable))
            })
            .map(Some),
        Some(one) => Ok(Some(vec![one.as_str().and_then(Named::of).ok_or_else(unclear)?])),
    }
}

/// Codings, by themselves or in a `CodeableConcept`. `None` where nothing is said; an empty list says that there is none.
fn codings(fields: &Fields<'_>, name: &str) -> Result<Option<Vec<Coding>>, Unread> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::Array(list)) if list.is_empty() => Ok(Some(Vec::new())),
        Some(_) => {
            let lists = fields.each(name, |one, _| match one.get("coding") {
                Some(_) => super::shape::concept(one),
                None => coding(one).map(|one| vec![one]),
            })?;
            Ok(Some(lists.into_iter().flatten().collect()))
        }
    }
}

fn actor(value: &Value) -> Result<Actor, Unread> {
    let fields = Fields::of(value, &["role", "reference"])?;
    let role = fields.get("role").map(|one| coding(one).map_err(|fault| fault.under("role"))).transpose()?;
    let names = named(&fields, "reference")?.filter(|names| !names.is_empty());
    Ok(Actor {
        names: names.ok_or_else(|| Unread::here(Code::ActorUnresolvable).under("reference"))?,
        role: role.map_or(Role::RECIPIENT, Role::of),
    })
}

/// The start of the day in London on which somebody turns 16; born on 29 February, on 1 March.
fn turns(birth: &str) -> Option<Moment> {
    let (first, _) = time::stretch(birth).filter(|_| birth.len() == 10)?;
    let born = jiff::Timestamp::from_microsecond(first).ok()?.in_tz(time::ZONE).ok()?.date();
    let year = born.year().checked_add(OWN_WORD_YEARS)?;
    let day = Date::new(year, born.month(), born.day()).or_else(|_| Date::new(year, 3, 1)).ok()?;
    Some(Moment(day.in_tz(time::ZONE).ok()?.timestamp().as_microsecond()))
}
