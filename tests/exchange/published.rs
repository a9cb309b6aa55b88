//! The messages that BaRS publishes, sent here: each is answered as it deserves, and none makes the gateway stumble.
//! `KEYWAY_REFERENCE_DATA` names the folder that holds them; without it the test says that it was skipped.

use std::{fs, io::Write as _, path::PathBuf};

use keyway::exchange::{
    enrol,
    ports::{Store, Write},
    refusal::Refused,
};
use serde_json::{Value, json};

use crate::{
    fhir_in::send,
    harness::{PARTNERS, Rig, partner},
};

#[expect(clippy::disallowed_methods, reason = "a test asks where its data lies; the gateway never does")]
fn messages() -> Option<Vec<(String, Value)>> {
    let Some(folder) = std::env::var_os("KEYWAY_REFERENCE_DATA").filter(|value| !value.is_empty()) else {
        writeln!(
            std::io::stderr(),
            "SKIPPED for want of KEYWAY_REFERENCE_DATA: published messages sent here"
        )
        .ok();
        return None;
    };
    let files = fs::read_dir(PathBuf::from(folder).join("health/examples/bars")).unwrap();
    let mut messages: Vec<(String, Value)> = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| {
            let name = path
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .split('_')
                .next()
                .unwrap()
                .trim_end_matches('-')
                .to_owned();
            (name, serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
        })
        .collect();
    messages.sort_by(|one, other| one.0.cmp(&other.0));
    Some(messages)
}

/// Sent to the service by the agency that it says it is from: what differs from agency to agency is set, and nothing
/// else.
fn addressed(mut message: Value) -> Value {
    let system = "https://fhir.nhs.uk/Id/ods-organization-code";
    let header = &mut message["entry"][0]["resource"];
    header["destination"] = json!([{"endpoint": format!("{system}|LD-HARBOUR")}]);
    header["sender"] = json!({"identifier": {"system": system, "value": "CMHT-RIVERSIDE"}});
    message
}

/// The same without the codes that base R4 does not have and that nobody is forgiven, about somebody whose NHS
/// number can be one, and with a reason: the published ones give none.
fn mended(mut message: Value) -> Value {
    for entry in message["entry"].as_array_mut().unwrap() {
        let resource = entry["resource"].as_object_mut().unwrap();
        match resource["resourceType"].as_str().unwrap() {
            "Patient" => {
                if let Some(number) = resource.get_mut("identifier").map(|identifiers| &mut identifiers[0]) {
                    number["value"] = json!("9990000018");
                }
                resource.remove("communication")
            }
            "ServiceRequest" => resource.insert(String::from("reasonCode"), json!([{"text": "Low mood"}])),
            "Condition" => resource.remove("clinicalStatus"),
            _ => None,
        };
    }
    message
}

async fn answer(rig: &Rig, n: u32, message: &Value) -> String {
    match send(rig, "cmht-riverside", n, message).await {
        Ok(_) => String::from("taken"),
        Err(refusal) => {
            assert_ne!(refusal.class, Refused::Internal, "{refusal:?}");
            assert!(refusal.issues.iter().all(|issue| !issue.diagnostics.is_empty()), "{refusal:?}");
            format!("{:?} {}", refusal.class, refusal.issues[0].code)
        }
    }
}

/// The message; what is answered to it as it is published, for somebody else; to it from a partner to whom all is
/// forgiven that can be, for the service; and to that once it is mended.
const DESERVED: [(&str, [&str; 3]); 17] = [
    ("BOOKREQ01", ["NotSupported not-supported"; 3]),
    ("CONS01", ["BadRequest structure"; 3]),
    ("FLA02", ["BadRequest structure"; 3]),
    ("FLA06", ["BadRequest structure"; 3]),
    ("Questionnaire", ["BadRequest structure"; 3]),
    ("QuestionnaireResponse", ["BadRequest structure"; 3]),
    ("REFREQ01", ["Unprocessable value", "Unprocessable code-invalid", "taken"]),
    ("REFREQ05", ["Unprocessable value", "Unprocessable code-invalid", "taken"]),
    // Nobody is named by whom the person could be known.
    ("REFREQ8A", ["Unprocessable value", "Unprocessable required", "Unprocessable required"]),
    // It changes a referral that never came here.
    ("REFREQ8B", ["Unprocessable value", "NotFound not-found", "NotFound not-found"]),
    // They answer what was never sent from here.
    ("REFRESP01", ["Unprocessable value", "Unprocessable code-invalid", "NotFound not-found"]),
    ("REFRESP02", ["Unprocessable value", "Unprocessable code-invalid", "NotFound not-found"]),
    ("SERVREQ01", ["Unprocessable value", "Unprocessable code-invalid", "NotFound not-found"]),
    ("Task-Community", ["BadRequest structure"; 3]),
    ("VALREQ01", ["NotSupported not-supported"; 3]),
    ("VALRESP01", ["NotSupported not-supported"; 3]),
    ("VALRESP01A", ["Unprocessable value", "Unprocessable code-invalid", "NotFound not-found"]),
];

#[tokio::test]
async fn published_messages_are_answered_as_they_deserve() {
    let Some(messages) = messages() else { return };
    let (id, kind, channel) = PARTNERS[1];
    let mut found = Vec::new();
    for (name, message) in messages {
        let rig = Rig::new().await;
        let strictly = answer(&rig, 1, &message).await;
        let mut lenient = partner(id, kind, channel);
        lenient.forgives = enrol::tolerances().map(String::from).to_vec();
        rig.store.commit(vec![Write::Partner(lenient)], Vec::new()).await.unwrap();
        let mut rest = [strictly.clone(), strictly.clone()];
        if message["entry"].is_array() {
            let message = addressed(message);
            rest = [answer(&rig, 2, &message).await, answer(&rig, 3, &mended(message)).await];
        }
        let [leniently, mended] = rest;
        found.push((name, [strictly, leniently, mended]));
        rig.audit().await;
    }
    let deserved = DESERVED.map(|(name, said)| (name.to_owned(), said.map(str::to_owned)));
    assert_eq!(found, deserved);
}
