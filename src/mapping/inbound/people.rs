//! Who a referral is about, and who asks.

use serde_json::{Map, Value, json};

use super::{array, kind, resource, text};
use crate::{
    assessment::NhsNumber,
    fhir::{Issue, modifiers::is_current},
    mapping::{bars::uuid_of, codes},
};

/// Where UK Core says that an NHS number was traced, and its code for "present and verified". The words of earlier
/// systems are read where they are forgiven: they were written right before.
const VERIFIED: (&str, &str) =
    ("https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland", "01");
/// The profile under which a Patient's telecom is what the person named as safe.
const SAFE_PATIENT: &str = "https://keyway.example/fhir/StructureDefinition/ld-patient";

/// A resource and its place.
#[derive(Clone, Copy)]
pub(super) struct Placed<'v> {
    pub(super) index: usize,
    pub(super) value: &'v Value,
}

impl Placed<'_> {
    pub(super) fn path(&self) -> String {
        format!("Bundle.entry[{}].resource", self.index)
    }
}

/// The first resource of a type.
pub(super) fn first<'v>(bundle: &'v Value, wanted: &str) -> Option<Placed<'v>> {
    let mut entries = array(bundle, "/entry").iter().enumerate();
    entries
        .find(|(_, entry)| kind(resource(entry)) == wanted)
        .map(|(index, entry)| Placed { index, value: resource(entry) })
}

/// The resource that a reference means.
pub(super) fn referred<'v>(bundle: &'v Value, reference: Option<&str>) -> Option<Placed<'v>> {
    let reference = reference?;
    let mut entries = array(bundle, "/entry").iter().enumerate();
    entries
        .find(|(_, entry)| super::names(reference, entry))
        .map(|(index, entry)| Placed { index, value: resource(entry) })
}

