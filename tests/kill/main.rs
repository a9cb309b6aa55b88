//! The running binary is killed with SIGKILL while messages flow, started again, and asked what it still knows.
//!
//! Senders submit assessments and repeat what got no answer; agencies take what comes, many slowly, some without
//! an answer; now and then a person takes a consent back. In the middle of it the gateway dies, several times, and
//! now and then again while it starts. At the end the books are compared: what was answered 2xx against what the
//! agencies have, and both against the audit.
//!
//! `KEYWAY_KILLS` says how often (5 without it; `just soak` says 50). What a disk forgets is another test's
//! matter: `tests/power_loss`.

#[cfg(test)]
mod agencies;
#[cfg(test)]
mod books;
#[cfg(test)]
mod gateway;
#[cfg(test)]
#[path = "../it/harness/pki.rs"]
#[expect(unreachable_pub, reason = "the black-box tests' own, where it is public")]
mod pki;
#[cfg(test)]
#[path = "../given/processing_record.rs"]
mod processing_record;
#[cfg(test)]
mod receiver;
#[cfg(test)]
mod sender;
#[cfg(test)]
mod tests;
