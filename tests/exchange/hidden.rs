//! What is another's and what is not there are told by nothing: not even by how much the store is asked for. Counted, and not
//! timed, so that it is the same on every machine.

use std::future::Future;

use keyway::exchange::{
    refusal::{Refusal, Refused},
    rest,
};

use crate::harness::{Rig, Scripted, assessment, consent_id, id, to};

/// Has the form of every id here, and is none.
const NOTHING: &str = "0198c0de-0000-7000-8000-00000000dead";

/// How much the store was asked for until the answer, and until everything beside it had ended.
async fn reads<T>(rig: &Rig, looks: impl Future<Output = Result<T, Refusal>>) -> (u64, u64) {
    let before = rig.store.reads();
    let refused = looks.await.map(|_| ()).unwrap_err();
    // What is done about it after the answer has not begun.
    let answered = rig.store.reads() - before;
    assert_eq!((refused.class, refused.issues.len()), (Refused::NotFound, 1));
    rig.exchange.write_down_refused_looks().await;
    (answered, rig.store.reads() - before)
}

#[tokio::test]
async fn what_is_anothers_asks_the_store_for_as_much_as_what_is_not_there() {
    let rig = Rig::new().await;
    let courier = Scripted::delivers();
    let submitted = rig.submit(&assessment(&["cmht-riverside", "housing-harbour"]), "k-1").await.unwrap();
    rig.deliver_all(&courier).await;
    let referral = id(to(&submitted, "cmht-riverside"), "referral_id");
    let consent = consent_id(&submitted, "cmht-riverside");
    let stranger = rig.caller("probation-harbour");
    let remark = format!("{referral}.0");
    for (kind, another) in [
        (&rest::TASK, referral.as_str()),
        (&rest::SERVICE_REQUEST, &referral),
        (&rest::APPOINTMENT, &referral),
        (&rest::COMMUNICATION, &remark),
        (&rest::CONSENT, &consent),
    ] {
        let none = another.replace(another.split('.').next().unwrap(), NOTHING);
        for version in [None, Some("1")] {
            let hidden =
                reads(&rig, Box::pin(rig.exchange.read_resource(&stranger, kind, another, version))).await;
            let missing =
                reads(&rig, Box::pin(rig.exchange.read_resource(&stranger, kind, &none, version))).await;
            assert_eq!(hidden, missing, "{} {version:?}", kind.name);
            assert!(hidden.0 > 0 && hidden.1 > hidden.0, "{}: {hidden:?}", kind.name);
        }
    }
    let hidden = reads(&rig, rig.exchange.read_referral(&stranger, &referral)).await;
    assert_eq!(hidden, reads(&rig, rig.exchange.read_referral(&stranger, NOTHING)).await);
    // A page that names it is as empty as one that names nothing, and costs the same.
    for kind in [&rest::TASK, &rest::CONSENT] {
        let named = if kind.name == "Task" { &referral } else { &consent };
        let mut costs = Vec::new();
        for id in [named.as_str(), NOTHING] {
            let before = rig.store.reads();
            let pairs = [(String::from("_id"), id.to_owned())];
            let answer = rig.exchange.search_resources(&stranger, kind, &pairs, true, true).await.unwrap();
            costs.push(rig.store.reads() - before);
            assert_eq!(crate::harness::json(&answer)["total"], 0);
            rig.exchange.write_down_refused_looks().await;
        }
        assert_eq!(costs[0], costs[1], "{}", kind.name);
    }
    // Each look has an entry in the log, at what there is and at what is not there: of either ten and one, and the two pages.
    let refused = rig.audit().await.iter().filter(|kind| *kind == "access-refused").count();
    assert_eq!(refused, 26);
}
