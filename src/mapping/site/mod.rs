//! Site adapters: a service's own form (JSON, CSV, a FHIR `QuestionnaireResponse`) becomes the assessment, by a file of
//! rules and no code. `docs/sites.md` is how to write one; `profiles/sites/` holds those that are compiled in.
//!
//! `read` takes the file, `check` finds every mistake in it, and only a file without a mistake is an [`Adapter`]
//! that [`run`](Adapter::run) can use: so no adapter runs that would say yes for anybody. `values` reads one answer.
//!
//! Not here: files, whether the assessment fits its form (`profile`), and whether it may be sent.

mod adapter;
mod check;
mod conditions;
mod csv;
mod may_say;
mod outline;
mod read;
mod response;
mod run;
mod shipped;
mod source;
mod values;

#[cfg(test)]
mod tests;

pub use adapter::{Adapter, Mistake};
pub use outline::Form;
pub use run::{Adapted, Told};
pub use shipped::{SHIPPED, ShippedCase, ShippedSite};
