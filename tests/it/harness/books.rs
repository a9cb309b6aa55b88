//! The books of a gateway, closed at the end of every test: is every delivery explained, is the audit whole, and
//! did anything say too much?

use std::{collections::BTreeSet, path::Path, time::Duration};

use keyway::{
    audit::Leaf,
    clock::{Clock, SystemClock},
    exchange::{ports::Store, verify_log},
};
use rusqlite::{Connection, OpenFlags};

use super::{logs, people::forbidden_words};

/// How long deliveries that are due may take to be carried, and audit entries to be placed.
const SETTLED_WITHIN: Duration = Duration::from_secs(20);

/// The database as a file, opened beside the gateway for reading only.
pub struct Books(Connection);

impl Books {
    pub fn open(database: &Path) -> Self {
        let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        connection.busy_timeout(Duration::from_secs(5)).unwrap();
        Self(connection)
    }

    /// The first column of every row.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        let mut statement = self.0.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    pub fn count(&self, sql: &str) -> i64 {
        self.0.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// How many rows each table has, but for the audit: a refusal may be recorded.
    pub fn rows(&self) -> Vec<(String, i64)> {
        let tables = self.texts(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
             AND name NOT LIKE 'refinery%' AND name NOT IN ('audit_entry', 'log_head', 'log_checkpoint', 'log_tile')",
        );
        let counted = tables.into_iter().map(|name| {
            let count = self.count(&format!("SELECT COUNT(*) FROM {name}"));
            (name, count)
        });
        counted.collect()
    }

    /// Push deliveries that are due now and not held behind one that was set aside.
    fn due(&self) -> Vec<String> {
        let now = SystemClock.now().0;
        self.texts(&format!(
            "SELECT d.delivery_id || ' to ' || d.recipient_id || ' is ' || d.status || ' after ' || d.attempts \
             || ' attempts (' || d.reason || ')' FROM delivery d WHERE d.status IN ('queued', 'attempting') \
             AND d.channel IN ('fhir-push', 'event-push') AND d.next_at <= {now} AND NOT EXISTS \
             (SELECT 1 FROM delivery h WHERE h.site_id = d.site_id AND h.recipient_id = d.recipient_id \
             AND h.person_id = d.person_id AND h.seq < d.seq AND h.status IN ('dead', 'queued', 'attempting'))"
        ))
    }

