//! Any FHIR R4 Consent, decided: what a person's Consents say about one request.
//!
//! [`Directive::read`] takes a Consent apart once; [`decide`] then asks many about a [`Request`]. Both are total: what is not
//! understood is a "no" with a [`Code`], never a guess and never left out. `docs/consent-decisions.md` says in which order
//! is asked and what outweighs what.
//!
//! Not here: agreements, overrides and who may see which field at all (`super::decide`, `minimise`).

mod answer;
mod code;
mod decide;
mod directive;
mod gate;
mod label;
mod meets;
mod provision;
mod purpose;
mod read;
mod reference;
mod replaced;
mod request;
mod shape;
mod time;
mod tree;
mod unread;

pub use answer::{Answer, Part, Said, Verdict, Withheld};
pub use code::Code;
pub use decide::{decide, decide_unread};
pub use directive::Directive;
pub use request::{Item, Request};
pub use unread::Unread;
