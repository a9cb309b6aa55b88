//! `/messageexchange/{mailbox}`: the mailbox of an agency that has no server, in the shape of the MESH API 2.0.

use super::call::{Call, Outcome};
use crate::{
    exchange::{
        MailboxSend,
        refusal::{Refusal, Refused},
    },
    limits::{LOCAL_ID_MAX_BYTES, MAILBOX_PAGE_MAX},
};

pub(super) async fn handshake(call: Call) -> Outcome {
    call.gateway.exchange.mailbox_handshake(call.caller()?, call.path("mailbox")?).await
}

pub(super) async fn list(call: Call) -> Outcome {
    let max_results = match call.query("max_results").map(str::parse::<usize>) {
        None => MAILBOX_PAGE_MAX,
        Some(Ok(number)) if number > 0 => number.min(MAILBOX_PAGE_MAX),
        Some(_) => {
            let text = "Must be a whole number above 0.";
            return Err(Refusal::new(Refused::BadRequest, "value", "max_results", text));
        }
    };
    let (mailbox, from) = (call.path("mailbox")?, call.query("continue_from"));
    call.gateway.exchange.mailbox_list(call.caller()?, mailbox, max_results, from).await
}

pub(super) async fn read(call: Call) -> Outcome {
    let (mailbox, id) = (call.path("mailbox")?, call.path("id")?);
    call.gateway.exchange.mailbox_read(call.caller()?, mailbox, id).await
}

pub(super) async fn acknowledge(call: Call) -> Outcome {
    let (mailbox, id) = (call.path("mailbox")?, call.path("id")?);
    call.gateway.exchange.mailbox_acknowledge(call.caller()?, mailbox, id).await
}

pub(super) async fn send(mut call: Call) -> Outcome {
    let body = std::mem::take(&mut call.body);
    let required = |name: &'static str, told: &'static str| -> Result<String, Refusal> {
        call.header(name)?
            .filter(|v| !v.is_empty())
            .map(str::to_owned)
            .ok_or_else(|| Refusal::new(Refused::BadRequest, "required", told, "This header is required."))
    };
    let send = MailboxSend {
        to: required("mex-to", "mex-To")?,
        workflow: required("mex-workflowid", "mex-WorkflowID")?,
        local_id: local_id(&call)?,
        body,
    };
    call.gateway.exchange.mailbox_send(call.caller()?, call.path("mailbox")?, send).await
}

/// The sender's own id for a message. It is kept for as long as the message is, so it has an end.
fn local_id(call: &Call) -> Result<Option<String>, Refusal> {
    let Some(id) = call.header("mex-localid")?.filter(|id| !id.is_empty()) else { return Ok(None) };
    if id.len() > LOCAL_ID_MAX_BYTES {
        let text = format!("At most {LOCAL_ID_MAX_BYTES} bytes.");
        return Err(Refusal::new(Refused::BadRequest, "too-long", "mex-LocalID", text));
    }
    Ok(Some(id.to_owned()))
}
