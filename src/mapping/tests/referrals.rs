//! FHIR referrals that come in: what kind a message is, and what of it is read.

use serde_json::json;

use super::*;
use crate::{
    directory::Partner,
    mapping::inbound::{Fault, Named, Unread, What, assessment_of, read_message, request_of},
    profile::{Profiles, Schema},
};

fn message() -> Value {
    serde_json::from_str(include_str!("../../../fixtures/fhir/valid/message-new.json")).unwrap()
}

fn cancellation() -> Value {
    serde_json::from_str(include_str!("../../../fixtures/fhir/valid/message-cancel.json")).unwrap()
}

/// The first resource of a type.
fn of<'m>(message: &'m mut Value, kind: &str) -> &'m mut Value {
    let entries = message["entry"].as_array_mut().unwrap();
    &mut entries.iter_mut().find(|e| e["resource"]["resourceType"] == kind).unwrap()["resource"]
}

fn team() -> Partner {
    let code = "https://fhir.nhs.uk/Id/dos-service-id|2000099901";
    partner(
        "cmht-riverside",
        AgencyKind::Cmht,
        "Riverside Community Mental Health Team",
        code,
        Channel::FhirPush,
    )
}

fn service() -> Partner {
    let code = "https://fhir.nhs.uk/Id/ods-organization-code|LD-HARBOUR";
    partner(
        "ld-harbour",
        AgencyKind::LiaisonDiversion,
        "Harbour Liaison and Diversion",
        code,
        Channel::Mailbox,
    )
}

fn read(message: &Value) -> Result<What, Unread> {
    read_message(message).map(|read| read.what)
}

fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut message = message();
    change(&mut message);
    message
}

#[test]
fn event_reason_and_status_say_what_a_message_is() {
    let said = |reason: &str, status: &str| {
        read(&with(|m| {
            m["entry"][0]["resource"]["reason"]["coding"][0]["code"] = json!(reason);
            of(m, "ServiceRequest")["status"] = json!(status);
        }))
    };
    assert!(matches!(said("new", "active"), Ok(What::New(_))));
    assert!(matches!(said("update", "active"), Ok(What::Update(_))));
    for reason in ["update", "delete"] {
        for (status, why) in [("revoked", "no-longer-needed"), ("entered-in-error", "raised-in-error")] {
            let Ok(What::Cancel(_, read)) = said(reason, status) else { panic!("{reason} {status}") };
            assert_eq!(read.reason, why);
        }
    }
    for (reason, status) in [
        ("new", "revoked"),
        ("new", "draft"),
        ("delete", "active"),
        ("update", "completed"),
        ("replace", "active"),
    ] {
        let unread = said(reason, status).unwrap_err();
        assert_eq!(
            (unread.fault, unread.issues[0].code),
            (Fault::Malformed, "invariant"),
            "{reason} {status}"
        );
    }
}

#[test]
fn the_version_must_be_there_and_be_one_that_is_understood() {
    for (version, fault, code) in [
        (json!(null), Fault::Malformed, "invariant"),
        (json!(""), Fault::Malformed, "invariant"),
        (json!("2.0.0"), Fault::Wrong, "not-supported"),
        (json!("10.0"), Fault::Wrong, "not-supported"),
    ] {
        let unread = read(&with(|m| m["meta"]["versionId"] = version)).unwrap_err();
        assert_eq!((unread.fault, unread.issues[0].code), (fault, code));
        assert_eq!(unread.issues[0].path, "Bundle.meta.versionId");
    }
    for right in ["1", "1.0.0-beta", "1.10.2"] {
        read(&with(|m| m["meta"]["versionId"] = json!(right))).unwrap();
    }
}

#[test]
fn what_is_not_offered_is_said_to_be() {
    let booking = with(|m| m["entry"][0]["resource"]["eventCoding"]["code"] = json!("booking-request"));
    assert_eq!(read(&booking).unwrap_err().fault, Fault::NotOffered);
    let validation =
        with(|m| of(m, "ServiceRequest")["category"][0]["coding"][0]["code"] = json!("validation"));
    assert_eq!(read(&validation).unwrap_err().fault, Fault::NotOffered);
    let unknown = with(|m| m["entry"][0]["resource"]["definition"] = json!("https://elsewhere.example/x"));
    assert_eq!(read(&unknown).unwrap_err().issues[0].code, "not-supported");
    // A definition of an answer does not go with a request.
    let answer = "https://keyway.example/fhir/MessageDefinition/ld-referral-response";
    let wrong = with(|m| m["entry"][0]["resource"]["definition"] = json!(answer));
    assert_eq!(read(&wrong).unwrap_err().issues[0].path, "Bundle.entry[0].resource.definition");
}

