//! What is kept, for how long, and what goes: purging at the end of retention, legal holds, and erasure.
//!
//! Content goes; ids, decisions, hashes, lineage and the log stay. What is gone is overwritten where it stood.

mod erasure;
mod hold;
pub mod ports;
mod retention;

pub use erasure::{Counted, Erasure, Noticed, Stays};
pub use hold::{HoldTold, Holds};
pub use retention::{Kept, Purge, Retained, Retention, Sweep};

use super::refusal::{Refusal, Refused};
use crate::limits::REVIEW_REASON_MAX_BYTES;

/// A reason that an officer gives; told by which argument it was given where it is missing or too long.
fn reason(text: &str) -> Result<&str, Refusal> {
    let text = text.trim();
    if text.is_empty() || text.len() > REVIEW_REASON_MAX_BYTES {
        return Err(Refusal::new(
            Refused::Unprocessable,
            "business-rule",
            "--reason",
            "A reason is needed, of at most 2,000 bytes.",
        ));
    }
    Ok(text)
}
