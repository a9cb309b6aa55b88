//! The books compared: what senders were told, what agencies have, what the database says, what the audit tells.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use keyway::{
    audit::Leaf,
    clock::{Moment, SystemClock},
    directory::Channel,
    exchange::{ports::Store, rows::DeliveryStatus, verify_log},
    ids::ReferralId,
    store::sqlite::SqliteStore,
};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::{
    agencies::site_id,
    gateway::Site,
    receiver::{Arrival, Ledger},
    sender::Told,
};

/// What the audit tells of one message.
#[derive(Default)]
struct Trail {
    disclosed: u64,
    attempts_begun: Vec<Moment>,
}

pub(crate) struct Books {
    told: Told,
    ledgers: Vec<(&'static str, Ledger)>,
    /// By message id.
    trails: BTreeMap<String, Trail>,
    /// The statuses of each referral's deliveries.
    deliveries: BTreeMap<String, Vec<DeliveryStatus>>,
    counts: Vec<(Channel, DeliveryStatus, u64)>,
    assessments: i64,
    interrupted: i64,
    without_end: i64,
    verdict: Value,
    integrity: String,
    log: String,
}

impl Books {
    /// Reads what a dead gateway left.
    pub(crate) async fn open(site: &Site, told: Told, ledgers: Vec<(&'static str, Ledger)>) -> Self {
        let verdict = site.audit_verdict();
        let store = SqliteStore::open(&site.database(), Arc::new(SystemClock)).unwrap();
        let mut trails: BTreeMap<String, Trail> = BTreeMap::new();
        let whole = verify_log(&store, |entry| {
            let leaf = Leaf::read(&entry.leaf).unwrap();
            let Some(message) = leaf.id_of("message") else { return };
            let trail = trails.entry(message.to_owned()).or_default();
            match leaf.kind.as_str() {
                "disclosed" => trail.disclosed += 1,
                "attempt-begun" => trail.attempts_begun.push(leaf.at),
                _ => {}
            }
        });
        whole.await.unwrap().unwrap();
        let mut deliveries = BTreeMap::new();
        for id in told.answered.iter().flat_map(|a| a.answer["referrals"].as_array().unwrap()) {
            let id = id["referral_id"].as_str().unwrap();
            let rows = store.deliveries_of(&site_id(), &ReferralId::parse(id).unwrap()).await.unwrap();
            deliveries.insert(id.to_owned(), rows.into_iter().map(|row| row.status).collect());
        }
        let counts = store.delivery_counts().await.unwrap();
        let file = Connection::open_with_flags(site.database(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let count = |sql: &str| file.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        Self {
            told,
            ledgers,
            trails,
            deliveries,
            counts,
            assessments: count("SELECT COUNT(*) FROM assessment"),
            interrupted: count("SELECT COUNT(*) FROM attempt WHERE outcome = 'interrupted'"),
            without_end: count("SELECT COUNT(*) FROM attempt WHERE ended_at IS NULL"),
            verdict,
            integrity: file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap(),
            log: site.log(),
        }
    }

    fn arrivals(&self) -> impl Iterator<Item = &Arrival> {
        self.ledgers.iter().flat_map(|(_, ledger)| &ledger.arrivals)
    }

    fn withdrawn(&self) -> BTreeMap<&str, Moment> {
        let all = self.told.withdrawn.iter();
        all.flat_map(|w| w.referrals.iter().map(|id| (id.as_str(), w.told_at))).collect()
    }

    pub(crate) fn summary(&self) -> String {
        let effects = |recall| self.arrivals().filter(|a| a.is_effect && a.is_recall == recall).count();
        let seen: BTreeSet<&str> = self.arrivals().map(|a| a.message_id.as_str()).collect();
        format!(
            "{} attempts interrupted; {} submissions answered ({} requests cut off and repeated); {} messages \
             delivered and {} recalls, {} arrivals more than messages; {} consents withdrawn; {} audit entries",
            self.interrupted,
            self.told.answered.len(),
            self.told.cut_off,
            effects(false),
            effects(true),
            self.arrivals().count() - seen.len(),
            self.told.withdrawn.len(),
            self.verdict["entries"],
        )
    }

    /// Demands that all of it agrees.
    pub(crate) fn close(&self) {
        assert_eq!(self.integrity, "ok");
        assert!(!self.log.contains("panick"), "something panicked:\n{}", self.log);
        for (agency, ledger) in &self.ledgers {
            assert!(ledger.complaints.is_empty(), "{agency}: {:#?}", ledger.complaints);
        }
        assert!(self.interrupted > 0, "no kill met an attempt under way: this showed nothing");
        self.everything_answered_has_arrived_once();
        self.nothing_follows_a_withdrawal();
        self.lanes_kept_their_order();
        self.nothing_is_left();
        self.the_audit_tells_of_everything();
    }

    fn everything_answered_has_arrived_once(&self) {
        let keys: BTreeSet<&str> = self.told.answered.iter().map(|a| a.key.as_str()).collect();
        assert_eq!(keys.len(), self.told.answered.len());
        assert_eq!(self.assessments, i64::try_from(keys.len()).unwrap(), "one assessment for each key");

        let withdrawn = self.withdrawn();
        for (referral, statuses) in &self.deliveries {
            let content = || self.arrivals().filter(|a| a.referral_id == *referral && !a.is_recall);
            let messages: BTreeSet<&str> = content().map(|a| a.message_id.as_str()).collect();
            let effects = content().filter(|a| a.is_effect).count();
            assert!(messages.len() <= 1, "referral {referral} came as several messages: {messages:?}");
            if !withdrawn.contains_key(referral.as_str()) {
                assert_eq!(effects, 1, "referral {referral} was answered 2xx; effects at its receiver");
                assert_eq!(statuses[..], [DeliveryStatus::Delivered], "referral {referral}");
            }
        }
        for arrival in self.arrivals() {
            assert!(self.deliveries.contains_key(&arrival.referral_id), "nobody was told of {arrival:?}");
        }
    }

    /// What has gone is recalled; what has not, does not go.
    fn nothing_follows_a_withdrawal(&self) {
        for (referral, told_at) in self.withdrawn() {
            let about = || self.arrivals().filter(|a| a.referral_id == referral);
            for content in about().filter(|a| !a.is_recall) {
                assert!(
                    content.at <= told_at,
                    "after the withdrawal was answered at {told_at:?}: {content:?}"
                );
            }
            if about().any(|a| a.is_effect && !a.is_recall) {
                let recalls = about().filter(|a| a.is_effect && a.is_recall).count();
                assert_eq!(recalls, 1, "referral {referral} is with its receiver; recalls of it");
            }
        }
    }

    fn lanes_kept_their_order(&self) {
        for referrals in &self.told.in_order {
            let first_effect = |referral: &String| {
                let all = self.arrivals().filter(|a| a.is_effect && !a.is_recall);
                all.filter(|a| a.referral_id == *referral).map(|a| a.at).min()
            };
            let times: Vec<Moment> = referrals.iter().filter_map(first_effect).collect();
            assert!(times.is_sorted(), "referrals {referrals:?} came in another order");
        }
    }

    fn nothing_is_left(&self) {
        let ended = [DeliveryStatus::Delivered, DeliveryStatus::Withdrawn];
        let left: Vec<_> = self.counts.iter().filter(|(_, status, _)| !ended.contains(status)).collect();
        assert!(left.is_empty(), "{left:?}");
        assert_eq!(self.without_end, 0, "attempts of which nothing says how they ended");
    }

    /// No arrival without an attempt that was recorded before it, no message without its disclosure.
    fn the_audit_tells_of_everything(&self) {
        assert_eq!(self.verdict["verified"], true, "{}", self.verdict);
        assert_eq!(self.verdict["waiting"], 0, "{}", self.verdict);
        let nothing = Trail::default();
        let mut came: BTreeMap<&str, Vec<&Arrival>> = BTreeMap::new();
        for arrival in self.arrivals() {
            came.entry(&arrival.message_id).or_default().push(arrival);
        }
        for (message, arrivals) in came {
            let trail = self.trails.get(message).unwrap_or(&nothing);
            assert_eq!(
                trail.disclosed,
                u64::from(!arrivals[0].is_recall),
                "disclosures of message {message}"
            );
            for (n, arrival) in arrivals.iter().enumerate() {
                let begun = trail.attempts_begun.iter().filter(|begun| **begun <= arrival.at).count();
                assert!(
                    begun > n,
                    "{arrival:?} is number {}, and the audit tells of {begun} attempts",
                    n + 1
                );
            }
        }
    }
}
