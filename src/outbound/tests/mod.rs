//! The courier against real servers on loopback, each with its own way to behave.

mod addresses;
mod answers;
mod identity;
pub(super) mod parcel;
mod server;
mod silence;