#[test]
fn a_request_has_one_service_request_in_focus_and_a_destination() {
    let two = with(|m| {
        let second = m["entry"][1].clone();
        m["entry"].as_array_mut().unwrap().push(second);
    });
    assert_eq!(read(&two).unwrap_err().issues[0].code, "structure");
    let elsewhere = with(|m| {
        m["entry"][0]["resource"]["focus"][0]["reference"] = m["entry"][2]["fullUrl"].clone();
    });
    assert_eq!(read(&elsewhere).unwrap_err().issues[0].path, "Bundle.entry[0].resource.focus");
    let nowhere = with(|m| m["entry"][0]["resource"]["destination"] = json!([]));
    assert_eq!(read(&nowhere).unwrap_err().issues[0].code, "required");
}

#[test]
fn a_number_whose_check_digit_is_wrong_is_used_for_nothing() {
    let wrong = with(|m| of(m, "Patient")["identifier"][0]["value"] = json!("9990000019"));
    let adapted = request_of(&wrong, &service(), now()).unwrap();
    assert_eq!(adapted.nhs_number, None);
    assert!(!adapted.value.to_string().contains("9990000019"));
}

#[test]
fn a_cancellation_is_read_with_its_words_and_the_id_that_it_names() {
    let mut message = cancellation();
    of(&mut message, "ServiceRequest")["reasonCode"] = json!([{"text": "Moved away"}]);
    let Ok(What::Cancel(named, why)) = read(&message) else { panic!("{:?}", read(&message)) };
    assert_eq!(named.ours().count(), 1);
    assert_eq!(why.comment.as_deref(), Some("Moved away"));
    assert_eq!(Named::default().theirs(), None);
}

#[test]
fn a_referral_becomes_an_assessment_that_its_profile_takes() {
    let adapted = assessment_of(&message(), &team(), now()).unwrap();
    let issues = Profiles::compile().unwrap().check(Schema::AssessmentAdult2, &adapted.value);
    assert!(issues.is_empty(), "{issues:?}");
    let value = &adapted.value;
    assert_eq!(value["person"]["name"], json!({"family": "Testcase", "given": ["Morgan", "Ash"]}));
    assert_eq!(value["person"]["nhs_number"], json!({"value": "9990000018", "verification": "01"}));
    assert_eq!(value["person"]["safe_contact"]["telephone"], "01632 960017");
    assert_eq!(value["referrals"][0]["recipient"], "cmht-riverside");
    assert_eq!(value["referrals"][0]["urgency"], "urgent");
    assert_eq!(value["referrals"][0]["need"], "mental-health");
    assert_eq!(value["practitioner"]["telephone"], "01632 960099");
    assert_eq!(
        value["consents"],
        json!([{
            "recipient": "cmht-riverside", "decision": "agree", "recorded_at": "2026-11-23T08:40:00Z",
            "captured_by": "Sample Practitioner", "how": "oral", "capacity": "has-capacity",
            "valid_until": "2027-05-23",
        }])
    );
    // What is not read is told by its place: whole resources, and fields of those that are read.
    let kept: Vec<&str> = adapted.kept.iter().map(|issue| issue.path.as_str()).collect();
    for path in ["Bundle.entry[12].resource", "Bundle.entry[2].resource.gender"] {
        assert!(kept.contains(&path), "{path} is not among {kept:?}");
    }
    assert!(!value.to_string().contains("gender"));
}

#[test]
fn a_referral_becomes_a_request_that_its_profile_takes() {
    let adapted = request_of(&message(), &service(), now()).unwrap();
    let issues = Profiles::compile().unwrap().check(Schema::ScreeningRequest, &adapted.value);
    assert!(issues.is_empty(), "{issues:?}");
    assert_eq!(adapted.value["request_type"], "screening");
    assert_eq!(adapted.value["person_informed"], true, "a Consent says so");
    let mut silent = message();
    of(&mut silent, "Consent")["status"] = json!("proposed");
    assert_eq!(request_of(&silent, &service(), now()).unwrap().value["person_informed"], false);
}

