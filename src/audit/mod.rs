//! What happened, in bytes that can be checked: entries, their canonical form, and the Merkle log over them.
//!
//! Hashes bytes and parses nothing but its own leaves. Personal data never stands in a leaf.

pub mod bundle;
mod checkpoint;
mod entry;
pub mod erasure;
mod leaf;
pub mod merkle;
pub mod note;
mod proof;
pub mod receipt;
pub mod tiles;
pub mod verify;

pub use checkpoint::Checkpoint;
pub use entry::{Entry, Kind};
pub use leaf::{Leaf, LeafError, hex};
pub use proof::{Proof, verify_consistency, verify_inclusion};
