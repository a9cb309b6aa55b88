//! One assessment, minimised for one recipient, becomes the one message that this recipient can use.
//!
//! A message is made from a [`Projection`](crate::minimise::Projection) and a [`Frame`] and from nothing else,
//! and each of its leaves says which of the two it comes from, or that it is a constant (`tree`). Whatever may leave and finds no place in
//! the message is an issue, never a silent drop (`gaps`). The same projection and frame give the same bytes.
//!
//! Not here: what may leave (`minimise`), whether the message fits its profile (`profile`), how it travels.

pub mod address;
pub mod bars;
mod codes;
mod community;
mod court;
mod custody;
pub mod document;
mod event;
mod fhir_message;
pub mod fhir_rest;
mod frame;
mod gaps;
mod housing;
pub mod inbound;
mod lineage;
pub mod messages;
mod notice;
mod origin;
mod place;
mod probation;
mod render;
mod sections;
pub mod site;
mod standing_alone;
mod target;
mod tree;

#[cfg(test)]
mod tests;

/// The source of this room, tests left out, by path: what its content hash is taken over.
pub const SOURCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/mapping_sources.rs"));

pub use codes::OUR_PROFILES;
pub use fhir_message::{MESSAGE_HEADER, Standing, keep_times};
pub use frame::{Changed, Frame, Mapped};
pub use lineage::{Lineage, Traced};
pub use notice::{
    ContactOutcome, InReplyTo, answer_to_request, recall, request_to_ld, status_answer, what_a_recall_asks,
};
pub use render::{FHIR_PROFILES, render};
pub use standing_alone::questionnaire_response;
