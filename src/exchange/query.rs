//! Following a referral: its state, what may be done next, and the log entries about it. A look is itself an
//! audit entry, written before the answer leaves.

use serde_json::{Map, Value, json};

use super::{
    Answer, Exchange,
    ask_again::is_over,
    caller::Caller,
    ports::{CommitError, Write},
    refusal::Refusal,
    rows::{ReferralRow, StoredEntry},
    sought::Sought,
    words::note_label,
};
use crate::{
    audit::{Kind, Leaf, hex, merkle::leaf_hash},
    clock::Moment,
    consent::Exit,
    limits, mapping,
    referral::{Action, Role, State, permitted},
    vault::ContentKey,
};

impl Exchange {
    /// `GET /referrals/{id}`.
    pub async fn read_referral(&self, caller: &Caller, referral: &str) -> Result<Answer, Refusal> {
        let referral = self.visible_referral(caller, referral).await?;
        self.record_look(caller, &referral, "referral").await?;
        self.show_referral(caller, &referral).await
    }

    /// `GET /referrals/{id}/actions`: what the caller may do next.
    pub async fn list_actions(&self, caller: &Caller, referral: &str) -> Result<Answer, Refusal> {
        let referral = self.visible_referral(caller, referral).await?;
        self.record_look(caller, &referral, "actions").await?;
        let actions: Vec<Value> = self
            .actions_for(caller, &referral)
            .await?
            .into_iter()
            .map(|action| {
                let mut offered = json!({
                    "action": action.as_str(),
                    "method": "POST",
                    "path": format!("/referrals/{}/actions/{}", referral.referral_id, action.as_str()),
                });
                if action == Action::AnswerRecall
                    && let Some(offered) = offered.as_object_mut()
                {
                    let asks = mapping::what_a_recall_asks(caller.kind);
                    offered.insert(String::from("asks"), Value::from(asks));
                }
                offered
            })
            .collect();
        let mut answer = Answer::json(200, &json!({"referral_id": referral.referral_id, "actions": actions}));
        answer.version = Some(referral.version);
        Ok(answer)
    }

    /// `GET /referrals/{id}/audit`: the log entries about it, for its sender.
    pub async fn read_referral_audit(&self, caller: &Caller, referral: &str) -> Result<Answer, Refusal> {
        let referral = self.visible_referral(caller, referral).await?;
        if referral.sender_id != caller.partner_id {
            return Err(self.not_for(caller, "audit", Sought::Referral(referral.referral_id)));
        }
        self.record_look(caller, &referral, "audit").await?;
        // One more than is shown tells whether there are earlier ones.
        let most = limits::AUDIT_SHOWN_MAX;
        let entries = self.store.audit_about(&caller.site_id, &referral.referral_id, most + 1).await?;
        let earlier = entries.len().saturating_sub(most);
        let whole = caller.is_service();
        let named = self.person_for(caller, &referral.site_id, &referral.person_id).value;
        let shown: Vec<Value> = entries
            .iter()
            .skip(earlier)
            .map(|entry| if whole { show_entry(entry) } else { show_part(entry, &named) })
            .collect();
        Ok(Answer::json(
            200,
            &json!({"referral_id": referral.referral_id, "entries": shown, "earlier_left_out": earlier > 0}),
        ))
    }

    pub(super) async fn actions_for(
        &self,
        caller: &Caller,
        referral: &ReferralRow,
    ) -> Result<Vec<Action>, Refusal> {
        let role = if referral.recipient_id == caller.partner_id { Role::Owner } else { Role::Requester };
        let mut actions = permitted(referral.state, referral.nature, role);
        actions.retain(|a| *a != Action::AnswerRecall);
        if role == Role::Owner
            && self.store.open_recall(&referral.site_id, &referral.referral_id).await?.is_some()
        {
            actions.push(Action::AnswerRecall);
        }
        Ok(actions)
    }

