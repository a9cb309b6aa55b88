//! A FHIR referral in the forms that the use cases know: an assessment for another agency, a request for the liaison
//! and diversion service. A versioned adapter with a closed list of what it reads; the rest stays as received.

use serde_json::{Map, Value, json};

use super::{
    array, consent,
    people::{self, Person, concept_words},
    text, unplaced,
};
use crate::{
    assessment::Form,
    clock::Moment,
    directory::Partner,
    fhir::Issue,
    mapping::{codes, origin::nearest},
};

/// The adapter, with its version.
pub const ADAPTER: &str = "fhir-referral-in/2";
/// The profile of a request to the liaison and diversion service.
const REQUEST_PROFILE: &str = "https://keyway.example/profiles/justice/screening-request/1";

/// A referral in another form.
#[derive(Debug)]
pub struct Adapted {
    /// The form.
    pub value: Value,
    /// The NHS number, when it is verified.
    pub nhs_number: Option<String>,
    /// What stays in the message as received: it is not passed on, and its sender is told.
    pub kept: Vec<Issue>,
    /// Where each part of the form stands in the message: a JSON pointer, and a `FHIRPath`.
    places: Vec<(String, String)>,
}

impl Adapted {
    /// Issues of the form, at their places in the message.
    #[must_use]
    pub fn located(&self, mut issues: Vec<Issue>) -> Vec<Issue> {
        for issue in &mut issues {
            issue.path = nearest(&self.places, &issue.path).unwrap_or("Bundle").to_owned();
        }
        issues
    }
}

/// The assessment that asks `recipient`, on the form for the age that the person has at `now`.
///
/// # Errors
///
/// What is not there and must be, each with its place in the message.
pub fn assessment_of(bundle: &Value, recipient: &Partner, now: Moment) -> Result<Adapted, Vec<Issue>> {
    let mut draft = Draft::begin(bundle)?;
    let need = draft.need();
    let urgency = draft.urgency();
    let reason = draft.reason();
    let asked = draft.asked.path();
    let mut referral = Map::from_iter([
        (String::from("recipient"), json!(recipient.partner_id)),
        (String::from("urgency"), json!(urgency)),
        (String::from("need"), need),
    ]);
    if let Some(reason) = reason {
        referral.insert(String::from("reason"), reason);
    }
    let stated = consent::consents(bundle, recipient);
    draft.kept.extend(stated.kept);
    draft.issues.extend(stated.unclear);
    for (place, (_, path)) in stated.said.iter().enumerate() {
        draft.places.push((format!("/consents/{place}"), path.clone()));
    }
    let consents: Vec<Value> = stated.said.into_iter().map(|(statement, _)| statement).collect();
    draft.places.extend([
        (String::from("/referrals/0"), asked.clone()),
        (String::from("/referrals/0/reason"), format!("{asked}.reasonCode[0].text")),
        (String::from("/referrals/0/need"), format!("{asked}.reasonCode")),
    ]);
    let practitioner = draft.practitioner("/practitioner");
    let born = draft.person.fields.get("birth_date").and_then(Value::as_str);
    let value = json!({
        "profile": Form::of_age(born, now).canonical(),
        "person": draft.person.fields,
        "consents": consents,
        "practitioner": practitioner,
        "referrals": [referral],
    });
    draft.finish(value)
}

/// The request for the liaison and diversion service.
///
/// # Errors
///
/// What is not there and must be, and what the person refuses, each with its place in the message.
pub fn request_of(bundle: &Value, service: &Partner) -> Result<Adapted, Vec<Issue>> {
    let mut draft = Draft::begin(bundle)?;
    draft.issues.extend(consent::refusals(bundle, service));
    let urgency = draft.urgency();
    let asked = draft.asked.path();
    let mut person = Map::new();
    for name in ["reference", "name", "birth_date"] {
        if let Some(value) = draft.person.fields.get(name) {
            person.insert(name.to_owned(), value.clone());
        }
    }
    for (field, name) in [("nhs_number", "identifier"), ("address", "address"), ("safe_contact", "telecom")] {
        if draft.person.fields.contains_key(field) && field != "nhs_number" {
            draft.kept.push(unplaced::stays(format!("{}.{name}", draft.patient)));
        }
    }
    let informed = consent::person_agreed(bundle);
    if !informed {
        let text = "Passed on as: the person does not know of this. No Consent says that they do.";
        draft.kept.push(Issue::new("informational", "Bundle.entry", text));
    }
    let mut value = Map::from_iter([
        (String::from("profile"), json!(REQUEST_PROFILE)),
        (String::from("request_type"), json!(draft.request_type())),
        (String::from("urgency"), json!(urgency)),
        (String::from("person"), Value::Object(person)),
        (String::from("person_informed"), json!(informed)),
    ]);
    if let Some(reason) = draft.reason() {
        value.insert(String::from("reason"), reason);
    }
    let mut contact = draft.practitioner("/contact");
    contact.remove("organisation");
    if contact.contains_key("name") {
        value.insert(String::from("contact"), Value::Object(contact));
    }
    draft.places.push((String::from("/reason"), format!("{asked}.reasonCode[0].text")));
    draft.finish(Value::Object(value))
}

