//! The test itself: who is there, who dies when, and what is demanded in the end.

use std::{io::Write, sync::Arc, time::Duration};

use keyway::ids::{Chance, SeededChance};

use tokio::task::JoinHandle;

use crate::{
    agencies::{CMHT, LD, PROBATION, enrol},
    books::Books,
    gateway::{Gateway, Site},
    pki::Authority,
    receiver::{Receiver, Speech},
    sender::{Senders, Told},
};

const SENDERS: u64 = 6;
/// Answers between two kills, before chance adds to them.
const ANSWERS_MIN: u64 = 12;
/// How long that many answers may take.
const ANSWERS_WITHIN: Duration = Duration::from_mins(1);

/// A number below `limit`.
pub(crate) fn below(chance: &dyn Chance, limit: u64) -> u64 {
    let mut bytes = [0_u8; 8];
    chance.fill(&mut bytes);
    u64::from_le_bytes(bytes) % limit
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how long they may take")]
fn kills_wanted() -> u64 {
    std::env::var("KEYWAY_KILLS").map_or(5, |text| text.parse().expect("KEYWAY_KILLS is a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_arrives_once_though_the_gateway_is_killed() {
    let chance: Arc<dyn Chance> = Arc::new(SeededChance::new(11));
    let authority = Authority::new("Test authority");
    let (cmht_identity, probation_identity) = (authority.issue(CMHT), authority.issue(PROBATION));
    let cmht = Receiver::start(&authority, &cmht_identity, Speech::Fhir, Arc::clone(&chance));
    let probation = Receiver::start(&authority, &probation_identity, Speech::Event, Arc::clone(&chance));

    let site = Site::furnish(&authority);
    let ld = authority.issue(LD);
    let endpoints = [cmht.endpoint(), probation.endpoint()];
    enrol(&site.database(), &ld, [(&cmht_identity, &endpoints[0]), (&probation_identity, &endpoints[1])])
        .await;
    let mut gateway = Gateway::start(&site).await;
    let senders = Arc::new(Senders::new(&authority, &ld, site.base_url()));
    let sending: Vec<_> = (0..SENDERS)
        .map(|n| tokio::spawn(Arc::clone(&senders).send_until_told(n, SeededChance::new(n + 100))))
        .collect();

    let mut kills = 0;
    let wanted = kills_wanted();
    while kills < wanted {
        answers(&senders, &sending, ANSWERS_MIN + below(chance.as_ref(), ANSWERS_MIN)).await;
        tokio::time::sleep(Duration::from_millis(below(chance.as_ref(), 150))).await;
        gateway.kill();
        kills += 1;
        if kills % 3 == 0 && kills < wanted {
            // Death also comes before anybody was told that the gateway is ready.
            gateway = Gateway::spawn(&site);
            tokio::time::sleep(Duration::from_millis(below(chance.as_ref(), 500))).await;
            gateway.kill();
            kills += 1;
        }
        gateway = Gateway::start(&site).await;
    }
    answers(&senders, &sending, ANSWERS_MIN).await;
    senders.stop();
    let mut told = Told::default();
    for task in sending {
        told.add(task.await.unwrap());
    }
    senders.repeat_all(&told).await;
    gateway.rest().await;
    gateway.kill();

    let (cmht, probation) = (cmht.close(), probation.close());
    let books = Books::open(&site, told, vec![(CMHT, cmht), (PROBATION, probation)]).await;
    writeln!(std::io::stderr(), "kill test: {kills} kills, {}", books.summary()).unwrap();
    books.close();
}

/// Waits for this many further answers.
async fn answers(senders: &Senders, sending: &[JoinHandle<Told>], count: u64) {
    let wanted = senders.answered() + count;
    let until = tokio::time::Instant::now() + ANSWERS_WITHIN;
    while senders.answered() < wanted {
        assert!(!sending.iter().any(JoinHandle::is_finished), "a sender gave up: it says why above");
        assert!(tokio::time::Instant::now() < until, "no {count} answers within {ANSWERS_WITHIN:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
