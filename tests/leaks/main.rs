//! Nothing leaves that no list lets through: random people, forms, consents and fields that nobody listed, through the
//! use cases on a real SQLite file, and everything that comes out of them searched.
//!
//! Every text that is put in bears a mark of its own. What each agency is sent or may read, every answer, refusal and
//! header, every log line at the finest level and the bytes of the database are searched for marks; `table.rs` says who
//! may see which. It is written by hand and shares nothing with the allow-lists. `KEYWAY_LEAKS` says how many cases
//! each property tries (`just soak` has the long form). The heads of requests on sockets are `tests/it/canaries.rs`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a test stops where it is surprised"
)]

#[path = "../exchange/harness.rs"]
#[expect(dead_code, reason = "the harness of the use cases, of which a part is needed")]
mod harness;
#[path = "../given/processing_record.rs"]
mod processing_record;

mod assessments;
mod fhir;
mod marks;
mod requests;
mod sites;
mod table;
mod world;
