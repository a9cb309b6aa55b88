//! Moves pages from the WAL to the database on a thread of its own, so that no commit waits for it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rusqlite::Connection;

use super::{Durability, OpenError, connection, writer::Shared};
use crate::{
    limits::{
        CHECKPOINT_INTERVAL_MILLISECONDS, DATABASE_BUSY_TIMEOUT_MILLISECONDS, WAL_TRUNCATE_BYTES,
        WAL_TRUNCATE_TIMEOUT_MILLISECONDS,
    },
    store::dialect::sqlite::{CHECKPOINT, CHECKPOINT_TRUNCATE},
};

/// The checkpointing thread. Dropping it ends the thread.
#[derive(Debug)]
pub(super) struct Checkpointer {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub(super) fn start(path: &Path, durability: Durability, shared: Arc<Shared>) -> Result<Self, OpenError> {
        let connection = connection::checkpointer(path, durability)?;
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        let wal = PathBuf::from(wal);
        let (stop, stopped) = sync_channel(0);
        let thread = thread::Builder::new()
            .name(String::from("store-checkpoint"))
            .spawn(move || checkpoint_all(&connection, &wal, &shared, &stopped))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn checkpoint_all(connection: &Connection, wal: &Path, shared: &Shared, stopped: &Receiver<()>) {
    let interval = Duration::from_millis(CHECKPOINT_INTERVAL_MILLISECONDS);
    let mut seen = 0;
    while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
        let groups = shared.groups.load(Ordering::Relaxed);
        if groups == seen {
            continue;
        }
        seen = groups;
        // First what can be done without holding anybody up; what is left to cut is then short.
        let done = checkpoint(connection, CHECKPOINT).and_then(|_| {
            if fs::metadata(wal).is_ok_and(|file| file.len() > WAL_TRUNCATE_BYTES)
                && checkpoint(connection, CHECKPOINT_TRUNCATE)? == Outcome::Held
            {
                shared.cut_wal.store(true, Ordering::Relaxed);
            }
            Ok(())
        });
        if let Err(error) = done {
            tracing::warn!(error = %error, "a checkpoint failed");
        }
    }
}

/// Cuts the WAL on the writer's own connection, between two transactions. Readers hold it up for a short time only. Answers
/// whether nothing is left of it.
pub(super) fn cut(connection: &Connection) -> rusqlite::Result<bool> {
    connection.busy_timeout(Duration::from_millis(WAL_TRUNCATE_TIMEOUT_MILLISECONDS))?;
    let done = checkpoint(connection, CHECKPOINT_TRUNCATE);
    connection.busy_timeout(Duration::from_millis(DATABASE_BUSY_TIMEOUT_MILLISECONDS))?;
    done.map(|outcome| outcome == Outcome::Done)
}

/// What a checkpoint came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    /// A reader or the writer was in its way; what could be moved was moved.
    Held,
}

fn checkpoint(connection: &Connection, sql: &str) -> rusqlite::Result<Outcome> {
    connection
        .query_row(sql, [], |row| Ok(if row.get::<_, i64>(0)? == 0 { Outcome::Done } else { Outcome::Held }))
}
