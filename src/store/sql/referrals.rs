//! Referrals, decisions about them, and recalls.

macro_rules! referral {
    () => {
        "site_id, referral_id, episode_id, person_id, assessment_id, sender_id, recipient_id, nature, audience, \
         channel, urgency, need, state, business_status, reason, receiver_note, withheld, disclosure_id, \
         decision_id, review_due_at, recall_answer, correlation_id, messages, version, created_at, updated_at"
    };
}

statements! {
    PUT_REFERRAL = concat!("INSERT INTO referral (", referral!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, \
        $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)");
    /// The version asked for is the one before the row's, `$20`.
    MOVE_REFERRAL = "UPDATE referral SET assessment_id = $1, sender_id = $2, recipient_id = $3, nature = $4, \
        audience = $5, channel = $6, urgency = $7, need = $8, state = $9, business_status = $10, reason = $11, \
        receiver_note = $12, withheld = $13, disclosure_id = $14, decision_id = $15, review_due_at = $16, \
        recall_answer = $17, correlation_id = $18, messages = $19, version = $20, updated_at = $21 \
        WHERE site_id = $22 AND referral_id = $23 AND version = $20 - 1";
    HAS_REFERRAL_VERSION = "SELECT 1 FROM referral WHERE site_id = $1 AND referral_id = $2 AND version = $3";
    REFERRAL = concat!("SELECT ", referral!(), " FROM referral WHERE site_id = $1 AND referral_id = $2");
    REFERRALS_OF_EPISODE = concat!("SELECT ", referral!(), " FROM referral WHERE site_id = $1 \
        AND episode_id = $2 ORDER BY created_at, referral_id");
    REFERRALS_TO = concat!("SELECT ", referral!(), " FROM referral WHERE site_id = $1 AND person_id = $2 \
        AND recipient_id = $3 ORDER BY created_at, referral_id");
    PUT_DECISION = "INSERT INTO decision (site_id, decision_id, referral_id, person_id, recipient_id, exit, \
        answer, reason, consent_id, consent_version, agreement_id, agreement_version, body, policy_version, \
        consent_seq, partner_version, decided_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    DECISION = "SELECT site_id, decision_id, referral_id, person_id, recipient_id, exit, answer, reason, \
        consent_id, consent_version, agreement_id, agreement_version, body, policy_version, consent_seq, partner_version, decided_at FROM decision \
        WHERE site_id = $1 AND decision_id = $2";
    PUT_RECALL = "INSERT INTO recall (site_id, recall_id, referral_id, message_id, consent_id, asked_at, answer, \
        answered_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    ANSWER_RECALL = "UPDATE recall SET answer = $1, answered_at = $2 \
        WHERE site_id = $3 AND recall_id = $4 AND answer = ''";
    OPEN_RECALL = "SELECT site_id, recall_id, referral_id, message_id, consent_id, asked_at, answer, answered_at \
        FROM recall WHERE site_id = $1 AND referral_id = $2 AND answer = '' ORDER BY asked_at, recall_id LIMIT 1";
}
