//! Who saw, or looked for, what is about a person: when, acting for whom, for what, and on which ground.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use super::{
    Look, Officer,
    ground::{Books, Ground},
};
use crate::{
    assessment::NhsNumber,
    audit::{Kind, Leaf},
    clock::Moment,
    directory::AgencyKind,
    exchange::{
        Exchange,
        people::NUMBER,
        refusal::{Refusal, Refused},
        rows::{DeliveryStatus, StoredEntry},
    },
    ids::{DecisionId, EntryId, PartnerId, PersonId, ReferralId, SiteId},
    limits::LEDGER_ROWS_MAX,
};

/// By what a person is asked about.
#[derive(Clone, Debug)]
pub enum Subject {
    /// By the gateway's own id.
    Person(PersonId),
    /// By an NHS number that somebody told.
    NhsNumber(NhsNumber),
    /// By a reference that an agency has for them: its own, or the pseudonym that it was told.
    Reference {
        /// The reference.
        reference: String,
        /// Whose it is; `None`: whoever's.
        agency: Option<PartnerId>,
    },
}

impl Subject {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::NhsNumber(_) => "nhs-number",
            Self::Reference { .. } => "reference",
        }
    }
}

/// One time that somebody saw, was sent, or looked for something about the person.
#[derive(Clone, Debug, Serialize)]
pub struct Seen {
    /// When.
    pub at: String,
    /// What happened: `disclosed`, `collected`, `viewed`, `refused` (consent said no when it was asked for),
    /// `access-refused` (not theirs to see) or `looked-up` (an officer's question).
    pub what: &'static str,
    /// The finer word: which part, which kind of resource, which question.
    pub detail: String,
    /// About which record of the person.
    pub person_id: PersonId,
    /// Who: for what was disclosed, to whom it went.
    pub who: String,
    /// What kind of agency that is.
    pub kind: Option<AgencyKind>,
    /// For whom it is passed on; otherwise the agency acts for itself.
    pub acting_for: Option<String>,
    /// Under which referral.
    pub referral_id: Option<ReferralId>,
    /// By which message.
    pub message_id: Option<String>,
    /// Where that message stands.
    pub delivery: Option<DeliveryStatus>,
    /// On which ground; `None` where nothing was let out, and for the service's own record.
    pub ground: Option<Ground>,
    /// The entry of the log that says so.
    pub entry_id: EntryId,
    /// Its place; `None` until it is sequenced.
    pub log_index: Option<i64>,
}

/// Who saw what.
#[derive(Clone, Debug, Serialize)]
pub struct WhoSaw {
    /// The records that were found: two, where two agencies told of somebody and nobody has said that it is one person.
    pub people: Vec<PersonId>,
    /// In the order of time.
    pub seen: Vec<Seen>,
    /// Whether there is more, from before the first that is shown.
    pub earlier_left_out: bool,
}

impl Exchange {
    /// Who saw, or looked for, what is about a person between two moments.
    ///
    /// # Errors
    /// There is nobody, or the reference is several people's; or the question cannot be put on record.
    pub async fn who_saw(
        &self,
        site: &SiteId,
        officer: &Officer,
        subject: &Subject,
        between: (Moment, Moment),
    ) -> Result<WhoSaw, Refusal> {
        let question = "who-saw";
        let people = self.people_meant(site, subject).await?;
        if people.is_empty() {
            return Err(self.asked_in_vain(site, officer, question, subject.as_str()).await?);
        }
        let look = Look { question, by: subject.as_str(), people: &people, ..Look::default() };
        self.asked(site, officer, look).await?;
        if people.len() > 1 && matches!(subject, Subject::Reference { .. }) {
            return Err(Refusal::new(
                Refused::Unprocessable,
                "multiple-matches",
                "reference",
                "Two agencies have this reference, for different people. Say whose it is (agency).",
            ));
        }
        let mut books = self.books(site).await?;
        let mut ledger = Ledger::new(self, site).await?;
        let mut earlier_left_out = false;
        for person in &people {
            let mut entries = self.store.seen_of(site, person, between, LEDGER_ROWS_MAX + 1).await?;
            if entries.len() > LEDGER_ROWS_MAX {
                earlier_left_out = true;
                entries.remove(0);
            }
            for entry in &entries {
                ledger.add(&mut books, person, entry).await?;
            }
        }
        let mut seen = ledger.seen;
        seen.sort_by(|a, b| a.at.cmp(&b.at));
        Ok(WhoSaw { people, seen, earlier_left_out })
    }

