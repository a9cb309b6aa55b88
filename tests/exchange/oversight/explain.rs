//! A decision then, now, and if.

use std::collections::BTreeSet;

use keyway::{
    clock::{Clock as _, Moment},
    exchange::{
        ig::{Supposed, WhatIf},
        ports::{Store as _, Write},
        refusal::Refused,
    },
    ids::{ConsentId, DecisionId},
};
use rusqlite::Connection;
use serde_json::json;

use super::{officer, person_of};
use crate::harness::{Rig, Scripted, agreement, assessment, consent_id, id, site, slug, to};

#[tokio::test]
async fn a_decision_is_made_again_then_now_and_if() {
    let rig = Rig::new().await;
    let answer = rig.submit(&assessment(&["housing-harbour", "probation-harbour"]), "k1").await.unwrap();
    let person = person_of(&rig, &id(to(&answer, "housing-harbour"), "referral_id")).await;
    let consent = consent_id(&answer, "housing-harbour");
    let agreed = rig.clock.now();
    rig.clock.advance_seconds(3_600);
    rig.revoke(&consent).await;
    rig.clock.advance_seconds(3_600);
    let (housing, probation) = (slug("housing-harbour"), slug("probation-harbour"));
    let explain = async |recipient, as_of, what_if: Option<&WhatIf>| {
        let asked = Supposed { person: &person, recipient, on_behalf_of: None, as_of, what_if };
        rig.exchange.explain_consent(&site(), &officer(), &asked).await
    };
    let told = explain(&housing, Some(agreed), None).await.unwrap();
    let then = told.then.unwrap();
    assert_eq!((then.answer, then.reason.as_str()), ("permit", "consent-given"));
    assert_eq!(then.consent, Some((ConsentId::parse(&consent).unwrap(), 1)));
    assert_eq!((told.now.answer, told.now.reason.as_str()), ("deny", "consent-withdrawn"));
    assert_eq!(told.now.consent.unwrap().1, 2);
    assert!(told.age_from.is_some() && told.supposed.is_none());

    let revoke = WhatIf::parse(&format!("revoke:{}", consent_id(&answer, "probation-harbour"))).unwrap();
    let told = explain(&probation, None, Some(&revoke)).await.unwrap();
    assert_eq!((told.now.answer, told.supposed.unwrap().reason.as_str()), ("permit", "consent-withdrawn"));
    let ended = WhatIf::parse("agreement:dsa-probation-harbour").unwrap();
    let told = explain(&probation, None, Some(&ended)).await.unwrap();
    assert_eq!((told.now.answer, told.supposed.unwrap().reason.as_str()), ("permit", "no-agreement"));
    // Supposing does nothing.
    assert_eq!(explain(&probation, None, None).await.unwrap().now.answer, "permit");
    // What was not there cannot be supposed away, and before anything was entered there is nothing.
    for (recipient, as_of, what_if) in [
        (&probation, None, Some(&WhatIf::parse("agreement:none").unwrap())),
        (&probation, None, Some(&WhatIf::parse("revoke:none").unwrap())),
        (&probation, Some(Moment(0)), None),
    ] {
        assert_eq!(explain(recipient, as_of, what_if).await.unwrap_err().class, Refused::Unprocessable);
    }
    // An agreement counts from when it was entered, whatever its own dates say.
    let before = rig.clock.now();
    rig.clock.advance_seconds(60);
    let mut anew = agreement("probation-harbour");
    (anew.version, anew.purposes) = (2, vec![String::from("HRESCH")]);
    rig.store.commit(vec![Write::Agreement(anew)], Vec::new()).await.unwrap();
    let told = explain(&probation, Some(before), None).await.unwrap();
    assert_eq!((told.then.unwrap().answer, told.now.reason.as_str()), ("permit", "purpose-not-agreed"));
}

#[tokio::test]
async fn every_stored_decision_comes_out_the_same_when_it_is_made_again() {
    let rig = Rig::new().await;
    let mut wanted = assessment(&["cmht-riverside", "housing-harbour", "court-harbour", "probation-harbour"]);
    for consent in wanted["consents"].as_array_mut().unwrap() {
        match consent["recipient"].as_str().unwrap() {
            "court-harbour" => consent["decision"] = "decline".into(),
            "housing-harbour" => consent["excludes"] = json!(["safeguarding"]),
            _ => {}
        }
    }
    let answer = rig.submit(&wanted, "k1").await.unwrap();
    rig.clock.advance_seconds(60);
    rig.deliver_all(&Scripted::delivers()).await;
    rig.clock.advance_seconds(60);
    rig.revoke(&consent_id(&answer, "cmht-riverside")).await;
    rig.clock.advance_seconds(60);
    let mut anew = agreement("probation-harbour");
    (anew.version, anew.purposes) = (2, vec![String::from("HRESCH")]);
    rig.store.commit(vec![Write::Agreement(anew)], Vec::new()).await.unwrap();
    rig.submit(&wanted, "k2").await.unwrap();

    let file = Connection::open(&rig.database).unwrap();
    let mut rows = file
        .prepare("SELECT decision_id FROM decision WHERE reason <> 'own-request' ORDER BY decided_at")
        .unwrap();
    let ids: Vec<String> = rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut reasons = BTreeSet::new();
    for id in &ids {
        let row = rig.store.decision(&site(), &DecisionId::parse(id).unwrap()).await.unwrap().unwrap();
        let asked = Supposed {
            person: &row.person_id,
            recipient: &row.recipient_id,
            on_behalf_of: None,
            as_of: Some(row.decided_at),
            what_if: None,
        };
        let again = rig.exchange.explain_consent(&site(), &officer(), &asked).await.unwrap().then.unwrap();
        assert_eq!(
            (again.answer, again.reason.as_str()),
            (row.answer.as_str(), row.reason.as_str()),
            "{row:?}"
        );
        assert_eq!((again.consent, again.agreement), (row.consent, row.agreement));
        reasons.insert(row.reason);
    }
    assert!(ids.len() > 8 && reasons.len() > 2, "{reasons:?}");
}
