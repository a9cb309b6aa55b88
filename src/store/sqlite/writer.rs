//! The one thread that writes. It takes what waits in its queue, makes each job a savepoint of one transaction,
//! and lets no answer leave before that transaction is committed: many requests share one sync.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{Durability, OpenError, checkpoint, connection, run};
use crate::{
    exchange::ports::CommitError,
    limits::{WRITER_GROUP_MAX, WRITER_QUEUE_MAX},
    store::{dialect::sqlite::BEGIN_WRITE, sql::audit::WAITING},
};

const SAVEPOINT: &str = "SAVEPOINT job";
const RELEASE: &str = "RELEASE job";
const ROLL_BACK_JOB: &str = "ROLLBACK TO job";
const COMMIT: &str = "COMMIT";
const ROLL_BACK: &str = "ROLLBACK";

/// What the writer shows to other threads, and what they ask of it.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Transactions committed.
    pub(super) groups: AtomicU64,
    /// Jobs in them, also those that were refused.
    pub(super) jobs: AtomicU64,
    /// Audit entries without a place in the log, counted here so that no commit has to.
    pub(super) waiting: AtomicI64,
    /// The checkpointer could not cut the WAL because the writer is never idle: the writer does it, between groups.
    pub(super) cut_wal: AtomicBool,
    /// How often nothing was left of it afterwards.
    pub(super) cuts: AtomicU64,
}

type Answer = Box<dyn FnOnce(Result<(), CommitError>) + Send>;

/// A job that has run within the group's transaction and waits for its end.
struct Ran {
    keep: bool,
    /// How many more audit entries wait for their place than before.
    entries: i64,
    answer: Answer,
}

type Job = Box<dyn FnOnce(&Connection) -> Ran + Send>;

