//! Durable storage: the adapter behind [`crate::exchange::ports::Store`].
//!
//! `sql` holds every statement once, for all engines; `steps` turns a write set into statements and what must
//! come of them; `decode` turns rows back; `dialect` holds what differs between engines; `sqlite` is the embedded
//! engine: one writer thread that commits many requests at once, a pool of readers, checkpoints beside them.
//!
//! Not here: what anything means. Content arrives sealed, decisions arrive decided.

mod cell;
mod decode;
mod dialect;
mod sql;
pub mod sqlite;
mod steps;
