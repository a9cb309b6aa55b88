//! The two folders (what the process sees, what the disk holds), and the process between them.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use keyway::{
    audit::merkle::{Frontier, leaf_hash},
    clock::SystemClock,
    exchange::ports::Store,
    ids::{PersonId, SiteId},
    store::sqlite::{SqliteStore, migrate},
};
use tempfile::TempDir;

use crate::child::ANSWERED;

/// Long enough for two checkpoints, so that power also fails while and after pages move to the database.
const ROUND: Duration = Duration::from_millis(1_300);

/// Whether the store syncs.
#[derive(Clone, Copy)]
pub(crate) enum Sync {
    On,
    Off,
}

pub(crate) struct Rig {
    folder: TempDir,
    library: PathBuf,
}

impl Rig {
    /// Compiles the disk and makes a migrated database on it. `None`, said loudly, without a C compiler.
    pub(crate) fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("disk.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/power_loss/disk.c");
        let compiled = Command::new("cc")
            .args(["-Wall", "-Wextra", "-Werror", "-O1", "-fPIC", "-shared", "-o"])
            .args([library.as_path(), Path::new(source)])
            .args(["-ldl", "-lpthread"])
            .status();
        match compiled {
            Ok(status) => assert!(status.success(), "disk.c does not compile"),
            Err(error) => {
                // Straight to standard error: what a test prints is kept from whoever runs it.
                writeln!(std::io::stderr(), "SKIPPED: no C compiler ({error}); loss of power was not shown.")
                    .unwrap();
                return None;
            }
        }
        let rig = Self { folder, library };
        fs::create_dir(rig.disk()).unwrap();
        migrate(&rig.disk().join("keyway.db")).unwrap();
        Some(rig)
    }

    fn disk(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    fn live(&self) -> PathBuf {
        self.folder.path().join("live")
    }

    /// Starts the process on what the disk holds, lets commits flow, and takes its power away. Answers the names
    /// of the commits that were answered.
    pub(crate) fn run_until_power_fails(&self, round: u32, sync: Sync, leak: u32, seed: u64) -> Vec<String> {
        copy(&self.disk(), &self.live());
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child::commits_until_power_fails", "--nocapture"])
            .env("LD_PRELOAD", &self.library)
            .env("KEYWAY_POWER_LOSS_LIVE", self.live())
            .env("KEYWAY_POWER_LOSS_DISK", self.disk())
            .env("KEYWAY_POWER_LOSS_LEAK", leak.to_string())
            .env("KEYWAY_POWER_LOSS_SEED", seed.to_string())
            .env("KEYWAY_POWER_LOSS_ROUND", round.to_string())
            .env("KEYWAY_POWER_LOSS_SYNC", if matches!(sync, Sync::On) { "on" } else { "off" })
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let (begun, flows) = mpsc::channel();
        let listener = thread::spawn(move || {
            let mut answered = Vec::new();
            // To the end of the pipe: what was said before the power failed was said.
            for line in said.lines() {
                let line = line.unwrap();
                let Some(name) = line.strip_prefix(ANSWERED) else { continue };
                if answered.is_empty() {
                    begun.send(()).unwrap();
                }
                answered.push(name.to_owned());
            }
            answered
        });
        flows.recv().expect("commits are answered");
        // By the clock, not by what is heard: otherwise the power would fail just after a sync, when lines come.
        thread::sleep(ROUND);
        assert_eq!(child.try_wait().unwrap(), None, "the process ended by itself");
        child.kill().unwrap();
        let answered = listener.join().unwrap();
        child.wait().unwrap();
        assert!(self.disk().join("spinning").exists(), "the disk was not in between");
        answered
    }

    /// Which of `names` a new store finds on the disk. The store there must also be whole.
    pub(crate) fn found_on_the_disk(&self, names: &[String]) -> BTreeSet<String> {
        self.found_in(&self.disk(), names)
    }

    /// Which of `names` are in the files as the killed process left them.
    pub(crate) fn found_in_the_page_cache(&self, names: &[String]) -> BTreeSet<String> {
        self.found_in(&self.live(), names)
    }

    fn found_in(&self, folder: &Path, names: &[String]) -> BTreeSet<String> {
        let copied = self.folder.path().join("copy");
        copy(folder, &copied);
        let file = copied.join("keyway.db");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let found = runtime.block_on(async {
            let store = SqliteStore::open(&file, Arc::new(SystemClock)).unwrap();
            check_log(&store).await;
            let site = SiteId::parse("riverside").unwrap();
            let mut found = BTreeSet::new();
            for name in names {
                let person = store.person(&site, &PersonId::parse(name).unwrap()).await.unwrap();
                if person.is_some_and(|p| p.wrapped_key.len() == 5_000) {
                    found.insert(name.clone());
                }
            }
            found
        });
        let database = rusqlite::Connection::open(&file).unwrap();
        let whole: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(whole, "ok");
        found
    }
}

/// The root of the log is the root over what is stored.
async fn check_log(store: &SqliteStore) {
    let mut frontier = Frontier::new();
    for entry in store.audit_page(0, usize::MAX).await.unwrap() {
        frontier.append(leaf_hash(&entry.leaf));
    }
    let head = store.log_head().await.unwrap();
    assert_eq!((u64::try_from(head.size).unwrap(), head.root), (frontier.size(), frontier.root()));
}

/// The files of the database, and nothing that was there before.
fn copy(from: &Path, to: &Path) {
    drop(fs::remove_dir_all(to));
    fs::create_dir(to).unwrap();
    for name in ["keyway.db", "keyway.db-wal", "keyway.db-journal"] {
        if from.join(name).exists() {
            fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}
