//! `/fhir/MessageDefinition`: which messages are taken, and for whom.

use super::{
    call::{Call, Outcome},
    conduct::unsupported,
    discovery::CACHED,
    rest,
};
use crate::exchange::{Answer, read_message_definition};

pub(super) async fn search(call: Call) -> Outcome {
    let told = call.unsupported.then(|| {
        let mut issue = unsupported(call.route);
        issue.diagnostics.push_str(" It was not looked at.");
        issue
    });
    let exchange = &call.gateway.exchange;
    let answer = exchange.search_message_definition(call.caller()?, call.query("context"), told).await;
    answer.map(cached)
}

pub(super) fn read(call: &Call) -> Outcome {
    read_message_definition(rest::id(call)?).map(cached)
}

/// What is offered changes with a new version only.
fn cached(mut answer: Answer) -> Answer {
    answer.headers.push((CACHED.0, String::from("private, max-age=300")));
    answer
}
