//! The questions of an information governance officer, one file for each. The answers are ids, agencies, codes, rules and
//! times: no content, and nobody's name.
//!
//! Whoever asks is on record before there is an answer: `Exchange::asked` commits the entry first, and where it cannot be
//! written nothing is told. What was searched for is never in it, only whom it found.

mod asked;
mod explain;
mod flows;
mod ground;
mod looks;
mod officers;
mod overrides;
pub mod ports;
mod recalls;
pub mod register;
mod relied_on;
mod table;
mod who_saw;
mod why;
mod words;

use super::{Exchange, ports::Write, refusal::Refusal};
use crate::{
    audit::Kind,
    ids::{PartnerId, PersonId, SiteId},
};

pub use asked::{ReviewAsked, who_saw_asked};
pub use explain::{Explained, Explanation, Supposed, WhatIf};
pub use flows::{Flow, FlowStands, Flows, Used};
pub use ground::{Ground, Versioned};
pub use looks::{LookedUp, Looks};
pub use officers::Officers;
pub use overrides::{OverrideTold, Overrides, Review};
pub use recalls::{RecallTold, Recalls};
pub use relied_on::{CarriedTold, RecallAsked, Reliance, RelyingOn};
pub use table::Table;
pub use who_saw::{Seen, Subject, WhoSaw};
pub use why::{Kept, Reasoned, Step, StepAnswer, Why};

/// Longest name under which an officer asks, in bytes.
const NAME_MAX_BYTES: usize = 64;

/// Who asks: a name for the log, as of an account and not of a person, and the number of the account on this machine, or that
/// a client certificate showed who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Officer {
    name: String,
    account: Option<u32>,
    is_proved: bool,
}

impl Officer {
    /// Takes 1 to 64 characters of `A-Z a-z 0-9 - . _ @`; anything else is `None`.
    #[must_use]
    pub fn new(name: &str, account: Option<u32>) -> Option<Self> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'@');
        let is_name = !name.is_empty() && name.len() <= NAME_MAX_BYTES && name.bytes().all(fits);
        is_name.then(|| Self { name: name.to_owned(), account, is_proved: false })
    }

    /// The same, of one whose certificate was looked at.
    #[must_use]
    pub fn proved(name: &str) -> Option<Self> {
        Self::new(name, None).map(|officer| Self { is_proved: true, ..officer })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn actor(&self) -> String {
        format!("{}:{}", if self.is_proved { "officer" } else { "operator" }, self.name)
    }
}

/// A question, as the log has it.
#[derive(Default)]
pub(super) struct Look<'a> {
    pub(super) question: &'static str,
    /// By what it was asked, where there are several ways.
    pub(super) by: &'static str,
    /// Whom it found.
    pub(super) people: &'a [PersonId],
    pub(super) partner: Option<&'a PartnerId>,
    /// Ids of our own things that it was about. Not under the names that give an entry to a referral or a consent: no
    /// agency reads of itself here that an officer looked into it.
    pub(super) about: Vec<(&'static str, String)>,
    pub(super) found_nothing: bool,
}

impl Exchange {
    /// Puts a question on record. Only then is it answered.
    pub(super) async fn asked(
        &self,
        site: &SiteId,
        officer: &Officer,
        look: Look<'_>,
    ) -> Result<(), Refusal> {
        let now = self.now();
        let entry = |person: Option<&PersonId>| -> Write {
            let mut note = self.note(site, now, Kind::LookedUp, &officer.actor());
            if let Some(person) = person {
                note = note.person(person);
            }
            if let Some(partner) = look.partner {
                note = note.partner(partner);
            }
            for (what, id) in &look.about {
                note = note.about(what, id);
            }
            note = note.fact("question", look.question);
            if !look.by.is_empty() {
                note = note.fact("by", look.by);
            }
            if let Some(account) = officer.account {
                note = note.fact("account", &account);
            }
            if look.found_nothing {
                note = note.fact("found", "nothing");
            }
            note.write()
        };
        let entries = if look.people.is_empty() {
            vec![entry(None)]
        } else {
            look.people.iter().map(|person| entry(Some(person))).collect()
        };
        Ok(self.commit(entries, Vec::new()).await?)
    }

    /// Puts on record that a question found nothing, and gives the refusal that says so.
    pub(super) async fn asked_in_vain(
        &self,
        site: &SiteId,
        officer: &Officer,
        question: &'static str,
        by: &'static str,
    ) -> Result<Refusal, Refusal> {
        let look = Look { question, by, found_nothing: true, ..Look::default() };
        self.asked(site, officer, look).await?;
        Ok(Refusal::not_found())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_for_the_log_is_an_accounts_and_not_a_text() {
        assert_eq!(
            Officer::new("ig.officer@harbour", Some(7)).unwrap().actor(),
            "operator:ig.officer@harbour"
        );
        for wrong in ["", "Jane Doe", "a\nb", "\u{202e}", &"x".repeat(NAME_MAX_BYTES + 1)] {
            assert_eq!(Officer::new(wrong, None), None);
        }
    }
}
