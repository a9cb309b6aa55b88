//! What an adapter may say by itself: in a constant without a condition on a word, in `missing`, in `otherwise`.
//!
//! A list of what may be said and not of what may not: a field of the assessment that is new tomorrow is one more that only
//! an answer may fill. Nobody answered is not the same as a harmless answer.

use serde_json::Value;

/// Words that say that nobody knows: of every field whose words are listed and have them.
const NOT_KNOWN: [&str; 4] = ["unknown", "not-known", "not-assessed", "not-stated"];

/// What may be said of one place, and why that is nobody's answer.
pub(super) struct May {
    /// A place of the assessment; `/**` at its end is all that lies below.
    pub(super) place: &'static str,
    pub(super) values: Values,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "it stands on the page, and a test holds the two together")
    )]
    pub(super) why: &'static str,
}

pub(super) enum Values {
    Any,
    These(&'static [&'static str]),
    True,
}

/// The list. A place that is not in it is filled by an answer, or by a constant under `is = […]`, or stays empty.
pub(super) const MAY_SAY: &[May] = &[
    may("/practitioner/**", Values::Any, "who writes is the service itself"),
    may("/pathway/point", Values::Any, "where the service meets people is its own"),
    may("/pathway/site", Values::Any, "where the service meets people is its own"),
    may("/pathway/contact_outcome", Values::These(&["seen"]), "a form may be of those who were seen alone"),
    may("/consents/*/recipient", Values::Any, "a column is of one agency; the answer in it is the person's"),
    may("/consents/*/how", Values::These(&["oral"]), "the least that a form shows; a signature is an answer"),
    may("/consents/*/excludes", Values::Any, "it keeps more back, never less"),
    may("/referrals/*/recipient", Values::Any, "whom a service asks is its own"),
    may("/referrals/*/on_behalf_of", Values::Any, "whom a service asks is its own"),
    may("/referrals/*/reason", Values::Any, "what a service asks for is its own"),
    may("/referrals/*/need", Values::Any, "what a service asks for is its own"),
    may("/referrals/*/urgency", Values::Any, "how soon a service asks for it is its own"),
    may("/priorities/*/rank", Values::Any, "columns for a first and a second wish have an order"),
    may("/priorities/*/need", Values::These(&["other"]), "a wish without a kind is of another kind"),
    may("/priorities/*/clinical", Values::True, "fewer read the words then"),
    may("/housing/reason_code", Values::These(&["other"]), "a reason that is in no list is another one"),
    may("/service_contact/*/service_type", Values::Any, "a column is of one kind of service"),
    may("/treatment_requirement/suitable", Values::These(&["needs-assessment"]), "nobody has assessed it"),
    may("/treatment_requirements/*/suitable", Values::These(&["needs-assessment"]), "nobody has assessed it"),
    may("/person/nhs_number/verification", Values::These(&["02", "03"]), "not traced; it never leaves so"),
    may("/person/safe_contact/rules", Values::Any, "each rule makes a contact more careful"),
];

const fn may(place: &'static str, values: Values, why: &'static str) -> May {
    May { place, values, why }
}

/// Whether an adapter may say this of that place by itself. `is_listed`: the form lists the words of the place.
pub(super) fn allows(place: &str, value: &Value, is_listed: bool) -> bool {
    let says_unknown = is_listed && value.as_str().is_some_and(|word| NOT_KNOWN.contains(&word));
    says_unknown || of(place).is_some_and(|may| may.values.hold(value))
}

/// What may be said of that place instead, for whoever wrote something else.
pub(super) fn instead(place: &str, allowed: Option<&[Value]>) -> Vec<String> {
    let words = allowed.unwrap_or_default().iter().filter_map(Value::as_str);
    let mut instead: Vec<String> = words.filter(|word| NOT_KNOWN.contains(word)).map(str::to_owned).collect();
    match of(place).map(|may| &may.values) {
        Some(Values::These(words)) => instead.extend(words.iter().map(|word| (*word).to_owned())),
        Some(Values::True) => instead.push(String::from("true")),
        Some(Values::Any) | None => {}
    }
    instead
}

fn of(place: &str) -> Option<&'static May> {
    MAY_SAY.iter().find(|may| match may.place.strip_suffix("**") {
        Some(start) => place.starts_with(start),
        None => may.place == place,
    })
}

impl Values {
    fn hold(&self, value: &Value) -> bool {
        match self {
            Self::Any => true,
            Self::These(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            Self::True => value.as_bool() == Some(true),
        }
    }
}
