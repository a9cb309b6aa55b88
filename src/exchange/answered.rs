//! An assessment that answers a request: which one, whose, and that it is closed by what the assessment says of the contact.

use serde_json::{Value, json};

use super::{
    Exchange,
    caller::Caller,
    ports::{Precondition, WriteSet},
    refusal::{Issue, Refusal, Refused},
    request::{Request, Said, may_be_corrected},
    rows::ReferralRow,
};
use crate::{assessment::Assessment, ids::ReferralId, mapping::InReplyTo};

/// Where an assessment says which request it answers.
const PLACE: &str = "/in_answer_to";

/// The request that an assessment answers, as it landed at the service.
pub(super) struct Answered {
    pub(super) row: ReferralRow,
    request: Request,
}

impl Answered {
    /// Whether `referral` goes on with what this request began: it goes to whoever asked, or is meant for them.
    pub(super) fn is_answered_by(&self, referral: &ReferralRow) -> bool {
        referral.on_behalf_of.as_ref().unwrap_or(&referral.recipient_id) == self.asker()
    }

    /// As a message under `referral` quotes it. Its reference is the asker's own, and whoever passes something on, or is
    /// passed it, is not told it.
    pub(super) fn quoted_to(&self, referral: &ReferralRow) -> Option<InReplyTo<'_>> {
        let is_the_askers = referral.on_behalf_of.is_none() && referral.recipient_id == *self.asker();
        is_the_askers.then(|| self.request.quoted())
    }

    const fn asker(&self) -> &crate::ids::PartnerId {
        &self.row.sender_id
    }
}

impl Exchange {
    /// The request that `assessment` says that it answers: one that was made of this service, about somebody with the same
    /// date of birth where both say one.
    pub(super) async fn answered_by(
        &self,
        caller: &Caller,
        assessment: &Assessment,
        warnings: &mut Vec<Issue>,
    ) -> Result<Option<Answered>, Refusal> {
        let Some(named) = assessment.in_answer_to() else { return Ok(None) };
        let wrong = |code, text: &str| Refusal::new(Refused::Unprocessable, code, PLACE, text);
        let unknown = || wrong("not-found", "No request with this referral id was made of your service.");
        let id = ReferralId::parse(named).ok_or_else(unknown)?;
        let row = self.store.referral(&caller.site_id, &id).await?;
        let row = row.filter(|row| row.recipient_id == caller.partner_id && row.audience.is_none());
        let row = row.ok_or_else(unknown)?;
        let key = self.key_of(&caller.site_id, &row.person_id).await?;
        let request = self.request_of(&row, &key).await?;
        match (request.text("/request/person/birth_date"), assessment.birth_date()) {
            (Some(asked), Some(born)) if asked != born => {
                return Err(wrong(
                    "business-rule",
                    "That request is about somebody with another date of birth. Check which request this answers.",
                ));
            }
            (Some(_), Some(_)) => {}
            _ => warnings.push(Issue::new(
                "business-rule",
                PLACE,
                "The request or this assessment says no date of birth: check that both are about the same person.",
            )),
        }
        Ok(Some(Answered { row, request }))
    }

    /// Closes the request with the contact outcome that the assessment states, where it is still open, and puts right what its
    /// asker was told, where it was closed with another; how it stands then, for the answer. The outcome is all that the asker
    /// is told by this.
    pub(super) async fn close_answered(
        &self,
        caller: &Caller,
        answered: &Answered,
        assessment: &Assessment,
        writes: &mut WriteSet,
        warnings: &mut Vec<Issue>,
    ) -> Result<(Value, Vec<Precondition>), Refusal> {
        let shown = |row: &ReferralRow| json!({"referral_id": row.referral_id, "state": row.state});
        let row = &answered.row;
        let corrects = assessment.contact_outcome().is_some_and(|outcome| may_be_corrected(row, outcome));
        if row.state.is_final() && !corrects {
            return Ok((shown(row), Vec::new()));
        }
        let Some(outcome) = assessment.contact_outcome() else {
            warnings.push(Issue::new(
                "business-rule",
                PLACE,
                "The request stays open: the assessment states no /pathway/contact_outcome. Answer it by the mailbox.",
            ));
            return Ok((shown(row), Vec::new()));
        };
        let said = Said { outcome, report: None };
        if corrects {
            warnings.push(Issue::new(
                "informational",
                PLACE,
                "The request was answered with another contact outcome. Whoever asked is told this one in its place.",
            ));
        }
        let (moved, preconditions) = self.close_request(&caller.partner_id, row, &said, writes).await?;
        Ok((shown(&moved), preconditions))
    }

    /// The request that a stored referral answers, for a message that is made anew. One that cannot be read any more is not
    /// quoted.
    pub(super) async fn answered_request(&self, referral: &ReferralRow) -> Option<Answered> {
        let id = referral.in_answer_to.as_ref()?;
        let row = self.store.referral(&referral.site_id, id).await.ok()??;
        let key = self.key_of(&row.site_id, &row.person_id).await.ok()?;
        let request = self.request_of(&row, &key).await.ok()?;
        Some(Answered { row, request })
    }
}
