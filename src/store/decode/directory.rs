//! Partners and agreements.

use super::FromRow;
use crate::{
    directory::{Agreement, Partner},
    exchange::{browse::Agency, ports::Read, rows::OfficerRow},
    ids::{AgreementId, PartnerId, SiteId},
    store::cell::RowReader,
};

impl FromRow for Partner {
    const TABLE: &'static str = "partner";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            site_id: row.id(SiteId::parse)?,
            partner_id: row.id(PartnerId::parse)?,
            kind: row.word()?,
            name: row.text()?,
            organisation_code: row.text()?,
            channel: row.word()?,
            endpoint: row.opt_text()?,
            client_id: row.text()?,
            certificate_sha256: row.text()?,
            jwks: row.text()?,
            status: row.word()?,
            forgives: row.json()?,
            service: row.opt_text()?,
            version: row.int()?,
        })
    }
}

impl FromRow for OfficerRow {
    const TABLE: &'static str = "officer";

    fn read(row: &mut RowReader) -> Read<Self> {
        Ok(Self {
            name: row.text()?,
            site_id: row.id(SiteId::parse)?,
            certificate_sha256: row.text()?,
            status: row.word()?,
            changed_at: row.moment()?,
        })
    }
}

impl FromRow for Agency {
    const TABLE: &'static str = "partner_version";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        let partner = Partner::read(row)?;
        let since = row.moment()?;
        Ok(Self { partner, since: (since.0 > 0).then_some(since) })
    }
}

impl FromRow for Agreement {
    const TABLE: &'static str = "agreement";

    fn read(row: &mut RowReader<'_>) -> Read<Self> {
        Ok(Self {
            site_id: row.id(SiteId::parse)?,
            agreement_id: row.id(AgreementId::parse)?,
            partner_id: row.id(PartnerId::parse)?,
            version: row.int()?,
            purposes: row.json()?,
            valid_from: row.moment()?,
            valid_to: row.moment()?,
            basis: row.json()?,
            emergency: row.opt_json()?,
            dpia_reference: row.text()?,
            record: row.opt_json()?,
        })
    }
}