#[test]
fn a_contact_that_nobody_called_safe_is_not_read() {
    let plain = with(|m| of(m, "Patient")["meta"]["profile"] = json!([]));
    let adapted = assessment_of(&plain, &team(), now()).unwrap();
    assert_eq!(adapted.value["person"].get("safe_contact"), None);
    assert!(adapted.kept.iter().any(|issue| issue.path.ends_with(".telecom")));
}

/// The places of what is kept, of an assessment.
fn kept(message: &Value) -> Vec<String> {
    assessment_of(message, &team(), now()).unwrap().kept.into_iter().map(|issue| issue.path).collect()
}

#[test]
fn what_is_old_or_over_is_not_passed_on_as_what_holds() {
    let over = json!({"end": "2025-01-31"});
    let adapted = |change: &dyn Fn(&mut Value)| {
        let message = with(|m| change(of(m, "Patient")));
        let adapted = assessment_of(&message, &team(), now()).unwrap();
        let kept: Vec<String> = adapted.kept.iter().map(|issue| issue.path.clone()).collect();
        (adapted.value["person"].clone(), kept)
    };
    for state in [json!({"use": "old"}), json!({"period": over})] {
        let mark = |one: &mut Value| one.as_object_mut().unwrap().extend(state.as_object().unwrap().clone());
        for (field, index, ours) in [
            ("name", 0, "name"),
            ("address", 0, "address"),
            ("telecom", 0, "safe_contact"),
            ("identifier", 0, "nhs_number"),
        ] {
            let (person, kept) = adapted(&|patient| mark(&mut patient[field][index]));
            assert_eq!(person.get(ours), None, "{field} {state}");
            let place = match field {
                "identifier" => format!("Bundle.entry[2].resource.{field}[{index}]"),
                _ => format!("Bundle.entry[2].resource.{field}"),
            };
            assert!(kept.contains(&place), "{place} is not among {kept:?}");
        }
        // Nobody is found by a number or a reference that is over.
        let nobody = with(|m| {
            let identifiers = of(m, "Patient")["identifier"].as_array_mut().unwrap();
            identifiers.iter_mut().for_each(mark);
        });
        assert_eq!(assessment_of(&nobody, &team(), now()).unwrap_err()[0].code, "required");
        assert_eq!(request_of(&nobody, &service(), now()).unwrap_err()[0].code, "required");
    }
    // Beside what is over, what holds is taken, wherever it stands.
    let (person, kept) = adapted(&|patient| {
        let old = json!({"use": "home", "line": ["1 Former Street"], "postalCode": "ZZ99 1AA", "period": {"end": "2020"}});
        patient["address"].as_array_mut().unwrap().insert(0, old);
        patient["name"].as_array_mut().unwrap().insert(0, json!({"use": "nickname", "family": "Tiger"}));
    });
    assert_eq!(person["address"]["postcode"], "ZZ99 3VZ");
    assert_eq!(person["name"]["family"], "Testcase");
    for place in ["address[0]", "name[0]"] {
        assert!(kept.contains(&format!("Bundle.entry[2].resource.{place}")), "{place} is not among {kept:?}");
    }
}

