//! Who a referral is about, and who asks.

use serde_json::{Map, Value, json};

use super::{
    array,
    current::{self, chosen, is_current},
    kind, resource,
    taken::Taken,
    text,
};
use crate::{
    assessment::NhsNumber,
    clock::Moment,
    fhir::Issue,
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
}

/// What is asked of a Patient.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Who they are, and where they are reached.
    Everything,
    /// Who they are.
    Identity,
}

/// Reads the Patient, as it holds at `now`. Somebody is known by a verified NHS number or by the sender's own reference, and
/// by nothing else: a person without either is an issue.
pub(super) fn person(
    bundle: &Value,
    asked: Asked,
    now: Moment,
    taken: &Taken,
    issues: &mut Vec<Issue>,
) -> Option<Person> {
    let Some(patient) = first(bundle, "Patient") else {
        issues.push(Issue::new("required", "Bundle.entry", "a referral carries the Patient"));
        return None;
    };
    let path = patient.path();
    let mut fields = Map::new();
    let identifiers: Vec<&Value> =
        array(patient.value, "/identifier").iter().filter(|one| is_current(one, now)).collect();
    let nhs_number = nhs_number(&identifiers, taken);
    let own = own_reference(&identifiers, taken);
    let reference = match (own, &nhs_number) {
        (Some(own), _) => own,
        (None, Some(number)) => digest(codes::NHS_NUMBER, number),
        (None, None) => {
            let what = "an NHS number that is present and verified, or an identifier of your own, is needed, and one that \
                        holds now: nobody is guessed";
            issues.push(Issue::new("required", format!("{path}.identifier"), what));
            return None;
        }
    };
    let mut put = |name: &str, value: Option<Value>| {
        fields.extend(value.map(|value| (name.to_owned(), value)));
    };
    put("reference", Some(json!(reference)));
    put("name", name(patient.value, now, taken));
    put("birth_date", taken.at(patient.value, "/birthDate").cloned());
    put("nhs_number", nhs_number.as_ref().map(|number| json!({"value": number, "verification": "01"})));
    if asked == Asked::Everything {
        put("address", address(patient.value, now, taken));
        put("safe_contact", safe_contact(patient.value, now, taken));
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
    Some(Person { fields, nhs_number, places })
}

fn nhs_number(identifiers: &[&Value], taken: &Taken) -> Option<String> {
    let url = codes::uk_core_extension!("NHSNumberVerificationStatus");
    let status = |identifier: &Value| {
        array(identifier, "/extension").iter().position(|one| text(one, "/url") == Some(url))
    };
    let is_verified = |identifier: &&&Value| {
        let place = status(identifier).map(|place| format!("/extension/{place}/valueCodeableConcept/coding"));
        place.is_some_and(|place| {
            array(identifier, &place).iter().any(|coding| {
                text(coding, "/system") == Some(VERIFIED.0) && text(coding, "/code") == Some(VERIFIED.1)
            })
        })
    };
    let stated = identifiers
        .iter()
        .filter(|one| text(one, "/system") == Some(codes::NHS_NUMBER))
        .find(is_verified)
        .copied()?;
    let number = NhsNumber::parse(text(stated, "/value")?).ok()?;
    taken.fields(chosen(stated, taken), &["system", "value"]);
    if let Some(place) = status(stated) {
        taken.at(stated, &format!("/extension/{place}"));
    }
    Some(number.as_str().to_owned())
}

/// The sender's own reference. Under our own system it is the one that its native messages have; another system's
/// value is told apart from all others by a digest of both.
fn own_reference(identifiers: &[&Value], taken: &Taken) -> Option<String> {
    let all = || {
        identifiers.iter().copied().filter_map(|one| {
            let (system, value) = (text(one, "/system")?, text(one, "/value")?);
            let is_own = system != codes::NHS_NUMBER && !system.is_empty() && !value.is_empty();
            is_own.then_some((system, value, one))
        })
    };
    let ours = all().find(|(system, ..)| *system == codes::PERSON_ID);
    let (system, value, one) = ours.or_else(|| all().next())?;
    taken.fields(chosen(one, taken), &["system", "value"]);
    Some(if system == codes::PERSON_ID { value.to_owned() } else { digest(system, value) })
}

fn digest(system: &str, value: &str) -> String {
    format!("fhir-{}", uuid_of(system, value))
}

/// The name that holds.
fn name(patient: &Value, now: Moment, taken: &Taken) -> Option<Value> {
    let name = current::name(array(patient, "/name"), now, taken)?;
    Some(Value::Object(parts(name, &[("family", "family"), ("given", "given")], taken)))
}

/// The home: what is said to be one, else what does not say what it is.
fn address(patient: &Value, now: Moment, taken: &Taken) -> Option<Value> {
    let addresses = || array(patient, "/address").iter().filter(|one| is_current(one, now));
    let home = addresses().find(|one| text(one, "/use") == Some("home"));
    let home = home.or_else(|| addresses().find(|one| one.get("use").is_none()))?;
    let said = parts(home, &[("lines", "line"), ("postcode", "postalCode")], taken);
    (!said.is_empty()).then(|| {
        chosen(home, taken);
        Value::Object(said)
    })
}

/// Parts of a value under the names that we have for them.
fn parts(value: &Value, names: &[(&str, &str)], taken: &Taken) -> Map<String, Value> {
    let found = names.iter().filter_map(|(ours, theirs)| Some((*ours, value.get(theirs)?)));
    found.map(|(ours, part)| (ours.to_owned(), taken.note(part).clone())).collect()
}

/// What the person named as safe. Any telecom may be one that somebody else answers: it is read only where the
/// profile says that it is safe.
fn safe_contact(patient: &Value, now: Moment, taken: &Taken) -> Option<Value> {
    let profiles = array(patient, "/meta/profile").iter().filter_map(Value::as_str);
    let mut ours = profiles.filter(|profile| profile.split('|').next() == Some(SAFE_PATIENT));
    ours.next()?;
    let mut said = Map::new();
    for (name, system) in [("telephone", "phone"), ("email", "email")] {
        if let Some(value) = way(patient, system, now, taken) {
            said.insert(name.to_owned(), value.clone());
        }
    }
    (!said.is_empty()).then_some(Value::Object(said))
}

/// The first way of this kind to reach somebody that holds.
fn way<'v>(who: &'v Value, system: &str, now: Moment, taken: &Taken) -> Option<&'v Value> {
    let mut ways = array(who, "/telecom").iter();
    let found = ways.find(|one| text(one, "/system") == Some(system) && is_current(one, now))?;
    taken.fields(chosen(found, taken), &["system"]);
    taken.at(found, "/value")
}

