//! Erasing a person: their key is destroyed, their content removed, whoever holds a disclosure is told, and a certificate
//! says what was done. All of it is one commit.
//!
//! In the place of the key comes another. Under it the notices are sent and the recipients' answers to them are kept, until
//! these are purged by their own time.

use serde::Serialize;
use serde_json::json;

use super::{
    ports::{Erase, HeldOfPerson},
    reason,
};
use crate::{
    audit::{Kind, erasure::ErasureText, merkle::leaf_hash, note},
    clock::Moment,
    exchange::{
        Exchange,
        ask_again::is_out,
        ig::{Look, Officer},
        ports::{CommitError, Precondition, Write, WriteSet},
        recall::{Ends, Why},
        refusal::{Issue, Refusal, Refused},
        rows::{DeliveryStatus, MessageRow, PersonRow, ReferralRow, Sealed},
    },
    ids::{MessageId, PartnerId, PersonId, ReferralId, SiteId},
    limits::OVERSIGHT_ROWS_MAX,
    referral::State,
};

/// How many of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// What.
    pub kind: &'static str,
    /// How many.
    pub count: u64,
}

/// What is not erased, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stays {
    /// What.
    pub kind: &'static str,
    /// How many; `None` where it cannot be told for one person.
    pub count: Option<u64>,
    /// Why it stays, or when it goes.
    pub why: &'static str,
}

/// Somebody who holds what was disclosed and is told to delete it: by ids alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Noticed {
    /// Who.
    pub recipient: PartnerId,
    /// What was disclosed to them.
    pub referral_id: ReferralId,
    /// The notice; `None` in a dry run.
    pub message_id: Option<MessageId>,
}

/// An erasure, made or planned.
#[derive(Clone, Debug, Serialize)]
pub struct Erasure {
    /// Who.
    pub person_id: PersonId,
    /// Whether nothing was done.
    pub dry_run: bool,
    /// What goes.
    pub goes: Vec<Counted>,
    /// What stays, and why.
    pub stays: Vec<Stays>,
    /// Who is told.
    pub notices: Vec<Noticed>,
    /// What an erasure would be refused for now; empty once it was made.
    pub refused_for: Vec<String>,
    /// When it was made.
    pub erased_at: Option<String>,
    /// The signed certificate.
    pub certificate: Option<String>,
    /// Whether the database's files hold nothing any more of what was overwritten; `false`: readers were in the way, and it is
    /// so with the next round of purging that purges anything, or when the gateway ends.
    pub overwritten: Option<bool>,
}

/// What an erasure rests on.
struct Known {
    person: PersonRow,
    held: HeldOfPerson,
    referrals: Vec<ReferralRow>,
    /// Of these, those whose recipients hold something.
    told: Vec<ReferralRow>,
    refused_for: Vec<String>,
}

impl Exchange {
    /// What erasing a person would do now, or why it would be refused. Nothing is written but that it was asked.
    ///
    /// # Errors
    /// There is no such person, they were erased already, or the question cannot be put on record.
    pub async fn plan_erasure(
        &self,
        site: &SiteId,
        officer: &Officer,
        person: &PersonId,
    ) -> Result<Erasure, Refusal> {
        let known = self.known_for_erasure(site, officer, person).await?;
        let look = Look {
            question: "erase",
            by: "dry-run",
            people: std::slice::from_ref(person),
            ..Look::default()
        };
        self.asked(site, officer, look).await?;
        let notices = known.told.iter().map(|row| noticed(row, None)).collect();
        Ok(Erasure {
            person_id: person.clone(),
            dry_run: true,
            goes: goes(&known.held),
            stays: stays(&known.held),
            notices,
            refused_for: known.refused_for,
            erased_at: None,
            certificate: None,
            overwritten: None,
        })
    }

