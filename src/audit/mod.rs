//! What happened, in bytes that can be checked: entries, their canonical form, and the Merkle log over them.
//!
//! Hashes bytes and parses nothing but its own leaves. Personal data never stands in a leaf.

mod entry;
mod leaf;
pub mod merkle;
pub mod verify;

pub use entry::{Entry, Kind};
pub use leaf::{Leaf, LeafError, hex};