/// The way to the writer's thread. Dropping it finishes what is queued and ends the thread.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Writer {
    pub(super) fn start(path: &Path, durability: Durability) -> Result<Self, OpenError> {
        let connection = connection::writer(path, durability)?;
        let (queue, jobs) = sync_channel(WRITER_QUEUE_MAX);
        let waiting = connection.query_row(WAITING, [], |row| row.get(0))?;
        let shared = Arc::new(Shared { waiting: AtomicI64::new(waiting), ..Shared::default() });
        let seen = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name(String::from("store-writer"))
            .spawn(move || write_all(&connection, &jobs, &seen))?;
        Ok(Self { queue: Some(queue), thread: Some(thread), shared })
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Runs `work` in the next group. What it wrote is durable when this answers `Ok`.
    pub(super) async fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, CommitError> + Send + 'static,
    ) -> Result<T, CommitError> {
        self.submit_entering(work, |_| 0).await
    }

    /// The same, where `entries` says how many more audit entries wait for their place afterwards.
    pub(super) async fn submit_entering<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, CommitError> + Send + 'static,
        entries: impl FnOnce(&T) -> i64 + Send + 'static,
    ) -> Result<T, CommitError> {
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = work(connection);
            Ran {
                keep: result.is_ok(),
                entries: result.as_ref().map_or(0, entries),
                // Whoever asked may have gone away; what was committed stays committed.
                answer: Box::new(move |group| drop(tell.send(group.and(result)))),
            }
        });
        let stopped = || CommitError::Unavailable(String::from("the writer has stopped"));
        match self.queue.as_ref().ok_or_else(stopped)?.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(CommitError::Busy),
            Err(TrySendError::Disconnected(_)) => return Err(stopped()),
        }
        // A job whose transaction could not even begin is dropped without an answer.
        told.await.unwrap_or_else(|_| {
            Err(CommitError::Unavailable(String::from("the transaction did not come to an end")))
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn write_all(connection: &Connection, jobs: &Receiver<Job>, shared: &Shared) {
    while let Ok(first) = jobs.recv() {
        let mut group = Vec::with_capacity(WRITER_GROUP_MAX);
        group.push(first);
        while group.len() < WRITER_GROUP_MAX
            && let Ok(next) = jobs.try_recv()
        {
            group.push(next);
        }
        let size = u64::try_from(group.len()).unwrap_or(u64::MAX);
        if let Err(error) = write_group(connection, group, shared) {
            tracing::error!(jobs = size, error = %error, "a group of commits failed");
            continue;
        }
        if shared.cut_wal.swap(false, Ordering::Relaxed) {
            match checkpoint::cut(connection) {
                Ok(true) => drop(shared.cuts.fetch_add(1, Ordering::Relaxed)),
                Ok(false) => {}
                Err(error) => tracing::warn!(error = %error, "the WAL was not cut"),
            }
        }
    }
}

/// One transaction. When it cannot be committed every job of the group is told so, also those that were refused:
/// what they were refused for may never have happened.
fn write_group(connection: &Connection, group: Vec<Job>, shared: &Shared) -> rusqlite::Result<()> {
    connection.execute_batch(BEGIN_WRITE)?;
    let mut answers = Vec::with_capacity(group.len());
    let end = run_jobs(connection, group, &mut answers).and_then(|entries| {
        connection.prepare_cached(COMMIT)?.execute([])?;
        Ok(entries)
    });
    if end.is_err() && !connection.is_autocommit() {
        // Nothing is left to do if this fails too: the next BEGIN will say so.
        drop(connection.execute_batch(ROLL_BACK));
    }
    if let Ok(entries) = end {
        shared.waiting.fetch_add(entries, Ordering::Relaxed);
        shared.groups.fetch_add(1, Ordering::Relaxed);
        shared.jobs.fetch_add(u64::try_from(answers.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
    let outcome = end.as_ref().map(|_| ()).map_err(run::unavailable);
    for answer in answers {
        answer(outcome.clone());
    }
    end.map(|_| ())
}

/// Answers how many more audit entries wait when the group is committed.
fn run_jobs(connection: &Connection, group: Vec<Job>, answers: &mut Vec<Answer>) -> rusqlite::Result<i64> {
    let mut more = 0_i64;
    for job in group {
        connection.prepare_cached(SAVEPOINT)?.execute([])?;
        let Ran { keep, entries, answer } = job(connection);
        answers.push(answer);
        more = more.saturating_add(entries);
        if !keep {
            // After a full disk or an I/O error the engine may have rolled back the whole transaction by itself:
            // then there is no savepoint any more, this fails, and so does the group.
            connection.prepare_cached(ROLL_BACK_JOB)?.execute([])?;
        }
        connection.prepare_cached(RELEASE)?.execute([])?;
    }
    Ok(more)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::sqlite::{migrate, run};

    const ONE: &str = "INSERT INTO once (kind, value, expires_at) VALUES ('test', ?1, 0)";

    fn put(connection: &Connection, value: usize) -> Result<(), CommitError> {
        connection.execute(ONE, [value.to_string()]).map(|_| ()).map_err(|e| run::unavailable(&e))
    }

    /// While another process holds the lock jobs pile up; then they share few transactions.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn jobs_that_wait_together_are_committed_together() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keyway.db");
        migrate(&file).unwrap();
        let writer = Arc::new(Writer::start(&file, Durability::Full).unwrap());
        let other = connection::open(&file, Durability::Full).unwrap();
        other.execute_batch(BEGIN_WRITE).unwrap();

        let jobs: Vec<_> = (0..200)
            .map(|n| {
                let writer = Arc::clone(&writer);
                tokio::spawn(async move { writer.submit(move |c| put(c, n)).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(200)).await;
        other.execute_batch(ROLL_BACK).unwrap();
        for job in jobs {
            assert_eq!(job.await.unwrap(), Ok(()));
        }

        assert_eq!(writer.shared.jobs.load(Ordering::Relaxed), 200);
        let groups = writer.shared.groups.load(Ordering::Relaxed);
        // The first group took what was there when the lock was met; the others are full.
        assert!((4..=6).contains(&groups), "{groups} groups");
    }

    #[tokio::test]
    async fn a_full_queue_says_busy() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keyway.db");
        migrate(&file).unwrap();
        let writer = Writer::start(&file, Durability::Full).unwrap();
        let other = connection::open(&file, Durability::Full).unwrap();
        other.execute_batch(BEGIN_WRITE).unwrap();

        // One group is with the writer, as many jobs again as the queue holds wait; one more is refused.
        let mut waiting = Vec::new();
        let mut refused = 0;
        for n in 0..=WRITER_QUEUE_MAX + WRITER_GROUP_MAX {
            let mut job = Box::pin(writer.submit(move |c| put(c, n)));
            match std::future::poll_fn(|cx| std::task::Poll::Ready(job.as_mut().poll(cx))).await {
                std::task::Poll::Ready(answer) => {
                    assert_eq!(answer, Err(CommitError::Busy));
                    refused += 1;
                }
                std::task::Poll::Pending => waiting.push(job),
            }
        }
        assert!(refused >= 1);
        other.execute_batch(ROLL_BACK).unwrap();
        for job in waiting {
            assert_eq!(job.await, Ok(()));
        }
    }

    /// The checkpointer asks for this when the writer never leaves it a gap.
    #[tokio::test]
    async fn the_writer_cuts_a_large_wal_between_groups() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keyway.db");
        migrate(&file).unwrap();
        let writer = Writer::start(&file, Durability::Full).unwrap();
        for n in 0..100 {
            writer.submit(move |c| put(c, n)).await.unwrap();
        }
        let wal = || std::fs::metadata(folder.path().join("keyway.db-wal")).unwrap().len();
        let before = wal();
        writer.shared().cut_wal.store(true, Ordering::Relaxed);
        writer.submit(|c| put(c, 100)).await.unwrap();
        // The cut comes after the group was answered, so the next group finds it done.
        writer.submit(|c| put(c, 101)).await.unwrap();
        assert!(wal() < before / 10, "{} of {before} bytes", wal());
    }

    /// A savepoint is not an answer: when the transaction cannot be committed nobody in it hears "done", and nobody
    /// hears "refused" because of a neighbour's row that never was.
    #[tokio::test]
    async fn when_the_commit_fails_every_job_of_the_group_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keyway.db");
        migrate(&file).unwrap();
        let writer = Arc::new(Writer::start(&file, Durability::Full).unwrap());
        let other = connection::open(&file, Durability::Full).unwrap();
        other.execute_batch(BEGIN_WRITE).unwrap();
        // The writer waits for the lock with this one, so the others share the next group.
        let mine = Arc::clone(&writer);
        let first = tokio::spawn(async move { mine.submit(|c| put(c, 0)).await });
        tokio::time::sleep(Duration::from_millis(100)).await;
        let good = writer.submit(|c| put(c, 1));
        // A deferred foreign key is checked at the commit, so it fails there and nowhere before.
        let poison = writer.submit(|c| {
            c.execute_batch("PRAGMA defer_foreign_keys = ON").map_err(|e| run::unavailable(&e))?;
            c.execute_batch("INSERT INTO person_lookup VALUES ('site', 'kind', x'00', 1, 'nobody')")
                .map_err(|e| run::unavailable(&e))
        });
        let refused = writer.submit(|_| Err::<(), _>(CommitError::Exists("once")));
        let release = async { other.execute_batch(ROLL_BACK).unwrap() };
        let (good, poison, refused, ()) = tokio::join!(biased; good, poison, refused, release);
        assert_eq!(first.await.unwrap(), Ok(()));
        for answer in [good, poison, refused] {
            assert!(matches!(answer, Err(CommitError::Unavailable(_))), "{answer:?}");
        }
        let count: i64 = writer
            .submit(|c| {
                c.query_row("SELECT COUNT(*) FROM once WHERE value = '1'", [], |r| r.get(0))
                    .map_err(|e| run::unavailable(&e))
            })
            .await
            .unwrap();
        assert_eq!(count, 0);
    }
}
