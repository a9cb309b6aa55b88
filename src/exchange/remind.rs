//! A recall that nobody answers is reminded of, at times that stand beside it: after the last reminder it counts as unanswered,
//! and an officer is told. What is due is read from the database, so that it outlives a restart; each time is taken once,
//! whoever else looks.

use super::{
    Exchange,
    ports::{Precondition, Write, WriteSet},
    recall::{Ends, Notice},
    refusal::{Refusal, Refused},
    rows::RecallRow,
};
use crate::{
    audit::Kind,
    clock::Moment,
    limits::{
        RECALL_REMINDER_PUT_OFF_SECONDS, RECALL_REMINDER_WAITS_SECONDS, RECALL_REMINDERS_BATCH_MAX,
        RECALL_REMINDERS_MAX,
    },
    referral::State,
};

/// When a recall of which so many reminders were sent is next seen to, counted from `now`.
pub(super) fn next_at(reminders: i64, now: Moment) -> Option<Moment> {
    let wait = usize::try_from(reminders).ok().and_then(|sent| RECALL_REMINDER_WAITS_SECONDS.get(sent));
    wait.map(|seconds| now.plus_seconds(*seconds))
}

impl Exchange {
    /// Sends the reminders that are due, and marks recalls whose last reminder was not answered either. Answers how many recalls
    /// it saw to, at most [`RECALL_REMINDERS_BATCH_MAX`].
    ///
    /// # Errors
    /// The store cannot be read or written: what is due stays due.
    pub async fn remind_of_recalls(&self) -> Result<usize, Refusal> {
        let due = self.store.recalls_due(self.now(), RECALL_REMINDERS_BATCH_MAX).await?;
        for recall in &due {
            match self.remind_of(recall).await {
                Ok(()) => {}
                Err(refusal) if refusal.class == Refused::Unavailable => return Err(refusal),
                Err(_) => {
                    tracing::error!(recall = %recall.recall_id, "a reminder cannot be made; it is tried again in a day");
                    let later = self.now().plus_seconds(RECALL_REMINDER_PUT_OFF_SECONDS);
                    let seen_to = seen_to(recall, recall.reminders, Some(later));
                    self.try_commit(vec![seen_to], Vec::new()).await?;
                }
            }
        }
        Ok(due.len())
    }

    async fn remind_of(&self, recall: &RecallRow) -> Result<(), Refusal> {
        let (site, now) = (&recall.site_id, self.now());
        let missing = Refusal::internal;
        let mut referral = self.store.referral(site, &recall.referral_id).await?.ok_or_else(missing)?;
        if recall.reminders >= RECALL_REMINDERS_MAX {
            tracing::warn!(
                recall = %recall.recall_id,
                partner = %referral.recipient_id,
                "a recall was not answered after its last reminder: an information governance officer speaks to the agency"
            );
            let note = self
                .note_on(&referral, now, Kind::Recalled, "gateway")
                .about("recall", &recall.recall_id)
                .fact("unanswered-after", &recall.reminders);
            let writes = vec![seen_to(recall, recall.reminders, None), note.write()];
            return self.try_commit(writes, Vec::new()).await.map(|_| ());
        }
        let reminder = recall.reminders + 1;
        let before =
            Precondition::ReferralVersion(site.clone(), referral.referral_id.clone(), referral.version);
        let sender = self.partner(site, &referral.sender_id).await?;
        let recipient = self.partner(site, &referral.recipient_id).await?;
        let key = self.key_of(site, &referral.person_id).await?;
        let ends =
            Ends { sender: &sender, recipient: &recipient, on_behalf_of: None, in_reply_to: None, key: &key };
        // Where its sender took it back the state tells of that, and so it is a recall of the sender's.
        let why = if referral.state == State::Recalled {
            referral.reason.clone()
        } else {
            String::from("withdrawn-by-sender")
        };
        let mut writes = WriteSet::new();
        let notice = Notice { recall: &recall.recall_id, why: &why, reminder: Some(reminder) };
        self.add_notice(&referral, &notice, &ends, "gateway", &mut writes)?;
        referral.version += 1;
        referral.messages += 1;
        referral.updated_at = now;
        writes.push(Write::ReferralMoved(referral));
        writes.push(seen_to(recall, reminder, next_at(reminder, now)));
        // Answered, or seen to by another, in the meantime: then there is nothing to do.
        self.try_commit(writes, vec![before]).await.map(|_| ())
    }
}

/// Takes the time at which something was due, which nobody takes twice.
fn seen_to(recall: &RecallRow, reminders: i64, next: Option<Moment>) -> Write {
    Write::RecallSeenTo { recall: recall.clone(), reminders, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reminder_has_its_time_and_after_the_last_there_is_one_more_wait() {
        let waits: Vec<Option<Moment>> =
            (0..=RECALL_REMINDERS_MAX + 1).map(|sent| next_at(sent, Moment(0))).collect();
        assert!(waits.iter().rev().skip(1).all(Option::is_some), "{waits:?}");
        assert_eq!(waits.last(), Some(&None));
    }
}
