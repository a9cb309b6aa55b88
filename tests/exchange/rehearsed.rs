//! What a rehearsal shows is what a submission sends, byte for byte.

use std::collections::BTreeMap;

use keyway::exchange::Rehearsed;

use crate::harness::{PARTNERS, Rig, Scripted, assessment, json};

const EVERYBODY: [&str; 5] =
    ["cmht-riverside", "custody-northgate", "court-harbour", "probation-harbour", "housing-harbour"];

async fn rehearsed(rig: &Rig, body: &str) -> Vec<Rehearsed> {
    let caller = rig.caller("ld-harbour");
    rig.exchange.rehearse(&caller, body.as_bytes()).await.unwrap().recipients
}

/// The same gateway twice: one rehearses, the other submits and carries. Clock and chance are the same.
#[tokio::test]
async fn a_submission_sends_what_the_rehearsal_showed_byte_for_byte() {
    let body = assessment(&EVERYBODY);
    let shown = rehearsed(&Rig::new().await, &body.to_string()).await;

    let rig = Rig::new().await;
    rig.submit(&body, "k1").await.unwrap();
    let courier = Scripted::delivers();
    rig.deliver_all(&courier).await;
    let mut got: BTreeMap<String, (Vec<u8>, Option<Vec<u8>>)> = BTreeMap::new();
    let carried = std::mem::take(&mut *courier.carried.lock().unwrap());
    for parcel in carried {
        let who = parcel.partner.partner_id.as_str();
        let (caller, id) = (rig.caller(who), parcel.message_id.as_str());
        let beside = match rig.exchange.collect_sheet(&caller, id).await {
            Ok(sheet) => Some(sheet),
            Err(_) => rig.exchange.collect_document(&caller, id).await.ok(),
        };
        got.insert(who.to_owned(), (parcel.body, beside.map(|beside| beside.body)));
    }
    let item = rig.first_item("housing-harbour").await;
    let housing = rig.caller("housing-harbour");
    let collected = rig.exchange.mailbox_read(&housing, "housing-harbour", &item).await.unwrap();
    got.insert(String::from("housing-harbour"), (collected.body, None));

    assert_eq!(shown.len(), EVERYBODY.len());
    for one in shown {
        let message = one.message.unwrap();
        let (body, detail) = &got[one.recipient.as_str()];
        assert!(*body == message.body, "{} got another body", one.recipient);
        assert!(*detail == message.detail, "{} got another detail", one.recipient);
    }
}

#[tokio::test]
async fn a_rehearsal_keeps_nothing_and_a_dry_run_shows_the_same() {
    let body = assessment(&EVERYBODY).to_string();
    let rig = Rig::new().await;
    let shown = rehearsed(&rig, &body).await;
    assert_eq!(rig.audit().await, Vec::<String>::new());
    assert_eq!(rig.deliver_all(&Scripted::delivers()).await, 0);

    let rig = Rig::new().await;
    let caller = rig.caller("ld-harbour");
    let dry = rig.exchange.submit_assessment(&caller, "", body.as_bytes(), true).await.unwrap();
    let previews = json(&dry)["preview"].as_array().unwrap().clone();
    for (one, preview) in shown.iter().zip(previews) {
        let message = one.message.as_ref().unwrap();
        assert_eq!(preview["recipient"], one.recipient.as_str());
        assert_eq!(preview["body"].as_str().unwrap().as_bytes(), message.body);
        assert_eq!(preview["detail"].as_str().map(|d| d.as_bytes().to_vec()), message.detail);
    }
}

/// Each field that comes from the assessment names the provision that let it through; where the person said no, nothing
/// is there to trace and the reason is told.
#[tokio::test]
async fn every_field_names_the_provision_that_let_it_through() {
    let mut value = assessment(&["cmht-riverside", "court-harbour"]);
    for consent in value["consents"].as_array_mut().unwrap() {
        if consent["recipient"] == "court-harbour" {
            consent["decision"] = "decline".into();
        }
    }
    let shown = rehearsed(&Rig::new().await, &value.to_string()).await;
    for one in shown {
        let decision = one.decision.unwrap();
        if one.recipient.as_str() == "court-harbour" {
            assert!(one.message.is_none() && one.withheld[0].reason == "consent-refused");
            continue;
        }
        let lineage = one.message.unwrap().lineage;
        let traced: Vec<_> = lineage.lines().collect();
        let from_the_person: Vec<_> = traced.iter().filter(|line| line.source.starts_with('/')).collect();
        assert!(from_the_person.len() > 100);
        for line in from_the_person {
            let through = line.through.as_ref().unwrap();
            assert_eq!(through.consent, decision.consent.as_ref(), "{}", line.output);
            assert_eq!(through.provision, Some("provision.provision[0]"));
            assert!(through.rule.starts_with("health/"), "{}", through.rule);
        }
        let own = traced.iter().filter(|line| !line.source.starts_with('/'));
        assert!(own.into_iter().all(|line| line.through.is_none()));
    }
}

/// Without anybody's consent the allow-list alone is shown, and that is said.
#[tokio::test]
async fn by_the_list_alone_nobody_is_said_to_have_agreed() {
    let rig = Rig::new().await;
    let [sender, court] = ["ld-harbour", "court-harbour"].map(|id| {
        let (id, kind, channel) = PARTNERS.into_iter().find(|(known, ..)| *known == id).unwrap();
        crate::harness::partner(id, kind, channel)
    });
    let body = assessment(&["court-harbour"]).to_string();
    let one = rig.exchange.rehearse_by_list(&sender, &court, None, body.as_bytes()).unwrap();
    assert!(one.decision.is_none());
    let lineage = one.message.unwrap().lineage;
    let ways = lineage.lines().filter_map(|line| line.through);
    assert!(ways.into_iter().all(|way| way.consent.is_none() && way.provision.is_none()));
    assert!(one.withheld.iter().any(|kept| kept.field == "/clinical"));
}
