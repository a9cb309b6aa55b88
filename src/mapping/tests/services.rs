//! What each kind of health service is told about itself: one mapping, whose codes are data.

use serde_json::json;

use super::*;
use crate::directory::service;

fn message_to(service: Option<&str>, kind: AgencyKind) -> Value {
    let projection = project(Audience::Health, &full(), false);
    let team = Partner { kind, service: service.map(String::from), ..recipient(Audience::Health) };
    let mapped =
        with_frame(&team, Nature::Referral, |frame| render(frame, Audience::Health, &projection)).unwrap();
    assert_eq!(mapped.warnings, []);
    assert_follows_profiles(&mapped);
    json(&mapped.body)
}

fn resource<'v>(message: &'v Value, kind: &str) -> &'v Value {
    let entries = message["entry"].as_array().unwrap();
    &entries.iter().find(|entry| entry["resource"]["resourceType"] == kind).unwrap()["resource"]
}

/// What differs from one kind of service to the next, each as it is sent.
#[test]
fn each_kind_of_service_has_its_own_codes_and_reads_its_own_things_first() {
    let kinds = [AgencyKind::Cmht, AgencyKind::HealthOther];
    let sent: Vec<Value> = kinds
        .into_iter()
        .flat_map(|kind| service::words(kind).into_iter().map(move |word| (kind, word)))
        .map(|(kind, word)| {
            let message = message_to(Some(word), kind);
            let asked = resource(&message, "HealthcareService");
            json!({
                "service": word,
                "ServiceRequest.code": resource(&message, "ServiceRequest")["code"],
                "ServiceRequest.reasonCode": resource(&message, "ServiceRequest")["reasonCode"],
                "HealthcareService.type": asked["type"],
                "HealthcareService.specialty": asked["specialty"],
                "CarePlan.activity": resource(&message, "CarePlan")["activity"],
            })
        })
        .collect();
    assert_eq!(sent.len(), 7);
    insta::assert_snapshot!("health_services", pretty(&json!(sent)));
}

/// A team whose kind says what it is needs no word; of another service nothing is guessed.
#[test]
fn a_service_that_nobody_named_has_a_name_and_no_kind() {
    assert_eq!(message_to(None, AgencyKind::Cmht), message_to(Some("cmht"), AgencyKind::Cmht));
    // A word of another kind of agency says nothing either.
    for word in [None, Some("cmht"), Some("adult-social-care")] {
        let message = message_to(word, AgencyKind::HealthOther);
        let asked = resource(&message, "HealthcareService");
        assert_eq!(asked["name"], "Riverside CMHT");
        assert_eq!((asked.get("type"), asked.get("specialty")), (None, None));
        assert_eq!(resource(&message, "ServiceRequest").get("code"), None);
    }
}

/// The first words come from what may leave: what is kept back is not told in another way.
#[test]
fn what_is_read_first_is_never_more_than_what_may_leave() {
    let mut assessment = full();
    assessment.as_object_mut().unwrap().remove("substance_use").unwrap();
    let projection = project(Audience::Health, &assessment, false);
    let team = Partner {
        kind: AgencyKind::HealthOther,
        service: Some(String::from("substance-misuse")),
        ..recipient(Audience::Health)
    };
    let mapped =
        with_frame(&team, Nature::Referral, |frame| render(frame, Audience::Health, &projection)).unwrap();
    let said = json(&mapped.body);
    assert!(!resource(&said, "CarePlan").to_string().contains("Withdrawal risk"));
    // Each row points at a place that the assessment has.
    let outline: Value =
        serde_json::from_str(include_str!("../../../profiles/assessment/assessment.json")).unwrap();
    let table: Value = serde_json::from_str(service::TEXT).unwrap();
    for first in
        table["services"].as_array().unwrap().iter().filter_map(|row| row["first"].as_array()).flatten()
    {
        let at = first["at"].as_str().unwrap();
        let way = at.replace('/', "/properties/");
        assert!(outline.pointer(&way).is_some(), "{at}");
    }
}

#[test]
fn a_need_that_mhsds_has_too_goes_with_its_reason_for_referral() {
    let mut assessment = full();
    for asked in assessment["referrals"].as_array_mut().unwrap() {
        asked["need"] = json!("crisis");
    }
    let projection = project(Audience::Health, &assessment, false);
    let codings = |service: &str| {
        let team = Partner {
            kind: AgencyKind::HealthOther,
            service: Some(String::from(service)),
            ..recipient(Audience::Health)
        };
        let mapped =
            with_frame(&team, Nature::Referral, |frame| render(frame, Audience::Health, &projection))
                .unwrap();
        assert_follows_profiles(&mapped);
        resource(&json(&mapped.body), "ServiceRequest")["reasonCode"][1]["coding"].clone()
    };
    let ours = json!({"system": "https://keyway.example/fhir/CodeSystem/need", "code": "crisis"});
    let reason = json!({
        "system": "https://keyway.example/fhir/CodeSystem/mhsds-reason-for-referral",
        "code": "18",
        "display": "In crisis",
    });
    assert_eq!(codings("crisis"), json!([ours.clone(), reason]));
    // Talking Therapies report elsewhere.
    assert_eq!(codings("talking-therapies"), json!([ours]));
}
