//! Who takes part, and what is asked of them.

use std::{path::Path, sync::Arc};

use keyway::{
    clock::{Clock, SystemClock},
    directory::{AgencyKind, Agreement, Channel, LawfulBasis, Partner, PartnerStatus},
    exchange::ports::{Store, Write},
    ids::{AgreementId, PartnerId, SiteId},
    store::sqlite::SqliteStore,
};
use serde_json::Value;

use crate::{pki::Identity, processing_record::processing_record};

/// The liaison and diversion service.
pub(crate) const LD: &str = "ld-harbour";
/// Gets FHIR messages at its `$process-message`.
pub(crate) const CMHT: &str = "cmht-riverside";
/// Gets signed events.
pub(crate) const PROBATION: &str = "probation-harbour";
/// To whom every assessment goes.
pub(crate) const RECIPIENTS: [&str; 2] = [CMHT, PROBATION];

pub(crate) fn site_id() -> SiteId {
    SiteId::parse("site-test").unwrap()
}

/// Enters the three agencies and the agreements with two of them.
pub(crate) async fn enrol(database: &Path, ld: &Identity, servers: [(&Identity, &String); 2]) {
    let store = SqliteStore::open(database, Arc::new(SystemClock)).unwrap();
    let [(cmht, cmht_at), (probation, probation_at)] = servers;
    let partners = [
        partner(LD, AgencyKind::LiaisonDiversion, Channel::Mailbox, None, ld),
        partner(CMHT, AgencyKind::Cmht, Channel::FhirPush, Some(cmht_at), cmht),
        partner(PROBATION, AgencyKind::Probation, Channel::EventPush, Some(probation_at), probation),
    ];
    let mut writes: Vec<Write> = partners.map(Write::Partner).into();
    writes.extend(RECIPIENTS.map(|id| Write::Agreement(agreement(id))));
    store.commit(writes, Vec::new()).await.unwrap();
}

fn partner(
    id: &str,
    kind: AgencyKind,
    channel: Channel,
    endpoint: Option<&String>,
    identity: &Identity,
) -> Partner {
    Partner {
        site_id: site_id(),
        partner_id: PartnerId::parse(id).unwrap(),
        kind,
        name: format!("Agency {id}"),
        organisation_code: format!("https://fhir.nhs.uk/Id/ods-organization-code|{}", id.to_uppercase()),
        channel,
        endpoint: endpoint.cloned(),
        client_id: id.to_owned(),
        certificate_sha256: identity.sha256(),
        jwks: String::new(),
        status: PartnerStatus::Active,
        forgives: Vec::new(),
        service: None,
        version: 0,
    }
}

fn agreement(id: &str) -> Agreement {
    let now = SystemClock.now();
    Agreement {
        site_id: site_id(),
        agreement_id: AgreementId::parse(&format!("dsa-{id}")).unwrap(),
        partner_id: PartnerId::parse(id).unwrap(),
        version: 1,
        purposes: vec![String::from(if id == CMHT { "TREAT" } else { "COORDINATION" })],
        valid_from: now.plus_seconds(-86_400),
        valid_to: now.plus_seconds(86_400 * 365),
        basis: LawfulBasis {
            data_protection: String::from("6.1.e + 9.2.h"),
            power: String::from("CommonLaw"),
            confidentiality: String::from("CONSENT-EXPLICIT"),
        },
        emergency: None,
        dpia_reference: String::from("DPIA-TEST"),
        record: processing_record(if id == CMHT { AgencyKind::Cmht } else { AgencyKind::Probation }),
    }
}

/// An assessment with every block, of the person with this reference, for both recipients.
pub(crate) fn assessment(person: &str, local: &str) -> String {
    let mut value: Value =
        serde_json::from_str(include_str!("../../fixtures/assessments/full.json")).unwrap();
    for list in ["consents", "referrals"] {
        let items = value[list].as_array_mut().unwrap();
        items.retain(|item| RECIPIENTS.contains(&item["recipient"].as_str().unwrap()));
    }
    value.as_object_mut().unwrap().remove("overrides");
    value["person"].as_object_mut().unwrap().remove("nhs_number");
    value["person"]["reference"] = person.into();
    value["local_reference"] = local.into();
    value.to_string()
}
