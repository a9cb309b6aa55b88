//! Partners and agreements.

macro_rules! partner {
    () => {
        "site_id, partner_id, kind, name, organisation_code, channel, endpoint, client_id, certificate_sha256, \
         jwks, status, forgives, service, version"
    };
}

/// Shared with `oversight`, which asks for every version.
macro_rules! agreement {
    () => {
        "site_id, agreement_id, partner_id, version, purposes, valid_from, valid_to, basis, emergency, dpia_reference, record"
    };
}
pub(super) use agreement;

statements! {
    PUT_PARTNER = "INSERT INTO partner (site_id, partner_id, kind, name, organisation_code, channel, endpoint, \
        client_id, certificate_sha256, jwks, status, forgives, service, version) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1) \
        ON CONFLICT (site_id, partner_id) DO UPDATE SET kind = excluded.kind, name = excluded.name, \
        organisation_code = excluded.organisation_code, channel = excluded.channel, \
        endpoint = excluded.endpoint, client_id = excluded.client_id, \
        certificate_sha256 = excluded.certificate_sha256, jwks = excluded.jwks, status = excluded.status, \
        forgives = excluded.forgives, service = excluded.service, \
        version = partner.version + 1";
    /// What now stands, kept as a version; nothing when it is kept already.
    KEEP_PARTNER = concat!("INSERT INTO partner_version (", partner!(), ", recorded_at) SELECT ", partner!(), ", $1 \
        FROM partner WHERE site_id = $2 AND partner_id = $3 ON CONFLICT (site_id, partner_id, version) DO NOTHING");
    AGENCY_VERSION = concat!("SELECT ", partner!(), ", recorded_at FROM partner_version WHERE site_id = $1 \
        AND partner_id = $2 AND version = $3");
    /// Each as it stands.
    AGENCIES = concat!("SELECT ", partner!(), ", recorded_at FROM partner_version v WHERE site_id = $1 AND version = \
        (SELECT p.version FROM partner p WHERE p.site_id = v.site_id AND p.partner_id = v.partner_id) \
        ORDER BY partner_id");
    PARTNER_VERSION_UP =
        "UPDATE partner SET version = version + 1 WHERE site_id = $1 AND partner_id = $2";
    HAS_PARTNER_VERSION = "SELECT 1 FROM partner WHERE site_id = $1 AND partner_id = $2 AND version = $3";
    PARTNER = concat!("SELECT ", partner!(), " FROM partner WHERE site_id = $1 AND partner_id = $2");
    PARTNER_BY_CLIENT = concat!("SELECT ", partner!(), " FROM partner WHERE client_id = $1");
    PARTNERS = concat!("SELECT ", partner!(), " FROM partner WHERE site_id = $1 ORDER BY partner_id");
    PUT_AGREEMENT = concat!("INSERT INTO agreement (", agreement!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
        ON CONFLICT (site_id, agreement_id, version) DO NOTHING");
    /// Whether the version that is stored says exactly this: decisions name it, so it never changes.
    HAS_AGREEMENT = "SELECT 1 FROM agreement WHERE site_id = $1 AND agreement_id = $2 AND partner_id = $3 \
        AND version = $4 AND purposes = $5 AND valid_from = $6 AND valid_to = $7 AND basis = $8 \
        AND emergency IS NOT DISTINCT FROM $9 AND dpia_reference = $10 \
        AND record IS NOT DISTINCT FROM $11";
    PUT_OFFICER = "INSERT INTO officer (name, site_id, certificate_sha256, status, changed_at) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET certificate_sha256 = excluded.certificate_sha256, \
        status = excluded.status, changed_at = excluded.changed_at WHERE officer.site_id = excluded.site_id";
    OFFICER = "SELECT name, site_id, certificate_sha256, status, changed_at FROM officer WHERE name = $1";
    OFFICERS = "SELECT name, site_id, certificate_sha256, status, changed_at FROM officer WHERE site_id = $1 ORDER BY name";
    /// The latest version of each: an older one no longer says anything.
    AGREEMENTS = concat!("SELECT ", agreement!(), " FROM agreement a WHERE site_id = $1 AND partner_id = $2 AND version = \
        (SELECT MAX(version) FROM agreement b WHERE b.site_id = a.site_id AND b.agreement_id = a.agreement_id) \
        ORDER BY agreement_id");
}
