//! An assessment said anew, over the wire: the sheet that is replaced is gone, the new one is there, and a stranger
//! finds nothing.

use serde_json::json;

use crate::harness::{Ask, Assessment, CMHT, CUSTODY, Caller as _, Gateway, Person};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_amendment_replaces_the_sheet_and_leaves_the_team_alone() {
    let gateway = Gateway::start().await;
    let first = Assessment::of(&Person::new(0)).only_to(&[CMHT, CUSTODY]);
    let answer = gateway.submit("k-1", &first).await;
    let old = gateway.custody_server.wait_for(1).await;
    gateway.cmht_server.wait_for(1).await;
    gateway.custody.sheet(&old).await;

    let advice = "Ask again before nine.";
    let later = first.clone().with(|a| {
        a["referrals"].as_array_mut().unwrap().retain(|one| one["recipient"] == CUSTODY);
        a["risk"]["to_self"]["handover_advice"] = json!(advice);
    });
    let path = format!("/assessments/{}/amend", answer["assessment_id"].as_str().unwrap());
    let without_a_key = gateway.ld.ask(Ask::post(&path).json(&later.0)).await;
    without_a_key.expect(400);
    let reply = gateway.ld.ask(Ask::post(&path).key("k-2").json(&later.0)).await;
    let amended = reply.expect(201);
    assert_eq!(amended["supersedes"], answer["assessment_id"]);
    let changes: Vec<(&str, &str)> = amended["referrals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["recipient"].as_str().unwrap(), one["change"].as_str().unwrap()))
        .collect();
    assert_eq!(changes, [(CUSTODY, "superseded"), (CUSTODY, "new"), (CMHT, "stands")]);

    let new = gateway.custody_server.wait_for(2).await;
    let sheet = gateway.custody.sheet(&new).await;
    assert_eq!(sheet["riskToSelf"]["handoverAdvice"], advice);
    // Another key is told of the version that stands; an agency may not, whatever it knows.
    gateway.ld.ask(Ask::post(&path).key("k-3").json(&later.0)).await.expect(409);
    gateway.custody.ask(Ask::post(&path).key("k-4").json(&later.0)).await.expect(403);
    gateway.ld.ask(Ask::post("/assessments/unknown/amend").key("k-5").json(&later.0)).await.expect(404);
    gateway.finish().await;
}
