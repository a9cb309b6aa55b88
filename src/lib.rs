//! Keyway: the gateway between a liaison and diversion (L&D) service and the agencies round it.
//!
//! The map of the crate, in the direction that data flows (`->` means "uses"; `tests/architecture.rs`
//! fails on an import against the arrow):
//!
//! ```text
//! http | worker | cli -> exchange -> profile mapping consent minimise directory referral audit
//!                                 -> assessment fhir
//! ```
//!
//! The core rooms read no clock, no randomness, no database and no network. `exchange` holds one file for
//! each thing the gateway does and declares the traits that the adapters (`store`, `outbound`) implement.
//! Only `app` names concrete adapters.

pub mod app;
pub mod assessment;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod config;
pub mod consent;
pub mod directory;
pub mod exchange;
pub mod fhir;
pub mod http;
pub mod identity;
pub mod ids;
pub mod letters;
pub mod limits;
pub mod mapping;
pub mod metrics;
pub mod minimise;
pub mod open_files;
pub mod outbound;
pub mod packages;
pub mod profile;
pub mod referral;
pub mod sheet;
pub mod site_folders;
pub mod store;
pub mod telemetry;
pub mod vault;
pub mod worker;