    /// The referral as `caller` may see it.
    pub(super) async fn show_referral(
        &self,
        caller: &Caller,
        referral: &ReferralRow,
    ) -> Result<Answer, Refusal> {
        let is_sender = referral.sender_id == caller.partner_id;
        let deliveries = self.store.deliveries_of(&referral.site_id, &referral.referral_id).await?;
        let mut shown = json!({
            "referral_id": referral.referral_id,
            "sender": referral.sender_id,
            "recipient": referral.recipient_id,
            "nature": referral.nature,
            "channel": referral.channel,
            "state": referral.state,
            "task_status": referral.state.task_status(),
            "business_status": business_status_for(referral, is_sender),
            "reason": reason_for(referral, is_sender),
            "urgency": referral.urgency,
            "answer_by": awaited_until(referral).map(Moment::to_rfc3339),
            "recall_answer": referral.recall_answer,
            "version": referral.version,
            "created_at": referral.created_at.to_rfc3339(),
            "updated_at": referral.updated_at.to_rfc3339(),
            "actions": self.actions_for(caller, referral).await?.iter().map(|a| a.as_str()).collect::<Vec<_>>(),
        });
        // Which request it answers is the service's to know; whoever made it reads so in what it gets.
        if is_sender && let (Some(request), Some(shown)) = (&referral.in_answer_to, shown.as_object_mut()) {
            shown.insert(String::from("in_answer_to"), json!(request));
        }
        if let (Some(reader), Some(shown)) = (&referral.on_behalf_of, shown.as_object_mut()) {
            shown.insert(String::from("on_behalf_of"), json!(reader));
        }
        let key = self.key_of(&referral.site_id, &referral.person_id).await?;
        if let Some(note) = &referral.receiver_note {
            let label = note_label(&referral.referral_id);
            let bytes = self.vault.unseal(&key, &label, note)?;
            if let (Ok(Value::Object(words)), Some(shown)) =
                (serde_json::from_slice::<Value>(&bytes), shown.as_object_mut())
            {
                shown.extend(if is_sender {
                    words
                } else {
                    let supplied = self.lets_words_out(caller, referral, &key, &words).await?;
                    words_for_recipient(referral, words, supplied)
                });
            }
        }
        // Consent's reasons, the pseudonym and what was withheld are the sender's to see.
        if is_sender && let Some(shown) = shown.as_object_mut() {
            let person = self.person_for(caller, &referral.site_id, &referral.person_id).value;
            shown.insert(String::from("person"), json!(person));
            shown.insert(String::from("disclosure_id"), json!(referral.disclosure_id));
            // Of an erased person it is not known any more: nothing is said, rather than that nothing was.
            if !referral.withheld.0.is_empty() {
                shown.insert(String::from("withheld"), json!(self.open_withheld(referral, &key)?));
            }
            let review = referral.review_due_at.map(Moment::to_rfc3339);
            shown.insert(String::from("review_due_at"), json!(review));
            let trips: Vec<Value> = deliveries
                .iter()
                .map(|d| {
                    json!({
                        "status": d.status,
                        "attempts": d.attempts,
                        "reason": d.reason,
                        "next_at": d.next_at.to_rfc3339(),
                    })
                })
                .collect();
            shown.insert(String::from("deliveries"), Value::Array(trips));
        }
        let mut answer = Answer::json(200, &shown);
        answer.version = Some(referral.version);
        Ok(answer)
    }

