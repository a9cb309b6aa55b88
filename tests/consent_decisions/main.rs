//! What FHIR R4 Consents say, decided: IHE's published examples, our own, random ones beside a second evaluator that shares
//! nothing with the first, laws that hold of all, and the command.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it is surprised")]

mod cases;
mod command;
mod laws;
mod naive;
mod own_records;
#[path = "../given/processing_record.rs"]
mod processing_record;
mod random;
mod vectors;

use keyway::consent::r4::{Directive, Request, Unread, decide, decide_unread};
use serde_json::Value;

/// The gateway's answer, as JSON.
fn answer(consents: &[Value], request: &Value) -> Value {
    match Request::read(request) {
        Ok(request) => decide(&read(consents), &request).to_json(),
        Err(fault) => decide_unread(&fault).to_json(),
    }
}

fn read(consents: &[Value]) -> Vec<Result<Directive, Unread>> {
    consents.iter().map(Directive::read).collect()
}
