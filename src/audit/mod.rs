//! What happened, in bytes that can be checked: entries, their canonical form, and the Merkle log over them.
//!
//! Hashes bytes and parses nothing. Personal data never stands in a leaf.

mod entry;

pub use entry::{Entry, Kind};