/// Who asks: name, role, organisation, telephone, each where it is said; with the places.
pub(super) fn practitioner(
    bundle: &Value,
    asked: &Value,
    now: Moment,
    taken: &Taken,
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
        who.and_then(|one| full_name(one.value, now, taken)),
        who.map_or_else(nowhere, |one| format!("{}.name", one.path())),
    );
    put(
        "role",
        "/role",
        role.and_then(|one| concept_words(one.value, "/code/0", taken)),
        role.map_or_else(nowhere, |one| format!("{}.code", one.path())),
    );
    put(
        "organisation",
        "/organisation",
        organisation.and_then(|one| taken.at(one.value, "/name")).cloned(),
        organisation.map_or_else(nowhere, |one| format!("{}.name", one.path())),
    );
    put(
        "telephone",
        "/telephone",
        role.and_then(|one| way(one.value, "phone", now, taken)).cloned(),
        role.map_or_else(nowhere, |one| format!("{}.telecom", one.path())),
    );
    places.push(("", nowhere()));
    (fields, places)
}

fn full_name(who: &Value, now: Moment, taken: &Taken) -> Option<Value> {
    let name = current::name(array(who, "/name"), now, taken)?;
    if let Some(whole) = taken.at(name, "/text") {
        return Some(whole.clone());
    }
    let given = array(name, "/given").iter().filter_map(Value::as_str);
    let words: Vec<&str> = given.chain(text(name, "/family")).collect();
    taken.fields(name, &["given", "family"]);
    (!words.is_empty()).then(|| json!(words.join(" ")))
}

/// A concept in words: its text, or the display of its first code.
pub(super) fn concept_words(value: &Value, pointer: &str, taken: &Taken) -> Option<Value> {
    let concept = value.pointer(pointer)?;
    taken.at(concept, "/text").or_else(|| taken.at(concept, "/coding/0/display")).cloned()
}

/// Notes what names the agencies that a message is between, wherever it refers to them.
pub(super) fn agencies<'v>(bundle: &Value, references: impl Iterator<Item = &'v str>, taken: &Taken) {
    for reference in references {
        if let Some(one) = referred(bundle, Some(reference)).filter(|one| kind(one.value) == "Organization") {
            taken.fields(one.value, &["identifier", "name"]);
        }
    }
}
