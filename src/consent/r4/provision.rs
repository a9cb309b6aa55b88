//! A provision: what it permits or refuses, and the exceptions within it.

use serde_json::Value;

use super::{
    code::Code,
    label::Label,
    purpose::Purpose,
    reference::{Actor, Named, Role},
    shape::{Coding, Fields, coding, concept, reference},
    time::{self, Stretch},
    unread::Unread,
};
use crate::limits;

/// What a provision does where it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Permit,
    Deny,
    /// It says nothing itself: a root without a type, under a base rule that permits nothing.
    Frame,
}

/// How a named resource limits the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Instance,
    Related,
    Dependents,
    AuthoredBy,
}

/// What a provision states. An empty list, or no period, is not stated, and is then what the provision round it states.
#[derive(Clone, Debug, Default)]
pub(super) struct Criteria {
    pub(super) actors: Vec<Actor>,
    pub(super) purposes: Vec<Purpose>,
    pub(super) actions: Vec<Coding>,
    pub(super) period: Option<Stretch>,
    pub(super) labels: Vec<Label>,
    /// Labels that the permission round this one lets go anyway.
    pub(super) labels_round: Vec<Label>,
    pub(super) classes: Vec<Coding>,
    pub(super) codes: Vec<Coding>,
    pub(super) data_period: Option<Stretch>,
    pub(super) data: Vec<(Meaning, Vec<Named>)>,
}

impl Criteria {
    /// Whether it says anything about which data.
    pub(super) const fn limits_data(&self) -> bool {
        !(self.labels.is_empty()
            && self.classes.is_empty()
            && self.codes.is_empty()
            && self.data_period.is_none()
            && self.data.is_empty())
    }

    /// The data that it names, as far as codes can say it.
    pub(super) fn data_named(&self) -> Value {
        let coded = |codings: &[Coding]| -> Value {
            codings.iter().map(|one| format!("{}|{}", one.system, one.code)).collect()
        };
        let labels: Vec<Coding> = self.labels.iter().map(Label::coding).collect();
        let mut named = serde_json::Map::new();
        let lists = [
            ("securityLabel", coded(&labels)),
            ("class", coded(&self.classes)),
            ("code", coded(&self.codes)),
        ];
        for (name, list) in lists {
            if list.as_array().is_some_and(|list| !list.is_empty()) {
                named.insert(name.to_owned(), list);
            }
        }
        if self.data_period.is_some() {
            named.insert(String::from("dataPeriod"), Value::Bool(true));
        }
        if !self.data.is_empty() {
            named.insert(String::from("data"), Value::from(self.data.len()));
        }
        Value::Object(named)
    }
}

/// One provision.
#[derive(Clone, Debug)]
pub(super) struct Provision {
    pub(super) kind: Kind,
    /// As in `provision.provision[2]`.
    pub(super) path: Box<str>,
    pub(super) criteria: Criteria,
    pub(super) inner: Vec<Self>,
}

const KNOWN: [&str; 11] = [
    "type",
    "period",
    "actor",
    "action",
    "securityLabel",
    "purpose",
    "class",
    "code",
    "dataPeriod",
    "data",
    "provision",
];

/// What is known when a provision is read that stands in another.
struct Round<'a> {
    depth: usize,
    /// Of the permission round this one, if it is one.
    labels: &'a [Label],
}

/// Reads the provision at the root of a Consent; without a type of its own it has that of the base rule.
pub(super) fn root(value: &Value, base_permits: bool) -> Result<Provision, Unread> {
    let untyped = if base_permits { Kind::Permit } else { Kind::Frame };
    let mut left = limits::CONSENT_PROVISIONS_MAX;
    let round = Round { depth: 1, labels: &[] };
    read(value, String::from("provision"), Some(untyped), &round, &mut left)
}