    /// Waits until nothing that is due is left undone.
    pub async fn settle(&self) {
        let until = tokio::time::Instant::now() + SETTLED_WITHIN;
        loop {
            let due = self.due();
            let unplaced = self.count("SELECT COUNT(*) FROM audit_entry WHERE log_index IS NULL");
            if due.is_empty() && unplaced == 0 {
                return;
            }
            assert!(
                tokio::time::Instant::now() < until,
                "left undone: {due:#?}, and {unplaced} audit entries without a place"
            );
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Every delivery stands somewhere for a reason, and the audit tells of every message and every attempt.
    pub fn check_deliveries(&self, set_aside: usize) {
        let dead = self.texts("SELECT recipient_id || ': ' || reason FROM delivery WHERE status = 'dead'");
        assert_eq!(dead.len(), set_aside, "deliveries were set aside: {dead:?}");
        let unexplained = self.texts(
            "SELECT delivery_id || ' to ' || recipient_id || ' is ' || status FROM delivery WHERE \
             (status IN ('dead', 'withdrawn') AND reason = '') OR (status = 'queued' AND attempts > 0 AND reason = '') \
             OR (status = 'delivered' AND channel <> 'mailbox' AND NOT EXISTS (SELECT 1 FROM attempt a \
             WHERE a.delivery_id = delivery.delivery_id AND a.outcome <> ''))",
        );
        assert!(unexplained.is_empty(), "nothing says why: {unexplained:#?}");
        let lost = self.texts(
            "SELECT message_id FROM message WHERE NOT EXISTS \
             (SELECT 1 FROM delivery d WHERE d.message_id = message.message_id)",
        );
        assert!(lost.is_empty(), "messages that nobody carries: {lost:?}");

        let told = self.audited();
        let audited = |kind: &str, what: &str, id: &str| told.contains(&format!("{kind} {what} {id}"));
        for id in self.texts("SELECT message_id FROM message WHERE kind = 'disclosure'") {
            assert!(audited("disclosed", "message", &id), "the audit does not tell of disclosure {id}");
        }
        for id in self.texts("SELECT attempt_id FROM attempt") {
            assert!(audited("attempt-begun", "attempt", &id), "the audit does not tell of attempt {id}");
        }
        for id in self.texts("SELECT attempt_id FROM attempt WHERE ended_at IS NOT NULL") {
            assert!(audited("attempt-ended", "attempt", &id), "the audit does not tell how {id} ended");
        }
    }

    /// What this agency looked for that was another's, by the log.
    pub fn refused_looks(&self, partner: &str) -> Vec<String> {
        let mut statement =
            self.0.prepare("SELECT leaf FROM audit_entry WHERE kind = 'access-refused'").unwrap();
        let leaves = statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        let leaves = leaves.map(|leaf| Leaf::read(&leaf.unwrap()).unwrap());
        let refused = leaves.filter(|leaf| leaf.actor == partner && leaf.fact("reason") == Some("not-yours"));
        refused.filter_map(|leaf| leaf.fact("what").map(str::to_owned)).collect()
    }

    /// `kind what id` of every audit entry that is about a message or an attempt.
    fn audited(&self) -> BTreeSet<String> {
        let mut statement = self.0.prepare("SELECT kind, leaf FROM audit_entry").unwrap();
        let rows =
            statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))).unwrap();
        let mut told = BTreeSet::new();
        for (kind, leaf) in rows.map(Result::unwrap) {
            let leaf = Leaf::read(&leaf).unwrap();
            for what in ["message", "attempt"] {
                if let Some(id) = leaf.id_of(what) {
                    told.insert(format!("{kind} {what} {id}"));
                }
            }
        }
        told
    }
}

/// Computes the audit again from its first entry.
pub async fn check_audit(store: &dyn Store) {
    let verified = verify_log(store, |_| {}).await.expect("the log can be read");
    let verified = verified.unwrap_or_else(|fault| panic!("the audit is not whole: {fault}"));
    assert!(verified.entries > 0, "something was audited");
}

/// Reads every log line for what may not stand in it.
pub fn check_logs() {
    let words = forbidden_words();
    for line in logs::lines() {
        for word in words.iter().map(String::as_str).chain(["Bearer", "BEGIN"]) {
            assert!(!line.contains(word), "a log line says {word:?}: {line}");
        }
        assert!(!holds_a_token(&line), "a log line holds a token: {line}");
    }
}

/// Whether a text holds the beginning of a JWT. Its first three letters alone stand by chance in the name of a temporary
/// folder now and then.
fn holds_a_token(text: &str) -> bool {
    let token_letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    text.match_indices("eyJ")
        .any(|(at, _)| text.bytes().skip(at).take_while(|b| token_letter(*b)).count() >= 16)
}

#[test]
fn a_token_is_known_and_a_folder_is_not_taken_for_one() {
    assert!(holds_a_token("got eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJ4In0.AAAA here"));
    assert!(!holds_a_token("/tmp/.tmpeyJaBc/keys/token-signing.pem is open to others"));
}

/// Reads the database's files for what may stand in them only sealed.
pub fn check_database_files(database: &Path) {
    let words = forbidden_words();
    for suffix in ["", "-wal"] {
        let mut file = database.as_os_str().to_owned();
        file.push(suffix);
        let bytes = std::fs::read(&file).unwrap_or_default();
        for word in &words {
            let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "the database file {} holds {word:?} in the clear", file.display());
        }
    }
}
