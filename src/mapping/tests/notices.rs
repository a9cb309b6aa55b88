//! Recalls, requests and answers: ids only.

use serde_json::json;

use super::*;
use crate::mapping::{
    ContactOutcome, InReplyTo, Standing, answer_to_request, inbound, recall, request_to_ld, status_answer,
};

const fn outcome<'a>(
    word: &'a str,
    report_to_follow: Option<bool>,
    supersedes: Option<&'a str>,
) -> ContactOutcome<'a> {
    ContactOutcome { word, report_to_follow, supersedes }
}

#[test]
fn a_recall_names_the_referral_and_tells_nothing() {
    for audience in [Audience::Health, Audience::Custody, Audience::Housing] {
        let recipient = recipient(audience);
        let mapped = with_frame(&recipient, Nature::Referral, |frame| recall(frame, "consent-withdrawn"));
        assert_follows_profiles(&mapped);
        assert_eq!(mapped.workflow, "KEYWAY_RECALL");
        let text = String::from_utf8(mapped.body.clone()).unwrap();
        assert!(text.contains("01900000-0000-7000-8000-000000000002") && text.contains("consent-withdrawn"));
        insta::assert_snapshot!(format!("recall_{}", audience.as_str()), pretty(&json(&mapped.body)));
    }
}

#[test]
fn a_request_lands_at_the_service_as_it_was_sent() {
    let request =
        json!({"request_type": "screening", "person": {"name": {"family": "Testcase"}}, "note": "x"});
    let service = ld();
    let mapped = with_frame(&service, Nature::Referral, |frame| request_to_ld(frame, &request, true));
    assert_follows_profiles(&mapped);
    assert_eq!(json(&mapped.body)["request"], request);
    assert_eq!(json(&mapped.body)["personCheck"], "needed");
    let plain = with_frame(&service, Nature::Referral, |frame| request_to_ld(frame, &request, false));
    assert_follows_profiles(&plain);
    assert_eq!(json(&plain.body).get("personCheck"), None);
    assert!(mapped.lineage.lines().any(|line| line.source == "request:/person/name/family"));
    assert_eq!((mapped.workflow.as_str(), mapped.detail), ("KEYWAY_SCREENING_REQUEST", None));
}

#[test]
fn the_agency_that_asked_learns_the_contact_outcome_only() {
    let asker = recipient(Audience::Custody);
    let quoted = InReplyTo {
        request_type: "screening",
        request_reference: Some("NG-26-009909/1"),
        request_message_id: "m-0",
        received_at: now(),
    };
    let mapped = with_frame(&asker, Nature::Referral, |frame| {
        answer_to_request(frame, &quoted, &outcome("seen", None, None))
    });
    assert_follows_profiles(&mapped);
    let answer = document(&mapped);
    assert_eq!((&answer["contactOutcome"], answer.get("reportToFollow")), (&json!("seen"), None));
    assert_eq!(answer.as_object().unwrap().len(), 8);
    insta::assert_snapshot!("answer_to_request", pretty(&answer));
    let of_court = InReplyTo { request_type: "court-report", request_reference: None, ..quoted };
    let court = recipient(Audience::Court);
    let mapped = with_frame(&court, Nature::Referral, |frame| {
        answer_to_request(
            frame,
            &of_court,
            &outcome("not-seen", Some(false), Some("01900000-0000-7000-8000-000000000077")),
        )
    });
    assert_follows_profiles(&mapped);
    assert_eq!(document(&mapped)["reportToFollow"], json!(false));
}

#[test]
fn who_sent_a_fhir_referral_learns_how_it_stands_in_ids_and_codes() {
    let asker = recipient(Audience::Health);
    for (encounter, task, business_status, reason, action) in [
        ("planned", "accepted", "accepted", None, "accept"),
        ("in-progress", "in-progress", "first-contact-made", None, "start"),
        ("finished", "completed", "outcome-recorded", None, "complete"),
        ("cancelled", "rejected", "declined", Some(("decline-reason", "capacity")), "decline"),
        ("planned", "on-hold", "information-requested", None, "request-information"),
    ] {
        let standing = Standing {
            answers: "b-1",
            since: now(),
            request: "active",
            encounter,
            task,
            business_status,
            reason,
        };
        let mapped = with_frame(&asker, Nature::Referral, |frame| status_answer(frame, &standing));
        assert_follows_profiles(&mapped);
        let answer = document(&mapped);
        assert_eq!(
            answer.pointer("/meta/profile/1").unwrap(),
            &"https://keyway.example/fhir/StructureDefinition/ld-referral-status"
        );
        // What we write, we read.
        let read = inbound::read_message(&answer).unwrap();
        let inbound::What::Answer(said) = read.what else { panic!("an answer is expected") };
        assert_eq!((said.answers.as_str(), said.action), ("b-1", action));
        assert_eq!(said.reason.as_deref(), reason.map(|(_, code)| code));
    }
}
