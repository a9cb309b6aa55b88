//! The one way out: the only HTTP client, which carries one parcel to one partner once.
//!
//! It decides where a connection may go (`address`), when the first byte may still leave (`gate`), what the
//! request looks like for each channel (`request`, `webhook`), and what a partner's answer, or its silence,
//! means (`verdict`). It never follows a redirect, reads no proxy from the environment, and trusts no
//! certificate authority but the partners' own.
//!
//! Not here: whether something may be sent, and when it is tried again. `exchange` decides both.

mod address;
mod courier;
mod failure;
mod gate;
mod metered;
mod request;
mod resolver;
mod retry_after;
#[cfg(test)]
mod tests;
mod use_context;
mod verdict;
mod webhook;

pub use address::AddressPolicy;
pub use courier::{CourierError, CourierSettings, HttpCourier};
pub use metered::MeteredCourier;
