use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::*;
use crate::{
    cli::demo::{
        client::{Ask, Client},
        fixtures::Agency,
        pki::{Authority, Use},
        record::Record,
        voice::Voice,
    },
    clock::{Clock as _, SystemClock},
    directory::AgencyKind,
    ids::{Mint, SystemChance},
};

struct Team {
    authority: Authority,
    base_url: String,
    office: Arc<Office>,
    gateway: Identity,
    server: ServerHandle,
    _folder: tempfile::TempDir,
}

fn open() -> Team {
    let folder = tempfile::tempdir().unwrap();
    let mint = Arc::new(Mint::new(Arc::new(SystemClock), Arc::new(SystemChance)));
    let authority = Authority::make(SystemClock.now()).unwrap();
    let own = authority.issue("CMHT", Use::Both, None).unwrap();
    let gateway = authority.issue("Gateway", Use::Client, None).unwrap();
    let agency = Agency {
        id: String::from("cmht"),
        kind: AgencyKind::Cmht,
        name: String::from("CMHT"),
        short: String::from("CMHT"),
        organisation_code: String::from("system|value"),
        channel: Channel::FhirPush,
        service: None,
    };
    let nowhere = Client::new(&authority.certificate_pem, &own, "https://localhost:1", "c").unwrap();
    let record = Record::open(&folder.path().join("cmht")).unwrap();
    let voice = Arc::new(Voice::new(true));
    let office = Arc::new(Office::new(agency, nowhere, record, BTreeMap::new(), voice, mint));
    let door = Door::open(Channel::FhirPush).unwrap();
    let base_url = door.endpoint.clone();
    let server = door.serve(Arc::clone(&office), &authority.certificate_pem, &own, &gateway.sha256).unwrap();
    Team { authority, base_url, office, gateway, server, _folder: folder }
}

fn message() -> Value {
    json!({"resourceType": "Bundle", "type": "message", "id": "b-1", "entry": [
        {"fullUrl": "urn:uuid:0197c9a4-aaaa-7bbb-8ccc-3f9a21c07b50",
         "resource": {"resourceType": "MessageHeader", "eventCoding": {"code": "servicerequest-request"}}},
    ]})
}

fn push() -> Ask {
    Ask::post("/$process-message", &message())
        .header("x-request-id", "0197c9a4-aaaa-7bbb-8ccc-3f9a21c07b4e")
        .header("x-correlation-id", "0197c9a4-aaaa-7bbb-8ccc-3f9a21c07b4f")
        .header("nhsd-target-identifier", STANDARD.encode(r#"{"value":"value","system":"system"}"#))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_gateway_gets_in_and_each_message_counts_once() {
    let team = open();
    let client = |identity: &Identity| {
        Client::new(&team.authority.certificate_pem, identity, &team.base_url, "c").unwrap()
    };

    let another = team.authority.issue("Another agency", Use::Both, None).unwrap();
    assert_eq!(client(&another).send_without_token(push()).await.unwrap().status, 403);
    let elsewhere = Authority::make(SystemClock.now()).unwrap().issue("Gateway", Use::Client, None).unwrap();
    client(&elsewhere).send_without_token(push()).await.unwrap_err();
    assert!(!team.office.record.knows(&["b-1"]), "a stranger's bytes are not kept");

    let gateway = client(&team.gateway);
    let first = gateway.send_without_token(push()).await.unwrap();
    assert_eq!(first.status, 200);
    assert!(first.json().unwrap().pointer("/entry/0/resource/id").is_some());
    assert_eq!(first.header("x-request-id"), Some("0197c9a4-aaaa-7bbb-8ccc-3f9a21c07b4e"));
    assert!(team.office.record.knows(&["b-1"]));
    let again = gateway.send_without_token(push()).await.unwrap();
    assert_eq!(again.status, 409);
    assert_eq!(again.json().unwrap().pointer("/issue/0/code").unwrap(), "duplicate");

    // Who refers hears how its referral stands, at the same address; what quotes nothing is an answer to nothing.
    for (quoted, status) in [(json!({"identifier": "b-0", "code": "ok"}), 200), (json!({"code": "ok"}), 422)]
    {
        let mut answer = message();
        answer["id"] = json!(format!("b-{status}"));
        answer["entry"][0]["resource"]["eventCoding"]["code"] = json!("servicerequest-response");
        answer["entry"][0]["resource"]["response"] = quoted;
        let id = format!("0197c9a4-aaaa-7bbb-8ccc-3f9a21c07{status}");
        let ask = Ask::post("/$process-message", &answer)
            .header("x-request-id", id)
            .header("x-correlation-id", "0197c9a4-aaaa-7bbb-8ccc-3f9a21c07b4f")
            .header("nhsd-target-identifier", STANDARD.encode(r#"{"value":"value","system":"system"}"#));
        assert_eq!(gateway.send_without_token(ask).await.unwrap().status, status);
    }

    let for_another = push().header("nhsd-target-identifier", "e30=");
    assert_eq!(gateway.send_without_token(for_another).await.unwrap().status, 404);
    let nameless = push().header("x-request-id", "not a uuid");
    assert_eq!(gateway.send_without_token(nameless).await.unwrap().status, 400);
    team.server.stop(false).await;
}
