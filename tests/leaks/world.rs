//! A gateway with an agency of every audience, and everything that comes out of it.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    io,
    sync::{LazyLock, Mutex},
};

use keyway::{
    directory::{AgencyKind, Channel},
    exchange::{
        Answer,
        caller::Caller,
        ports::{AttemptClass, Store, Write},
        refusal::Refusal,
        rest,
    },
};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tracing_subscriber::fmt::format::FmtSpan;

use crate::{
    harness::{Rig, Scripted, agreement, outcome, partner, slug},
    marks::{MARK, UNLISTED, found, mark},
};

/// Agencies beside those of the harness.
const OTHERS: [(&str, AgencyKind, Channel); 4] = [
    ("yjs-harbour", AgencyKind::YouthJustice, Channel::EventPush),
    ("adults-harbour", AgencyKind::SocialCare, Channel::Mailbox),
    ("veterans-harbour", AgencyKind::Voluntary, Channel::Mailbox),
    ("substance-harbour", AgencyKind::HealthOther, Channel::FhirPush),
];

/// Everybody whom something can be sent to, with the letter of the audience.
pub const RECIPIENTS: [(&str, char); 9] = [
    ("custody-northgate", 'C'),
    ("court-harbour", 'M'),
    ("probation-harbour", 'P'),
    ("yjs-harbour", 'J'),
    ("cmht-riverside", 'H'),
    ("substance-harbour", 'H'),
    ("housing-harbour", 'B'),
    ("veterans-harbour", 'V'),
    ("adults-harbour", 'S'),
];

/// The answers that hold content: the others say what became of it.
const HOLD_CONTENT: [&str; 7] =
    [ECHO, "a sheet", "a document", "an item of its mailbox", "ServiceRequest", "Consent", "Communication"];

/// What its sender is answered to a FHIR message: the message as it came.
pub const ECHO: &str = "the answer to a message";

pub const SERVICE: &str = "ld-harbour";

/// Every line that was logged since it was last looked at.
static LINES: LazyLock<Mutex<Vec<u8>>> = LazyLock::new(Mutex::default);

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What came out, and whom it came to: the service, an agency by its name, or nobody in particular (logs, the disk).
pub struct Seen {
    pub who: &'static str,
    pub what: String,
    pub marks: BTreeSet<String>,
    /// Whether it is of the kind that holds content: a message, a resource. Heads, refusals, lists and the log hold none.
    pub content: bool,
}

pub struct World {
    pub rig: Rig,
    case: Cell<usize>,
    seen: Mutex<Vec<Seen>>,
}

impl World {
    pub async fn new() -> Self {
        // Before the harness, which would show the lines instead: the first one counts.
        let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
        let _ = lines.with_span_events(FmtSpan::FULL).with_writer(|| Lines).try_init();
        let rig = Rig::new().await;
        let mut writes = Vec::new();
        for (id, kind, channel) in OTHERS {
            writes.push(Write::Partner(partner(id, kind, channel)));
            let mut agreed = agreement(id);
            if kind == AgencyKind::HealthOther {
                agreed.purposes = vec![String::from("TREAT")];
            }
            writes.push(Write::Agreement(agreed));
        }
        rig.store.commit(writes, Vec::new()).await.unwrap();
        Self { rig, case: Cell::new(0), seen: Mutex::default() }
    }

    pub fn caller(&self, id: &str) -> Caller {
        match OTHERS.iter().find(|(other, ..)| *other == id) {
            Some((_, kind, _)) => Caller { partner_id: slug(id), kind: *kind, ..self.rig.caller(SERVICE) },
            None => self.rig.caller(id),
        }
    }

    /// Something that holds content.
    pub fn saw(&self, who: &'static str, what: &str, bytes: &[u8]) {
        self.keep(who, what.to_owned(), bytes, true);
    }

