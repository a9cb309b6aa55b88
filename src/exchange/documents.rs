//! The trusted assessment: signed when its message is made, and fetched by the service that the referral went to.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::{Answer, Exchange, caller::Caller, collect::Part, refusal::Refusal};
use crate::{
    clock::Moment,
    mapping::document::{Seal, Sealing},
    vault::DocumentKey,
};

/// Signs at one moment.
pub(super) struct Signer<'a> {
    key: &'a DocumentKey,
    at: Moment,
}

impl Seal for Signer<'_> {
    fn sign(&self, signed: &[u8]) -> String {
        self.key.sign(signed, self.at.0.div_euclid(1_000_000))
    }

    fn sha1(&self, bytes: &[u8]) -> [u8; 20] {
        let mut hash = [0; 20];
        let made = digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes);
        hash.iter_mut().zip(made.as_ref()).for_each(|(to, from)| *to = *from);
        hash
    }
}

impl Exchange {
    /// Who signs at `at`; `None` where no key is configured.
    pub(super) fn signer(&self, at: Moment) -> Option<Signer<'_>> {
        self.document_key.as_ref().map(|key| Signer { key, at })
    }

    /// What a document is signed with, and what made it.
    pub(super) fn sealing<'a>(&'a self, signer: Option<&'a Signer<'a>>) -> Option<Sealing<'a>> {
        signer.map(|seal| Sealing {
            seal,
            mapping_sha256: self.carried.mapping_sha256(),
            policy: self.rules.version(),
        })
    }

    /// `GET /documents/{id}`: the trusted assessment that a referral to a health service points to (the id is the message
    /// id). Consent is asked, and the entry that says so is durable, before a byte leaves.
    ///
    /// # Errors
    /// It is not the caller's, or not there: 404 for both. What was recalled, or may not be given out any more: 410.
    pub async fn collect_document(&self, caller: &Caller, message: &str) -> Result<Answer, Refusal> {
        let (bundle, bytes) = self.collect(caller, message, Part::Document).await?;
        let mut answer = Answer::json(200, &serde_json::Value::Null);
        answer.content_type = "application/fhir+json";
        answer.body = bytes;
        answer.headers.push(("keyway-referral-id", bundle.referral.referral_id.to_string()));
        Ok(answer)
    }
}
