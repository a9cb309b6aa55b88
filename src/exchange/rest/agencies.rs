//! The directory's resources: what every partner may know of every agency.

use serde_json::Value;

use super::{asked::Asked, kinds::Kind, page::Place, search::Page, shown::Shown};
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

    /// A page of the directory, in the order of the agencies' ids.
    pub(super) async fn search_agencies(
        &self,
        caller: &Caller,
        asked: &Asked,
        place: Option<&Place>,
    ) -> Result<Page, Refusal> {
        let mut page = Page::new(asked.count);
        for agency in self.store.agencies(&caller.site_id).await? {
            let id = agency.partner.partner_id.as_str();
            if place.is_some_and(|place| id <= place.id.as_str()) {
                continue;
            }
            let shown = self.show_agency(asked.kind, &agency);
            if !asked.fits(&shown.resource, "") {
                continue;
            }
            let end = Place::after(Moment(0), id.to_owned());
            if !page.add(shown, end) {
                break;
            }
        }
        Ok(page)
    }
}
