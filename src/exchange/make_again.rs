//! A past message is made again from what was kept of its making, and compared with what was sent, byte for byte.
//!
//! That can be done while this release has the mapping, the allow-lists and the profiles that made it, and while its
//! content is not erased. Otherwise the hash that was stored with it answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Exchange,
    ask_again::need_of,
    made_by::MadeBy,
    prepare::{Earlier, message_label},
    recall::Ends,
    refusal::{Refusal, Refused},
    rows::{MessageKind, MessageRow, ReferralRow, Sealed},
};
use crate::{
    audit::{Kind, merkle::sha256},
    clock::Moment,
    consent::PermittedReferral,
    directory::Partner,
    ids::{DisclosureId, MessageId, ReferralId, SiteId},
    referral::State,
    vault::{ContentKey, VaultError},
};

/// Who asks, in the log.
const ACTOR: &str = "operator:map-again";

/// What was known when a message was made and may be otherwise now. Kept sealed beside it.
#[derive(Serialize, Deserialize)]
struct KeptFrame {
    sender: Partner,
    recipient: Partner,
    /// For whom the recipient passes it on.
    on_behalf_of: Option<Partner>,
    /// The request that it answers.
    #[serde(default)]
    in_answer_to: Option<ReferralId>,
    messages: i64,
    urgency: String,
    state: State,
    business_status: String,
    review_due_at: Option<Moment>,
    answer_by: Moment,
    base_url: String,
    /// The disclosure whose place it takes.
    earlier: Option<DisclosureId>,
    /// The key that signed its document.
    signed_by: Option<String>,
}

/// A message that was looked for again.
#[derive(Clone, Debug)]
pub struct MadeAgain {
    /// What made it, where that was kept.
    pub made_by: Option<MadeBy>,
    /// SHA-256 of its body, as it was stored when it was made.
    pub stored_sha256: [u8; 32],
    /// Whether the body that is stored has that hash; `None` where it cannot be opened any more.
    pub stored_matches: Option<bool>,
    /// What came of it.
    pub what: Again,
}

/// What came of making a message again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Again {
    /// The same bytes.
    Same,
    /// Others, and where they differ first: a part and a pointer into it.
    Differs(String),
    /// It cannot be made again, and why.
    CannotBe(&'static str),
}

impl Exchange {
    /// What must be kept of the making of a message, sealed.
    pub(super) fn kept_frame(
        &self,
        referral: &ReferralRow,
        draft: &MessageRow,
        ends: &Ends<'_>,
        earlier: Option<&Earlier>,
    ) -> Option<Sealed> {
        let kept = KeptFrame {
            sender: ends.sender.clone(),
            recipient: ends.recipient.clone(),
            on_behalf_of: ends.on_behalf_of.cloned(),
            in_answer_to: referral.in_answer_to.clone(),
            messages: referral.messages,
            urgency: referral.urgency.clone(),
            state: referral.state,
            business_status: referral.business_status.clone(),
            review_due_at: referral.review_due_at,
            answer_by: referral.answer_by,
            base_url: self.base_url.clone(),
            earlier: earlier.map(|earlier| earlier.disclosure_id.clone()),
            signed_by: self.signed_by(),
        };
        let bytes = serde_json::to_vec(&kept).ok()?;
        Some(self.vault.seal(ends.key, &message_label(draft.message_id.as_str(), "frame"), &bytes))
    }

    fn signed_by(&self) -> Option<String> {
        self.document_key.as_ref().map(|key| key.id().to_owned())
    }

    /// Makes a message again and compares it with what was sent. That somebody looked is on record.
    ///
    /// # Errors
    /// There is no such message, or the store does not answer.
    pub async fn make_again(&self, site: &SiteId, message: &MessageId) -> Result<MadeAgain, Refusal> {
        let message = self.store.message(site, message).await?.ok_or_else(Refusal::not_found)?;
        let referral = self.store.referral(site, &message.referral_id).await?;
        let referral = referral.ok_or_else(Refusal::internal)?;
        let look = self
            .note_on(&referral, self.now(), Kind::Viewed, ACTOR)
            .about("message", &message.message_id)
            .fact("what", "message-again");
        self.commit(vec![look.write()], Vec::new()).await?;
        let made_by = message.made_by();
        let (stored_matches, what) = self.compared_again(&referral, &message, made_by.as_ref()).await?;
        Ok(MadeAgain { made_by, stored_sha256: message.body_sha256, stored_matches, what })
    }

