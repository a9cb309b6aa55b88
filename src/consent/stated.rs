//! A consent on record as an assessment states it. A message tells its recipient of the consent that it rests on, wherever
//! and whenever the person gave it.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::{Consent, ConsentDecision};
use crate::{
    assessment::{AssessedConsent, Assessment, stated_end},
    clock::Moment,
};

impl Consent {
    /// The assessment with this as all that it says of this consent's recipient. As it is when it states just this; otherwise
    /// what it says of it is emptied, and this stands behind the statements that it holds: their places stay what they are.
    #[must_use]
    pub fn stated_in<'a>(&self, assessment: &'a Assessment) -> Cow<'a, Value> {
        let own = |said: &AssessedConsent| said.recipient == self.recipient.as_str();
        let said = assessment.consents();
        if said.iter().any(|one| own(one) && self.is_stated_by(one)) {
            return Cow::Borrowed(assessment.raw());
        }
        let mut value = assessment.raw().clone();
        if let Some(fields) = value.as_object_mut() {
            let statements = fields.entry("consents").or_insert_with(|| json!([]));
            if let Some(statements) = statements.as_array_mut() {
                for (statement, one) in statements.iter_mut().zip(&said) {
                    if own(one) {
                        *statement = json!({});
                    }
                }
                statements.push(self.statement());
            }
        }
        Cow::Owned(value)
    }

    /// Whether a recipient would read of this consent in what was said.
    fn is_stated_by(&self, said: &AssessedConsent) -> bool {
        said.agreed == (self.decision == ConsentDecision::Permit)
            && said.valid_to() == Some(self.valid_to)
            && said.captured_by == self.captured_by
            && said.how == self.how
            // A sender's clock may be a little ahead: such a consent holds from when it came.
            && Moment::from_rfc3339(&said.recorded_at).is_some_and(|at| self.valid_from <= at)
    }

    /// What a recipient is told of it.
    fn statement(&self) -> Value {
        let mut statement = json!({
            "recipient": self.recipient.as_str(),
            "decision": match self.decision { ConsentDecision::Permit => "agree", ConsentDecision::Deny => "decline" },
            "recorded_at": self.valid_from.to_rfc3339(),
            "valid_until": stated_end(self.valid_to),
            "captured_by": self.captured_by,
            "how": self.how,
        });
        if let (Some(fields), Some(given_by)) = (statement.as_object_mut(), &self.capture.given_by) {
            fields.insert(String::from("given_by"), json!(given_by));
        }
        statement
    }
}
