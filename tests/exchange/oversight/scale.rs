//! Each question within two seconds on a log of a million entries. Minutes, and a few gigabytes of disk: not part of a plain run.
//!
//! `cargo test --release --test exchange a_million -- --ignored --nocapture`

use std::{io::Write as _, time::Duration};

use keyway::{
    clock::Stopwatch,
    exchange::ig::{
        Explanation, Flows, Looks, Overrides, Recalls, RelyingOn, Subject, Supposed, WhoSaw, Why,
        ports::Oversight as _,
    },
    ids::{ConsentId, ReferralId},
};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::{ALWAYS, officer, person_of};
use crate::harness::{Rig, Scripted, assessment, consent_id, id, site, slug, to};

const ENTRIES: i64 = 1_000_000;
const WITHIN: Duration = Duration::from_secs(2);
/// People whose stories are made by the gateway; the rest are copies of them.
const STORIES: usize = 40;
/// Looks at one person, for the longest ledger.
const LOOKS: usize = 2_000;
const EVERYBODY: [&str; 5] =
    ["cmht-riverside", "custody-northgate", "court-harbour", "probation-harbour", "housing-harbour"];

/// One person's assessment: some refuse custody, some are at risk tonight, some take back what housing was sent.
async fn story(rig: &Rig, number: usize) -> Value {
    let mut wanted = assessment(&EVERYBODY);
    wanted["person"]["reference"] = format!("scale-{number}").into();
    wanted["person"].as_object_mut().unwrap().remove("nhs_number");
    if number.is_multiple_of(4) {
        for consent in wanted["consents"].as_array_mut().unwrap() {
            if consent["recipient"] == "custody-northgate" {
                consent["decision"] = "decline".into();
            }
        }
    }
    if number.is_multiple_of(8) {
        wanted["risk"]["to_self"]["imminent"] = true.into();
        wanted["risk"]["to_self"]["current"] = "yes".into();
        wanted["overrides"] = json!([{
            "recipient": "custody-northgate", "reason": "RISK-TO-LIFE-SELF", "practitioner": "Sam Okafor",
            "justification": "Said what they will do tonight.",
        }]);
    }
    let answer = rig.submit(&wanted, &format!("k-{number}")).await.unwrap();
    rig.deliver_all(&Scripted::delivers()).await;
    for recipient in ["cmht-riverside", "probation-harbour", "court-harbour"] {
        rig.referral_as(recipient, &id(to(&answer, recipient), "referral_id")).await;
    }
    rig.clock.advance_seconds(60);
    if number.is_multiple_of(3) {
        rig.revoke(&consent_id(&answer, "probation-harbour")).await;
        rig.deliver_all(&Scripted::delivers()).await;
    }
    answer
}

/// Copies the stories, row by row with ids of their own, until the log has a million entries. Sealed content of messages and
/// entries is cut short in the copies: no question reads it.
fn multiply(file: &Connection) -> i64 {
    let count = |table: &str| -> i64 {
        file.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    let copies = ENTRIES / count("audit_entry") + 1;
    file.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;")
        .unwrap();
    let ids = [
        "person_id",
        "episode_id",
        "assessment_id",
        "consent_id",
        "referral_id",
        "disclosure_id",
        "decision_id",
        "message_id",
        "delivery_id",
        "entry_id",
        "recall_id",
    ];
    for table in [
        "person",
        "episode",
        "consent",
        "referral",
        "decision",
        "message",
        "lane",
        "delivery",
        "recall",
        "audit_entry",
    ] {
        let mut columns = file.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).unwrap();
        let columns: Vec<String> =
            columns.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let selected: Vec<String> = columns
            .iter()
            .map(|column| match (table, column.as_str()) {
                (_, own) if ids.contains(&own) => format!("{own} || '-' || n.i"),
                (_, at) if at == "at" || at.ends_with("_at") || at == "not_before" => {
                    format!("{at} + n.i * 1000000")
                }
                ("audit_entry", "log_index") => String::from("NULL"),
                ("message", "body" | "lineage" | "detail" | "frame") => format!("substr({column}, 1, 64)"),
                ("audit_entry", "content") => String::from("substr(content, 1, 64)"),
                (_, same) => same.to_owned(),
            })
            .collect();
        let insert = format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {copies}) \
             INSERT INTO {table} ({}) SELECT {} FROM n, (SELECT * FROM {table}) t",
            columns.join(", "),
            selected.join(", ")
        );
        file.execute(&insert, []).unwrap();
    }
    // Places in the log, so that nothing waits for the sequencer.
    file.execute_batch(
        "UPDATE audit_entry SET log_index = 100000000 + rowid WHERE log_index IS NULL;
         PRAGMA wal_checkpoint(TRUNCATE);",
    )
    .unwrap();
    count("audit_entry")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes, and a few gigabytes of disk"]