    async fn compared_again(
        &self,
        referral: &ReferralRow,
        message: &MessageRow,
        made_by: Option<&MadeBy>,
    ) -> Result<(Option<bool>, Again), Refusal> {
        let person = self.store.person(&message.site_id, &message.person_id).await?;
        let person = person.ok_or_else(Refusal::internal)?;
        let key = match self.vault.person_key(&person.site_id, &person.person_id, &person.wrapped_key) {
            Err(VaultError::Erased) => return Ok((None, Again::CannotBe("its content was erased"))),
            key => key?,
        };
        if message.body.0.is_empty() {
            return Ok((None, Again::CannotBe("its content was purged at the end of its retention")));
        }
        let body = self.part_of(message, "body", &message.body, &key)?;
        let matches = Some(sha256(&body) == message.body_sha256);
        let cannot = |why| Ok((matches, Again::CannotBe(why)));
        if message.kind != MessageKind::Disclosure {
            return cannot("it is made of no assessment: only a message that discloses one is made again");
        }
        let (Some(made_by), Some(frame)) = (made_by, &message.frame) else {
            return cannot("what it was made with was not kept: it is of an earlier release");
        };
        if !self.carried.holds(made_by, self.rules.version()) {
            return cannot("this release has another mapping, allow-list or profile than made it");
        }
        let frame = self.part_of(message, "frame", frame, &key)?;
        let kept: KeptFrame = serde_json::from_slice(&frame).map_err(|_| Refusal::internal())?;
        if message.detail.is_some() && kept.signed_by.is_some() && kept.signed_by != self.signed_by() {
            return cannot("its document was signed with a key that is not the one of these settings");
        }
        let (made, detail) = match self.drawn_again(referral, message, &kept, &key).await {
            // The message before it, which it names, may be gone while this one is there.
            Err(refusal) if refusal.class == Refused::Gone => {
                return cannot("what it was made from was purged at the end of its retention");
            }
            drawn => drawn?,
        };
        let sent = message.detail.as_ref().map(|sealed| self.part_of(message, "detail", sealed, &key));
        let sent = sent.transpose()?.unwrap_or_default();
        let what = if made != body {
            Again::Differs(format!("body#{}", first_difference(&made, &body)))
        } else if detail != sent {
            Again::Differs(format!("detail#{}", first_difference(&detail, &sent)))
        } else {
            Again::Same
        };
        Ok((matches, what))
    }

    /// The body and the detail, from the assessment by the decision of then.
    async fn drawn_again(
        &self,
        referral: &ReferralRow,
        message: &MessageRow,
        kept: &KeptFrame,
        key: &ContentKey,
    ) -> Result<(Vec<u8>, Vec<u8>), Refusal> {
        let site = &message.site_id;
        let decision = message.decision_id.as_ref().ok_or_else(Refusal::internal)?;
        let row = self.store.decision(site, decision).await?.ok_or_else(Refusal::internal)?;
        let then = self.open_decision(&row, key)?;
        let id = then.assessment.as_ref().ok_or_else(Refusal::internal)?;
        let assessment = self.open_assessment(referral, id, key).await?;
        let reader = kept.on_behalf_of.as_ref();
        let permitted = PermittedReferral::for_reader(&then.decision, &kept.recipient, reader);
        let permitted = permitted.ok_or_else(Refusal::internal)?;
        let consent = match &then.decision.consent {
            Some((id, version)) => self.store.consent_version(site, id, *version).await?,
            None => None,
        };
        let consents = self.open_consents(key, consent.as_slice());
        let need = need_of(referral, id, &assessment);
        let projection = self.projected(&permitted, &consents, &assessment, &need);
        let earlier = match &kept.earlier {
            Some(disclosure) => Some(self.earlier_again(site, disclosure, key).await?),
            None => None,
        };
        let as_then = ReferralRow {
            messages: kept.messages,
            urgency: kept.urgency.clone(),
            state: kept.state,
            business_status: kept.business_status.clone(),
            review_due_at: kept.review_due_at,
            answer_by: kept.answer_by,
            in_answer_to: kept.in_answer_to.clone(),
            ..referral.clone()
        };
        let answered = self.answered_request(&as_then).await;
        let in_reply_to = answered.as_ref().and_then(|answered| answered.quoted_to(&as_then));
        let ends =
            Ends { sender: &kept.sender, recipient: &kept.recipient, on_behalf_of: reader, in_reply_to, key };
        let mapped =
            self.disclosure(&as_then, message, &projection, &ends, earlier.as_ref(), &kept.base_url)?;
        Ok((mapped.body, mapped.detail.unwrap_or_default()))
    }

    async fn earlier_again(
        &self,
        site: &SiteId,
        disclosure: &DisclosureId,
        key: &ContentKey,
    ) -> Result<Earlier, Refusal> {
        let message = self.store.message_by_disclosure(site, disclosure).await?;
        let message = message.ok_or_else(Refusal::internal)?;
        Ok(Earlier { disclosure_id: disclosure.clone(), body: self.opened(&message, key)? })
    }
}

/// The pointer of the first value that is in one and not, or otherwise, in the other; of all of it where that is not
/// a value's.
fn first_difference(made: &[u8], sent: &[u8]) -> String {
    let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    let mut at = String::new();
    let (mut made, mut sent) = (&read(made), &read(sent));
    loop {
        let (name, one, other) = match (made, sent) {
            (Value::Object(a), Value::Object(b)) => {
                let names = a.keys().chain(b.keys());
                let Some(name) = names.into_iter().find(|name| a.get(*name) != b.get(*name)) else { break };
                (name.replace('~', "~0").replace('/', "~1"), a.get(name), b.get(name))
            }
            (Value::Array(a), Value::Array(b)) => {
                let Some(place) = (0..a.len().max(b.len())).find(|place| a.get(*place) != b.get(*place))
                else {
                    break;
                };
                (place.to_string(), a.get(place), b.get(place))
            }
            _ => break,
        };
        at = format!("{at}/{name}");
        let (Some(one), Some(other)) = (one, other) else { break };
        (made, sent) = (one, other);
    }
    at
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::first_difference;

    #[test]
    fn the_first_difference_is_named_by_its_place_and_never_by_its_value() {
        let sent = json!({"a": 1, "b": [{"c/d": "x"}, 2]});
        for (made, place) in [
            (json!({"a": 1, "b": [{"c/d": "y"}, 2]}), "/b/0/c~1d"),
            (json!({"a": 1, "b": [{"c/d": "x"}]}), "/b/1"),
            (json!({"a": 1}), "/b"),
            (json!([1]), ""),
        ] {
            let bytes = |value: &serde_json::Value| value.to_string().into_bytes();
            assert_eq!(first_difference(&bytes(&made), &bytes(&sent)), place);
        }
    }
}
