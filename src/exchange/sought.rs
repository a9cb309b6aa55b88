//! What somebody looked for and may not see. The answer is that about nothing, and so is the work: an entry tells of the look
//! whether there is anything or not, for both alike. Entries are written some time after the answers, many at once, so that
//! nobody who times the requests that follow finds out by the work what there is; `http` holds the answer itself back until
//! a fixed time.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use super::{
    Exchange,
    caller::Caller,
    ledger::Note,
    ports::{Store, StoreError, Write},
    refusal::Refusal,
};
use crate::{
    audit::Kind,
    ids::{AssessmentId, ConsentId, DisclosureId, EntryId, MessageId, Mint, PartnerId, ReferralId, SiteId},
    limits::{
        REFUSED_LOOKS_GATHER_MILLISECONDS, REFUSED_LOOKS_IN_COMMIT, REFUSED_LOOKS_PER_PARTNER,
        REFUSED_LOOKS_WAITING,
    },
};

/// The looks of which no entry is written yet: so many in all, and of each partner so many, for one that looks at everything
/// must not hide what another looks at.
#[derive(Debug, Default)]
pub(super) struct RefusedLooks(Mutex<HashMap<PartnerId, Vec<Look>>>);

impl RefusedLooks {
    /// Lets `look` wait; whether it is the first that does. `None` when there is no room.
    fn put(&self, look: Look) -> Option<bool> {
        let mut waiting = self.waiting();
        let own = waiting.get(&look.actor).map_or(0, Vec::len);
        if own >= REFUSED_LOOKS_PER_PARTNER
            || waiting.values().map(Vec::len).sum::<usize>() >= REFUSED_LOOKS_WAITING
        {
            return None;
        }
        let is_first = waiting.is_empty();
        waiting.entry(look.actor.clone()).or_default().push(look);
        Some(is_first)
    }

    fn take_all(&self) -> Vec<Look> {
        mem::take(&mut *self.waiting()).into_values().flatten().collect()
    }

    /// A panic elsewhere leaves the looks as they are: they are changed in one step.
    fn waiting(&self) -> MutexGuard<'_, HashMap<PartnerId, Vec<Look>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was looked for.
#[derive(Clone, Debug)]
pub(super) enum Sought {
    /// A referral, or something that belongs to it.
    Referral(ReferralId),
    /// An assessment.
    Assessment(AssessmentId),
    /// A consent.
    Consent(ConsentId),
    /// A message, or the sheet behind one.
    Message(MessageId),
    /// A disclosure, or the message of another kind.
    Disclosure(DisclosureId),
    /// A log entry.
    Entry(EntryId),
    /// A mailbox.
    Mailbox(PartnerId),
}

/// Who looked for what.
#[derive(Debug)]
struct Look {
    site: SiteId,
    actor: PartnerId,
    what: &'static str,
    sought: Sought,
}

/// Writes entries about the looks that wait.
struct Scribe {
    looks: Arc<RefusedLooks>,
    store: Arc<dyn Store>,
    mint: Arc<Mint>,
    ring: Arc<Notify>,
}

impl Exchange {
    /// The answer to a look at what is not the caller's, or not there; `what` is the word for it in the log. When too many
    /// looks of this caller wait for their entries, this one gets none, and the gateway's own log says so.
    pub(super) fn not_for(&self, caller: &Caller, what: &'static str, sought: Sought) -> Refusal {
        let (site, actor) = (caller.site_id.clone(), caller.partner_id.clone());
        match self.refused_looks.put(Look { site, actor, what, sought }) {
            Some(true) => {
                let scribe = self.scribe();
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(REFUSED_LOOKS_GATHER_MILLISECONDS)).await;
                    scribe.write_down().await;
                });
            }
            Some(false) => {}
            None => {
                let partner = caller.partner_id.as_str();
                tracing::warn!(partner, "a look that was refused was not looked into: too many at once");
            }
        }
        Refusal::not_found()
    }

    /// Writes the entries about refused looks that still wait. For the end of a run, when nobody asks any more.
    pub async fn write_down_refused_looks(&self) {
        self.scribe().write_down().await;
    }

    fn scribe(&self) -> Scribe {
        Scribe {
            looks: Arc::clone(&self.refused_looks),
            store: Arc::clone(&self.store),
            mint: Arc::clone(&self.mint),
            ring: Arc::clone(&self.wake_sequencer),
        }
    }

    /// Another agency's mailbox and an unknown one get the same answer.
    pub(super) fn own_mailbox(&self, caller: &Caller, mailbox: &str) -> Result<(), Refusal> {
        if caller.partner_id.as_str() == mailbox {
            return Ok(());
        }
        let owner = PartnerId::parse(mailbox).ok_or_else(Refusal::not_found)?;
        Err(self.not_for(caller, "mailbox", Sought::Mailbox(owner)))
    }
}