    /// Erases a person.
    ///
    /// # Errors
    /// There is no such person, they were erased already, something of theirs is open or held (and what), there is no reason,
    /// the log has no key to sign the certificate with, or it cannot be written. Nothing was erased.
    pub async fn erase_person(
        &self,
        site: &SiteId,
        officer: &Officer,
        person: &PersonId,
        why: &str,
    ) -> Result<Erasure, Refusal> {
        let why = reason(why)?;
        let known = self.known_for_erasure(site, officer, person).await?;
        if !known.refused_for.is_empty() {
            return Err(refused(&known.refused_for));
        }
        let now = self.now();
        let (key, wrapped_key) = self.vault.new_person_key(site, person);
        let (mut notices, mut following) = (Vec::new(), Vec::new());
        let mut preconditions =
            vec![Precondition::ConsentSeq(site.clone(), person.clone(), known.person.consent_seq)];
        preconditions.extend(
            known
                .referrals
                .iter()
                .map(|row| Precondition::ReferralVersion(site.clone(), row.referral_id.clone(), row.version)),
        );
        for row in &known.told {
            let sender = self.partner(site, &row.sender_id).await?;
            let recipient = self.partner(site, &row.recipient_id).await?;
            let ends = Ends {
                sender: &sender,
                recipient: &recipient,
                on_behalf_of: None,
                in_reply_to: None,
                key: &key,
            };
            let mut moved = blank(row);
            self.add_recall(&mut moved, None, Why::Erased, &ends, &officer.actor(), &mut following)?;
            notices.push(noticed(row, notice_in(&following).map(|message| message.message_id.clone())));
            following.push(Write::ReferralMoved(moved));
        }
        let said = json!({"reason": why}).to_string();
        let mut note = self
            .note(site, now, Kind::Erased, &officer.actor())
            .person(person)
            .fact("notices", &notices.len())
            .content(self.vault.seal(&key, &format!("erasure:{person}"), said.as_bytes()));
        for counted in goes(&known.held) {
            note = note.fact(counted.kind, &counted.count);
        }
        let note = note.write();
        let certificate = self.certificate(officer, person, now, &known.held, &notices, &note).await?;
        let erase = Erase {
            site_id: site.clone(),
            person_id: person.clone(),
            wrapped_key,
            at: now,
            certificate: certificate.clone(),
        };
        let mut writes: WriteSet = vec![Write::Erase(erase)];
        writes.append(&mut following);
        writes.push(note);
        match self.commit(writes, preconditions).await {
            Ok(()) => {}
            Err(CommitError::Conflict(_) | CommitError::Exists(_)) => return Err(refused(&[moved_under()])),
            Err(other) => return Err(other.into()),
        }
        let overwritten = self.store.overwritten().await.unwrap_or(false);
        tracing::info!(%person, notices = notices.len(), overwritten, "a person was erased");
        Ok(Erasure {
            person_id: person.clone(),
            dry_run: false,
            goes: goes(&known.held),
            stays: stays(&known.held),
            notices,
            refused_for: Vec::new(),
            erased_at: Some(now.to_rfc3339()),
            certificate: Some(certificate),
            overwritten: Some(overwritten),
        })
    }

    /// The certificate of an erasure that was made.
    ///
    /// # Errors
    /// Nobody was erased under this id, or the question cannot be put on record.
    pub async fn erasure_certificate(
        &self,
        site: &SiteId,
        officer: &Officer,
        person: &PersonId,
    ) -> Result<String, Refusal> {
        let Some(certificate) = self.store.certificate_of(site, person).await? else {
            return Err(self.asked_in_vain(site, officer, "certificate", "person").await?);
        };
        let people = std::slice::from_ref(person);
        self.asked(site, officer, Look { question: "certificate", people, ..Look::default() }).await?;
        Ok(certificate)
    }

    async fn known_for_erasure(
        &self,
        site: &SiteId,
        officer: &Officer,
        person: &PersonId,
    ) -> Result<Known, Refusal> {
        let (Some(row), Some(held)) =
            (self.store.person(site, person).await?, self.store.held_of(site, person).await?)
        else {
            return Err(self.asked_in_vain(site, officer, "erase", "person").await?);
        };
        if self.store.certificate_of(site, person).await?.is_some() {
            return Err(refused(&[String::from("This person was erased already: ask for the certificate.")]));
        }
        let mut refused_for: Vec<String> = Vec::new();
        for hold in self.store.open_holds(site, person).await? {
            refused_for.push(format!("A legal hold is open: {}.", hold.hold_id));
        }
        let referrals = self.store.referrals_about(site, person, OVERSIGHT_ROWS_MAX + 1).await?;
        if referrals.len() > OVERSIGHT_ROWS_MAX {
            refused_for
                .push(String::from("There are more referrals about this person than one erasure takes."));
        }
        let mut told = Vec::new();
        for referral in &referrals {
            let deliveries = self.store.deliveries_of(site, &referral.referral_id).await?;
            let waits = deliveries.iter().any(|delivery| {
                !matches!(delivery.status, DeliveryStatus::Delivered | DeliveryStatus::Withdrawn)
            });
            if !referral.state.is_final() {
                refused_for.push(format!(
                    "Referral {} to {} is open ({}).",
                    referral.referral_id,
                    referral.recipient_id,
                    referral.state.as_str()
                ));
            } else if waits {
                refused_for.push(format!(
                    "A message of referral {} to {} is still on its way, set aside or not acknowledged.",
                    referral.referral_id, referral.recipient_id
                ));
            }
            let holds = referral.audience.is_some() && referral.disclosure_id.is_some();
            if holds && referral.state != State::Recalled && deliveries.iter().any(is_out) {
                told.push(referral.clone());
            }
        }
        Ok(Known { person: row, held, referrals, told, refused_for })
    }

