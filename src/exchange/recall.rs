//! "Stop using what we sent": a recall carries ids and no content, overtakes what waits on its lane, and is
//! answered.

use super::{
    Exchange,
    ports::{Write, WriteSet},
    refusal::Refusal,
    rows::{MessageKind, RecallRow, ReferralRow},
};
use crate::{
    audit::{Kind, hex},
    clock::Moment,
    directory::Partner,
    ids::{ConsentId, RecallId},
    mapping::{self, InReplyTo},
    referral::State,
    vault::ContentKey,
};

/// Why something is recalled, in one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The person took the consent back.
    ConsentWithdrawn,
    /// What the recipient may have has become less since an attempt began.
    NoLongerPermitted,
    /// The sender took the referral back.
    WithdrawnBySender,
}

impl Why {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::ConsentWithdrawn => "consent-withdrawn",
            Self::NoLongerPermitted => "no-longer-permitted",
            Self::WithdrawnBySender => "withdrawn-by-sender",
        }
    }
}

/// Who is at the two ends of a recall, and whose content key seals it.
pub(super) struct Ends<'a> {
    pub(super) sender: &'a Partner,
    pub(super) recipient: &'a Partner,
    /// For whom a disclosure is meant, where the recipient passes it on. A recall goes to the recipient alone.
    pub(super) on_behalf_of: Option<&'a Partner>,
    /// The recipient's own request that a disclosure answers.
    pub(super) in_reply_to: Option<InReplyTo<'a>>,
    pub(super) key: &'a ContentKey,
}

impl Exchange {
    /// Adds a recall of `referral` to `writes` and sets the referral's state. The caller writes the referral.
    pub(super) fn add_recall(
        &self,
        referral: &mut ReferralRow,
        consent: Option<&ConsentId>,
        why: Why,
        ends: &Ends<'_>,
        actor: &str,
        writes: &mut WriteSet,
    ) -> Result<RecallId, Refusal> {
        let now = self.now();
        let draft = self.draft(referral, MessageKind::Recall, ends.sender, ends.recipient);
        let mapped = self.with_frame(
            referral,
            &draft,
            referral.disclosure_id.as_ref(),
            ends.sender,
            ends.recipient,
            |frame| mapping::recall(frame, why.as_str()),
        );
        self.check_output(&mapped)?;
        let message = self.seal_message(draft, None, &mapped, ends.key);
        let recall = RecallRow {
            site_id: referral.site_id.clone(),
            recall_id: RecallId::fresh(&self.mint),
            referral_id: referral.referral_id.clone(),
            message_id: message.message_id.clone(),
            consent_id: consent.cloned(),
            asked_at: now,
            answer: String::new(),
            answered_at: None,
        };
        writes.push(
            self.note_on(referral, now, Kind::Recalled, actor)
                .about("recall", &recall.recall_id)
                .of_message(&message)
                .fact("reason", &why.as_str())
                .fact("body-sha256", &hex(&message.body_sha256))
                .write(),
        );
        let recall_id = recall.recall_id.clone();
        let delivery = self.new_delivery(&message, referral.channel, now);
        writes.push(Write::Message(message));
        writes.push(Write::Recall(recall));
        writes.push(Write::EnqueueFirst(delivery));
        referral.messages += 1;
        set_state(referral, State::Recalled, "recalled", why.as_str(), now);
        Ok(recall_id)
    }
}

/// Puts a referral into a state of the gateway's own making; the caller writes it as moved.
pub(super) fn set_state(referral: &mut ReferralRow, state: State, business: &str, reason: &str, now: Moment) {
    referral.state = state;
    business.clone_into(&mut referral.business_status);
    reason.clone_into(&mut referral.reason);
    referral.updated_at = now;
}
