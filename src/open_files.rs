//! How many files and connections this process may have open at once, and whether some are left.

use std::fs::File;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::limits::{
    CONNECTIONS_PER_CLIENT_MAX, FILES_MIN, FILES_PER_CONNECTION, FILES_RESERVED, OPERATORS_CONNECTIONS_MAX,
    PARTNERS_CONNECTIONS_MAX, PUBLIC_CONNECTIONS_MAX,
};

/// What is there on every system that Keyway runs on, and costs nothing to open.
const NOTHING: &str = "/dev/null";

/// Raises the number of files that this process may have open (`ulimit -Sn`) to the most that it is allowed
/// (`ulimit -Hn`), and gives the number that holds from then on.
#[must_use]
pub fn raise() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    // Where the system says no, the number stays as it was.
    let holds = if setrlimit(Resource::Nofile, raised).is_ok() { maximum } else { current };
    holds.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}

/// Whether so many more files can be opened now.
#[must_use]
pub fn are_left(files: usize) -> bool {
    let Ok(first) = File::open(NOTHING) else { return false };
    let others: Result<Vec<_>, _> = (1..files).map(|_| first.try_clone()).collect();
    others.is_ok()
}

/// How many connections a listener takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionsMax {
    /// Of all clients together.
    pub in_all: usize,
    /// Of one client.
    pub per_client: usize,
}

/// How many connections each listener takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// The partners' listener.
    pub partners: ConnectionsMax,
    /// The public one.
    pub public: ConnectionsMax,
    /// The operators'.
    pub operators: ConnectionsMax,
}

impl Shares {
    /// Parts `files` among the listeners, after what the database, deliveries and the log need; `None` where that
    /// leaves too little. However few there are, no client gets more than a quarter of a listener's.
    #[must_use]
    pub fn of(files: usize) -> Option<Self> {
        if files < FILES_MIN {
            return None;
        }
        let connections = files.saturating_sub(FILES_RESERVED) / FILES_PER_CONNECTION;
        let share =
            |in_all: usize| ConnectionsMax { in_all, per_client: CONNECTIONS_PER_CLIENT_MAX.min(in_all / 4) };
        let operators = OPERATORS_CONNECTIONS_MAX.min(connections / 16);
        let public = PUBLIC_CONNECTIONS_MAX.min(connections / 8);
        let partners = PARTNERS_CONNECTIONS_MAX.min(connections - operators - public);
        Some(Self { partners: share(partners), public: share(public), operators: share(operators) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_client_can_take_all_connections_and_all_connections_leave_files() {
        for files in [FILES_MIN, 1_025, 2_048, 4_096, 65_536, usize::MAX] {
            let shares = Shares::of(files).unwrap();
            let all = [shares.partners, shares.public, shares.operators];
            let files_taken: usize = all.iter().map(|share| share.in_all * FILES_PER_CONNECTION).sum();
            assert!(files_taken + FILES_RESERVED <= files, "{files}");
            for share in all {
                assert!(share.per_client >= 4 && share.per_client * 4 <= share.in_all, "{files} {share:?}");
            }
        }
        assert_eq!(Shares::of(usize::MAX).unwrap().partners.per_client, CONNECTIONS_PER_CLIENT_MAX);
        assert_eq!(Shares::of(FILES_MIN - 1), None);
    }

    #[test]
    fn the_number_of_files_is_raised_and_what_is_left_is_found() {
        let files = raise();
        assert!(files >= FILES_MIN, "the tests themselves need some: {files}");
        assert_eq!(getrlimit(Resource::Nofile).current, getrlimit(Resource::Nofile).maximum);
        assert!(are_left(32));
        // More than the system gives anybody here, unless it gives without end.
        if files < 2_000_000 {
            assert!(!are_left(files + 1));
        }
    }
}
