//! The use cases on a real SQLite file, with a clock that is told the time and a courier that does what the test
//! says. What goes over sockets is tested in `tests/it`.

mod harness;

mod consent_at_every_exit;
mod durable_or_nothing;
mod the_person;
mod withdrawal;