    /// Whether the recipient may read now what the sender supplied: consent is asked at each look, and the answer is on
    /// record before the words are shown.
    async fn lets_words_out(
        &self,
        caller: &Caller,
        referral: &ReferralRow,
        key: &ContentKey,
        words: &Map<String, Value>,
    ) -> Result<bool, Refusal> {
        let comments = words.get("comments").and_then(Value::as_array);
        if is_over(referral.state) || !comments.into_iter().flatten().any(is_supplied) {
            return Ok(false);
        }
        let asked = self.ask_about_words(referral, key, Exit::Read).await?;
        let told = self.decided(referral, &asked.row, caller.partner_id.as_str());
        match self.commit(vec![Write::Decision(asked.row), told], asked.preconditions).await {
            Ok(()) => Ok(asked.permitted),
            Err(CommitError::Conflict(_)) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }

    pub(super) async fn record_look(
        &self,
        caller: &Caller,
        referral: &ReferralRow,
        what: &str,
    ) -> Result<(), Refusal> {
        let look: Write = self
            .note_on(referral, self.now(), Kind::Viewed, caller.partner_id.as_str())
            .fact("what", &what)
            .write();
        Ok(self.commit(vec![look], Vec::new()).await?)
    }
}

/// The finer word. Why the sender or the person took it back is the sender's to say.
pub(super) fn business_status_for(referral: &ReferralRow, is_sender: bool) -> &str {
    match referral.state {
        State::Withdrawn if !is_sender => "withdrawn-by-sender",
        _ => &referral.business_status,
    }
}

/// Until when an answer is awaited; `None` once there is nothing to wait for.
pub(super) fn awaited_until(referral: &ReferralRow) -> Option<Moment> {
    (!referral.state.is_final()).then_some(referral.answer_by)
}

/// Why it stands there, as far as this side may know.
pub(super) fn reason_for(referral: &ReferralRow, is_sender: bool) -> &str {
    if is_sender { &referral.reason } else { reason_for_recipient(referral) }
}

/// What was said about it, as the caller may read it, each remark with its place among all. Before a recipient is shown
/// what was supplied to it, consent has to be asked.
pub(super) fn words_for(
    caller: &Caller,
    referral: &ReferralRow,
    mut words: Map<String, Value>,
) -> Map<String, Value> {
    if let Some(comments) = words.get_mut("comments").and_then(Value::as_array_mut) {
        for (place, comment) in comments.iter_mut().enumerate() {
            if let Some(comment) = comment.as_object_mut() {
                comment.insert(String::from("place"), json!(place + 1));
            }
        }
    }
    if referral.sender_id == caller.partner_id { words } else { words_for_recipient(referral, words, true) }
}

/// Why it stands there, as the recipient may know: what itself said, or that it was taken back. Why consent let
/// it through (an override, say) is not the recipient's to see here.
fn reason_for_recipient(referral: &ReferralRow) -> &str {
    let taken_back = is_over(referral.state);
    let said = !taken_back
        && Action::ALL.iter().flat_map(|a| a.reasons()).any(|known| known.code == referral.reason);
    if said { &referral.reason } else { "" }
}

fn is_supplied(comment: &Value) -> bool {
    comment["action"] == "supply-information"
}

/// What was said about it, as the recipient may read it: its own words and, while consent permits it, what was
/// supplied to it; nothing once it was taken back.
fn words_for_recipient(
    referral: &ReferralRow,
    mut words: Map<String, Value>,
    supplied: bool,
) -> Map<String, Value> {
    if is_over(referral.state) {
        return Map::new();
    }
    let own =
        |comment: &Value| comment["by"] == referral.recipient_id.as_str() || supplied && is_supplied(comment);
    if let Some(comments) = words.get_mut("comments").and_then(Value::as_array_mut) {
        comments.retain(own);
        let last = comments.last().map(|comment| comment["text"].clone());
        match last {
            Some(text) => words.insert(String::from("comment"), text),
            None => words.remove("comment"),
        };
    }
    words
}

/// What an agency that is not the service sees in `about`: what belongs to its own referral.
const ABOUT_ITS_OWN: [&str; 4] = ["referral", "partner", "message", "decision"];

fn pairs<'p>(pairs: impl IntoIterator<Item = &'p (String, String)>) -> Map<String, Value> {
    pairs.into_iter().map(|(name, value)| (name.clone(), json!(value))).collect()
}

/// An entry, whole: for the service, whose log it is.
fn show_entry(entry: &StoredEntry) -> Value {
    let read = Leaf::read(&entry.leaf).ok();
    json!({
        "index": entry.log_index,
        "entry_id": entry.entry_id,
        "at": entry.at.to_rfc3339(),
        "kind": entry.kind,
        "actor": read.as_ref().map(|leaf| leaf.actor.clone()),
        "about": read.as_ref().map(|leaf| pairs(&leaf.about)),
        "facts": read.as_ref().map(|leaf| pairs(&leaf.facts)),
        "leaf": hex(&entry.leaf),
        "leaf_hash": hex(&leaf_hash(&entry.leaf)),
    })
}

/// An entry for another agency: without its bytes, which hold the person's id, and without its place, from which it would
/// show what else stands between. By the hash of the leaf, whoever holds the log can find the entry and prove it.
fn show_part(entry: &StoredEntry, person: &str) -> Value {
    let read = Leaf::read(&entry.leaf).ok();
    let about = read.as_ref().map(|leaf| {
        let mut about = pairs(leaf.about.iter().filter(|(name, _)| ABOUT_ITS_OWN.contains(&name.as_str())));
        if leaf.id_of("person").is_some() {
            about.insert(String::from("person"), json!(person));
        }
        about
    });
    json!({
        "entry_id": entry.entry_id,
        "at": entry.at.to_rfc3339(),
        "kind": entry.kind,
        "actor": read.as_ref().map(|leaf| leaf.actor.clone()),
        "about": about,
        "facts": read.as_ref().map(|leaf| pairs(&leaf.facts)),
        "leaf_hash": hex(&leaf_hash(&entry.leaf)),
    })
}
