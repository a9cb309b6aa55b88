//! A referral that comes as a FHIR message, with what nobody reads in it.

use keyway::exchange::MessageHead;
use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

use crate::{
    assessments::add,
    harness::{id, json},
    marks::{UNLISTED, each, property, unlisted},
    world::{ECHO, SERVICE},
};

/// The example referral from the service to a mental health team.
fn referral(number: usize) -> Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/fhir/valid/message-new.json");
    let mut message: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let system = "https://fhir.nhs.uk/Id/ods-organization-code";
    message["entry"][0]["resource"]["destination"][0]["endpoint"] = json!(format!("{system}|CMHT-RIVERSIDE"));
    // Each its own, so that none is taken for one that came before.
    message["id"] = json!(format!("0198c0de-0000-7000-8001-{number:012}"));
    let request = &mut message["entry"][1]["resource"];
    request["identifier"][0]["value"] = json!(format!("0198c0de-0000-7000-8002-{number:012}"));
    let mut ends = ["LD-HARBOUR", "CMHT-RIVERSIDE"].into_iter();
    for entry in message["entry"].as_array_mut().unwrap() {
        if entry["resource"]["resourceType"] == "Organization" {
            entry["resource"]["identifier"] = json!([{"system": system, "value": ends.next().unwrap()}]);
        }
    }
    message
}

/// What FHIR lets anybody add and no profile here knows: extensions, one in another, and texts of resources.
fn grown() -> impl Strategy<Value = Vec<(Index, Value)>> {
    let url = format!("https://elsewhere.example/{UNLISTED}");
    let simple = json!({"url": url, "valueString": UNLISTED});
    let coded = json!({"url": url, "valueCodeableConcept": {"text": UNLISTED}});
    let nested = json!({"url": url, "extension": [{"url": UNLISTED, "valueString": UNLISTED}]});
    let one = (any::<Index>(), proptest::sample::select(vec![simple, coded, nested]));
    prop::collection::vec(one, 1..5)
}

/// Adds them, and says whether one is in the Consent: of that, nothing may be there that is not understood.
fn grow(message: &mut Value, grown: &[(Index, Value)]) -> bool {
    let mut groups = Vec::new();
    each(message, "", &mut |place, value| {
        // Entries of a Bundle, Bundles and extensions have none of their own.
        let inside = place.contains("/resource") && !place.contains("extension");
        if inside && value.is_object() {
            groups.push(place.to_owned());
        }
    });
    let of_consent = |place: &str| {
        let entry = place.split('/').take(4).collect::<Vec<_>>().join("/");
        message.pointer(&entry).is_some_and(|resource| resource["resourceType"] == "Consent")
    };
    let in_consent = grown.iter().any(|(at, _)| of_consent(at.get::<String>(&groups)));
    for (at, extension) in grown {
        let group = message.pointer_mut(at.get::<String>(&groups)).unwrap().as_object_mut().unwrap();
        let list = group.entry("extension").or_insert_with(|| json!([]));
        list.as_array_mut().unwrap().push(extension.clone());
        if group.contains_key("resourceType") && !group.contains_key("text") {
            let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{UNLISTED}</div>");
            group.insert(String::from("text"), json!({"status": "additional", "div": div}));
        }
    }
    in_consent
}

#[test]
fn what_a_fhir_referral_holds_and_nobody_reads_is_in_nothing_that_leaves() {
    let taken = std::cell::Cell::new(0);
    let odd = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(unlisted(), 1..3)];
    property((grown(), odd), |worlds, (extensions, odd)| {
        worlds.run(async |world, number| {
            let mut message = referral(number);
            let in_consent = grow(&mut message, &extensions);
            add(&mut message, &odd);
            let head = MessageHead {
                request_id: format!("0198c0de-0000-7000-8000-{number:012}"),
                correlation_id: String::from("0198c0de-0000-7000-8000-00000000cccc"),
                target: None,
            };
            let body = message.to_string();
            let service = world.rig.caller(SERVICE);
            let answer = world.rig.exchange.process_message(&service, &head, body.as_bytes()).await;
            world.told(SERVICE, ECHO, &answer);
            let checked = world.rig.exchange.validate("message", None, body.as_bytes());
            world.told(SERVICE, "the answer of the check", &checked);
            let mut referrals = Vec::new();
            if let Ok(answer) = &answer {
                taken.set(taken.get() + 1);
                let answer = json(answer);
                for entry in answer["entry"].as_array().unwrap() {
                    if entry["resource"]["resourceType"] == "OperationOutcome" {
                        world.heard(SERVICE, "what was not read", entry.to_string().as_bytes());
                    }
                }
                let mut entries = answer["entry"].as_array().unwrap().iter();
                let request = entries.find(|entry| entry["resource"]["resourceType"] == "ServiceRequest");
                referrals.push(id(&request.unwrap()["resource"], "id"));
            }
            world.carry().await;
            world.read(&referrals).await;
            world.at_rest();
            prop_assert!(answer.is_ok() || !odd.is_empty() || in_consent, "{answer:?}");
            let leaks = world.leaks(|seen, _| seen.who == SERVICE && seen.what == ECHO);
            prop_assert!(leaks.is_empty(), "{leaks:#?}");
            Ok(())
        })
    });
    assert!(taken.get() > 0, "no message was taken, so nothing is shown");
}
