//! Referrals, decisions about them, and recalls.

macro_rules! referral {
    () => {
        "site_id, referral_id, episode_id, person_id, assessment_id, sender_id, recipient_id, nature, audience, \
         channel, urgency, need, state, business_status, reason, receiver_note, withheld, disclosure_id, \
         decision_id, review_due_at, recall_answer, correlation_id, messages, on_behalf_of, in_answer_to, version, \
         created_at, updated_at, answer_by"
    };
}

/// What one agency sent (`sender_id`) or was sent and may know of (`recipient_id`), in the order of one of its times,
/// between two moments and after a place.
macro_rules! party {
    ("sender_id", $at:literal, $after:literal, $order:literal) => {
        party!("sender_id", "", $at, $after, $order)
    };
    ("recipient_id", $at:literal, $after:literal, $order:literal) => {
        party!(
            "recipient_id",
            " AND (disclosure_id IS NOT NULL OR audience IS NULL) AND state <> 'withheld'",
            $at,
            $after,
            $order
        )
    };
    ($side:literal, $known:literal, $at:literal, $after:literal, $order:literal) => {
        concat!(
            "SELECT ",
            referral!(),
            " FROM referral WHERE site_id = $1 AND ",
            $side,
            " = $2 AND ",
            $at,
            " >= $3 AND ",
            $at,
            " <= $4 AND (",
            $at,
            ", referral_id) ",
            $after,
            " ($5, $6)",
            $known,
            " ORDER BY ",
            $at,
            " ",
            $order,
            ", referral_id ",
            $order,
            " LIMIT $7"
        )
    };
}

statements! {
    PUT_REFERRAL = concat!("INSERT INTO referral (", referral!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, \
        $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)");
    /// The version asked for is the one before the row's, `$20`. What happens after its content was purged may bring new
    /// content: that is looked at again.
    MOVE_REFERRAL = "UPDATE referral SET assessment_id = $1, sender_id = $2, recipient_id = $3, nature = $4, \
        audience = $5, channel = $6, urgency = $7, need = $8, state = $9, business_status = $10, reason = $11, \
        receiver_note = $12, withheld = $13, disclosure_id = $14, decision_id = $15, review_due_at = $16, \
        recall_answer = $17, correlation_id = $18, messages = $19, version = $20, updated_at = $21, \
        answer_by = $22, in_answer_to = $23, purged_at = NULL WHERE site_id = $24 AND referral_id = $25 \
        AND version = $20 - 1";
    HAS_REFERRAL_VERSION = "SELECT 1 FROM referral WHERE site_id = $1 AND referral_id = $2 AND version = $3";
    REFERRAL = concat!("SELECT ", referral!(), " FROM referral WHERE site_id = $1 AND referral_id = $2");
    REFERRAL_OF = concat!("SELECT ", referral!(), " FROM referral WHERE site_id = $1 AND referral_id = $2 \
        AND (sender_id = $3 OR recipient_id = $3 AND (disclosure_id IS NOT NULL OR audience IS NULL) \
        AND state <> 'withheld')");
    REFERRALS_OF_EPISODE = concat!("SELECT ", referral!(), " FROM referral WHERE site_id = $1 \
        AND episode_id = $2 ORDER BY created_at, referral_id");
    REFERRALS_TO = concat!("SELECT ", referral!(), " FROM referral WHERE site_id = $1 AND person_id = $2 \
        AND recipient_id = $3 ORDER BY created_at, referral_id");
    /// Those that the agency is sent, and those that another is sent for it.
    REFERRALS_RESTING_ON = concat!("SELECT ", referral!(), " FROM referral WHERE site_id = $1 AND person_id = $2 \
        AND (recipient_id = $3 OR on_behalf_of = $3) ORDER BY recipient_id, created_at");
    /// What now stands, kept as a version.
    KEEP_REFERRAL = concat!("INSERT INTO referral_version (", referral!(), ") SELECT ", referral!(), " FROM referral \
        WHERE site_id = $1 AND referral_id = $2");
    REFERRAL_VERSION = concat!("SELECT ", referral!(), " FROM referral_version WHERE site_id = $1 \
        AND referral_id = $2 AND version = $3");
    REFERRALS_ABOUT = concat!("SELECT ", referral!(), " FROM referral WHERE site_id = $1 AND person_id = $2 LIMIT $3");
    SENT_BY_CREATION = party!("sender_id", "created_at", ">", "ASC");
    SENT_BY_CREATION_BACKWARDS = party!("sender_id", "created_at", "<", "DESC");
    SENT_BY_UPDATE = party!("sender_id", "updated_at", ">", "ASC");
    SENT_BY_UPDATE_BACKWARDS = party!("sender_id", "updated_at", "<", "DESC");
    GOT_BY_CREATION = party!("recipient_id", "created_at", ">", "ASC");
    GOT_BY_CREATION_BACKWARDS = party!("recipient_id", "created_at", "<", "DESC");
    GOT_BY_UPDATE = party!("recipient_id", "updated_at", ">", "ASC");
    GOT_BY_UPDATE_BACKWARDS = party!("recipient_id", "updated_at", "<", "DESC");
    PUT_DECISION = "INSERT INTO decision (site_id, decision_id, referral_id, person_id, recipient_id, exit, \
        answer, reason, consent_id, consent_version, agreement_id, agreement_version, body, policy_version, \
        consent_seq, partner_version, decided_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    DECISION = "SELECT site_id, decision_id, referral_id, person_id, recipient_id, exit, answer, reason, \
        consent_id, consent_version, agreement_id, agreement_version, body, policy_version, consent_seq, \
        partner_version, decided_at FROM decision \
        WHERE site_id = $1 AND decision_id = $2";
    PUT_RECALL = "INSERT INTO recall (site_id, recall_id, referral_id, message_id, consent_id, asked_at, answer, \
        answered_at, reminders, remind_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    /// The time at which it was due is taken once.
    RECALL_SEEN_TO = "UPDATE recall SET reminders = $1, remind_at = $2 \
        WHERE site_id = $3 AND recall_id = $4 AND answer = '' AND remind_at = $5";
    RECALLS_DUE = "SELECT site_id, recall_id, referral_id, message_id, consent_id, asked_at, answer, answered_at, \
        reminders, remind_at FROM recall WHERE answer = '' AND remind_at <= $1 ORDER BY remind_at, recall_id LIMIT $2";
    ANSWER_RECALL = "UPDATE recall SET answer = $1, answered_at = $2 \
        WHERE site_id = $3 AND recall_id = $4 AND answer = ''";
    OPEN_RECALL = "SELECT site_id, recall_id, referral_id, message_id, consent_id, asked_at, answer, answered_at, \
        reminders, remind_at FROM recall WHERE site_id = $1 AND referral_id = $2 AND answer = '' ORDER BY asked_at, recall_id LIMIT 1";
}