impl Scribe {
    async fn write_down(&self) {
        for looks in self.looks.take_all().chunks(REFUSED_LOOKS_IN_COMMIT) {
            let mut entries = Vec::with_capacity(looks.len());
            for look in looks {
                match self.entry(look).await {
                    Ok(entry) => entries.push(entry),
                    Err(error) => tracing::error!(%error, "a refused look could not be looked into"),
                }
            }
            let number = entries.len();
            match self.store.commit(entries, Vec::new()).await {
                Ok(()) => self.ring.notify_one(),
                Err(error) => tracing::error!(number, %error, "refused looks could not be recorded"),
            }
        }
    }

    /// The entry: about what was looked for, or about nothing.
    async fn entry(&self, look: &Look) -> Result<Write, StoreError> {
        let (store, site) = (&self.store, &look.site);
        let note = self.note(look, "not-yours");
        let note = match &look.sought {
            Sought::Referral(id) => store
                .referral(site, id)
                .await?
                .map(|row| note.referral(id).person(&row.person_id).partner(&row.recipient_id)),
            Sought::Assessment(id) => store
                .assessment(site, id)
                .await?
                .map(|row| note.about("assessment", id).person(&row.person_id).partner(&row.sender_id)),
            Sought::Consent(id) => store
                .consent(site, id)
                .await?
                .map(|row| note.about("consent", id).person(&row.person_id).partner(&row.recipient_id)),
            Sought::Message(id) => store.delivery_of_message(site, id).await?.map(|bundle| {
                let row = &bundle.referral;
                let note = note.referral(&row.referral_id).person(&row.person_id);
                note.partner(&row.recipient_id).about("message", id)
            }),
            Sought::Disclosure(id) => store.message_by_disclosure(site, id).await?.map(|row| {
                let note = note.referral(&row.referral_id).person(&row.person_id);
                note.partner(&row.recipient_id).about("disclosure", id)
            }),
            Sought::Entry(id) => store.log_entry(site, id).await?.map(|entry| {
                let note = note.about("entry", id);
                let note = match &entry.referral_id {
                    Some(referral) => note.referral(referral),
                    None => note,
                };
                // Whoever looked for an entry about somebody looked for them.
                match &entry.person_id {
                    Some(person) => note.person(person),
                    None => note,
                }
            }),
            Sought::Mailbox(owner) => store.partner(site, owner).await?.map(|_| note.partner(owner)),
        };
        Ok(note.unwrap_or_else(|| self.note(look, "nothing-there")).write())
    }

    fn note(&self, look: &Look, reason: &'static str) -> Note {
        let now = self.mint.clock().now();
        Note::begin(&self.mint, &look.site, now, Kind::AccessRefused, look.actor.as_str())
            .fact("reason", reason)
            .fact("what", look.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(number: usize) -> Look {
        let actor = PartnerId::parse(&format!("agency-{number}")).unwrap();
        let sought = Sought::Mailbox(PartnerId::parse("somebody").unwrap());
        Look { site: SiteId::parse("harbour").unwrap(), actor, what: "mailbox", sought }
    }

    #[test]
    fn who_looks_at_everything_hides_no_others_looks() {
        let looks = RefusedLooks::default();
        assert_eq!(looks.put(look(0)), Some(true));
        for _ in 1..REFUSED_LOOKS_PER_PARTNER {
            assert_eq!(looks.put(look(0)), Some(false));
        }
        assert_eq!(looks.put(look(0)), None);
        assert_eq!(looks.put(look(1)), Some(false), "another's look has room");
        assert_eq!(looks.take_all().len(), REFUSED_LOOKS_PER_PARTNER + 1);
        for number in 0..REFUSED_LOOKS_WAITING {
            assert_eq!(looks.put(look(number / REFUSED_LOOKS_PER_PARTNER)), Some(number == 0));
        }
        assert_eq!(looks.put(look(REFUSED_LOOKS_WAITING)), None);
    }
}
