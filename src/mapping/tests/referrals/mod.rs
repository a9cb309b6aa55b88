//! FHIR referrals that come in: what kind a message is, what it becomes, and whom it is about.

mod consents;
mod told;

use serde_json::json;

use super::*;
use crate::{
    directory::Partner,
    mapping::inbound::{Fault, Named, Unread, What, assessment_of, read_message, request_of},
    profile::{Profiles, Schema},
};

fn message() -> Value {
    serde_json::from_str(include_str!("../../../../fixtures/fhir/valid/message-new.json")).unwrap()
}

fn cancellation() -> Value {
    serde_json::from_str(include_str!("../../../../fixtures/fhir/valid/message-cancel.json")).unwrap()
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
    let silent = request_of(&silent, &service(), now()).unwrap();
    assert_eq!(silent.value["person_informed"], "not-stated", "nobody said that they do not know");
    assert_eq!(Profiles::compile().unwrap().check(Schema::ScreeningRequest, &silent.value), []);
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
