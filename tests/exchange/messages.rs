//! The messages that are spoken: the one table, the `MessageDefinition`s, what the `CapabilityStatement` says of them and
//! what is really taken are one.

use std::{collections::BTreeSet, fs, path::Path};

use keyway::{
    exchange::{MESSAGES, Message, refusal::Refusal},
    http::capability_statement,
    mapping::inbound::{Inbound, Unread, read_message},
};
use serde_json::{Value, json};

use crate::{
    fhir_in::{in_our_profiles, of, send},
    harness::Rig,
};

fn file(path: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// A message as the table has it.
fn example(of: &Message) -> Value {
    let name = match of.name {
        "ld-referral-response" => "response-accept",
        other => other.strip_prefix("ld-referral-").unwrap(),
    };
    file(&format!("fixtures/fhir/valid/message-{name}.json"))
}

#[test]
fn each_message_has_its_definition_and_no_other_is_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles/fhir/messagedefinition");
    let there: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap().trim_end_matches(".json").to_owned())
        .collect();
    assert_eq!(there, MESSAGES.iter().map(|one| one.name.to_owned()).collect());
    for one in &MESSAGES {
        let definition = file(&format!("profiles/fhir/messagedefinition/{}.json", one.name));
        assert_eq!((&definition["id"], &definition["url"]), (&json!(one.name), &json!(one.definition)));
        assert_eq!(definition["eventCoding"]["code"], one.event.code(), "{}", one.name);
        let bundle = definition["focus"].as_array().unwrap().iter().find(|focus| focus["code"] == "Bundle");
        let profile = format!("https://keyway.example/fhir/StructureDefinition/{}", one.name);
        assert_eq!(bundle.unwrap()["profile"], profile);
        // What it derives from is read as well.
        let mut message = example(one);
        message["entry"][0]["resource"]["definition"] = definition["base"].clone();
        read_message(&message).unwrap_or_else(|unread| panic!("{}: {unread:?}", one.name));
    }
}

#[test]
fn the_capability_statement_states_each_message_in_each_direction() {
    let statement = capability_statement("https://gateway.test");
    let stated = |mode: &str| -> BTreeSet<String> {
        let all = statement["messaging"][0]["supportedMessage"].as_array().unwrap();
        let these = all.iter().filter(|one| one["mode"] == mode);
        these.map(|one| one["definition"].as_str().unwrap().to_owned()).collect()
    };
    let all = |sent: bool| -> BTreeSet<String> {
        MESSAGES.iter().filter(|one| !sent || one.sent).map(|one| one.definition.to_owned()).collect()
    };
    assert_eq!((stated("sender"), stated("receiver")), (all(true), all(false)));
}

#[test]
fn each_message_is_read_under_the_definitions_of_its_event_and_under_no_other() {
    for one in &MESSAGES {
        for other in &MESSAGES {
            let mut message = example(one);
            message["entry"][0]["resource"]["definition"] = json!(other.definition);
            let read: Result<Inbound, Unread> = read_message(&message);
            assert_eq!(read.is_ok(), one.event == other.event, "{} as {}: {read:?}", one.name, other.name);
            if let Err(unread) = read {
                assert!(unread.issues.iter().all(|issue| issue.path.ends_with(".definition")), "{unread:?}");
            }
        }
    }
}

/// The same at the door: what the table has is not refused for what it is, and what it has not is.
#[tokio::test]
async fn what_is_processed_is_what_the_table_has() {
    let rig = Rig::new().await;
    let mut number = 0;
    let mut told_of = async |definition: &str, event: &str| {
        number += 1;
        let mut message = in_our_profiles("ld-harbour", "cmht-riverside");
        let header = &mut message["entry"][0]["resource"];
        header["definition"] = json!(definition);
        header["eventCoding"]["code"] = json!(event);
        message["id"] = json!(format!("0198c0de-0000-7000-8000-0000000{number:05}"));
        of(&mut message, "ServiceRequest")["identifier"] =
            json!([{"system": "urn:sender", "value": format!("SR-{number}")}]);
        let refused: Option<Refusal> = send(&rig, "ld-harbour", number, &message).await.err();
        let issues = refused.map(|refused| refused.issues).unwrap_or_default();
        let header = |issue: &&keyway::exchange::refusal::Issue| {
            issue.path.ends_with(".definition") || issue.path.ends_with(".eventCoding")
        };
        issues.iter().filter(header).map(|issue| issue.code).collect::<Vec<_>>()
    };
    for one in &MESSAGES {
        assert!(told_of(one.definition, one.event.code()).await.is_empty(), "{}", one.name);
    }
    let unknown = "https://keyway.example/fhir/MessageDefinition/ld-referral-poke";
    assert_eq!(told_of(unknown, MESSAGES[0].event.code()).await, ["not-supported"]);
    assert_eq!(told_of(MESSAGES[0].definition, "booking-request").await, ["not-supported"]);
    assert_eq!(told_of(MESSAGES[0].definition, "poke").await, ["invariant"]);
}
