//! One person's way through care: the same for all health services of an episode, and for nobody else.

use std::collections::BTreeSet;

use keyway::{
    directory::{AgencyKind, Channel},
    exchange::ports::{Store as _, Write},
};
use serde_json::{Value, json};

use crate::harness::{Rig, Scripted, agreement, assessment, partner};

fn journeys(texts: &[String]) -> Vec<String> {
    let messages = texts.iter().filter_map(|text| serde_json::from_str::<Value>(text).ok());
    let encounters = messages.flat_map(|message| {
        let entries = message["entry"].as_array().cloned().unwrap_or_default();
        entries.into_iter().map(|mut entry| entry["resource"].take())
    });
    encounters
        .filter(|one| one["resourceType"] == "Encounter")
        .map(|one| one["episodeOfCare"][0]["reference"].as_str().unwrap().to_owned())
        .collect()
}

/// The assessment, which asks a crisis service for the same as the community team, with this said about it.
fn asks(decision: &str) -> Value {
    let mut asks =
        assessment(&["cmht-riverside", "custody-northgate", "probation-harbour", "housing-harbour"]);
    for list in ["referrals", "consents"] {
        let items = asks[list].as_array_mut().unwrap();
        let mut another = items.iter().find(|item| item["recipient"] == "cmht-riverside").unwrap().clone();
        another["recipient"] = json!("crisis-riverside");
        if list == "consents" {
            another["decision"] = json!(decision);
        }
        items.push(another);
    }
    asks
}

async fn rig() -> Rig {
    let rig = Rig::new().await;
    let mut crisis = partner("crisis-riverside", AgencyKind::HealthOther, Channel::FhirPush);
    crisis.service = Some(String::from("crisis"));
    let mut agreed = agreement("crisis-riverside");
    agreed.purposes = vec![String::from("TREAT")];
    let writes = vec![Write::Partner(crisis), Write::Agreement(agreed)];
    rig.store.commit(writes, Vec::new()).await.unwrap();
    rig
}

#[tokio::test]
async fn health_services_of_one_episode_share_a_journey_and_no_other_agency_sees_it() {
    let rig = rig().await;
    rig.submit(&asks("agree"), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let texts = courier.texts();
    let to_health = journeys(&texts);
    assert_eq!(to_health.len(), 2);
    let distinct: BTreeSet<&String> = to_health.iter().collect();
    assert_eq!(distinct.len(), 1, "one episode is one journey");
    let journey = to_health[0].strip_prefix("EpisodeOfCare/").unwrap();
    let with_it = texts.iter().filter(|text| text.contains(journey)).count();
    assert_eq!(with_it, 2, "nobody but the two health services");
    // What joins a conversation joins no two of them.
    let carried = courier.carried.lock().unwrap();
    let conversations: BTreeSet<&str> = carried.iter().map(|parcel| parcel.correlation_id.as_str()).collect();
    assert_eq!(conversations.len(), carried.len());
    for text in &texts {
        let named = conversations.iter().filter(|conversation| text.contains(**conversation)).count();
        assert!(named <= 1, "no message names the conversation with another agency");
    }
}

/// A journey says nothing of who else there is: it is made of the episode alone.
#[tokio::test]
async fn a_journey_tells_nobody_of_a_service_that_the_person_refused() {
    let rig = rig().await;
    rig.submit(&asks("decline"), "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let texts = courier.texts();
    let first = journeys(&texts);
    assert_eq!(first.len(), 1);
    assert!(texts.iter().all(|text| !text.to_lowercase().contains("crisis-riverside")));
    // Agreed to later, in the same episode: what the first service was sent would have been the same.
    let mut later = asks("agree");
    rig.clock.advance_seconds(600);
    for consent in later["consents"].as_array_mut().unwrap() {
        consent["recorded_at"] = json!("2026-11-23T10:05:00Z");
    }
    rig.submit(&later, "k2").await.unwrap();
    rig.deliver_all(&courier).await;
    let all = journeys(&courier.texts());
    assert!(courier.texts().iter().any(|text| text.to_lowercase().contains("crisis-riverside")));
    assert!(all.len() > 1 && all.iter().all(|journey| *journey == first[0]), "{all:?}");
}
