//! A Task with another status: one move of its referral, where the table of moves has one that leads there.

use serde_json::{Value, json};

use super::{
    Terms, check_rest,
    kept::{OF_A_CHANGE, check_kept},
    retold, wrong,
};
use crate::{
    exchange::{
        Exchange,
        caller::Caller,
        refusal::{Refusal, Refused},
        rest::{kinds::Kind, sight::seen},
        rows::ReferralRow,
    },
    mapping::fhir_rest,
    referral::{Action, RECALL_ANSWERS, Role, step},
};

/// The fields from which a move is read; every other one has to be as it stands.
const READ: [&str; 7] =
    ["status", "statusReason", "businessStatus", "note", "output", "lastModified", "extension"];
/// Where the parts of a move stand in a Task.
const PLACES: [(&str, &str); 3] =
    [("/reason", "Task.statusReason"), ("/comment", "Task.note[0].text"), ("/answer", "Task.output")];

impl Exchange {
    pub(super) async fn update_task(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        id: &str,
        terms: &Terms,
        body: &Value,
    ) -> Result<String, Refusal> {
        let row = self.referral_to_change(caller, kind, id, terms).await?;
        let person = self.person_for(caller, &row.site_id, &row.person_id);
        let permitted = self.actions_for(caller, &row).await?;
        let words: Vec<&str> = permitted.iter().map(|action| action.as_str()).collect();
        let stands = fhir_rest::task(&seen(caller, &row, &person, &words));
        check_rest(kind, &stands, body, &READ)?;
        let said = Said::read(body, &stands)?;
        let Some(action) = said.action(caller, &row, &permitted, kind)? else {
            check_kept(kind, body, &[&stands], &OF_A_CHANGE)?;
            return Ok(id.to_owned());
        };
        let mut native = json!({});
        let mut put = |name: &str, value: Option<&str>| {
            if let (Some(fields), Some(value)) = (native.as_object_mut(), value) {
                fields.insert(name.to_owned(), json!(value));
            }
        };
        put("comment", said.comment);
        if action == Action::AnswerRecall {
            put("answer", said.recall_answer);
        } else {
            put("reason", said.reason);
        }
        let key = self.key_of(&caller.site_id, &row.person_id).await?;
        self.was_missed(&row, &key, action)?;
        let planned = self.plan_said(caller, &row, &key, action, &native).await;
        let (moved, writes, preconditions) = planned.map_err(|refusal| retold(refusal, &PLACES))?;
        let will_be = fhir_rest::task(&seen(caller, &moved, &person, &[]));
        let read = [&OF_A_CHANGE[..], said.comment_at.as_slice()].concat();
        check_kept(kind, body, &[&stands, &will_be], &read)?;
        self.commit_move(writes, preconditions).await?;
        Ok(id.to_owned())
    }
}

/// What a Task says that should be.
struct Said<'a> {
    status: &'a str,
    /// The finer word, when it is another than the one that stands.
    business: Option<&'a str>,
    reason: Option<&'a str>,
    /// The code system of the reason, without its beginning.
    reason_system: Option<&'a str>,
    comment: Option<&'a str>,
    /// Where the comment stands.
    comment_at: Option<&'static str>,
    recall_answer: Option<&'a str>,
    changed: bool,
}

impl<'a> Said<'a> {
    fn read(body: &'a Value, stands: &Value) -> Result<Self, Refusal> {
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
        let missing = || Refusal::new(Refused::Unprocessable, "required", "Task.status", "Say the status.");
        let status = text("/status").ok_or_else(missing)?;
        let word = "/businessStatus/coding/0/code";
        let business = text(word).filter(|said| stands.pointer(word).and_then(Value::as_str) != Some(*said));
        let why = "/statusReason/coding/0/code";
        let reason = text(why);
        let same_status = stands.get("status").and_then(Value::as_str) == Some(status);
        let same_reason = reason == stands.pointer(why).and_then(Value::as_str);
        let recall_answer = text("/output/0/valueCodeableConcept/coding/0/code")
            .filter(|_| body.get("output") != stands.get("output"));
        // The reason that stands is that of the move before, not of the next.
        let reason = reason.filter(|_| !same_reason || !same_status);
        let notes = body.get("note").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        if notes.len() > 1 {
            let text = "One note goes with one move.";
            return Err(Refusal::new(Refused::Unprocessable, "too-many", "Task.note", text));
        }
        let comment_at = ["/note/0/text", "/statusReason/text"].into_iter().find(|place| {
            text(place).is_some_and(|said| stands.pointer(place).and_then(Value::as_str) != Some(said))
        });
        let comment = comment_at.and_then(text);
        let changed = !same_status || business.is_some() || recall_answer.is_some() || !notes.is_empty();
        let reason_system =
            text("/statusReason/coding/0/system").and_then(|system| system.rsplit('/').next());
        Ok(Self { status, business, reason, reason_system, comment, comment_at, recall_answer, changed })
    }

