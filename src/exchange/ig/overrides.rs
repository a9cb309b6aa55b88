//! Disclosures without consent, and their review by a second person.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Look, Officer, ports::OverrideStands};
use crate::{
    audit::Kind,
    exchange::{
        Exchange,
        ports::{CommitError, Write},
        refusal::{Refusal, Refused},
        rows::{ReviewOutcome, ReviewRow},
    },
    ids::{PartnerId, PersonId, ReferralId, SiteId},
    limits::{OVERSIGHT_ROWS_MAX, REVIEW_REASON_MAX_BYTES},
    referral::State,
};

/// A disclosure without consent.
#[derive(Clone, Debug, Serialize)]
pub struct OverrideTold {
    /// What was disclosed.
    pub referral_id: ReferralId,
    /// About whom.
    pub person_id: PersonId,
    /// By whom.
    pub sender: PartnerId,
    /// To whom.
    pub recipient: PartnerId,
    /// Where it stands.
    pub state: State,
    /// When it was disclosed.
    pub disclosed_at: String,
    /// Until when a second person reviews it: 72 hours.
    pub review_due_at: String,
    /// What was found; `None` until then.
    pub outcome: Option<ReviewOutcome>,
    /// When.
    pub reviewed_at: Option<String>,
    /// Whether the review is, or was, late.
    pub overdue: bool,
}

/// Disclosures without consent of a site.
#[derive(Clone, Debug, Serialize)]
pub struct Overrides {
    /// The one whose review is due first is first.
    pub overrides: Vec<OverrideTold>,
    /// How many of these wait for their review.
    pub unreviewed: usize,
    /// How many of those that wait are overdue.
    pub overdue: usize,
    /// Whether there are more.
    pub more: bool,
}

/// A review.
#[derive(Clone, Debug)]
pub struct Review<'a> {
    /// What was found.
    pub outcome: ReviewOutcome,
    /// Why.
    pub reason: &'a str,
    /// The second person, by name. Kept sealed.
    pub reviewer: &'a str,
}

impl Exchange {
    /// Disclosures without consent of a site, all or those that nobody reviewed.
    ///
    /// # Errors
    /// The question cannot be put on record.
    pub async fn overrides(
        &self,
        site: &SiteId,
        officer: &Officer,
        unreviewed: bool,
    ) -> Result<Overrides, Refusal> {
        let by = if unreviewed { "unreviewed" } else { "" };
        self.asked(site, officer, Look { question: "overrides", by, ..Look::default() }).await?;
        let mut rows = self.store.overrides(site, unreviewed, OVERSIGHT_ROWS_MAX + 1).await?;
        let more = rows.len() > OVERSIGHT_ROWS_MAX;
        rows.truncate(OVERSIGHT_ROWS_MAX);
        let overrides: Vec<OverrideTold> = rows.into_iter().map(|row| self.override_told(row)).collect();
        let waits = |one: &&OverrideTold| one.outcome.is_none();
        Ok(Overrides {
            unreviewed: overrides.iter().filter(waits).count(),
            overdue: overrides.iter().filter(waits).filter(|one| one.overdue).count(),
            overrides,
            more,
        })
    }

    fn override_told(&self, row: OverrideStands) -> OverrideTold {
        let until = row.review.map_or_else(|| self.now(), |(_, at)| at);
        OverrideTold {
            referral_id: row.referral_id,
            person_id: row.person_id,
            sender: row.sender_id,
            recipient: row.recipient_id,
            state: row.state,
            disclosed_at: row.disclosed_at.to_rfc3339(),
            review_due_at: row.review_due_at.to_rfc3339(),
            outcome: row.review.map(|(outcome, _)| outcome),
            reviewed_at: row.review.map(|(_, at)| at.to_rfc3339()),
            overdue: until > row.review_due_at,
        }
    }

