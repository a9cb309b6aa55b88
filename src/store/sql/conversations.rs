//! By what the senders of FHIR referrals know them.

macro_rules! conversation {
    () => {
        "site_id, partner_id, referral_id, bundle_id, correlation_id, request_hash, created_at"
    };
}

statements! {
    PUT_CONVERSATION = concat!("INSERT INTO conversation (", conversation!(), ") \
        VALUES ($1, $2, $3, $4, $5, $6, $7)");
    CONVERSATION_OF =
        concat!("SELECT ", conversation!(), " FROM conversation WHERE site_id = $1 AND referral_id = $2");
    BY_BUNDLE = concat!("SELECT ", conversation!(), " FROM conversation WHERE site_id = $1 AND partner_id = $2 \
        AND bundle_id = $3");
    BY_CORRELATION = concat!("SELECT ", conversation!(), " FROM conversation WHERE site_id = $1 \
        AND partner_id = $2 AND correlation_id = $3 ORDER BY created_at DESC LIMIT 2");
    /// Two that are known are none.
    ASKED_SINCE = "SELECT 1 FROM conversation WHERE site_id = $1 AND partner_id = $2 AND request_hash = $3 \
        AND created_at >= $4 AND referral_id <> COALESCE($5, '') AND referral_id <> COALESCE($6, '')";
    BY_REQUEST = concat!("SELECT ", conversation!(), " FROM conversation WHERE site_id = $1 \
        AND partner_id = $2 AND request_hash = $3 ORDER BY created_at DESC LIMIT 2");
}
