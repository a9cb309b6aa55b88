//! What an information governance officer asks: about one person, one referral, one consent, or a whole site.

use super::directory::agreement;

statements! {
    PUT_REVIEW = "INSERT INTO review (site_id, referral_id, outcome, reviewed_at) VALUES ($1, $2, $3, $4)";
    /// When a version of an agreement was first entered: before it is, for afterwards it is there.
    AGREEMENT_ENTERED = "INSERT INTO agreement_entered (site_id, agreement_id, version, entered_at) \
        SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT 1 FROM agreement WHERE site_id = $1 AND agreement_id = $2 \
        AND version = $3) ON CONFLICT (site_id, agreement_id, version) DO NOTHING";
    /// The latest first.
    SEEN = "SELECT log_index, entry_id, at, kind, site_id, person_id, referral_id, partner_id, leaf, content \
        FROM audit_entry WHERE site_id = $1 AND person_id = $2 AND at >= $3 AND at <= $4 AND kind IN ('decided', \
        'disclosed', 'collected', 'viewed', 'access-refused', 'looked-up') \
        ORDER BY at DESC, in_commit DESC LIMIT $5";
    /// The latest first.
    LOOKS = "SELECT log_index, entry_id, at, kind, site_id, person_id, referral_id, partner_id, leaf, content \
        FROM audit_entry WHERE site_id = $1 AND kind = 'looked-up' AND at >= $2 AND at <= $3 \
        ORDER BY at DESC, entry_id DESC LIMIT $4";
    /// The entry of a disclosure without consent.
    OVERRIDDEN = "SELECT log_index, entry_id, at, kind, site_id, person_id, referral_id, partner_id, leaf, content \
        FROM audit_entry WHERE site_id = $1 AND referral_id = $2 AND kind = 'overridden' \
        ORDER BY at DESC, in_commit DESC LIMIT 1";
    /// The latest first.
    DECISIONS_OF = "SELECT site_id, decision_id, referral_id, person_id, recipient_id, exit, answer, reason, \
        consent_id, consent_version, agreement_id, agreement_version, body, policy_version, consent_seq, \
        partner_version, decided_at FROM decision WHERE site_id = $1 AND referral_id = $2 \
        ORDER BY decided_at DESC LIMIT $3";
    RECALLS_OF = "SELECT site_id, recall_id, referral_id, message_id, consent_id, asked_at, answer, answered_at, \
        reminders, remind_at FROM recall WHERE site_id = $1 AND referral_id = $2 ORDER BY asked_at, recall_id";
    /// Each with where its message stands, the latest first.
    RECALLS = "SELECT c.site_id, c.recall_id, c.referral_id, c.message_id, c.consent_id, c.asked_at, c.answer, \
        c.answered_at, c.reminders, c.remind_at, r.person_id, r.recipient_id, r.reason, (SELECT d.status FROM delivery d \
        WHERE d.site_id = c.site_id AND d.message_id = c.message_id LIMIT 1) \
        FROM recall c JOIN referral r ON r.site_id = c.site_id AND r.referral_id = c.referral_id \
        WHERE c.site_id = $1 ORDER BY c.asked_at DESC, c.recall_id DESC LIMIT $2";
    /// The same of those that wait for an answer, the one that has waited longest first.
    OPEN_RECALLS = "SELECT c.site_id, c.recall_id, c.referral_id, c.message_id, c.consent_id, c.asked_at, c.answer, \
        c.answered_at, c.reminders, c.remind_at, r.person_id, r.recipient_id, r.reason, (SELECT d.status FROM delivery d \
        WHERE d.site_id = c.site_id AND d.message_id = c.message_id LIMIT 1) \
        FROM recall c JOIN referral r ON r.site_id = c.site_id AND r.referral_id = c.referral_id \
        WHERE c.site_id = $1 AND c.answer = '' ORDER BY c.asked_at, c.recall_id LIMIT $2";
    /// Disclosures without consent, each with its review, the one that is due first first.
    OVERRIDES = "SELECT r.referral_id, r.person_id, r.recipient_id, r.sender_id, r.state, r.created_at, \
        r.review_due_at, v.outcome, v.reviewed_at FROM referral r \
        LEFT JOIN review v ON v.site_id = r.site_id AND v.referral_id = r.referral_id \
        WHERE r.site_id = $1 AND r.review_due_at IS NOT NULL ORDER BY r.review_due_at, r.referral_id LIMIT $2";
    /// Those of them that nobody has reviewed.
    UNREVIEWED = "SELECT r.referral_id, r.person_id, r.recipient_id, r.sender_id, r.state, r.created_at, \
        r.review_due_at, v.outcome, v.reviewed_at FROM referral r \
        LEFT JOIN review v ON v.site_id = r.site_id AND v.referral_id = r.referral_id \
        WHERE r.site_id = $1 AND r.review_due_at IS NOT NULL AND v.outcome IS NULL \
        ORDER BY r.review_due_at, r.referral_id LIMIT $2";
    /// One of them.
    OVERRIDE_OF = "SELECT r.referral_id, r.person_id, r.recipient_id, r.sender_id, r.state, r.created_at, \
        r.review_due_at, v.outcome, v.reviewed_at FROM referral r \
        LEFT JOIN review v ON v.site_id = r.site_id AND v.referral_id = r.referral_id \
        WHERE r.site_id = $1 AND r.referral_id = $2 AND r.review_due_at IS NOT NULL";
    /// What was disclosed under each version of each agreement, to whom and for which audience.
    FLOWS_USED = "SELECT d.agreement_id, d.agreement_version, r.recipient_id, r.audience, r.on_behalf_of, COUNT(*), \
        MIN(m.created_at), MAX(m.created_at) FROM message m \
        JOIN decision d ON d.site_id = m.site_id AND d.decision_id = m.decision_id \
        JOIN referral r ON r.site_id = d.site_id AND r.referral_id = d.referral_id \
        WHERE m.site_id = $1 AND m.kind = 'disclosure' \
        GROUP BY d.agreement_id, d.agreement_version, r.recipient_id, r.audience, r.on_behalf_of";
    /// Every version of every agreement that was known at a moment; the latest is the highest version.
    AGREEMENTS_KNOWN = concat!("SELECT ", agreement!(), " FROM agreement a WHERE site_id = $1 AND COALESCE((SELECT \
        e.entered_at FROM agreement_entered e WHERE e.site_id = a.site_id AND e.agreement_id = a.agreement_id \
        AND e.version = a.version), 0) <= $2 ORDER BY agreement_id, version");
    /// Each consent of a person in the version that stood at a moment.
    CONSENTS_AT = "SELECT site_id, consent_id, version, person_id, recipient_id, status, recorded_by, recorded_at, body \
        FROM consent c WHERE site_id = $1 AND person_id = $2 AND version = (SELECT version FROM consent d \
        WHERE d.site_id = c.site_id AND d.consent_id = c.consent_id AND d.recorded_at + 0 <= $3 ORDER BY version DESC \
        LIMIT 1) ORDER BY recorded_at, consent_id";
    /// An agency as it stood at a moment.
    AGENCY_AT = "SELECT site_id, partner_id, kind, name, organisation_code, channel, endpoint, client_id, \
        certificate_sha256, jwks, status, forgives, service, version, recorded_at FROM partner_version \
        WHERE site_id = $1 AND partner_id = $2 AND recorded_at <= $3 ORDER BY version DESC LIMIT 1";
}
