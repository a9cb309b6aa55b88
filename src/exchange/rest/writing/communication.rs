//! A Communication made: a question of the recipient, or the sender's answer to one.

use serde_json::{Value, json};

use super::{
    Keeping,
    kept::{OF_WHAT_IS_MADE, check_kept},
    retold, wrong,
};
use crate::{
    exchange::{
        DECIDE_TRIES, Exchange,
        caller::Caller,
        refusal::{Refusal, Refused},
    },
    referral::Action,
};

/// Where the parts of a move stand in a Communication.
const PLACES: [(&str, &str); 1] = [("/comment", "Communication.payload[0].contentString")];

impl Exchange {
    /// Answers the new resource's id.
    pub(super) async fn create_communication(
        &self,
        caller: &Caller,
        keeping: &Keeping<'_>,
        body: &Value,
    ) -> Result<String, Refusal> {
        let kind = keeping.kind;
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
        let about = text("/about/0/reference").and_then(|reference| reference.strip_prefix("Task/"));
        let based =
            text("/basedOn/0/reference").and_then(|reference| reference.strip_prefix("ServiceRequest/"));
        let id = match (about, based) {
            (Some(about), Some(based)) if about != based => {
                return Err(wrong("value", kind, "about", "about and basedOn are of the same referral."));
            }
            (Some(id), _) | (None, Some(id)) => id,
            (None, None) => {
                let text = "Say which referral it is about: Task/{id}.";
                return Err(wrong("required", kind, "about", text));
            }
        };
        let action = match text("/category/0/coding/0/code") {
            Some("question") => Action::RequestInformation,
            Some("answer") => Action::SupplyInformation,
            _ => {
                let text = "question or answer of our communication-kind is taken here; what goes with a move of the \
                            Task is a note of the Task.";
                return Err(wrong("not-supported", kind, "category", text));
            }
        };
        if text("/status") != Some("completed") {
            return Err(wrong(
                "value",
                kind,
                "status",
                "completed is needed here: it is said by being sent.",
            ));
        }
        let own = format!("Organization/{}", caller.partner_id);
        if text("/sender/reference").is_some_and(|sender| sender != own) {
            return Err(wrong("business-rule", kind, "sender", "You are the sender."));
        }
        if body.get("payload").and_then(Value::as_array).is_none_or(|payload| payload.len() != 1) {
            return Err(wrong("required", kind, "payload", "One payload with contentString is needed here."));
        }
        let words = text("/payload/0/contentString");
        let words = words
            .ok_or_else(|| wrong("required", kind, "payload[0].contentString", "Text only is taken here."))?;
        let said = json!({"comment": words});
        for _ in 0..DECIDE_TRIES {
            let row = self.referral_seen(caller, kind, id).await?;
            let key = self.key_of(&caller.site_id, &row.person_id).await?;
            let planned = self.plan_said(caller, &row, &key, action, &said).await;
            let (moved, mut writes, mut preconditions) =
                planned.map_err(|refusal| retold(refusal, &PLACES))?;
            let made = self.yielded(caller, kind, &moved, &moved).await?;
            let made = made.last().ok_or_else(Refusal::internal)?;
            check_kept(kind, body, &[&made.resource], &OF_WHAT_IS_MADE)?;
            let id = made.id.clone();
            if let Some((kept, unused)) = self.keep_made(caller, keeping, &id, 1, 201) {
                writes.push(kept);
                preconditions.push(unused);
            }
            match self.commit_move(writes, preconditions).await {
                Ok(()) => return Ok(id),
                // It moved meanwhile: look again.
                Err(refusal) if refusal.class == Refused::PreconditionFailed => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Err(Refusal::unavailable())
    }
}
