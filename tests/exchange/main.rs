//! The use cases on a real SQLite file, with a clock that is told the time and a courier that does what the test
//! says. What goes over sockets is tested in `tests/it`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::await_holding_lock,
    unreachable_pub,
    reason = "a test stops where it is surprised; its one lock is never contended"
)]

mod guessed;
mod harness;
#[path = "../given/processing_record.rs"]
mod processing_record;

mod again;
mod amend;
mod answered;
mod answers;
mod beside_consent;
mod checkpoints;
mod consent_at_every_exit;
mod documents;
mod durable_or_nothing;
mod earlier_consent;
mod exits;
mod fhir_in;
mod fhir_rules;
mod fhir_update;
mod forgiven;
mod forms;
mod hidden;
mod journey;
mod keeping;
mod lanes;
mod less;
mod meanwhile;
mod messages;
mod on_behalf;
mod oversight;
mod published;
mod receipts;
mod rehearsed;
mod reminded;
mod requests;
mod said;
mod slips;
mod status;
mod strangers;
mod tampering;
mod the_person;
mod withdrawal;
mod words;
mod young;
