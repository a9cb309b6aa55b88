//! A FHIR referral in the forms that the use cases know: an assessment for another agency, a request for the liaison
//! and diversion service. A versioned adapter with a closed list of what it reads; the rest stays as received.

use serde_json::{Map, Value, json};

use super::{
    array, consent,
    people::{self, Asked, Person, concept_words, referred},
    taken::Taken,
    text,
    unplaced::{told, unplaced},
};
use crate::{
    assessment::Form,
    clock::Moment,
    directory::Partner,
    fhir::Issue,
    mapping::{address::is_identified, codes, origin::nearest},
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
    let mut draft = Draft::begin(bundle, Asked::Everything, recipient, now)?;
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
    let stated = consent::consents(bundle, recipient, &draft.taken);
    draft.kept.extend(stated.kept);
    draft.issues.extend(stated.unclear);
    for (place, (_, path)) in stated.said.iter().enumerate() {
        draft.places.push((format!("/consents/{place}"), path.clone()));
    }
    let consents: Vec<Value> = stated.said.into_iter().map(|(statement, _)| statement).collect();
    draft.places.extend([
        (String::from("/referrals/0"), asked.clone()),
        (String::from("/referrals/0/reason"), draft.reason_place()),
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
pub fn request_of(bundle: &Value, service: &Partner, now: Moment) -> Result<Adapted, Vec<Issue>> {
    let mut draft = Draft::begin(bundle, Asked::Identity, service, now)?;
    draft.issues.extend(consent::refusals(bundle, service, &draft.taken));
    let urgency = draft.urgency();
    let mut person = Map::new();
    for name in ["reference", "name", "birth_date"] {
        if let Some(value) = draft.person.fields.get(name) {
            person.insert(name.to_owned(), value.clone());
        }
    }
    let informed = consent::person_agreed(bundle, &draft.taken);
    if !informed {
        let text =
            "Passed on as: nobody said whether the person knows of this. No Consent says that they do.";
        draft.kept.push(Issue::new("informational", "Bundle.entry", text));
    }
    let mut value = Map::from_iter([
        (String::from("profile"), json!(REQUEST_PROFILE)),
        (String::from("request_type"), json!(draft.request_type())),
        (String::from("urgency"), json!(urgency)),
        (String::from("person"), Value::Object(person)),
        (String::from("person_informed"), if informed { json!(true) } else { json!("not-stated") }),
    ]);
    if let Some(reason) = draft.reason() {
        value.insert(String::from("reason"), reason);
    }
    if let Some(contact) = draft.contact() {
        value.insert(String::from("contact"), Value::Object(contact));
    }
    draft.places.push((String::from("/reason"), draft.reason_place()));
    draft.finish(Value::Object(value))
}

/// What both forms are made from.
struct Draft<'v> {
    bundle: &'v Value,
    asked: people::Placed<'v>,
    now: Moment,
    person: Person,
    taken: Taken,
    issues: Vec<Issue>,
    kept: Vec<Issue>,
    places: Vec<(String, String)>,
}

impl<'v> Draft<'v> {
    fn begin(
        bundle: &'v Value,
        of_person: Asked,
        recipient: &Partner,
        now: Moment,
    ) -> Result<Self, Vec<Issue>> {
        let (mut issues, taken) = (Vec::new(), Taken::default());
        let asked = people::first(bundle, "ServiceRequest");
        let person = people::person(bundle, of_person, now, &taken, &mut issues);
        let (Some(asked), Some(person)) = (asked, person) else { return Err(issues) };
        let places =
            person.places.iter().map(|(pointer, path)| (format!("/person{pointer}"), path.clone())).collect();
        let kept = Vec::new();
        let draft = Self { bundle, asked, now, person, taken, issues, kept, places };
        draft.frame(recipient);
        Ok(draft)
    }

    /// Notes what was read of the frame before: what the message is, whom it is between, and by what it is found again.
    fn frame(&self, recipient: &Partner) {
        let (asked, taken) = (self.asked.value, &self.taken);
        if let Some(header) = self.bundle.pointer("/entry/0/resource") {
            taken.fields(header, &["eventCoding"]);
            let receivers =
                array(header, "/destination").iter().filter_map(|one| text(one, "/receiver/reference"));
            people::agencies(self.bundle, receivers.chain(text(header, "/sender/reference")), taken);
        }
        taken.fields(asked, &["status"]);
        let identifiers = array(asked, "/identifier");
        let is_ours = |one: &&Value| text(one, "/system") == Some(codes::REFERRAL_ID);
        let own = identifiers
            .iter()
            .find(|one| !is_ours(one) && one.get("system").is_some() && one.get("value").is_some());
        for one in identifiers.iter().filter(is_ours).chain(own) {
            taken.fields(one, &["system", "value"]);
        }
        for coding in array(asked, "/category").iter().flat_map(|one| array(one, "/coding")) {
            let system = text(coding, "/system").unwrap_or_default();
            if system == codes::MESSAGE_CATEGORY || system.starts_with(codes::OURS) {
                taken.note(coding);
            }
        }
        // Who is asked is known by the destination; a performer that is somebody else is not.
        for performer in array(asked, "/performer").iter().filter(|one| self.is_performer(one, recipient)) {
            taken.note(performer);
        }
    }

    /// Whether a performer is the receiver: its Organization, or a service of that.
    fn is_performer(&self, performer: &Value, recipient: &Partner) -> bool {
        let is_recipients = |one: &Value| {
            array(one, "/identifier").iter().any(|id| {
                let part = |name| text(id, name).unwrap_or_default();
                is_identified(recipient, part("/system"), part("/value"))
            })
        };
        let meant = |reference: Option<&str>| referred(self.bundle, reference).map(|one| one.value);
        meant(text(performer, "/reference")).is_some_and(|one| {
            is_recipients(one) || meant(text(one, "/providedBy/reference")).is_some_and(is_recipients)
        })
    }

    /// FHIR's `stat` is an emergency; what is not said is routine.
    fn urgency(&mut self) -> &'static str {
        match self.taken.text(self.asked.value, "/priority") {
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

    /// Why, in the words of the first reason that has any.
    fn reason(&mut self) -> Option<Value> {
        concept_words(self.asked.value, &format!("/reasonCode/{}", self.reason_index()), &self.taken)
    }

    fn reason_index(&self) -> usize {
        let reasons = array(self.asked.value, "/reasonCode");
        reasons.iter().position(|one| one.get("text").is_some()).unwrap_or_default()
    }

    fn reason_place(&self) -> String {
        format!("{}.reasonCode[{}].text", self.asked.path(), self.reason_index())
    }

    /// What the person needs, as a code of ours; `other` when nothing is said.
    fn need(&self) -> Value {
        let system = codes::our_codes!("need");
        let codings = array(self.asked.value, "/reasonCode").iter().flat_map(|one| array(one, "/coding"));
        self.code_of(codings, system).unwrap_or_else(|| json!("other"))
    }

    /// What is asked of the service, as a code of ours; a screening when nothing is said.
    fn request_type(&self) -> Value {
        let system = codes::our_codes!("request-type");
        let codings = array(self.asked.value, "/code/coding").iter();
        self.code_of(codings, system).unwrap_or_else(|| json!("screening"))
    }

    /// The code of the first coding of this system.
    fn code_of(&self, mut codings: impl Iterator<Item = &'v Value>, system: &str) -> Option<Value> {
        let found = codings.find(|one| text(one, "/system") == Some(system))?;
        self.taken.note(found).get("code").cloned()
    }

    fn practitioner(&mut self, at: &str) -> Map<String, Value> {
        let (fields, places) = people::practitioner(self.bundle, self.asked.value, self.now, &self.taken);
        self.places.extend(places.into_iter().map(|(pointer, path)| (format!("{at}{pointer}"), path)));
        fields
    }

    /// Whom the service may ask back: somebody with a name. Without one, role and telephone stay in the message.
    fn contact(&mut self) -> Option<Map<String, Value>> {
        let mut contact = self.practitioner("/contact");
        contact.remove("organisation");
        if contact.contains_key("name") {
            return Some(contact);
        }
        let at = |name: &str| self.places.iter().find(|(pointer, _)| pointer == &format!("/contact/{name}"));
        let lost = contact.keys().filter_map(|name| at(name)).map(|(_, path)| path.clone());
        let text = "Not passed on: it is of somebody who has no name here.";
        self.kept.extend(lost.map(|path| Issue::new("incomplete", path, text)).collect::<Vec<_>>());
        None
    }

    fn finish(self, value: Value) -> Result<Adapted, Vec<Issue>> {
        if self.issues.is_empty() {
            let mut kept = unplaced(self.bundle, &self.taken);
            kept.splice(0..0, self.kept);
            let nhs_number = self.person.nhs_number;
            Ok(Adapted { value, nhs_number, kept: told(kept), places: self.places })
        } else {
            Err(self.issues)
        }
    }
}