#[test]
fn no_part_of_a_referral_is_lost_in_silence() {
    let message = with(|m| {
        let second = json!({"fullUrl": "urn:uuid:00000000-0000-4000-8000-0000000000f2", "resource": {
            "resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "2"}], "name": [{"family": "Other"}],
            "birthDate": "1970-01-01"}});
        let other = json!({"fullUrl": "urn:uuid:00000000-0000-4000-8000-0000000000f1", "resource": {
            "resourceType": "Organization", "name": "Elsewhere",
            "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "ZZ999"}]}});
        m["entry"].as_array_mut().unwrap().extend([second, other]);
        let patient = of(m, "Patient");
        patient["meta"]["security"] = json!([{"code": "R"}]);
        patient["name"][0]["prefix"] = json!(["Mx"]);
        patient["name"][0]["suffix"] = json!(["Esq"]);
        patient["name"][0]["text"] = json!("Mx Morgan Testcase");
        patient["name"].as_array_mut().unwrap().push(json!({"use": "usual", "family": "Second"}));
        patient["identifier"].as_array_mut().unwrap().push(json!({"system": "urn:third", "value": "3"}));
        patient["address"][0]["city"] = json!("Harbourtown");
        patient["address"].as_array_mut().unwrap().push(json!({"use": "work", "line": ["9 Office Row"]}));
        patient["_birthDate"] = json!({"extension": [{"url": "urn:x", "valueTime": "10:00:00"}]});
        let asked = of(m, "ServiceRequest");
        asked["text"] = json!({"status": "additional", "div": "<div>Knife in the house</div>"});
        asked["reasonCode"][0]["coding"] = json!([{"system": "http://snomed.info/sct", "code": "35489007"}]);
        asked["performer"]
            .as_array_mut()
            .unwrap()
            .push(json!({"reference": "urn:uuid:00000000-0000-4000-8000-0000000000f1"}));
        asked["subject"]["display"] = json!("Known as Ash");
    });
    let end = message["entry"].as_array().unwrap().len();
    let (patient, asked) = ("Bundle.entry[2].resource", "Bundle.entry[1].resource");
    let kept = kept(&message);
    for place in [
        format!("{patient}.meta.security"),
        format!("{patient}.name[0].prefix"),
        format!("{patient}.name[0].suffix"),
        format!("{patient}.name[0].text"),
        format!("{patient}.name[1]"),
        format!("{patient}.identifier[2]"),
        format!("{patient}.address[0].city"),
        format!("{patient}.address[1]"),
        format!("{patient}._birthDate"),
        format!("{asked}.text"),
        format!("{asked}.reasonCode[0].coding"),
        format!("{asked}.performer[1]"),
        format!("{asked}.subject.display"),
        format!("Bundle.entry[{}].resource", end - 2),
        format!("Bundle.entry[{}].resource", end - 1),
    ] {
        assert!(kept.contains(&place), "{place} is not among {kept:#?}");
    }
    // What was read is not said to be left.
    for read in [
        "name[0].family",
        "name[0].given",
        "address[0].line",
        "address[0].use",
        "birthDate",
        "identifier[0].value",
    ] {
        assert!(!kept.contains(&format!("{patient}.{read}")), "{read}");
    }
    for read in
        ["performer", "performer[0]", "priority", "reasonCode[0].text", "reasonCode[1]", "text.status"]
    {
        assert!(!kept.contains(&format!("{asked}.{read}")), "{read}");
    }
    let generated =
        with(|m| of(m, "ServiceRequest")["text"] = json!({"status": "generated", "div": "<div>x</div>"}));
    assert!(!self::kept(&generated).contains(&format!("{asked}.text")));
}

#[test]
fn every_leaf_of_a_referral_is_read_or_told() {
    // Whatever is changed in a leaf changes what is passed on, or its place is told, or it only ties.
    let ties = ["reference", "system", "code", "resourceType", "status", "intent", "use", "url"];
    let whole = message();
    let (now_passed, kept) = (assessment_of(&whole, &team(), now()).unwrap().value, kept(&whole));
    let mut leaves = Vec::new();
    for (index, entry) in whole["entry"].as_array().unwrap().iter().enumerate() {
        let kinds = ["ServiceRequest", "Patient", "Practitioner", "PractitionerRole"];
        if kinds.contains(&entry["resource"]["resourceType"].as_str().unwrap()) {
            let place = format!("Bundle.entry[{index}].resource");
            leaves_of(&entry["resource"], &format!("/entry/{index}/resource"), &place, &mut leaves);
        }
    }
    let mut told = 0;
    for (pointer, place) in leaves {
        if ties.iter().any(|tie| pointer.ends_with(&format!("/{tie}")))
            || pointer.contains("/meta/")
            || pointer.ends_with("/authoredOn")
        {
            continue;
        }
        if kept.iter().any(|kept| {
            place == *kept || place.starts_with(&format!("{kept}.")) || place.starts_with(&format!("{kept}["))
        }) {
            told += 1;
            continue;
        }
        let mut changed = whole.clone();
        let leaf = changed.pointer_mut(&pointer).unwrap();
        *leaf = if leaf.is_string() { json!("1990-02-03") } else { json!(7) };
        let passed = assessment_of(&changed, &team(), now()).map(|adapted| adapted.value);
        // A changed identifier is another person; a display says what its code says.
        assert!(
            passed.as_ref() != Ok(&now_passed)
                || pointer.ends_with("/display")
                || pointer.contains("/identifier/"),
            "{pointer}"
        );
    }
    assert!(told > 3, "{kept:#?}");
}

fn leaves_of(value: &Value, pointer: &str, place: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, below) in fields {
                leaves_of(below, &format!("{pointer}/{name}"), &format!("{place}.{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                leaves_of(item, &format!("{pointer}/{index}"), &format!("{place}[{index}]"), found);
            }
        }
        _ => found.push((pointer.to_owned(), place.to_owned())),
    }
}

#[test]
fn nobody_is_known_by_an_unverified_number() {
    let unverified = with(|m| {
        let patient = of(m, "Patient");
        patient["identifier"][0]["extension"][0]["valueCodeableConcept"]["coding"][0]["code"] = json!("02");
        patient["identifier"].as_array_mut().unwrap().truncate(1);
    });
    let issues = assessment_of(&unverified, &team(), now()).unwrap_err();
    assert_eq!(
        (issues[0].code, issues[0].path.as_str()),
        ("required", "Bundle.entry[2].resource.identifier")
    );
    // The words of the generation before count where they are forgiven; they are written right before this is read.
    let older = with(|m| {
        let coding =
            &mut of(m, "Patient")["identifier"][0]["extension"][0]["valueCodeableConcept"]["coding"][0];
        *coding = json!({
            "system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus",
            "code": "number-present-and-verified",
        });
    });
    assert_eq!(request_of(&older, &service(), now()).unwrap().nhs_number, None);
}

#[test]
fn the_same_value_under_another_system_is_somebody_else() {
    let reference = |system: &str| {
        let message = with(|m| of(m, "Patient")["identifier"][1]["system"] = json!(system));
        request_of(&message, &service(), now()).unwrap().value["person"]["reference"].clone()
    };
    assert_ne!(reference("https://a.example/Id"), reference("https://b.example/Id"));
    assert_eq!(reference("https://keyway.example/Id/person"), "LD-ABCD-EFGH");
}

#[test]
fn what_holds_no_more_is_not_taken_for_what_does() {
    let past = |pointer: &'static str| {
        let message = with(|m| {
            let list = of(m, "Patient").pointer_mut(pointer).unwrap().as_array_mut().unwrap();
            for one in list {
                one["use"] = json!("old");
            }
        });
        assessment_of(&message, &team(), now())
    };
    for (pointer, field) in [("/name", "name"), ("/address", "address"), ("/telecom", "safe_contact")] {
        let adapted = past(pointer).unwrap();
        assert_eq!(adapted.value["person"].get(field), None, "{pointer}");
        let told = adapted.kept.iter().any(|issue| issue.path.ends_with(&pointer.replace('/', ".")));
        assert!(told, "{pointer} is told as kept");
    }
    // Nobody is found by an identifier that is another's by now.
    let issues = past("/identifier").unwrap_err();
    assert!(issues.iter().any(|issue| issue.path.ends_with(".identifier")), "{issues:?}");
    // One that holds stands after one that does not.
    let moved = with(|m| {
        let patient = of(m, "Patient");
        for list in ["name", "address", "telecom"] {
            let mut past = patient[list][0].clone();
            past["use"] = json!("old");
            for (field, value) in
                [("family", json!("Before")), ("postalCode", json!("ZZ99 3VZ")), ("value", json!("1"))]
            {
                if past.get(field).is_some() {
                    past[field] = value;
                }
            }
            patient[list].as_array_mut().unwrap().insert(0, past);
        }
    });
    let person = |message| assessment_of(&message, &team(), now()).unwrap().value["person"].clone();
    assert_eq!(person(moved), person(message()));
}

/// The statement, or `None` where the Consent permits nothing; `Err` where the message must be refused for it.
fn stated(change: impl FnOnce(&mut Value)) -> Result<Option<Value>, ()> {
    let message = with(|m| change(of(m, "Consent")));
    let adapted = assessment_of(&message, &team(), now()).map_err(|_| ())?;
    Ok(adapted.value["consents"].get(0).cloned())
}

#[test]
fn only_an_explicit_consent_permits() {
    assert!(stated(|_| {}).unwrap().is_some());
    // Not about the recipient in particular: it is no statement, and there is none.
    let general =
        json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}]});
    assert_eq!(
        stated(|c| {
            c["policyRule"] = general;
            c.as_object_mut().unwrap().remove("provision");
        }),
        Ok(None)
    );
    assert_eq!(stated(|c| c["provision"]["provision"][0]["actor"] = json!([])), Ok(None));
    // About the recipient, and not clear: an earlier consent may not stand in for it.
    for change in [
        |c: &mut Value| c["status"] = json!("inactive"),
        |c: &mut Value| c["extension"] = json!([]),
        |c: &mut Value| c["provision"]["provision"][0]["period"] = json!({}),
        |c: &mut Value| c["provision"]["provision"][0]["securityLabel"] = json!([{"code": "R"}]),
        |c: &mut Value| c["provision"]["securityLabel"] = json!([{"code": "R"}]),
        |c: &mut Value| c["provision"]["provision"][0]["purpose"][0]["code"] = json!("HRESCH"),
        |c: &mut Value| c["provision"]["provision"][0]["code"] = json!([{"coding": [{"code": "x"}]}]),
        |c: &mut Value| c["provision"]["provision"][0]["provision"] = json!([{"type": "deny"}]),
        |c: &mut Value| c["modifierExtension"] = json!([{"url": "https://a.example/x"}]),
        |c: &mut Value| c["scope"] = json!({"coding": [{"code": "research"}]}),
        |c: &mut Value| c["patient"]["reference"] = json!("urn:uuid:00000000-0000-4000-8000-000000000008"),
    ] {
        assert_eq!(stated(change), Err(()));
    }
    // A general refusal that names nobody is one that cannot be read.
    assert_eq!(stated(|c| c["provision"] = json!({"type": "deny"})), Err(()));
}

