//! How fast entries get into the audit log and how fast it is checked: entries as a disclosure makes them, in commits of a
//! thousand, each synced, sequenced into the tree and its tiles, and a signed checkpoint after each thousand.
//!
//! `cargo bench --bench audit -- [--entries N] [--json]`. The run fails when the log is not found whole.

use std::{
    io::{self, Write as _},
    sync::Arc,
    time::{Duration, Instant},
};

use keyway::{
    audit::{Entry, Kind},
    clock::SystemClock,
    exchange::{
        Exchange, RetrySchedule,
        ports::{Store, Write},
        rows::AuditRow,
        verify_log,
    },
    ids::{EntryId, Mint, PartnerId, PersonId, ReferralId, SiteId, SystemChance},
    store::sqlite::{SqliteStore, migrate},
    vault::{RootKey, Vault},
};
use serde_json::json;

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many entries when nothing else is asked for.
const ENTRIES: usize = 200_000;
/// Entries of one commit, and of one checkpoint.
const COMMIT: usize = 1_000;

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let (entries, as_json) = asked(std::env::args().skip(1))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let seen = runtime.block_on(run(entries))?;
    let mut out = io::stdout().lock();
    if as_json {
        writeln!(out, "{seen}")?;
    } else {
        writeln!(out, "{seen:#}")?;
    }
    Ok(())
}

fn asked(mut arguments: impl Iterator<Item = String>) -> Result<(usize, bool), String> {
    let (mut entries, mut as_json) = (ENTRIES, false);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--entries" => {
                let number = arguments.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0);
                entries = number.ok_or("--entries needs a number")?;
            }
            "--json" => as_json = true,
            // cargo adds it.
            "--bench" => {}
            _ => return Err(format!("{argument} is not known")),
        }
    }
    Ok((entries, as_json))
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}

async fn run(entries: usize) -> Result<serde_json::Value, Failed> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("keyway.db");
    migrate(&database)?;
    let (clock, chance) = (Arc::new(SystemClock), Arc::new(SystemChance));
    let store = Arc::new(SqliteStore::open(&database, clock.clone())?);
    let vault = Arc::new(Vault::open(RootKey::fresh(chance.as_ref()), chance.clone()));
    let mint = Arc::new(Mint::new(clock, chance));
    let base_url = String::from("https://gateway.example");
    let exchange =
        Exchange::new(store.clone(), vault, Arc::clone(&mint), base_url, RetrySchedule::default())?;
    let site = SiteId::parse("riverside").ok_or("a site")?;
    exchange.begin_log(&site).await?;

    let (mut committing, mut sequencing, mut signing) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut made = 0;
    while made < entries {
        let number = COMMIT.min(entries - made);
        let writes: Option<Vec<Write>> = (0..number).map(|_| entry(&mint, &site)).collect();
        let writes = writes.ok_or("an id")?;
        let begun = now();
        store.commit(writes, Vec::new()).await?;
        committing += begun.elapsed();
        let begun = now();
        while store.sequence_audit(COMMIT).await? > 0 {}
        sequencing += begun.elapsed();
        let begun = now();
        exchange.sign_checkpoint().await?;
        signing += begun.elapsed();
        made += number;
    }
    let mut times = Vec::new();
    for _ in 0..3 {
        let begun = now();
        let whole = verify_log(store.as_ref(), |_| {}).await??;
        times.push(begun.elapsed());
        if usize::try_from(whole.entries)? <= entries {
            return Err(format!("only {} entries were checked", whole.entries).into());
        }
    }
    times.sort_unstable();
    let (number, checkpoints) =
        (f64::from(u32::try_from(made)?), f64::from(u32::try_from(made.div_ceil(COMMIT))?));
    let per_second = |time: Duration| (number / time.as_secs_f64()).round();
    let median = times.get(1).copied().unwrap_or_default();
    Ok(json!({
        "entries": made,
        "append_per_second": per_second(committing + sequencing + signing),
        "commit_per_second": per_second(committing),
        "sequence_per_second": per_second(sequencing),
        "checkpoint_ms": (signing.as_secs_f64() * 1e6 / checkpoints).round() / 1e3,
        "verify_per_second": per_second(median),
        "verify_seconds_a_million": (median.as_secs_f64() * 1e8 / number).round() / 1e2,
    }))
}

/// An entry as a disclosure makes it.
fn entry(mint: &Mint, site: &SiteId) -> Option<Write> {
    let id = || mint.uuid();
    let (person, referral) = (id(), id());
    let facts = [
        ("body-sha256", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        ("mapping", "keyway-mapping/1"),
        ("policy", "disclosure/2026-11-27"),
        ("withheld-commitment", "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"),
    ];
    let entry = Entry {
        entry_id: EntryId::fresh(mint),
        site_id: site.clone(),
        at: mint.clock().now(),
        kind: Kind::Disclosed,
        actor: String::from("ld-riverside"),
        about: vec![
            ("referral", referral.clone()),
            ("person", person.clone()),
            ("partner", String::from("cmht-riverside")),
            ("message", id()),
            ("decision", id()),
        ],
        facts: facts.map(|(name, value)| (name, value.to_owned())).to_vec(),
        content_sha256: None,
    };
    Some(Write::Audit(AuditRow {
        leaf: entry.leaf(),
        site_id: entry.site_id,
        entry_id: entry.entry_id,
        at: entry.at,
        kind: entry.kind.as_str(),
        person_id: PersonId::parse(&person),
        referral_id: ReferralId::parse(&referral),
        partner_id: Some(PartnerId::parse("cmht-riverside")?),
        content: None,
    }))
}