    /// Something that holds none, whomever it comes to.
    pub fn heard(&self, who: &'static str, what: impl Into<String>, bytes: &[u8]) {
        self.keep(who, what.into(), bytes, false);
    }

    fn keep(&self, who: &'static str, what: String, bytes: &[u8], content: bool) {
        self.seen.lock().unwrap().push(Seen { who, what, marks: found(bytes), content });
    }

    /// What an answer or a refusal shows: all of it.
    pub fn told(&self, who: &'static str, what: &str, answer: &Result<Answer, Refusal>) {
        match answer {
            Ok(answer) => {
                self.keep(who, what.to_owned(), &answer.body, HOLD_CONTENT.contains(&what));
                let head = format!("{:?} {:?} {}", answer.headers, answer.location, answer.content_type);
                self.heard(who, format!("{what}, head"), head.as_bytes());
            }
            Err(refusal) => self.heard(who, format!("{what}, refused"), format!("{refusal:?}").as_bytes()),
        }
    }

    /// Carries what is due; what each agency is sent and may collect for it is seen, and what another gets that tries.
    pub async fn carry(&self) {
        let courier = Scripted::new(|_| outcome(AttemptClass::Delivered, "http-200"));
        self.rig.deliver_all(&courier).await;
        let carried = std::mem::take(&mut *courier.carried.lock().unwrap());
        for parcel in carried {
            let (who, _) =
                *RECIPIENTS.iter().find(|(id, _)| *id == parcel.partner.partner_id.as_str()).unwrap();
            self.saw(who, "a message", &parcel.body);
            let head =
                format!("{} {} {}", parcel.message_id.as_str(), parcel.correlation_id, parcel.content_type);
            self.heard(who, "the head of a message", head.as_bytes());
            let id = parcel.message_id.as_str();
            for (other, _) in RECIPIENTS {
                let caller = self.caller(other);
                self.told(other, "a sheet", &self.rig.exchange.collect_sheet(&caller, id).await);
                self.told(other, "a document", &self.rig.exchange.collect_document(&caller, id).await);
            }
        }
        for who in RECIPIENTS.map(|(id, _)| id).into_iter().chain([SERVICE]) {
            self.mailbox(who).await;
        }
    }

    async fn mailbox(&self, who: &'static str) {
        let (caller, exchange) = (self.caller(who), &self.rig.exchange);
        let list = exchange.mailbox_list(&caller, who, 50, None).await;
        self.told(who, "its mailbox", &list);
        let list: Value = list.map(|list| crate::harness::json(&list)).unwrap_or_default();
        for item in list["messages"].as_array().into_iter().flatten() {
            let item = item.as_str().unwrap();
            self.told(who, "an item of its mailbox", &exchange.mailbox_read(&caller, who, item).await);
            self.told(who, "an acknowledgement", &exchange.mailbox_acknowledge(&caller, who, item).await);
            for (other, _) in RECIPIENTS.into_iter().filter(|(other, _)| *other != who) {
                let theirs = exchange.mailbox_read(&self.caller(other), who, item).await;
                self.told(other, "another's item", &theirs);
            }
        }
    }

    /// Everybody reads and searches what there is.
    pub async fn read(&self, referrals: &[String]) {
        let exchange = &self.rig.exchange;
        for who in RECIPIENTS.map(|(id, _)| id).into_iter().chain([SERVICE]) {
            let caller = self.caller(who);
            for id in referrals {
                self.told(who, "a referral", &exchange.read_referral(&caller, id).await);
                self.told(who, "the actions", &exchange.list_actions(&caller, id).await);
                self.told(who, "the audit of a referral", &exchange.read_referral_audit(&caller, id).await);
            }
            for kind in rest::ALL {
                let page = exchange.search_resources(&caller, kind, &[], true, false).await;
                self.told(who, kind.name, &page);
            }
        }
    }