#[test]
fn a_refusal_is_read_and_blocks_are_kept_back() {
    let denied = stated(|c| {
        c["provision"]["provision"][0]["type"] = json!("deny");
        c["extension"] = json!([]);
    });
    assert_eq!(denied.unwrap().unwrap()["decision"], "decline");
    let block = |code: &str| json!([{"coding": [{"system": "https://keyway.example/fhir/CodeSystem/disclosure-block", "code": code}]}]);
    let without = stated(|c| {
        c["provision"]["provision"][0]["provision"] = json!([
            {"type": "deny", "code": block("housing")}, {"type": "permit", "code": block("trauma")},
        ]);
    });
    let without = without.unwrap().unwrap();
    assert_eq!((&without["excludes"], &without["specific"]), (&json!(["housing"]), &json!(["trauma"])));
}

#[test]
fn issues_are_told_at_their_place_in_the_message() {
    let long = with(|m| of(m, "Patient")["name"][0]["family"] = json!("x".repeat(500)));
    let adapted = assessment_of(&long, &team(), now()).unwrap();
    let issues =
        adapted.located(Profiles::compile().unwrap().check(Schema::AssessmentAdult2, &adapted.value));
    assert_eq!(issues[0].path, "Bundle.entry[2].resource.name");
}

#[test]
fn what_the_person_refuses_becomes_no_request() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut message = message();
        change(of(&mut message, "Consent"));
        request_of(&message, &service(), now()).map(drop).map_err(|issues| {
            let places: Vec<String> = issues.into_iter().map(|issue| issue.path).collect();
            places.iter().filter_map(|path| path.rsplit('.').next()).map(str::to_owned).collect::<Vec<_>>()
        })
    };
    let coded = |code: &str| json!({"coding": [{"code": code}]});
    assert_eq!(refused(&|one| one["status"] = json!("rejected")), Err(vec![String::from("status")]));
    assert_eq!(refused(&|one| one["status"] = json!("inactive")), Err(vec![String::from("status")]));
    assert_eq!(
        refused(&|one| drop(one.as_object_mut().unwrap().remove("provision"))),
        Err(vec![String::from("policyRule")]),
        "nothing is said but that they opt out"
    );
    let optin = |one: &mut Value| one["policyRule"] = coded("OPTIN");
    let deny = |one: &mut Value| {
        optin(one);
        one["provision"] = json!({"type": "deny"});
    };
    assert_eq!(refused(&deny), Err(vec![String::from("provision")]));
    assert_eq!(
        refused(&|one| one["provision"] = json!({"type": "permit", "provision": [{"type": "deny"}]})),
        Err(vec![String::from("provision")])
    );
    // Somebody whom the rule does not let know may be the service.
    assert_eq!(
        refused(&|one| {
            let actor = json!([{"role": coded("IRCP"), "reference": {"reference": "Organization/nowhere"}}]);
            optin(one);
            one["provision"] = json!({"type": "deny", "actor": actor});
        }),
        Err(vec![String::from("provision")])
    );
    // What is refused to another agency, of some of what is said, or for research, is not refused to the service.
    assert_eq!(refused(&|one| one["status"] = json!("proposed")), Ok(()));
    assert_eq!(
        refused(&|one| {
            optin(one);
            one["provision"] = json!({"type": "deny", "code": [coded("substance-use")]});
        }),
        Ok(())
    );
    assert_eq!(
        refused(&|one| {
            one["scope"] = coded("research");
            one["status"] = json!("rejected");
        }),
        Ok(())
    );
}
