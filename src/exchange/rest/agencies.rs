//! The directory's resources: what every partner may know of every agency.

use async_trait::async_trait;
use serde_json::Value;

use super::{
    asked::Asked,
    kinds::Kind,
    page::Place,
    search::Page,
    shown::Shown,
    walk::{self, Key, Ordered},
};
use crate::{
    clock::Moment,
    exchange::{Exchange, browse::Agency, caller::Caller, refusal::Refusal},
    ids::PartnerId,
    mapping::fhir_rest,
};

impl Exchange {
    pub(super) async fn find_agency(
        &self,
        caller: &Caller,
        kind: &'static Kind,
        id: &str,
        version: Option<i64>,
    ) -> Result<Shown, Refusal> {
        let id = PartnerId::parse(id).ok_or_else(Refusal::not_found)?;
        let current = self.store.partner(&caller.site_id, &id).await?.ok_or_else(Refusal::not_found)?;
        let version = version.unwrap_or(current.version);
        let agency = self.store.agency_version(&caller.site_id, &id, version).await?;
        Ok(self.show_agency(kind, &agency.ok_or_else(Refusal::not_found)?))
    }

    fn show_agency(&self, kind: &'static Kind, agency: &Agency) -> Shown {
        let (partner, since) = (&agency.partner, agency.since);
        let resource: Value = match kind.name {
            "HealthcareService" => fhir_rest::healthcare_service(partner, since),
            "Endpoint" => fhir_rest::endpoint(partner, since, &format!("{}/fhir", self.base_url)),
            "Location" => fhir_rest::location(partner, since),
            "PractitionerRole" => fhir_rest::practitioner_role(partner, since),
            _ => fhir_rest::organization(partner, since),
        };
        Shown::new(kind, partner.partner_id.as_str(), partner.version, since, resource)
    }

    /// A page of the directory.
    pub(super) async fn search_agencies(
        &self,
        caller: &Caller,
        asked: &Asked,
        place: Option<&Place>,
    ) -> Result<Page, Refusal> {
        let mut page = Page::new(asked.count);
        let agencies = self.store.agencies(&caller.site_id).await?;
        walk::few(&mut Directory { exchange: self, asked }, agencies, place, &mut page).await?;
        Ok(page)
    }
}

/// The agencies of a site, by their ids or by when they last changed.
struct Directory<'a> {
    exchange: &'a Exchange,
    asked: &'a Asked,
}

#[async_trait]
impl Ordered for Directory<'_> {
    type Row = Agency;

    fn is_backwards(&self) -> bool {
        self.asked.backwards
    }

    fn key(&self, agency: &Agency) -> Key {
        let by_id = self.asked.sort == "_id";
        // Of what changed before that was kept, nothing is known but that it was earlier.
        let at = agency.since.filter(|_| !by_id).unwrap_or(Moment(0));
        (at, agency.partner.partner_id.to_string())
    }

    async fn put(&mut self, agency: Agency, page: &mut Page) -> Result<bool, Refusal> {
        let shown = self.exchange.show_agency(self.asked.kind, &agency);
        let (at, id) = self.key(&agency);
        Ok(!self.asked.fits(&shown.resource, "") || page.add(shown, Place::after(at, id)))
    }
}