    /// The people meant, without repeats.
    async fn people_meant(&self, site: &SiteId, subject: &Subject) -> Result<Vec<PersonId>, Refusal> {
        let mut found = BTreeSet::new();
        match subject {
            Subject::Person(person) => {
                found.extend(self.store.person(site, person).await?.map(|row| row.person_id));
            }
            Subject::NhsNumber(number) => {
                let mut kinds = vec![String::from(NUMBER)];
                for partner in self.store.partners(site).await? {
                    kinds.push(format!("nhs-number-from:{}", partner.partner_id));
                }
                for kind in kinds {
                    let hash = self.vault.lookup_hash(site, &kind, number.as_str());
                    found
                        .extend(self.found_by(site, &kind, hash).await?.into_iter().map(|row| row.person_id));
                }
            }
            Subject::Reference { reference, agency } => {
                let partners = self.store.partners(site).await?;
                let partners = partners.into_iter().map(|partner| partner.partner_id);
                for partner in partners.filter(|id| agency.as_ref().is_none_or(|meant| meant == id)) {
                    let kind = format!("sender:{partner}");
                    let hash = self.vault.lookup_hash(site, &kind, reference);
                    found
                        .extend(self.found_by(site, &kind, hash).await?.into_iter().map(|row| row.person_id));
                    found.extend(self.store.person_by_reference(site, &partner, reference).await?);
                }
            }
        }
        Ok(found.into_iter().collect())
    }
}

/// The rows so far, and what the next may need of those before it.
struct Ledger {
    kinds: HashMap<PartnerId, AgencyKind>,
    /// The latest "yes" at a look: what is read next under the referral rests on it.
    let_in: HashMap<(ReferralId, String), Ground>,
    seen: Vec<Seen>,
}

impl Ledger {
    async fn new(exchange: &Exchange, site: &SiteId) -> Result<Self, Refusal> {
        let partners = exchange.store.partners(site).await?;
        let kinds = partners.into_iter().map(|partner| (partner.partner_id, partner.kind)).collect();
        Ok(Self { kinds, let_in: HashMap::new(), seen: Vec::new() })
    }

    async fn add(
        &mut self,
        books: &mut Books<'_>,
        person: &PersonId,
        entry: &StoredEntry,
    ) -> Result<(), Refusal> {
        // What cannot be read is told by `audit verify`; here it must not hide what else there is.
        let Ok(leaf) = Leaf::read(&entry.leaf) else { return Ok(()) };
        let decision = leaf.id_of("decision").and_then(DecisionId::parse);
        let mut ground = match &decision {
            Some(id) => books.decision(id).await?,
            None => None,
        };
        let referral = match &entry.referral_id {
            Some(id) => books.referral(id).await?,
            None => None,
        };
        let place = entry.referral_id.clone().map(|id| (id, leaf.actor.clone()));
        let is_at_a_look = ground.as_ref().is_some_and(|g| g.exit == "collect" || g.exit == "read");
        let what = match entry.kind.as_str() {
            "disclosed" => Kind::Disclosed.as_str(),
            "collected" => Kind::Collected.as_str(),
            "viewed" => Kind::Viewed.as_str(),
            "access-refused" => Kind::AccessRefused.as_str(),
            "looked-up" => Kind::LookedUp.as_str(),
            "decided" if is_at_a_look && ground.as_ref().is_some_and(|ground| !ground.permits()) => "refused",
            _ => {
                if let (Some(place), Some(ground)) = (place, ground.filter(|_| is_at_a_look)) {
                    self.let_in.insert(place, ground);
                }
                return Ok(());
            }
        };
        let is_disclosure = entry.kind == Kind::Disclosed.as_str();
        let recipient = referral.as_ref().map(|row| row.recipient_id.as_str());
        let sees = entry.kind == Kind::Viewed.as_str() || entry.kind == Kind::Collected.as_str();
        // Whoever is sent it reads under what was let out to it; whoever sent it reads its own record.
        if ground.is_none() && sees && recipient == Some(leaf.actor.as_str()) {
            ground = place.and_then(|place| self.let_in.get(&place).cloned());
            if let (None, Some(id)) = (&ground, referral.as_ref().and_then(|row| row.decision_id.as_ref())) {
                ground = books.decision(id).await?.filter(Ground::permits);
            }
        }
        let message = leaf.id_of("message").map(str::to_owned);
        let delivery = match (&entry.referral_id, &message) {
            (Some(referral), Some(message)) => {
                let rows = books.deliveries(referral).await?;
                rows.iter().find(|row| row.new.message_id.as_str() == message).map(|row| row.status)
            }
            _ => None,
        };
        let who = if is_disclosure { recipient.unwrap_or(leaf.actor.as_str()) } else { leaf.actor.as_str() };
        let detail = ["question", "interaction", "what", "part", "reason", "exit"];
        let detail: Vec<&str> = detail.iter().filter_map(|name| leaf.fact(name)).collect();
        self.seen.push(Seen {
            at: entry.at.to_rfc3339(),
            what,
            detail: detail.join(" "),
            person_id: person.clone(),
            who: who.to_owned(),
            kind: PartnerId::parse(who).and_then(|id| self.kinds.get(&id).copied()),
            acting_for: leaf.id_of("on-behalf-of").map(str::to_owned),
            referral_id: entry.referral_id.clone(),
            message_id: message,
            delivery,
            ground: ground.filter(|_| what != "access-refused"),
            entry_id: entry.entry_id.clone(),
            log_index: entry.log_index,
        });
        Ok(())
    }
}
