//! Messages out, their deliveries, and the attempts at them.

macro_rules! message {
    () => {
        "site_id, message_id, kind, referral_id, person_id, sender_id, recipient_id, decision_id, disclosure_id, \
         wire_id, workflow, content_type, body_sha256, body, detail, lineage, mapping_version, made_by, frame, \
         created_at"
    };
}

/// Shared with `lanes`, whose heads are deliveries.
macro_rules! delivery {
    () => {
        "site_id, delivery_id, message_id, referral_id, recipient_id, person_id, channel, not_before, created_at, \
         seq, status, attempts, next_at, send_by, reason, version"
    };
}
pub(super) use delivery;

statements! {
    PUT_MESSAGE = concat!("INSERT INTO message (", message!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, \
        $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)");
    MESSAGE = concat!("SELECT ", message!(), " FROM message WHERE site_id = $1 AND message_id = $2");
    MESSAGE_TO = concat!("SELECT ", message!(), " FROM message WHERE site_id = $1 AND message_id = $2 \
        AND recipient_id = $3");
    MESSAGE_BY_WIRE_ID = concat!("SELECT ", message!(), " FROM message WHERE site_id = $1 \
        AND recipient_id = $2 AND wire_id = $3 ORDER BY created_at DESC, message_id DESC LIMIT 1");
    MESSAGE_BY_DISCLOSURE = concat!("SELECT ", message!(), " FROM message WHERE site_id = $1 \
        AND disclosure_id = $2 ORDER BY created_at, message_id LIMIT 1");
    CHANGE_DELIVERY = "UPDATE delivery SET status = $1, attempts = $2, next_at = $3, send_by = $4, reason = $5, \
        version = version + 1 WHERE delivery_id = $6 AND version = $7";
    HAS_DELIVERY_VERSION = "SELECT 1 FROM delivery WHERE delivery_id = $1 AND version = $2";
    DELIVERY = concat!("SELECT ", delivery!(), " FROM delivery WHERE delivery_id = $1");
    DELIVERY_OF_MESSAGE = concat!("SELECT ", delivery!(), " FROM delivery WHERE site_id = $1 \
        AND message_id = $2 ORDER BY created_at DESC, delivery_id DESC LIMIT 1");
    DELIVERIES_OF = concat!("SELECT ", delivery!(), " FROM delivery WHERE site_id = $1 AND referral_id = $2 \
        ORDER BY created_at, delivery_id");
    MAILBOX = concat!("SELECT ", delivery!(), " FROM delivery WHERE site_id = $1 AND recipient_id = $2 \
        AND channel = 'mailbox' AND status IN ('queued', 'collected') AND next_at <= $3 \
        ORDER BY created_at, delivery_id LIMIT $4");
    MAILBOX_AFTER = concat!("SELECT ", delivery!(), " FROM delivery WHERE site_id = $1 AND recipient_id = $2 \
        AND channel = 'mailbox' AND status IN ('queued', 'collected') AND next_at <= $3 \
        AND (created_at, delivery_id) > (SELECT created_at, delivery_id FROM delivery WHERE delivery_id = $4) \
        ORDER BY created_at, delivery_id LIMIT $5");
    DELIVERY_COUNTS = "SELECT channel, status, COUNT(*) FROM delivery GROUP BY channel, status \
        ORDER BY channel, status";
    PUT_ATTEMPT = "INSERT INTO attempt (site_id, attempt_id, delivery_id, decision_id, begun_at, send_by, \
        ended_at, outcome, http_status) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    OPEN_ATTEMPT = "SELECT attempt_id FROM attempt WHERE delivery_id = $1 AND ended_at IS NULL \
        ORDER BY begun_at DESC LIMIT 1";
    END_ATTEMPT = "UPDATE attempt SET outcome = $1, http_status = $2, ended_at = $3 \
        WHERE attempt_id = $4 AND ended_at IS NULL";
}