async fn a_million_entries_answer_each_question_within_two_seconds() {
    let rig = Rig::new().await;
    let mut answers = Vec::new();
    for number in 0..STORIES {
        answers.push(story(&rig, number).await);
    }
    let busy = answers.last().unwrap();
    let referral = id(to(busy, "cmht-riverside"), "referral_id");
    rig.audit().await;
    let file = Connection::open(&rig.database).unwrap();
    let entries = multiply(&file);
    drop(file);
    for _ in 0..LOOKS {
        rig.referral_as("cmht-riverside", &referral).await;
    }
    let person = person_of(&rig, &referral).await;
    let consent = ConsentId::parse(&consent_id(busy, "probation-harbour")).unwrap();
    let referral = ReferralId::parse(&referral).unwrap();
    let (site, officer, housing) = (site(), officer(), slug("housing-harbour"));
    let exchange = &rig.exchange;
    let mut told = Vec::new();
    let mut slow = Vec::new();
    for round in 0..3 {
        let subject = Subject::Person(person.clone());
        let reference = Subject::Reference { reference: format!("scale-{}", STORIES - 1), agency: None };
        let supposed =
            Supposed { person: &person, recipient: &housing, on_behalf_of: None, as_of: None, what_if: None };
        macro_rules! timed {
            ($name:literal, $rows:expr, $question:expr) => {{
                let watch = Stopwatch::start();
                let answer = $question.await.unwrap();
                let took = Duration::from_micros(watch.elapsed_micros());
                let rows: usize = $rows(&answer);
                told.push(format!(
                    "{round}  {:24}  {rows:6} rows  {:8.1} ms",
                    $name,
                    took.as_secs_f64() * 1e3
                ));
                if took > WITHIN {
                    slow.push($name);
                }
            }};
        }
        timed!(
            "who-saw --person",
            |a: &WhoSaw| a.seen.len(),
            exchange.who_saw(&site, &officer, &subject, ALWAYS)
        );
        timed!(
            "who-saw --reference",
            |a: &WhoSaw| a.seen.len(),
            exchange.who_saw(&site, &officer, &reference, ALWAYS)
        );
        timed!(
            "why --referral",
            |a: &Why| a.decisions.len(),
            exchange.why_referral(&site, &officer, &referral)
        );
        timed!("relied-on", |a: &RelyingOn| a.referrals.len(), exchange.relied_on(&site, &officer, &consent));
        timed!("recalls", |a: &Recalls| a.recalls.len(), exchange.recalls(&site, &officer, false));
        timed!("recalls --open", |a: &Recalls| a.recalls.len(), exchange.recalls(&site, &officer, true));
        timed!("overrides", |a: &Overrides| a.overrides.len(), exchange.overrides(&site, &officer, false));
        timed!(
            "overrides --unreviewed",
            |a: &Overrides| a.overrides.len(),
            exchange.overrides(&site, &officer, true)
        );
        timed!("flows", |a: &Flows| a.flows.len(), exchange.flows(&site, &officer));
        timed!("looks", |a: &Looks| a.looks.len(), exchange.looks(&site, &officer, ALWAYS));
        timed!("consent explain", |_: &Explanation| 1, exchange.explain_consent(&site, &officer, &supposed));
    }
    let used: u64 = rig.store.flows_used(&site).await.unwrap().iter().map(|one| one.disclosures).sum();
    let megabytes = std::fs::metadata(&rig.database).unwrap().len() / 1_048_576;
    let mut out = std::io::stderr();
    writeln!(out, "{entries} entries, {used} disclosures, {megabytes} MiB\n{}", told.join("\n")).unwrap();
    assert!(entries >= ENTRIES && used > 50_000, "{entries} entries, {used} disclosures");
    assert!(slow.is_empty(), "over two seconds: {slow:?}");
}
