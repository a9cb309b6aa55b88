//! Identifiers of police, courts and probation: a wrong form is refused where it stands, a wrong letter is told and
//! blocks nothing, and nobody is found by one.

use serde_json::{Value, json};

use crate::harness::{Ask, Assessment, CUSTODY, Caller as _, Gateway, Person};

fn issue_at<'a>(list: &'a Value, path: &str) -> &'a Value {
    list.as_array()
        .unwrap()
        .iter()
        .find(|one| one["path"] == path)
        .unwrap_or_else(|| panic!("{path}: {list}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_asn_where_a_pnc_id_belongs_is_refused_with_its_place() {
    let gateway = Gateway::start().await;
    let before = gateway.books().rows();
    let assessment = Assessment::of(&Person::new(0))
        .with(|a| a["person"]["identifiers"]["PNC"] = json!(["1987/9000017A", "2600ZZ9900000009015J"]));
    let reply = gateway.ld.ask(Ask::post("/assessments").key("k-1").json(&assessment.0)).await;
    let problem = reply.expect(422);
    let issue = issue_at(&problem["issues"], "/person/identifiers/PNC/1");
    assert!(issue["diagnostics"].as_str().unwrap().contains("has the form of an ASN"), "{issue}");
    assert!(!reply.text().contains("9015"), "the value is not repeated");
    assert_eq!(gateway.books().rows(), before, "something was left behind");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_letter_is_told_and_leaves_as_it_was_written() {
    let gateway = Gateway::start().await;
    let assessment = Assessment::of(&Person::new(0))
        .only_to(&[CUSTODY])
        .with(|a| a["person"]["identifiers"]["PNC"] = json!(["87/9000017B"]));
    let reply = gateway.ld.ask(Ask::post("/assessments").key("k-1").json(&assessment.0)).await;
    let answer = reply.expect(201);
    let warning = issue_at(&answer["warnings"], "/person/identifiers/PNC/0");
    assert!(warning["text"].as_str().unwrap().contains("check letter"), "{warning}");
    assert!(!reply.text().contains("9000017"), "the value is not repeated");
    let event = gateway.custody_server.wait_for(1).await;
    let sheet = gateway.custody.sheet(&event).await;
    assert!(sheet.to_string().contains("\"87/9000017B\""), "{sheet}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_found_by_a_justice_identifier() {
    let gateway = Gateway::start().await;
    let mut pseudonyms = Vec::new();
    for (key, reference) in [("k-1", "EMIL-A"), ("k-2", "EMIL-B")] {
        let assessment = Assessment::of(&Person::new(0)).only_to(&[CUSTODY]).with(|a| {
            a["person"]["reference"] = json!(reference);
            a["person"].as_object_mut().unwrap().remove("nhs_number");
        });
        pseudonyms.push(gateway.submit(key, &assessment).await["person"].clone());
    }
    assert_ne!(pseudonyms[0], pseudonyms[1], "the same PNC ID, CRN and URN make nobody the same person");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_held_to_the_same() {
    let gateway = Gateway::start().await;
    let request = |identifiers: Value| {
        json!({
            "profile": "https://keyway.example/profiles/justice/screening-request/1",
            "request_type": "screening", "urgency": "urgent", "reason": "CANARY-screening-reason",
            "person": {"reference": "EMIL-C-2", "name": {"family": "Zellmoor"}, "identifiers": identifiers},
            "person_informed": true,
        })
    };
    let ask = |key: &str, body: &Value| Ask::post("/justice/requests").key(key).json(body);
    let wrong = request(json!({"ASN": ["1987/9000017A"], "CRN": ["A9000KX"]}));
    let reply = gateway.custody.ask(ask("r-1", &wrong)).await;
    let problem = reply.expect(422);
    for (path, text) in
        [("/person/identifiers/ASN/0", "a PNC ID"), ("/person/identifiers/CRN/0", "a prison number")]
    {
        let issue = issue_at(&problem["issues"], path);
        assert!(issue["diagnostics"].as_str().unwrap().contains(text), "{issue}");
    }
    assert!(!reply.text().contains("9000"), "no value is repeated");

    let doubtful = request(json!({"PNC": ["1987/9000017B"], "CUSTODY_RECORD": ["CANARY-1"]}));
    let answer = gateway.custody.ask(ask("r-2", &doubtful)).await.expect(201);
    assert_eq!(answer["warnings"].as_array().unwrap().len(), 1, "{answer}");
    issue_at(&answer["warnings"], "/person/identifiers/PNC/0");
    let right = request(json!({"PNC": ["1987/9000017A"]}));
    let answer = gateway.custody.ask(ask("r-3", &right)).await.expect(201);
    assert_eq!(answer["warnings"], json!([]));
    gateway.finish().await;
}