    /// The one action that leads to what is said; `None`: it is so already.
    fn action(
        &self,
        caller: &Caller,
        row: &ReferralRow,
        permitted: &[Action],
        kind: &Kind,
    ) -> Result<Option<Action>, Refusal> {
        if !self.changed {
            return Ok(None);
        }
        if let Some(answer) = self.recall_answer {
            if !RECALL_ANSWERS.iter().any(|known| known.code == answer) {
                let known: Vec<&str> = RECALL_ANSWERS.iter().map(|known| known.code).collect();
                let text = format!("An answer to the recall is needed here: {}.", known.join(", "));
                return Err(wrong("code-invalid", kind, "output", text));
            }
            return Ok(Some(Action::AnswerRecall));
        }
        let role = if row.recipient_id == caller.partner_id { Role::Owner } else { Role::Requester };
        let leading: Vec<(Action, &str, &str)> = permitted
            .iter()
            .filter(|action| !matches!(action, Action::AnswerRecall | Action::BookAppointment))
            .filter_map(|action| {
                // With a reason that it takes: the one that is given, or any, to see where it leads.
                let given = self.reason.filter(|given| action.reasons().iter().any(|r| r.code == *given));
                let any = action.reasons().first().map(|r| r.code).filter(|_| action.reason_mandatory());
                let standing = (row.state, row.business_status.as_str());
                let to = step(standing, row.nature, *action, role, given.or(any), Some("words")).ok()?;
                Some((*action, to.state.task_status(), to.business_status))
            })
            .collect();
        let mut fitting: Vec<&(Action, &str, &str)> =
            leading.iter().filter(|(_, status, _)| *status == self.status).collect();
        if let Some(business) = self.business {
            fitting.retain(|(_, _, word)| *word == business);
        } else if let Some(system) = self.reason_system {
            let own = |action: &Action| match action {
                Action::Decline => system == "decline-reason",
                Action::Redirect => system == "redirect-reason",
                _ => true,
            };
            let of_any = fitting.len();
            fitting.retain(|(action, ..)| own(action));
            if fitting.is_empty() && of_any > 0 {
                let text = "A reason of decline-reason or redirect-reason is needed here: of the code systems of this \
                            gateway the one that goes with the status.";
                return Err(wrong("code-invalid", kind, "statusReason", text));
            }
        }
        match fitting.as_slice() {
            [] => {
                let mut ways: Vec<String> =
                    leading.iter().map(|(_, status, word)| format!("{status} ({word})")).collect();
                ways.dedup();
                let ways = if ways.is_empty() { String::from("none") } else { ways.join(", ") };
                let text = format!(
                    "No move leads there from here. Status and business status that can be reached: {ways}. An \
                     appointment is booked as an Appointment."
                );
                Err(wrong("business-rule", kind, "status", text))
            }
            [(action, ..)] => Ok(Some(*action)),
            // Of accepting with and without a wait, the plain one is meant where nothing else is said.
            all => {
                if let Some((action, ..)) = all.iter().find(|(action, ..)| *action == Action::Accept) {
                    return Ok(Some(*action));
                }
                let words: Vec<&str> = all.iter().map(|(_, _, word)| *word).collect();
                let text = format!("Say which is meant: {}.", words.join(", "));
                Err(wrong("required", kind, "businessStatus", text))
            }
        }
    }
}
