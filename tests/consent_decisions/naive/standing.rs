//! Whether a Consent counts, and for what.

use serde_json::{Value, json};

use super::{NOT, SURE, dates::day, list, questions::same, scope};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    All,
    RefusalsOnly(&'static str),
    Nothing(&'static str),
}

pub(super) fn standing(place: usize, consents: &[Value], request: &Value, now: i64) -> Standing {
    let own = alone(&consents[place], request, now);
    let replaced = |lifts: bool| {
        consents.iter().any(|later| {
            let id = format!("Consent/{}", consents[place]["id"].as_str().unwrap());
            let said = |one: &Value| one["dateTime"].as_str().and_then(day);
            let after = matches!((said(&consents[place]), said(later)), (Some(old), Some(new)) if old.1 < new.0 && new.0 <= now);
            let counts = (later["status"] == "active" && scope(later) == "patient-privacy") || later["status"] == "inactive";
            let its_standing = alone(later, request, now);
            let same_person = its_standing != Standing::Nothing("other-subject");
            later["sourceReference"]["reference"] == json!(id)
                && after
                && counts
                && same_person
                && (!lifts || its_standing == Standing::All)
        })
    };
    match own {
        Standing::Nothing(_) => own,
        _ if replaced(true) => Standing::Nothing("consent-replaced"),
        Standing::All if replaced(false) => Standing::RefusalsOnly("consent-replaced"),
        _ => own,
    }
}

/// What a Consent may say, without looking at the others.
fn alone(consent: &Value, request: &Value, now: i64) -> Standing {
    let patient = &consent["patient"]["reference"];
    let same_person =
        request.get("patient").map_or(SURE, |asked| same(patient.as_str().unwrap(), asked.as_str().unwrap()));
    if same_person == NOT {
        return Standing::Nothing("other-subject");
    }
    match consent["status"].as_str().unwrap() {
        "active" if scope(consent) != "patient-privacy" => return Standing::Nothing("other-scope"),
        "active" => {}
        "inactive" => return Standing::Nothing("consent-withdrawn"),
        _ => return Standing::Nothing("consent-not-active"),
    }
    let recorded = consent["dateTime"].as_str().and_then(day).map(|(first, _)| first);
    let part = |name: &str| {
        let parts = list(&consent["extension"][0], "extension");
        parts.iter().find(|part| part["url"] == name)
    };
    let code = |name: &str| part(name).and_then(|part| part["valueCode"].as_str());
    let performer = consent["performer"][0]["reference"].as_str();
    let own_word = match request.get("birthDate").and_then(Value::as_str) {
        None => true,
        Some(birth) => {
            let sixteenth = format!("{}{}", birth[..4].parse::<i32>().unwrap() + 16, &birth[4..]);
            recorded.is_some_and(|at| day(&sixteenth).unwrap().0 <= at)
        }
    };
    let by_person = performer.is_none_or(|one| json!(one) == *patient);
    let has_say = if consent.get("extension").is_none() {
        by_person && own_word
    } else {
        let given_by = code("givenBy").unwrap_or("person");
        let parental = given_by != "person";
        let own = given_by != "parental-responsibility";
        let allowed = if own_word {
            own
        } else {
            (own && code("competence") == Some("competent"))
                || (parental && part("parentalResponsibilityName").is_some())
        };
        allowed && (by_person || parental)
    };
    let recipients = list(request, "actorReferences");
    let to_itself = performer.is_some_and(|one| {
        !by_person && recipients.iter().any(|name| same(one, name.as_str().unwrap()) != NOT)
    });
    let category = &consent["category"][0]["coding"][0];
    if recorded.is_some_and(|at| now < at) {
        Standing::RefusalsOnly("consent-not-yet-valid")
    } else if same_person != SURE {
        Standing::RefusalsOnly("other-subject")
    } else if part("hadCapacity").is_some_and(|part| part["valueBoolean"] == false) {
        Standing::RefusalsOnly("capacity-absent")
    } else if to_itself {
        Standing::RefusalsOnly("performer-is-recipient")
    } else if !has_say {
        Standing::RefusalsOnly("authority-absent")
    } else if request.get("category").is_some_and(|asked| !asked.as_array().unwrap().contains(category)) {
        Standing::RefusalsOnly("category-not-asked")
    } else {
        Standing::All
    }
}