/// The person as the use cases know one.
pub(super) struct Person {
    pub(super) fields: Map<String, Value>,
    /// The NHS number, when it is traced and verified and can be one.
    pub(super) nhs_number: Option<String>,
    /// Where each field stands in the message.
    pub(super) places: Vec<(&'static str, String)>,
    /// What of the Patient is not taken.
    pub(super) kept: Vec<Issue>,
}

/// Reads the Patient. Somebody is known by a verified NHS number or by the sender's own reference, and by nothing
/// else: a person without either is an issue.
pub(super) fn person(bundle: &Value, issues: &mut Vec<Issue>) -> Option<Person> {
    let Some(patient) = first(bundle, "Patient") else {
        issues.push(Issue::new("required", "Bundle.entry", "a referral carries the Patient"));
        return None;
    };
    let path = patient.path();
    let mut fields = Map::new();
    let mut kept = Vec::new();
    let nhs_number = nhs_number(patient.value);
    let own = own_reference(patient.value);
    let reference = match (own, &nhs_number) {
        (Some(own), _) => own,
        (None, Some(number)) => digest(codes::NHS_NUMBER, number),
        (None, None) => {
            let what = "an NHS number that is present and verified, or an identifier of your own, is needed: nobody \
                        is guessed";
            issues.push(Issue::new("required", format!("{path}.identifier"), what));
            return None;
        }
    };
    fields.insert(String::from("reference"), json!(reference));
    if let Some(name) = name(patient.value) {
        fields.insert(String::from("name"), name);
    }
    if let Some(born) = patient.value.get("birthDate") {
        fields.insert(String::from("birth_date"), born.clone());
    }
    if let Some(number) = &nhs_number {
        fields.insert(String::from("nhs_number"), json!({"value": number, "verification": "01"}));
    }
    if let Some(address) = address(patient.value) {
        fields.insert(String::from("address"), address);
    }
    for (ours, theirs) in [("name", "name"), ("address", "address")] {
        if !fields.contains_key(ours) && patient.value.get(theirs).is_some() {
            kept.push(super::unplaced::stays(format!("{path}.{theirs}")));
        }
    }
    let contact = safe_contact(patient.value);
    if contact.is_none() && patient.value.get("telecom").is_some() {
        kept.push(super::unplaced::stays(format!("{path}.telecom")));
    }
    if let Some(contact) = contact {
        fields.insert(String::from("safe_contact"), contact);
    }
    let places = vec![
        ("/reference", format!("{path}.identifier")),
        ("/name", format!("{path}.name")),
        ("/birth_date", format!("{path}.birthDate")),
        ("/nhs_number", format!("{path}.identifier")),
        ("/address", format!("{path}.address")),
        ("/safe_contact", format!("{path}.telecom")),
        ("", path),
    ];
    Some(Person { fields, nhs_number, places, kept })
}

fn nhs_number(patient: &Value) -> Option<String> {
    let verified = |identifier: &&Value| {
        let status = array(identifier, "/extension").iter().find(|one| {
            text(one, "/url") == Some(codes::uk_core_extension("NHSNumberVerificationStatus").as_str())
        });
        let codings = status.map_or(&[][..], |one| array(one, "/valueCodeableConcept/coding"));
        codings.iter().any(|coding| {
            text(coding, "/system") == Some(VERIFIED.0) && text(coding, "/code") == Some(VERIFIED.1)
        })
    };
    let stated = array(patient, "/identifier")
        .iter()
        .filter(|one| text(one, "/system") == Some(codes::NHS_NUMBER) && is_current(one))
        .find(verified)?;
    NhsNumber::parse(text(stated, "/value")?).ok().map(|number| number.as_str().to_owned())
}

/// The sender's own reference. Under our own system it is the one that its native messages have; another system's
/// value is told apart from all others by a digest of both.
fn own_reference(patient: &Value) -> Option<String> {
    let known = |one: &Value| Some((text(one, "/system")?.to_owned(), text(one, "/value")?.to_owned()));
    let mut own = array(patient, "/identifier")
        .iter()
        .filter(|one| is_current(one))
        .filter_map(known)
        .filter(|(system, value)| system != codes::NHS_NUMBER && !system.is_empty() && !value.is_empty());
    let first = own.next()?;
    let ours = std::iter::once(first.clone()).chain(own).find(|(system, _)| system == codes::PERSON_ID);
    Some(ours.map_or_else(|| digest(&first.0, &first.1), |(_, value)| value))
}

fn digest(system: &str, value: &str) -> String {
    format!("fhir-{}", uuid_of(system, value))
}

/// The official name, or the first that holds.
fn name(patient: &Value) -> Option<Value> {
    let names = array(patient, "/name");
    let official = names.iter().find(|one| text(one, "/use") == Some("official"));
    let name = official.or_else(|| names.iter().find(|one| is_current(one)))?;
    let mut said = Map::new();
    for part in ["family", "given"] {
        if let Some(value) = name.get(part) {
            said.insert(part.to_owned(), value.clone());
        }
    }
    Some(Value::Object(said))
}

/// The home.
fn address(patient: &Value) -> Option<Value> {
    let addresses = array(patient, "/address");
    let home = addresses.iter().find(|one| text(one, "/use").is_none_or(|used| used == "home"))?;
    let mut said = Map::new();
    for (ours, theirs) in [("lines", "line"), ("postcode", "postalCode")] {
        if let Some(value) = home.get(theirs) {
            said.insert(ours.to_owned(), value.clone());
        }
    }
    (!said.is_empty()).then_some(Value::Object(said))
}

/// What the person named as safe. Any telecom may be one that somebody else answers: it is read only where the
/// profile says that it is safe.
fn safe_contact(patient: &Value) -> Option<Value> {
    let profiles = array(patient, "/meta/profile").iter().filter_map(Value::as_str);
    let mut ours = profiles.filter(|profile| profile.split('|').next() == Some(SAFE_PATIENT));
    ours.next()?;
    let mut said = Map::new();
    for (name, system) in [("telephone", "phone"), ("email", "email")] {
        let value = array(patient, "/telecom")
            .iter()
            .find(|one| text(one, "/system") == Some(system) && is_current(one))
            .and_then(|one| one.get("value"));
        if let Some(value) = value {
            said.insert(name.to_owned(), value.clone());
        }
    }
    (!said.is_empty()).then_some(Value::Object(said))
}

/// Who asks: name, role, organisation, telephone, each where it is said; with the places.
pub(super) fn practitioner(
    bundle: &Value,
    asked: &Value,
) -> (Map<String, Value>, Vec<(&'static str, String)>) {
    let requester = referred(bundle, text(asked, "/requester/reference"));
    let role = requester.filter(|one| kind(one.value) == "PractitionerRole");
    let of_role = role.and_then(|one| referred(bundle, text(one.value, "/practitioner/reference")));
    let who = of_role.or_else(|| requester.filter(|one| kind(one.value) == "Practitioner"));
    let organisation = role.and_then(|one| referred(bundle, text(one.value, "/organization/reference")));
    let mut fields = Map::new();
    let mut places = Vec::new();
    let mut put = |name: &'static str, pointer, value: Option<Value>, path: String| {
        places.push((pointer, path));
        if let Some(value) = value {
            fields.insert(name.to_owned(), value);
        }
    };
    let nowhere = || String::from("Bundle.entry");
    put(
        "name",
        "/name",
        who.and_then(|one| full_name(one.value)),
        who.map_or_else(nowhere, |one| format!("{}.name", one.path())),
    );
    put(
        "role",
        "/role",
        role.and_then(|one| concept_words(one.value, "/code/0")),
        role.map_or_else(nowhere, |one| format!("{}.code", one.path())),
    );
    put(
        "organisation",
        "/organisation",
        organisation.and_then(|one| one.value.get("name")).cloned(),
        organisation.map_or_else(nowhere, |one| format!("{}.name", one.path())),
    );
    let phone = role.and_then(|one| {
        let ways = array(one.value, "/telecom");
        ways.iter().find(|way| text(way, "/system") == Some("phone") && is_current(way))
    });
    put(
        "telephone",
        "/telephone",
        phone.and_then(|way| way.get("value")).cloned(),
        role.map_or_else(nowhere, |one| format!("{}.telecom", one.path())),
    );
    places.push(("", nowhere()));
    (fields, places)
}

fn full_name(who: &Value) -> Option<Value> {
    let name = array(who, "/name").iter().find(|one| is_current(one))?;
    if let Some(whole) = name.get("text") {
        return Some(whole.clone());
    }
    let given = array(name, "/given").iter().filter_map(Value::as_str);
    let words: Vec<&str> = given.chain(text(name, "/family")).collect();
    (!words.is_empty()).then(|| json!(words.join(" ")))
}

/// A concept in words: its text, or the display of its first code.
pub(super) fn concept_words(value: &Value, pointer: &str) -> Option<Value> {
    let concept = value.pointer(pointer)?;
    concept.get("text").or_else(|| concept.pointer("/coding/0/display")).cloned()
}