    /// What must not hold a mark, whoever would look at it: the log and the disk.
    pub fn at_rest(&self) {
        let lines = std::mem::take(&mut *LINES.lock().unwrap());
        for line in String::from_utf8_lossy(&lines).lines().filter(|line| line.contains(MARK)) {
            self.heard("nobody", "a log line", line.as_bytes());
        }
        for ending in ["", "-wal"] {
            let file = format!("{}{ending}", self.rig.database.display());
            self.heard("nobody", "the database", &std::fs::read(file).unwrap_or_default());
        }
    }

    /// What somebody saw and may not see: where there is content at all, by `allowed`.
    pub fn leaks(&self, allowed: impl Fn(&Seen, &str) -> bool) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        // What an earlier person's recipients read again was theirs to read; what nobody listed never is.
        let own = mark(self.case.get(), 0);
        let own = |mark: &str| mark == UNLISTED || own.get(..MARK.len() + 4) == mark.get(..MARK.len() + 4);
        let all = seen.iter().flat_map(|seen| seen.marks.iter().map(move |mark| (seen, mark)));
        let leaks: BTreeSet<String> = all
            .filter(|(_, mark)| own(mark))
            .filter(|(seen, mark)| !seen.content || !allowed(seen, mark))
            .map(|(seen, mark)| format!("{} saw {mark} in {}", seen.who, seen.what))
            .collect();
        leaks.into_iter().collect()
    }

    /// How many marks `who` saw: a search that finds nothing shows nothing.
    pub fn marks_of(&self, who: &str) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|seen| seen.who == who).map(|seen| seen.marks.len()).max().unwrap_or_default()
    }

    /// Each agency moves what it can, with words of its own, and the person takes back what was agreed first.
    pub async fn go_on(&self, answer: &Value) {
        for referral in answer["referrals"].as_array().into_iter().flatten() {
            let who = referral["recipient"].as_str().unwrap();
            let (who, _) = *RECIPIENTS.iter().find(|(id, _)| *id == who).unwrap();
            let (caller, id) = (self.caller(who), referral["referral_id"].as_str().unwrap());
            let version =
                self.rig.exchange.read_referral(&caller, id).await.ok().and_then(|seen| seen.version);
            let body = json!({"comment": "Seen."}).to_string();
            let moved = self.rig.exchange.act(&caller, id, "accept", version, body.as_bytes()).await;
            self.told(who, "an answer to an action", &moved);
        }
        for consent in answer["consents"].as_array().into_iter().flatten().take(2) {
            let id = consent["consent_id"].as_str().unwrap();
            let service = self.rig.caller(SERVICE);
            let revoked = self.rig.exchange.revoke_consent(&service, id, b"", false).await;
            self.told(SERVICE, "a consent taken back", &revoked);
        }
    }
}

#[tokio::test]
async fn what_is_logged_is_searched_too() {
    let world = World::new().await;
    tracing::trace!(field = mark(0, 7), "a line");
    world.at_rest();
    assert_eq!(world.leaks(|_, _| true), ["nobody saw kwcanary000n007x in a log line"]);
}

/// A gateway takes time to start: a few cases in turn have one, each with a person of its own.
#[derive(Default)]
pub struct Worlds {
    at: RefCell<(usize, Option<(Runtime, World)>)>,
}

/// How many cases a gateway serves. What everybody reads grows with each.
const CASES_OF_ONE: usize = 4;

impl Worlds {
    /// Runs to its end what a case asks of a gateway; the case gets its number.
    pub fn run<T>(&self, doing: impl AsyncFnOnce(&World, usize) -> T) -> T {
        let (case, started) = &mut *self.at.borrow_mut();
        if *case % CASES_OF_ONE == 0 {
            *started = None;
        }
        let (runtime, world) = started.get_or_insert_with(|| {
            let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            let world = runtime.block_on(World::new());
            (runtime, world)
        });
        *case += 1;
        world.seen.lock().unwrap().clear();
        world.case.set(*case);
        runtime.block_on(doing(world, *case))
    }
}