    async fn certificate(
        &self,
        officer: &Officer,
        person: &PersonId,
        now: Moment,
        held: &HeldOfPerson,
        notices: &[Noticed],
        note: &Write,
    ) -> Result<String, Refusal> {
        let (verifier, signer) = self.log_key().await.map_err(|error| {
            tracing::error!(%error, "a certificate of erasure cannot be signed");
            Refusal::unavailable()
        })?;
        let Write::Audit(entry) = note else { return Err(Refusal::internal()) };
        let removed: Vec<_> = goes(held).into_iter().map(|one| (one.kind, one.count)).collect();
        let kept: Vec<_> = stays(held).into_iter().filter_map(|one| Some((one.kind, one.count?))).collect();
        let notices: Vec<(String, String)> = notices
            .iter()
            .filter_map(|one| Some((one.message_id.as_ref()?.to_string(), one.recipient.to_string())))
            .collect();
        let text = ErasureText {
            origin: verifier.name(),
            person: person.as_str(),
            erased: &now.to_rfc3339(),
            officer: officer.name(),
            removed: &removed,
            kept: &kept,
            notices: &notices,
            entry: leaf_hash(&entry.leaf),
        }
        .text();
        Ok(note::write(&text, &verifier, &signer.sign(text.as_bytes())))
    }
}

/// A referral without what is sealed or tells of the person.
fn blank(row: &ReferralRow) -> ReferralRow {
    let mut blank = row.clone();
    blank.version += 1;
    blank.receiver_note = None;
    blank.withheld = Sealed(Vec::new());
    blank.need = String::new();
    blank
}

/// The notice that was added last.
fn notice_in(writes: &[Write]) -> Option<&MessageRow> {
    writes.iter().rev().find_map(|write| match write {
        Write::Message(message) => Some(message),
        _ => None,
    })
}

fn noticed(row: &ReferralRow, message_id: Option<MessageId>) -> Noticed {
    Noticed { recipient: row.recipient_id.clone(), referral_id: row.referral_id.clone(), message_id }
}

fn goes(held: &HeldOfPerson) -> Vec<Counted> {
    [
        ("keys", 1),
        ("assessments", held.assessments),
        ("consents", held.consents),
        ("messages", held.messages),
        ("messages-in", held.inbound),
        ("decision-contents", held.decisions),
        ("look-ups", held.lookups),
        ("subject-access-drafts", held.subject_access),
    ]
    .into_iter()
    .map(|(kind, count)| Counted { kind, count })
    .collect()
}

fn stays(held: &HeldOfPerson) -> Vec<Stays> {
    let log = "The audit log stays whole: ids, codes, times and hashes. What is sealed beside an entry opens no more.";
    let decisions = "That it was decided, when, by which consent, agreement and reason; not about what.";
    let referrals = "Who was asked, when and how it ended: ids, states, hashes and times under a pseudonym.";
    let answers = "Answers kept for repeated requests, for a day; which are this person's cannot be told.";
    let unmatched =
        "Messages in that matched nobody, for 30 days; which are about this person cannot be told.";
    [
        ("entries", Some(held.entries), log),
        ("decisions", Some(held.decisions), decisions),
        ("referrals", Some(held.referrals), referrals),
        ("kept-answers", None, answers),
        ("unmatched-messages", None, unmatched),
    ]
    .into_iter()
    .map(|(kind, count, why)| Stays { kind, count, why })
    .collect()
}

fn moved_under() -> String {
    String::from("Something about this person changed meanwhile. Look at it again and repeat the request.")
}

fn refused(why: &[String]) -> Refusal {
    let issue = |text: &String| Issue::new("conflict", "", format!("{text} Nothing was erased."));
    Refusal::with_issues(Refused::Conflict, why.iter().map(issue).collect())
}
