//! The process that loses power: it commits without end and says on standard output what was answered.

use std::{io::Write, path::PathBuf, sync::Arc, time::Duration};

use keyway::{
    clock::{Moment, SystemClock},
    exchange::{
        ports::{Store, Write as Change},
        rows::{AuditRow, PersonRow},
    },
    ids::{EntryId, PersonId, SiteId},
    store::sqlite::{Durability, SqliteStore},
};

/// Stands before each name that was answered.
pub(crate) const ANSWERED: &str = "answered ";

#[expect(clippy::disallowed_methods, reason = "this process is told by its environment what to do")]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Does nothing unless this process was started to lose power.
#[test]
fn commits_until_power_fails() {
    let Some(live) = told("KEYWAY_POWER_LOSS_LIVE") else { return };
    let round = told("KEYWAY_POWER_LOSS_ROUND").unwrap();
    let durability = match told("KEYWAY_POWER_LOSS_SYNC").unwrap().as_str() {
        "on" => Durability::Full,
        _ => Durability::None,
    };
    let file = PathBuf::from(live).join("keyway.db");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(async {
        let store = Arc::new(SqliteStore::open_with(&file, Arc::new(SystemClock), durability).unwrap());
        for writer in 0..8 {
            let (store, round) = (Arc::clone(&store), round.clone());
            tokio::spawn(async move {
                for n in 0_u64.. {
                    let name = format!("{round}-{writer}-{n}");
                    store.commit(changes(&name), Vec::new()).await.unwrap();
                    // One write: a line is never torn, and it is in the pipe before the next commit begins.
                    std::io::stdout().write_all(format!("{ANSWERED}{name}\n").as_bytes()).unwrap();
                    std::io::stdout().flush().unwrap();
                }
            });
        }
        loop {
            store.sequence_audit(1_000).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
}

/// A person and an audit entry, with bodies larger than a page.
fn changes(name: &str) -> Vec<Change> {
    let site = SiteId::parse("riverside").unwrap();
    vec![
        Change::Person(PersonRow {
            site_id: site.clone(),
            person_id: PersonId::parse(name).unwrap(),
            wrapped_key: name.bytes().cycle().take(5_000).collect(),
            consent_seq: 1,
            created_at: Moment(0),
        }),
        Change::Audit(AuditRow {
            site_id: site,
            entry_id: EntryId::parse(name).unwrap(),
            at: Moment(0),
            kind: "moved",
            person_id: None,
            referral_id: None,
            partner_id: None,
            leaf: name.bytes().collect(),
            content: None,
        }),
    ]
}