/// What both forms are made from.
struct Draft<'v> {
    bundle: &'v Value,
    asked: people::Placed<'v>,
    patient: String,
    person: Person,
    issues: Vec<Issue>,
    kept: Vec<Issue>,
    places: Vec<(String, String)>,
}

impl<'v> Draft<'v> {
    fn begin(bundle: &'v Value) -> Result<Self, Vec<Issue>> {
        let mut issues = Vec::new();
        let asked = people::first(bundle, "ServiceRequest");
        let person = people::person(bundle, &mut issues);
        let (Some(asked), Some(mut person)) = (asked, person) else { return Err(issues) };
        let places =
            person.places.iter().map(|(pointer, path)| (format!("/person{pointer}"), path.clone())).collect();
        let mut kept = unplaced::unplaced(bundle);
        kept.append(&mut person.kept);
        let patient = people::first(bundle, "Patient").map(|one| one.path()).unwrap_or_default();
        Ok(Self { bundle, asked, patient, person, issues, kept, places })
    }

    /// FHIR's `stat` is an emergency; what is not said is routine.
    fn urgency(&mut self) -> &'static str {
        match text(self.asked.value, "/priority") {
            None | Some("routine") => "routine",
            Some("urgent" | "asap") => "urgent",
            Some("stat") => "emergency",
            Some(_) => {
                let what = "one of routine, urgent, asap and stat is expected";
                self.issues.push(Issue::new("value", format!("{}.priority", self.asked.path()), what));
                "routine"
            }
        }
    }

    /// Why, in the words of the first reason.
    fn reason(&mut self) -> Option<Value> {
        let reasons = array(self.asked.value, "/reasonCode");
        let said = reasons.iter().position(|one| one.get("text").is_some());
        let at = said.unwrap_or_default();
        let extra =
            reasons.iter().enumerate().filter(|(index, one)| *index != at && one.get("text").is_some());
        let path = self.asked.path();
        self.kept.extend(extra.map(|(index, _)| unplaced::stays(format!("{path}.reasonCode[{index}].text"))));
        concept_words(self.asked.value, &format!("/reasonCode/{at}"))
    }

    /// What the person needs, as a code of ours; `other` when nothing is said.
    fn need(&self) -> Value {
        let system = format!("{}/need", codes::OURS);
        let codings = array(self.asked.value, "/reasonCode").iter().flat_map(|one| array(one, "/coding"));
        let need = codings.into_iter().find(|one| text(one, "/system") == Some(system.as_str()));
        need.and_then(|one| one.get("code")).cloned().unwrap_or_else(|| json!("other"))
    }

    /// What is asked of the service, as a code of ours; a screening when nothing is said.
    fn request_type(&self) -> Value {
        let system = format!("{}/request-type", codes::OURS);
        let mut codings = array(self.asked.value, "/code/coding").iter();
        let asked = codings.find(|one| text(one, "/system") == Some(system.as_str()));
        asked.and_then(|one| one.get("code")).cloned().unwrap_or_else(|| json!("screening"))
    }

    fn practitioner(&mut self, at: &str) -> Map<String, Value> {
        let (fields, places) = people::practitioner(self.bundle, self.asked.value);
        self.places.extend(places.into_iter().map(|(pointer, path)| (format!("{at}{pointer}"), path)));
        fields
    }

    fn finish(self, value: Value) -> Result<Adapted, Vec<Issue>> {
        if self.issues.is_empty() {
            let nhs_number = self.person.nhs_number;
            Ok(Adapted { value, nhs_number, kept: self.kept, places: self.places })
        } else {
            Err(self.issues)
        }
    }
}
