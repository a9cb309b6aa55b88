//! What somebody looked for and may not see. The answer is that about nothing, and so is the work: an entry tells of the look
//! whether there is anything or not, written after the answer and for both alike. Nobody who is timed, or times the next
//! request, finds out by it what there is.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    Exchange,
    caller::Caller,
    ledger::Note,
    ports::{Store, StoreError, Write},
    refusal::Refusal,
};
use crate::{
    audit::Kind,
    ids::{AssessmentId, ConsentId, EntryId, MessageId, Mint, PartnerId, ReferralId, SiteId},
    limits::{REFUSED_LOOKS_IN_FLIGHT, REFUSED_LOOKS_PER_PARTNER},
};

/// The entries about refused looks that are being written: so many in all, and of each partner so many, for one that looks
/// at everything must not hide what another looks at.
#[derive(Debug, Default)]
pub(super) struct RefusedLooks(Mutex<HashMap<PartnerId, usize>>);

/// Room for one, free again when it is dropped.
struct Room {
    of: Arc<RefusedLooks>,
    partner: PartnerId,
}

impl RefusedLooks {
    fn take(self: &Arc<Self>, partner: &PartnerId) -> Option<Room> {
        let mut taken = self.taken();
        let own = taken.get(partner).copied().unwrap_or(0);
        if own >= REFUSED_LOOKS_PER_PARTNER || taken.values().sum::<usize>() >= REFUSED_LOOKS_IN_FLIGHT {
            return None;
        }
        taken.insert(partner.clone(), own + 1);
        drop(taken);
        Some(Room { of: Arc::clone(self), partner: partner.clone() })
    }

    /// A panic elsewhere leaves the counts as they are: each is changed in one step.
    fn taken(&self) -> MutexGuard<'_, HashMap<PartnerId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut taken = self.of.taken();
        match taken.get_mut(&self.partner) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(taken.remove(&self.partner)),
        }
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
    /// A log entry.
    Entry(EntryId),
    /// A mailbox.
    Mailbox(PartnerId),
}

/// Everything that an entry needs, apart from the request.
struct Look {
    store: Arc<dyn Store>,
    mint: Arc<Mint>,
    site: SiteId,
    actor: PartnerId,
    what: &'static str,
    sought: Sought,
}

impl Exchange {
    /// The answer to a look at what is not the caller's, or not there; `what` is the word for it in the log. When too many
    /// entries of this caller are under way, this one is dropped, and the gateway's own log says so.
    pub(super) fn not_for(&self, caller: &Caller, what: &'static str, sought: Sought) -> Refusal {
        let Some(room) = self.refused_looks.take(&caller.partner_id) else {
            let partner = caller.partner_id.as_str();
            tracing::warn!(partner, "a look that was refused was not looked into: too many at once");
            return Refusal::not_found();
        };
        let look = Look {
            store: Arc::clone(&self.store),
            mint: Arc::clone(&self.mint),
            site: caller.site_id.clone(),
            actor: caller.partner_id.clone(),
            what,
            sought,
        };
        let ring = Arc::clone(&self.wake_sequencer);
        tokio::spawn(async move {
            match look.put_on_record().await {
                Ok(()) => ring.notify_one(),
                Err(error) => tracing::error!(error, "a refused look could not be recorded"),
            }
            drop(room);
        });
        Refusal::not_found()
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

impl Look {
    async fn put_on_record(&self) -> Result<(), String> {
        let entry = self.entry().await.map_err(|error| error.to_string())?;
        self.store.commit(vec![entry], Vec::new()).await.map_err(|error| error.to_string())
    }

    /// The entry: about what was looked for, or about nothing.
    async fn entry(&self) -> Result<Write, StoreError> {
        let (store, site) = (&self.store, &self.site);
        let note = self.note("not-yours");
        let note = match &self.sought {
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
            Sought::Entry(id) => store.log_entry(site, id).await?.map(|entry| {
                let note = note.about("entry", id);
                match &entry.referral_id {
                    Some(referral) => note.referral(referral),
                    None => note,
                }
            }),
            Sought::Mailbox(owner) => store.partner(site, owner).await?.map(|_| note.partner(owner)),
        };
        Ok(note.unwrap_or_else(|| self.note("nothing-there")).write())
    }

    fn note(&self, reason: &'static str) -> Note {
        let now = self.mint.clock().now();
        Note::begin(&self.mint, &self.site, now, Kind::AccessRefused, self.actor.as_str())
            .fact("reason", reason)
            .fact("what", self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_looks_at_everything_hides_no_others_looks() {
        let looks = Arc::new(RefusedLooks::default());
        let partner = |number: usize| PartnerId::parse(&format!("agency-{number}")).unwrap();
        let mut own: Vec<Room> =
            (0..REFUSED_LOOKS_PER_PARTNER).map(|_| looks.take(&partner(0)).unwrap()).collect();
        assert!(looks.take(&partner(0)).is_none());
        let other: Vec<Room> =
            (0..REFUSED_LOOKS_PER_PARTNER).map(|_| looks.take(&partner(1)).unwrap()).collect();
        own.pop();
        own.push(looks.take(&partner(0)).unwrap());
        drop((own, other));
        assert!(looks.taken().is_empty(), "nobody is remembered of whom nothing waits");
        let all: Vec<Room> = (0..REFUSED_LOOKS_IN_FLIGHT)
            .map(|number| looks.take(&partner(number / REFUSED_LOOKS_PER_PARTNER)).unwrap())
            .collect();
        assert!(looks.take(&partner(all.len())).is_none());
    }
}
