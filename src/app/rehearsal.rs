//! A gateway that carries nothing: a fresh store in a folder that is removed again, a clock that stands still, chance
//! from a seed. What it plans has the bytes that a gateway with the same directory, clock and chance would send.

use std::{fs, io, path::PathBuf, sync::Arc};

use super::{App, StartError};
use crate::{
    clock::{ManualClock, Moment},
    directory::{Agreement, Partner},
    exchange::{Exchange, RetrySchedule, ports::CommitError},
    ids::{Mint, SeededChance},
    store::sqlite::{self, NotOpened, SqliteStore},
    vault::{DocumentKey, RootKey, Vault},
};

/// The same input gives the same bytes. Nothing secret hangs from it: no content is ever stored.
const SEED: u64 = 1;
/// Its documents are signed with a key that anybody can make, and that no gateway publishes.
const DOCUMENT_SEED: [u8; 32] = [1; 32];
/// Where a rehearsal says that it is reached.
const BASE_URL: &str = "https://gateway.example";

/// Why there is no rehearsal.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// Its folder or its database.
    #[error(transparent)]
    Database(#[from] NotOpened),
    /// Its folder.
    #[error("the folder for the rehearsal cannot be made: {0}")]
    Folder(io::Error),
    /// The compiled-in tables.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Entering the agencies.
    #[error("the agencies cannot be entered: {0}")]
    Directory(#[from] CommitError),
}

/// A gateway to rehearse with. Its folder is removed when it is dropped.
pub struct Rehearsing {
    /// The use cases.
    pub exchange: Exchange,
    folder: PathBuf,
}

impl App {
    /// Opens a gateway at the moment `at` in `folder`, which must not be there yet, and enters the agencies and the
    /// agreements.
    ///
    /// # Errors
    /// It cannot be opened, or the agencies cannot be entered.
    pub async fn rehearsal(
        folder: PathBuf,
        at: Moment,
        partners: Vec<Partner>,
        agreements: Vec<Agreement>,
    ) -> Result<Rehearsing, RehearsalError> {
        let database = folder.join("keyway.db");
        fs::create_dir(&folder).map_err(RehearsalError::Folder)?;
        let removed = Removed(folder);
        #[cfg(unix)]
        fs::set_permissions(&removed.0, std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .map_err(RehearsalError::Folder)?;
        sqlite::migrate(&database).map_err(NotOpened::of(&database))?;
        let clock = Arc::new(ManualClock::new(at));
        let chance = Arc::new(SeededChance::new(SEED));
        let store = SqliteStore::open(&database, clock.clone()).map_err(NotOpened::of(&database))?;
        let vault = Arc::new(Vault::open(RootKey::fresh(chance.as_ref()), chance.clone()));
        let mint = Arc::new(Mint::new(clock, chance));
        let mut exchange =
            Exchange::new(Arc::new(store), vault, mint, String::from(BASE_URL), RetrySchedule::default())
                .map_err(StartError::Tables)?;
        exchange.document_key = DocumentKey::from_seed(&DOCUMENT_SEED);
        exchange.enrol("operator:rehearsal", partners, agreements).await?;
        Ok(Rehearsing { exchange, folder: removed.kept() })
    }
}

/// A folder that goes when what it was made for fails.
struct Removed(PathBuf);

impl Removed {
    fn kept(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Removed {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            let _gone = fs::remove_dir_all(&self.0);
        }
    }
}

impl Drop for Rehearsing {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.folder);
    }
}
