//! Requests to the liaison and diversion service over the wire: each door lets in whom it is for, and the answer quotes
//! what it answers.

use serde_json::{Value, json};

use crate::harness::{Ask, Caller as _, Gateway, HOUSING, LD};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_door_lets_in_whom_it_is_for() {
    let fixture = |name: &str| -> Value {
        let file = format!("{}/fixtures/requests/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
    };
    let gateway = Gateway::start().await;
    let concern = fixture("concern");
    for (path, key) in [("/justice/requests", "1"), ("/health/requests", "2"), ("/self-referrals", "3")] {
        let refused = gateway.housing.ask(Ask::post(path).key(key).json(&concern)).await;
        assert!(refused.expect(403).to_string().contains("POST /housing/requests"), "{path}");
    }
    let taken = gateway.housing.ask(Ask::post("/housing/requests").key("4").json(&concern)).await;
    let housing = taken.expect(201);
    let from_cmht = gateway.cmht.ask(Ask::post("/health/requests").key("1").json(&concern)).await;
    from_cmht.expect(201);
    let own = Ask::post("/self-referrals").key("1").json(&fixture("self-referral"));
    gateway.ld.ask(own).await.expect(201);
    let landed = gateway.ld.collect().await;
    assert_eq!(landed.len(), 3, "each lands in the mailbox of the service");
    let of_housing = landed.iter().find(|one| one["referralId"] == housing["referral_id"]).unwrap();
    assert_eq!(of_housing["request"], concern);

    let said = json!({"referral_id": housing["referral_id"], "contact_outcome": "seen"}).to_string();
    let answer = Ask::post(&format!("/messageexchange/{LD}/outbox"))
        .header("mex-To", HOUSING)
        .header("mex-WorkflowID", "KEYWAY_SCREENING_ANSWER")
        .bytes("application/octet-stream", said);
    gateway.ld.ask(answer).await.expect(202);
    let letters = gateway.housing.collect().await;
    let [letter] = &letters[..] else { panic!("one answer waits: {letters:?}") };
    assert_eq!(letter["inReplyTo"]["requestReference"], concern["request_reference"]);
    assert_eq!(letter["inReplyTo"]["requestMessageId"], housing["message_id"]);
    assert!(!letter.to_string().contains("Dummerton"), "{letter}");
    gateway.finish().await;
}
