//! The answers of partners without FHIR: each letter under its own workflow, held to the schema that is published for it.

use keyway::exchange::{
    MailboxSend,
    refusal::{Refusal, Refused},
};
use serde_json::{Value, json};

use crate::harness::{Rig, assessment, id, json as body, to};

async fn send(rig: &Rig, workflow: &str, said: &Value) -> Result<Value, Refusal> {
    let send = MailboxSend {
        to: String::from("ld-harbour"),
        workflow: workflow.to_owned(),
        local_id: None,
        body: said.to_string().into_bytes(),
    };
    let answer = rig.exchange.mailbox_send(&rig.caller("housing-harbour"), "housing-harbour", send).await;
    answer.map(|answer| body(&answer))
}

/// A housing referral whose letter was read.
async fn referred(rig: &Rig, key: &str) -> String {
    let answer = rig.submit(&assessment(&["housing-harbour"]), key).await.unwrap();
    let housing = rig.caller("housing-harbour");
    let item = rig.first_item("housing-harbour").await;
    rig.exchange.mailbox_read(&housing, "housing-harbour", &item).await.unwrap();
    rig.exchange.mailbox_acknowledge(&housing, "housing-harbour", &item).await.unwrap();
    id(to(&answer, "housing-harbour"), "referral_id")
}

fn places(refusal: &Refusal) -> Vec<&str> {
    assert_eq!(refusal.class, Refused::Unprocessable, "{refusal:?}");
    refusal.issues.iter().map(|issue| issue.path.as_str()).collect()
}

#[tokio::test]
async fn an_answer_by_mailbox_goes_to_the_other_side_of_its_referral() {
    let rig = Rig::new().await;
    let referral = referred(&rig, "k1").await;
    let elsewhere = MailboxSend {
        to: String::from("cmht-riverside"),
        workflow: String::from("KEYWAY_REFERRAL_ACTION"),
        local_id: None,
        body: json!({"referral_id": referral, "action": "accept"}).to_string().into_bytes(),
    };
    let housing = rig.caller("housing-harbour");
    let refusal = rig.exchange.mailbox_send(&housing, "housing-harbour", elsewhere).await.unwrap_err();
    assert_eq!(places(&refusal), ["mex-To"]);
    assert_ne!(rig.referral(&referral).await["state"], "accepted");
}

#[tokio::test]
async fn a_council_says_under_which_duty_and_by_which_case() {
    let rig = Rig::new().await;
    let referral = referred(&rig, "k1").await;
    let said = json!({
        "referral_id": referral, "action": "accept", "reason": "priority-need", "reference": "HBC-26-104",
        "caseworker": "Sample Caseworker, 01632 960450", "decision_date": "2026-11-23",
    });
    send(&rig, "KEYWAY_DUTY_TO_REFER_ACK", &said).await.unwrap();
    let seen = rig.referral(&referral).await;
    assert_eq!((&seen["state"], &seen["reason"]), (&json!("accepted"), &json!("priority-need")));
    assert_eq!(
        seen["case"],
        json!({
            "reference": "HBC-26-104", "caseworker": "Sample Caseworker, 01632 960450",
            "decision_date": "2026-11-23",
        })
    );
    rig.audit().await;
}

#[tokio::test]
async fn a_council_refuses_by_the_reasons_of_the_duty_to_refer_alone() {
    let rig = Rig::new().await;
    let referral = referred(&rig, "k1").await;
    let decline = |reason: &str| json!({"referral_id": referral, "action": "decline", "reason": reason});
    for reason in ["insufficient-information", "below-threshold", "priority-need"] {
        let refusal = send(&rig, "KEYWAY_DUTY_TO_REFER_ACK", &decline(reason)).await.unwrap_err();
        assert_eq!(places(&refusal), ["/reason"], "{reason}");
    }
    let refusal = send(&rig, "KEYWAY_DUTY_TO_REFER_ACK", &decline("other")).await.unwrap_err();
    assert_eq!(places(&refusal), ["/comment"], "another reason has words");
    assert_eq!(rig.referral(&referral).await["state"], "delivered");
    send(&rig, "KEYWAY_DUTY_TO_REFER_ACK", &decline("no-local-connection")).await.unwrap();
    let seen = rig.referral(&referral).await;
    assert_eq!((&seen["state"], &seen["reason"]), (&json!("rejected"), &json!("no-local-connection")));
}

#[tokio::test]
async fn an_answer_under_the_workflow_of_another_letter_is_refused() {
    let rig = Rig::new().await;
    let referral = referred(&rig, "k1").await;
    let accept = json!({"referral_id": referral, "action": "accept"});
    for workflow in ["KEYWAY_CUSTODY_ADVICE_ACK", "KEYWAY_COURT_REPORT_ACK", "KEYWAY_RECALL_ACK"] {
        let refusal = send(&rig, workflow, &accept).await.unwrap_err();
        assert!(places(&refusal).contains(&"/action"), "{workflow}: {refusal:?}");
    }
    let refusal = send(&rig, "KEYWAY_ANYTHING", &accept).await.unwrap_err();
    assert_eq!(places(&refusal), ["mex-WorkflowID"]);
    assert!(refusal.issues[0].diagnostics.contains("KEYWAY_DUTY_TO_REFER_ACK"));
    send(&rig, "KEYWAY_REFERRAL_ACTION", &accept).await.unwrap();
    assert_eq!(rig.referral(&referral).await["state"], "accepted");
}

#[tokio::test]
async fn a_recall_is_answered_under_its_own_workflow() {
    let rig = Rig::new().await;
    let referral = referred(&rig, "k1").await;
    rig.act("ld-harbour", &referral, "withdraw", json!({"reason": "no-longer-needed"})).await;
    let answer = |answer: &str| json!({"referral_id": referral, "action": "answer-recall", "answer": answer});
    let refusal = send(&rig, "KEYWAY_RECALL_ACK", &answer("gone")).await.unwrap_err();
    assert_eq!(places(&refusal), ["/answer"]);
    send(&rig, "KEYWAY_RECALL_ACK", &answer("deleted")).await.unwrap();
    assert_eq!(rig.referral(&referral).await["recall_answer"], "deleted");
}
