//! Reading one resource, as it stands or as it was at a version.

use super::{
    kinds::{Kind, Source},
    shown::{Look, Shown},
};
use crate::exchange::{Answer, Exchange, caller::Caller, refusal::Refusal};

impl Exchange {
    /// `GET /fhir/{Type}/{id}` and `GET /fhir/{Type}/{id}/_history/{version}`. What is not there and what is not the
    /// caller's get the same answer.
    pub async fn read_resource(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        id: &str,
        version: Option<&str>,
    ) -> Result<Answer, Refusal> {
        let version = match version {
            None => None,
            Some(text) => Some(version_of(text).ok_or_else(Refusal::not_found)?),
        };
        let how = if version.is_some() { Look::Vread } else { Look::Read };
        let mut shown = self.find_resource(caller, kind, id, version, how).await?;
        self.record(std::slice::from_mut(&mut shown), Vec::new()).await?;
        Ok(shown.answer(200))
    }

    /// One resource that the caller may see.
    pub(super) async fn find_resource(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        id: &str,
        version: Option<i64>,
        how: Look,
    ) -> Result<Shown, Refusal> {
        match kind.source {
            Source::Referral => self.find_of_referral(caller, kind, id, version, how).await,
            Source::Consent => self.find_consent(caller, kind, id, version, how).await,
            Source::Agency => self.find_agency(caller, kind, id, version).await,
            Source::Log => self.find_logged(caller, kind, id, version, how).await,
        }
    }
}

/// A version is an id: `01` is another than `1`, and there is none.
fn version_of(text: &str) -> Option<i64> {
    text.parse().ok().filter(|version: &i64| version.to_string() == text)
}
