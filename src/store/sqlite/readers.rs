//! Threads that read, each with its own connection, fed by one bounded queue. No read runs on the runtime's
//! threads.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{OpenError, connection, run};
use crate::{
    exchange::ports::{Read, StoreError},
    limits::{READER_QUEUE_MAX, READERS},
    store::{cell::Cell, decode::FromRow},
};

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// The pool. Dropping it ends its threads.
#[derive(Debug)]
pub(super) struct Readers {
    queue: Option<SyncSender<Job>>,
    asked: AtomicU64,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    pub(super) fn start(path: &Path) -> Result<Self, OpenError> {
        let (queue, jobs) = sync_channel(READER_QUEUE_MAX);
        let jobs = Arc::new(Mutex::new(jobs));
        let mut threads = Vec::with_capacity(READERS);
        for _ in 0..READERS {
            let connection = connection::reader(path)?;
            let jobs = Arc::clone(&jobs);
            threads.push(
                thread::Builder::new()
                    .name(String::from("store-reader"))
                    .spawn(move || read_all(&connection, &jobs))?,
            );
        }
        Ok(Self { queue: Some(queue), asked: AtomicU64::new(0), threads })
    }

    /// How many questions were put so far.
    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// Runs `work` on a reader's thread.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Read<T> + Send + 'static,
    ) -> Read<T> {
        let stopped = || StoreError::Unavailable(String::from("the readers have stopped"));
        self.asked.fetch_add(1, Ordering::Relaxed);
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |connection| drop(tell.send(work(connection))));
        match self.queue.as_ref().ok_or_else(stopped)?.try_send(job) {
            Ok(()) => told.await.unwrap_or_else(|_| Err(stopped())),
            Err(TrySendError::Full(_)) => {
                Err(StoreError::Unavailable(String::from("the readers' queue is full")))
            }
            Err(TrySendError::Disconnected(_)) => Err(stopped()),
        }
    }

    /// The first row that a question finds.
    pub(super) async fn row<T: FromRow + Send + 'static>(
        &self,
        sql: &'static str,
        cells: Vec<Cell>,
    ) -> Read<Option<T>> {
        self.run(move |connection| run::row(connection, sql, &cells)).await
    }

    /// All rows that a question finds.
    pub(super) async fn rows<T: FromRow + Send + 'static>(
        &self,
        sql: &'static str,
        cells: Vec<Cell>,
    ) -> Read<Vec<T>> {
        self.run(move |connection| run::rows(connection, sql, &cells)).await
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        drop(self.queue.take());
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

fn read_all(connection: &Connection, jobs: &Mutex<Receiver<Job>>) {
    loop {
        // The lock is held while waiting: one thread waits for a job, the others for the lock.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        job(connection);
    }
}
