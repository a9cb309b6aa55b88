//! One gateway at a time serves a file. The operating system lets go of the mark when the process ends, however it
//! ends; so whoever has the mark knows that its predecessor is dead.
//!
//! Not here: tools that look at the file beside a gateway (`keyway audit verify`); they take no mark.

use std::{fs, path::Path};

use rusqlite::Connection;

use super::OpenError;
use crate::{clock::Moment, store::sql::lanes::GIVE_BACK};

/// The mark. Dropping it lets the next gateway in.
#[derive(Debug)]
pub(super) struct Serving {
    _file: fs::File,
}

impl Serving {
    /// Takes the mark of the database `path`, or says that another has it.
    pub(super) fn begin(path: &Path) -> Result<Self, OpenError> {
        let file = fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.with_added_extension("serving"))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(fs::TryLockError::WouldBlock) => Err(OpenError::Served),
            Err(fs::TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

/// Ends every lease that still runs; answers how many.
pub(super) fn give_back(connection: &Connection, now: Moment) -> rusqlite::Result<usize> {
    connection.execute(GIVE_BACK, [now.0])
}
