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
    let adapted = request_of(&wrong, &service()).unwrap();
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
    let adapted = request_of(&message(), &service()).unwrap();
    let issues = Profiles::compile().unwrap().check(Schema::ScreeningRequest, &adapted.value);
    assert!(issues.is_empty(), "{issues:?}");
    assert_eq!(adapted.value["request_type"], "screening");
    assert_eq!(adapted.value["person_informed"], true, "a Consent says so");
    let mut silent = message();
    of(&mut silent, "Consent")["status"] = json!("proposed");
    assert_eq!(request_of(&silent, &service()).unwrap().value["person_informed"], false);
}

#[test]
fn a_contact_that_nobody_called_safe_is_not_read() {
    let plain = with(|m| of(m, "Patient")["meta"]["profile"] = json!([]));
    let adapted = assessment_of(&plain, &team(), now()).unwrap();
    assert_eq!(adapted.value["person"].get("safe_contact"), None);
    assert!(adapted.kept.iter().any(|issue| issue.path.ends_with(".telecom")));
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
    assert_eq!(request_of(&older, &service()).unwrap().nhs_number, None);
}

#[test]
fn the_same_value_under_another_system_is_somebody_else() {
    let reference = |system: &str| {
        let message = with(|m| of(m, "Patient")["identifier"][1]["system"] = json!(system));
        request_of(&message, &service()).unwrap().value["person"]["reference"].clone()
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
        request_of(&message, &service()).map(drop).map_err(|issues| {
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
