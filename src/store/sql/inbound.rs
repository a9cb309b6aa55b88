//! Messages in, and the values by which repeats are known.

statements! {
    PUT_INBOUND = "INSERT INTO inbound (site_id, inbound_id, partner_id, message_key, kind, referral_id, \
        person_id, received_at, body_sha256, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    INBOUND = "SELECT site_id, inbound_id, partner_id, message_key, kind, referral_id, person_id, received_at, \
        body_sha256, body FROM inbound WHERE site_id = $1 AND partner_id = $2 AND message_key = $3";
    HAS_INBOUND = "SELECT 1 FROM inbound WHERE site_id = $1 AND partner_id = $2 AND message_key = $3";
    /// An expired answer makes way for a new one under its key.
    DROP_EXPIRED_ANSWER = "DELETE FROM idempotency WHERE site_id = $1 AND partner_id = $2 AND key = $3 \
        AND expires_at <= $4";
    PUT_ANSWER = "INSERT INTO idempotency (site_id, partner_id, key, request_sha256, status, body, created_at, \
        expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    ANSWER = "SELECT site_id, partner_id, key, request_sha256, status, body, created_at, expires_at \
        FROM idempotency WHERE site_id = $1 AND partner_id = $2 AND key = $3 AND expires_at > $4";
    HAS_ANSWER = "SELECT 1 FROM idempotency WHERE site_id = $1 AND partner_id = $2 AND key = $3 \
        AND expires_at > $4";
    PUT_ONCE = "INSERT INTO once (kind, value, expires_at) VALUES ($1, $2, $3)";
    /// Each new value takes away two that have expired, so the table stays as large as what is in force.
    DROP_EXPIRED_ONCE = "DELETE FROM once WHERE (kind, value) IN \
        (SELECT kind, value FROM once WHERE expires_at <= $1 ORDER BY expires_at LIMIT 2)";
}
