//! A service's own form in the place of an assessment: read by the adapter that it names, kept as it came.

use keyway::{
    audit::Leaf,
    exchange::{
        Answer,
        ports::Store as _,
        refusal::{Refusal, Refused},
        rows::StoredEntry,
        verify_log,
    },
};
use serde_json::{Value, json};

use crate::harness::{Rig, Scripted, id, json as body_of, site, slug, to};

const FORM: &str = include_str!("../../profiles/sites/mo-del/tests/01-danny.in.json");

async fn send(rig: &Rig, adapter: &str, key: &str, form: &str) -> Result<Answer, Refusal> {
    let caller = rig.caller("ld-harbour");
    rig.exchange.submit_form(&caller, key, adapter, form.as_bytes(), false).await
}

#[tokio::test]
async fn a_form_becomes_an_assessment_and_what_read_it_is_on_record() {
    let rig = Rig::new().await;
    let answer = send(&rig, "mo-del", "k1", FORM).await.unwrap();
    assert_eq!(answer.status, 201);
    let told = body_of(&answer);
    let states = ["cmht-riverside", "housing-harbour"].map(|who| to(&told, who)["state"].clone());
    // The form does not ask which housing authority the person chose: that referral waits for somebody who asks them.
    assert_eq!(states, [json!("queued"), json!("held")]);
    assert_eq!(told["adapter"]["name"], "mo-del/1");
    let hash = told["adapter"]["sha256"].as_str().unwrap().to_owned();
    assert_eq!(hash, rig.exchange.adapters.get("mo-del").unwrap().sha256);
    // The form stands as it came, under the person's key; the assessment is what it became.
    let assessment_id = id(&told, "assessment_id");
    let kept = rig
        .store
        .inbound(&site(), &slug("ld-harbour"), &format!("form:{assessment_id}"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((kept.kind.as_str(), kept.person_id.is_some()), ("site-form", true));
    assert!(!String::from_utf8_lossy(&kept.body.0).contains("Exampleton"));
    rig.audit().await;
    let mut read_by = Vec::new();
    let read = |entry: &StoredEntry| read_by.push(Leaf::read(&entry.leaf).unwrap());
    verify_log(rig.store.as_ref(), read).await.unwrap().unwrap();
    read_by.retain(|leaf| leaf.fact("adapter").is_some());
    let [read_by] = &read_by[..] else { panic!("one form") };
    assert_eq!((read_by.fact("adapter"), read_by.fact("message")), (Some("mo-del/1"), Some("site-form")));
    assert_eq!(read_by.fact("adapter-sha256"), Some(hash.as_str()));
    assert_eq!(read_by.id_of("assessment"), Some(assessment_id.as_str()));
    // It goes the way of every assessment, and once.
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    assert!(courier.texts().iter().any(|text| text.contains("Exampleton")));
    let again = send(&rig, "mo-del", "k1", FORM).await.unwrap();
    assert_eq!((again.repeated, body_of(&again)), (true, told));
    let other = send(&rig, "mo-del", "k1", &FORM.replace("AMBER", "GREEN")).await.unwrap_err();
    assert_eq!(other.class, Refused::Conflict);
}

#[tokio::test]
async fn a_dry_run_of_a_form_shows_what_would_go_and_keeps_nothing() {
    let rig = Rig::new().await;
    let caller = rig.caller("ld-harbour");
    let shown = rig.exchange.submit_form(&caller, "", "mo-del", FORM.as_bytes(), true).await.unwrap();
    let told = body_of(&shown);
    assert_eq!((shown.status, &told["adapter"]["name"]), (200, &json!("mo-del/1")));
    assert_eq!(told["preview"].as_array().unwrap().len(), 2);
    assert_eq!(rig.audit().await.len(), 0);
}

#[tokio::test]
async fn what_is_wrong_with_a_form_is_told_at_its_place_in_the_form_and_nothing_is_kept() {
    let rig = Rig::new().await;
    let refused = async |form: &str| -> Vec<(String, String)> {
        let refusal = send(&rig, "mo-del", "k1", form).await.unwrap_err();
        assert_eq!(refusal.class, Refused::Unprocessable, "{refusal:?}");
        refusal.issues.iter().map(|issue| (issue.path.clone(), issue.diagnostics.clone())).collect()
    };
    // What the adapter cannot read, what the assessment's own form forbids, whom nobody knows.
    for (from, into, place) in [
        ("\"dob\": \"09/03/1988\"", "\"dob\": \"CANARY\"", "/client/dob"),
        ("\"dob\": \"09/03/1988\"", "\"dob\": \"09/03/2015\"", "/client/dob"),
        ("\"surname\": \"Exampleton\"", "\"surname\": \"CANARY\\u202e\"", "/client/surname"),
        (
            "\"ref\": \"model-0417\"",
            "\"new_question\": \"CANARY\", \"ref\": \"model-0417\"",
            "/client/new_question",
        ),
    ] {
        assert!(FORM.contains(from));
        let told = refused(&FORM.replace(from, into)).await;
        assert!(told.iter().any(|(path, _)| path == place), "{place}: {told:?}");
        assert!(told.iter().all(|(_, text)| !text.contains("CANARY")), "{told:?}");
    }
    // Each form is one submission, with an answer of its own.
    let several =
        json!([serde_json::from_str::<Value>(FORM).unwrap(), serde_json::from_str::<Value>(FORM).unwrap()]);
    assert!(refused(&several.to_string()).await[0].1.starts_with("Send each form by itself"));
    assert!(refused("[]").await[0].1.contains("no form"));
    let unknown = send(&rig, "nobody", "k1", FORM).await.unwrap_err();
    assert_eq!((unknown.class, unknown.issues[0].path.as_str()), (Refused::BadRequest, "adapter"));
    assert!(unknown.issues[0].diagnostics.contains("cass, mo-del, penrose-fusion, portsmouth"));
    // Nobody else sends them.
    let police = rig.caller("custody-northgate");
    let forbidden =
        rig.exchange.submit_form(&police, "k1", "mo-del", FORM.as_bytes(), false).await.unwrap_err();
    assert_eq!(forbidden.class, Refused::Forbidden);
    assert_eq!(rig.audit().await.len(), 0);
}