fn read(
    value: &Value,
    path: String,
    untyped: Option<Kind>,
    round: &Round<'_>,
    left: &mut usize,
) -> Result<Provision, Unread> {
    if round.depth > limits::CONSENT_PROVISION_DEPTH_MAX {
        return Err(Unread::here(Code::NestedTooDeep));
    }
    *left = left.checked_sub(1).ok_or(Unread::here(Code::TooMany))?;
    let fields = Fields::of(value, &KNOWN)?;
    let kind = match fields.text("type")? {
        Some("permit") => Kind::Permit,
        Some("deny") => Kind::Deny,
        Some(_) => return Err(Unread::here(Code::ElementInvalid).under("type")),
        None => untyped.ok_or_else(|| Unread::here(Code::ElementInvalid).under("type"))?,
    };
    let mut criteria = criteria(&fields)?;
    // What a refusal refuses is no part of what a permission within it lets go.
    let mut labels_inside = Vec::new();
    if kind == Kind::Permit {
        if !criteria.labels.is_empty() {
            criteria.labels_round = round.labels.to_vec();
        }
        labels_inside.extend_from_slice(round.labels);
        labels_inside.extend_from_slice(&criteria.labels);
    }
    let inside = Round { depth: round.depth + 1, labels: &labels_inside };
    let inner = fields.each("provision", |one, place| {
        read(one, format!("{path}.provision[{place}]"), None, &inside, left)
    })?;
    Ok(Provision { kind, path: path.into(), criteria, inner })
}

fn criteria(fields: &Fields<'_>) -> Result<Criteria, Unread> {
    let period = |name: &str| -> Result<Option<Stretch>, Unread> {
        fields.get(name).map(|value| time::period(value).map_err(|fault| fault.under(name))).transpose()
    };
    let concepts = |name: &str| -> Result<Vec<Coding>, Unread> {
        Ok(fields.each(name, |one, _| concept(one))?.into_iter().flatten().collect())
    };
    Ok(Criteria {
        actors: fields.each("actor", |one, _| actor(one))?,
        purposes: fields.each("purpose", |one, _| coding(one).map(Purpose::of))?,
        actions: concepts("action")?,
        period: period("period")?,
        labels: fields.each("securityLabel", |one, _| coding(one).map(Label::of))?,
        labels_round: Vec::new(),
        classes: fields.each("class", |one, _| coding(one))?,
        codes: concepts("code")?,
        data_period: period("dataPeriod")?,
        data: fields.each("data", |one, _| data(one))?,
    })
}

/// Somebody, in one part: the codings of a role say the same, so one that is known is enough.
fn actor(value: &Value) -> Result<Actor, Unread> {
    let fields = Fields::of(value, &["role", "reference"])?;
    let missing = |name: &str| Unread::here(Code::ElementInvalid).under(name);
    let role =
        concept(fields.get("role").ok_or_else(|| missing("role"))?).map_err(|fault| fault.under("role"))?;
    let mut roles = role.into_iter().map(Role::of);
    let first = roles.next().ok_or_else(|| missing("role"))?;
    let role = roles.fold(first, |held, one| if matches!(held, Role::Recipient(_)) { held } else { one });
    let names = reference(fields.get("reference").ok_or_else(|| missing("reference"))?)
        .map_err(|fault| fault.under("reference"))?;
    Ok(Actor { names, role })
}

fn data(value: &Value) -> Result<(Meaning, Vec<Named>), Unread> {
    let fields = Fields::of(value, &["meaning", "reference"])?;
    let meaning = match fields.text("meaning")? {
        Some("instance") => Meaning::Instance,
        Some("related") => Meaning::Related,
        Some("dependents") => Meaning::Dependents,
        Some("authoredby") => Meaning::AuthoredBy,
        _ => return Err(Unread::here(Code::ElementInvalid).under("meaning")),
    };
    let named =
        fields.get("reference").ok_or_else(|| Unread::here(Code::ElementInvalid).under("reference"))?;
    Ok((meaning, reference(named).map_err(|fault| fault.under("reference"))?))
}
