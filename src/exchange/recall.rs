//! "Stop using what we sent": a recall carries ids and no content, overtakes what waits on its lane, and is
//! answered.

use super::{
    Exchange,
    ports::{Write, WriteSet},
    refusal::Refusal,
    remind::next_at,
    rows::{MessageKind, RecallRow, ReferralRow},
};
use crate::{
    audit::{Kind, hex},
    clock::Moment,
    directory::Partner,
    ids::{ConsentId, MessageId, RecallId},
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
    /// The person was erased here.
    Erased,
}

impl Why {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::ConsentWithdrawn => "consent-withdrawn",
            Self::NoLongerPermitted => "no-longer-permitted",
            Self::WithdrawnBySender => "withdrawn-by-sender",
            Self::Erased => "erased",
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

/// What a notice of a recall says.
pub(super) struct Notice<'a> {
    /// Which recall.
    pub(super) recall: &'a RecallId,
    /// Why, in one code.
    pub(super) why: &'a str,
    /// Which reminder it is; `None`: it asks for the first time.
    pub(super) reminder: Option<i64>,
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
        let recall_id = RecallId::fresh(&self.mint);
        let mut carried = WriteSet::new();
        let notice = Notice { recall: &recall_id, why: why.as_str(), reminder: None };
        let message_id = self.add_notice(referral, &notice, ends, actor, &mut carried)?;
        // The message that the recall names is there before it.
        writes.extend(carried);
        writes.push(Write::Recall(RecallRow {
            site_id: referral.site_id.clone(),
            recall_id: recall_id.clone(),
            referral_id: referral.referral_id.clone(),
            message_id,
            consent_id: consent.cloned(),
            asked_at: now,
            answer: String::new(),
            answered_at: None,
            reminders: 0,
            remind_at: next_at(0, now),
        }));
        referral.messages += 1;
        set_state(referral, State::Recalled, "recalled", why.as_str(), now);
        Ok(recall_id)
    }

    /// Adds a message that asks the recipient to stop, or reminds it: with its entry, and before all that waits for it.
    pub(super) fn add_notice(
        &self,
        referral: &ReferralRow,
        notice: &Notice<'_>,
        ends: &Ends<'_>,
        actor: &str,
        writes: &mut WriteSet,
    ) -> Result<MessageId, Refusal> {
        let now = self.now();
        let draft = self.draft(referral, MessageKind::Recall, ends.sender, ends.recipient);
        let mapped = self.with_frame(
            referral,
            &draft,
            referral.disclosure_id.as_ref(),
            ends.sender,
            ends.recipient,
            |frame| mapping::recall(frame, notice.why),
        );
        self.check_output(&mapped)?;
        let message = self.seal_message(draft, None, &mapped, ends.key);
        let mut entry = self
            .note_on(referral, now, Kind::Recalled, actor)
            .about("recall", notice.recall)
            .of_message(&message)
            .fact("reason", &notice.why)
            .fact("body-sha256", &hex(&message.body_sha256));
        if let Some(reminder) = notice.reminder {
            entry = entry.fact("reminder", &reminder);
        }
        writes.push(entry.write());
        let delivery = self.new_delivery(&message, referral.channel, now);
        let id = message.message_id.clone();
        writes.push(Write::Message(message));
        writes.push(Write::EnqueueFirst(delivery));
        Ok(id)
    }
}

/// Puts a referral into a state of the gateway's own making; the caller writes it as moved.
pub(super) fn set_state(referral: &mut ReferralRow, state: State, business: &str, reason: &str, now: Moment) {
    referral.state = state;
    business.clone_into(&mut referral.business_status);
    reason.clone_into(&mut referral.reason);
    referral.updated_at = now;
}