    /// Records the review of a disclosure without consent, once, with its entry in the log.
    ///
    /// # Errors
    /// There is no such disclosure, it was reviewed, or the reviewer is the one who made it; or it cannot be recorded.
    pub async fn review_override(
        &self,
        site: &SiteId,
        officer: &Officer,
        referral: &ReferralId,
        review: &Review<'_>,
    ) -> Result<OverrideTold, Refusal> {
        let wrong =
            |place: &str, text: &str| Refusal::new(Refused::Unprocessable, "business-rule", place, text);
        let [reviewer, reason] = [review.reviewer.trim(), review.reason.trim()];
        if reviewer.is_empty() {
            return Err(wrong("reviewer", "The name of the person who reviewed it is needed."));
        }
        if reason.is_empty() || reason.len() > REVIEW_REASON_MAX_BYTES {
            return Err(wrong("reason", "A reason is needed, of at most 2,000 bytes."));
        }
        let Some(stands) = self.store.override_of(site, referral).await? else {
            return Err(self.asked_in_vain(site, officer, "review", "referral").await?);
        };
        if stands.review.is_some() {
            return Err(reviewed_already());
        }
        let key = self.key_of(site, &stands.person_id).await?;
        let entry = self.store.override_entry(site, referral).await?;
        let sealed = entry.and_then(|entry| entry.content);
        let answerable = sealed
            .and_then(|sealed| self.vault.unseal(&key, &format!("override:{referral}"), &sealed).ok())
            .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let practitioner = answerable.as_ref().and_then(|said| said["practitioner"].as_str());
        let Some(practitioner) = practitioner else {
            return Err(wrong(
                "referral",
                "Who made this disclosure cannot be read, so nobody can be told apart from them. Tell the operator.",
            ));
        };
        if [reviewer, officer.name()].iter().any(|name| is_one_person(practitioner, name)) {
            return Err(wrong(
                "reviewer",
                "Whoever made the disclosure neither reviews it nor enters its review: a second person does. If this is another \
                 person of a like name, give the whole name without titles.",
            ));
        }
        let now = self.now();
        let said = json!({"reviewer": reviewer, "reason": reason}).to_string();
        let note = self
            .note(site, now, Kind::Reviewed, &officer.actor())
            .referral(referral)
            .person(&stands.person_id)
            .partner(&stands.recipient_id)
            .fact("outcome", review.outcome.as_str())
            .fact("review-due", &stands.review_due_at)
            .content(self.vault.seal(&key, &format!("review:{referral}"), said.as_bytes()));
        let row = ReviewRow {
            site_id: site.clone(),
            referral_id: referral.clone(),
            outcome: review.outcome,
            reviewed_at: now,
        };
        match self.commit(vec![Write::Review(row), note.write()], Vec::new()).await {
            Ok(()) => {}
            Err(CommitError::Exists(_)) => return Err(reviewed_already()),
            Err(other) => return Err(other.into()),
        }
        Ok(self.override_told(OverrideStands { review: Some((review.outcome, now)), ..stands }))
    }
}

fn reviewed_already() -> Refusal {
    Refusal::new(
        Refused::Conflict,
        "conflict",
        "referral",
        "It was reviewed already. A review stands as it was recorded; nothing was changed.",
    )
}

/// Whether two names may be one person's, as far as letters tell: two words of them are the same, or all that the shorter one
/// has. Case, order, titles and what stands between words do not matter. In doubt it is one person, who then may not review.
fn is_one_person(one: &str, other: &str) -> bool {
    let parts = |name: &str| -> BTreeSet<String> {
        let words = name.split(|letter: char| !letter.is_alphanumeric());
        words.filter(|word| word.chars().count() > 1).map(str::to_lowercase).collect()
    };
    let (one, other) = (parts(one), parts(other));
    let same = one.intersection(&other).count();
    same >= 2 || (same > 0 && same == one.len().min(other.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_is_known_under_a_name_written_otherwise() {
        let practitioner = "Sam Okafor, RMN";
        for same in
            ["Sam Okafor", "okafor, sam", "SAM  OKAFOR", "Mr. S. Okafor-Sam", "sam.okafor@harbour", "Okafor"]
        {
            assert!(is_one_person(practitioner, same), "{same}");
        }
        for other in ["Ana Silva", "Ola Okafor", "ig.officer", "Samira Oka"] {
            assert!(!is_one_person(practitioner, other), "{other}");
        }
    }
}
