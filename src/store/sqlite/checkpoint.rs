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

use super::{Durability, OpenError, connection, writer::Tally};
use crate::{
    limits::{CHECKPOINT_INTERVAL_MILLISECONDS, WAL_TRUNCATE_BYTES},
    store::dialect::sqlite::{CHECKPOINT, CHECKPOINT_TRUNCATE},
};

/// The checkpointing thread. Dropping it ends the thread.
#[derive(Debug)]
pub(super) struct Checkpointer {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub(super) fn start(path: &Path, durability: Durability, tally: Arc<Tally>) -> Result<Self, OpenError> {
        let connection = connection::checkpointer(path, durability)?;
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        let wal = PathBuf::from(wal);
        let (stop, stopped) = sync_channel(0);
        let thread = thread::Builder::new()
            .name(String::from("store-checkpoint"))
            .spawn(move || checkpoint_all(&connection, &wal, &tally, &stopped))?;
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

fn checkpoint_all(connection: &Connection, wal: &Path, tally: &Tally, stopped: &Receiver<()>) {
    let interval = Duration::from_millis(CHECKPOINT_INTERVAL_MILLISECONDS);
    let mut seen = 0;
    while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
        let groups = tally.groups.load(Ordering::Relaxed);
        if groups == seen {
            continue;
        }
        seen = groups;
        let large = fs::metadata(wal).is_ok_and(|file| file.len() > WAL_TRUNCATE_BYTES);
        // First what can be done without holding anybody up; the rest is then short.
        let done = checkpoint(connection, CHECKPOINT)
            .and_then(|()| if large { checkpoint(connection, CHECKPOINT_TRUNCATE) } else { Ok(()) });
        if let Err(error) = done {
            tracing::warn!(error = %error, "a checkpoint failed");
        }
    }
}

/// A checkpoint that could not finish because of readers is not a failure: the next one goes on.
fn checkpoint(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.query_row(sql, [], |_| Ok(()))
}
