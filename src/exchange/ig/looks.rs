//! The audit of the auditors: what officers asked, and of whom.

use serde::Serialize;

use super::{Look, Officer};
use crate::{
    audit::Leaf,
    clock::Moment,
    exchange::{Exchange, refusal::Refusal},
    ids::{EntryId, PersonId, SiteId},
    limits::OVERSIGHT_ROWS_MAX,
};

/// A question that was asked.
#[derive(Clone, Debug, Serialize)]
pub struct LookedUp {
    /// When.
    pub at: String,
    /// Who: `operator:` and the name given, or `officer:` and the name that a certificate showed.
    pub actor: String,
    /// The number of the account on the machine.
    pub account: Option<String>,
    /// What was asked.
    pub question: String,
    /// By what.
    pub by: Option<String>,
    /// Of whom.
    pub person_id: Option<PersonId>,
    /// Of what else: `of-referral`, `of-consent`, and their ids.
    pub about: Vec<(String, String)>,
    /// Whether it found nothing.
    pub found_nothing: bool,
    /// The entry of the log.
    pub entry_id: EntryId,
    /// Its place; `None` until it is sequenced.
    pub log_index: Option<i64>,
}

/// Questions that were asked.
#[derive(Clone, Debug, Serialize)]
pub struct Looks {
    /// In the order of time; this one is the last.
    pub looks: Vec<LookedUp>,
    /// Whether there are earlier ones.
    pub earlier_left_out: bool,
}

impl Exchange {
    /// The questions that officers asked between two moments.
    ///
    /// # Errors
    /// The question cannot be put on record.
    pub async fn looks(
        &self,
        site: &SiteId,
        officer: &Officer,
        between: (Moment, Moment),
    ) -> Result<Looks, Refusal> {
        self.asked(site, officer, Look { question: "looks", ..Look::default() }).await?;
        let mut entries = self.store.looks(site, between, OVERSIGHT_ROWS_MAX + 1).await?;
        let earlier_left_out = entries.len() > OVERSIGHT_ROWS_MAX;
        if earlier_left_out {
            entries.remove(0);
        }
        let looks = entries
            .into_iter()
            .filter_map(|entry| {
                let leaf = Leaf::read(&entry.leaf).ok()?;
                let fact = |name: &str| leaf.fact(name).map(str::to_owned);
                Some(LookedUp {
                    at: entry.at.to_rfc3339(),
                    account: fact("account"),
                    question: fact("question").unwrap_or_default(),
                    by: fact("by"),
                    person_id: entry.person_id,
                    found_nothing: leaf.fact("found") == Some("nothing"),
                    about: leaf.about.iter().filter(|(name, _)| name.starts_with("of-")).cloned().collect(),
                    actor: leaf.actor,
                    entry_id: entry.entry_id,
                    log_index: entry.log_index,
                })
            })
            .collect();
        Ok(Looks { looks, earlier_left_out })
    }
}
