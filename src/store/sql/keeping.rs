//! What is kept, purged, held and erased.

/// With what may keep it. The states are those of the index `referral_final`.
macro_rules! final_referral {
    () => {
        "SELECT r.site_id, r.referral_id, r.person_id, r.recipient_id, r.state, r.version, r.updated_at, a.record, \
         (SELECT 1 FROM delivery d WHERE d.site_id = r.site_id AND d.referral_id = r.referral_id \
         AND d.status IN ('queued', 'attempting', 'collected', 'dead') LIMIT 1), \
         (SELECT 1 FROM recall c WHERE c.site_id = r.site_id AND c.referral_id = r.referral_id AND c.answer = '' LIMIT 1), \
         CASE WHEN r.review_due_at IS NULL THEN NULL ELSE (SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM review v \
         WHERE v.site_id = r.site_id AND v.referral_id = r.referral_id)) END, \
         (SELECT 1 FROM legal_hold h WHERE h.site_id = r.site_id AND h.person_id = r.person_id \
         AND h.lifted_at IS NULL LIMIT 1) \
         FROM referral r LEFT JOIN decision e ON e.site_id = r.site_id AND e.decision_id = r.decision_id \
         LEFT JOIN agreement a ON a.site_id = e.site_id AND a.agreement_id = e.agreement_id \
         AND a.version = e.agreement_version "
    };
}

macro_rules! kept_assessment {
    () => {
        "SELECT a.site_id, a.assessment_id, a.person_id, a.sender_id, a.received_at, \
         (SELECT 1 FROM referral r WHERE r.site_id = a.site_id AND r.assessment_id = a.assessment_id LIMIT 1), \
         (SELECT 1 FROM referral r WHERE r.site_id = a.site_id AND r.assessment_id = a.assessment_id \
         AND r.purged_at IS NULL LIMIT 1), \
         (SELECT 1 FROM legal_hold h WHERE h.site_id = a.site_id AND h.person_id = a.person_id \
         AND h.lifted_at IS NULL LIMIT 1) FROM assessment a "
    };
}

macro_rules! hold {
    () => {
        "SELECT site_id, hold_id, person_id, set_at, lifted_at FROM legal_hold "
    };
}

statements! {
    FINAL_REFERRALS = concat!(final_referral!(), "WHERE r.purged_at IS NULL AND r.state IN ('withheld', 'completed', \
        'rejected', 'redirected', 'ended-early', 'withdrawn', 'expired', 'failed', 'entered-in-error', 'recalled', 'used', \
        'not-used', 'superseded') AND (r.updated_at, r.referral_id) > ($1, $2) AND r.updated_at <= $3 \
        ORDER BY r.updated_at, r.referral_id LIMIT $4");
    KEPT_ASSESSMENTS = concat!(kept_assessment!(), "WHERE a.purged_at IS NULL AND (a.received_at, a.assessment_id) > ($1, $2) \
        AND a.received_at <= $3 ORDER BY a.received_at, a.assessment_id LIMIT $4");
    KEPT_ASSESSMENT_AFTER = concat!(kept_assessment!(), "WHERE a.site_id = $1 AND a.supersedes = $2");
    PURGED_SO_FAR = "SELECT COUNT(*), MAX(purged_at) FROM referral WHERE site_id = $1 AND purged_at IS NOT NULL";
    /// Never while a hold of the person is open.
    PURGE_REFERRAL = "UPDATE referral SET purged_at = $1, receiver_note = NULL WHERE site_id = $2 AND referral_id = $3 \
        AND purged_at IS NULL AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.site_id = $2 AND h.person_id = $4 \
        AND h.lifted_at IS NULL)";
    PURGE_NOTES = "UPDATE referral_version SET receiver_note = NULL WHERE site_id = $1 AND referral_id = $2 \
        AND receiver_note IS NOT NULL";
    PURGE_MESSAGES = "UPDATE message SET body = $1, detail = CASE WHEN detail IS NULL THEN NULL ELSE $1 END \
        WHERE site_id = $2 AND referral_id = $3";
    PURGE_INBOUND = "UPDATE inbound SET body = $1 WHERE site_id = $2 AND person_id = $3 AND referral_id = $4";
    /// Never while a hold of the person is open.
    PURGE_ASSESSMENT = "UPDATE assessment SET purged_at = $1, body = $2 WHERE site_id = $3 AND assessment_id = $4 \
        AND purged_at IS NULL AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.site_id = $3 AND h.person_id = $5 \
        AND h.lifted_at IS NULL)";
    /// The form that it was made from.
    PURGE_FORM = "UPDATE inbound SET body = $1 WHERE site_id = $2 AND partner_id = $3 AND message_key = $4";
    /// What came in, matched nobody, and is of before this moment.
    PURGE_UNMATCHED = "UPDATE inbound SET body = $1, kind = 'unmatched-purged' WHERE (site_id, inbound_id) IN (SELECT site_id, \
        inbound_id FROM inbound WHERE kind = 'unmatched' AND received_at <= $2 ORDER BY received_at, inbound_id LIMIT $3)";
    DROP_EXPIRED_ANSWERS = "DELETE FROM idempotency WHERE (site_id, partner_id, key) IN (SELECT site_id, partner_id, key \
        FROM idempotency WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    HELD_OF = "SELECT (SELECT COUNT(*) FROM assessment a WHERE a.site_id = $1 AND a.person_id = $2), \
        (SELECT COUNT(*) FROM consent c WHERE c.site_id = $1 AND c.person_id = $2), \
        (SELECT COUNT(*) FROM referral r WHERE r.site_id = $1 AND r.person_id = $2), \
        (SELECT COUNT(*) FROM referral r JOIN decision d ON d.site_id = r.site_id AND d.referral_id = r.referral_id \
        WHERE r.site_id = $1 AND r.person_id = $2), \
        (SELECT COUNT(*) FROM referral r JOIN message m ON m.site_id = r.site_id AND m.referral_id = r.referral_id \
        WHERE r.site_id = $1 AND r.person_id = $2), \
        (SELECT COUNT(*) FROM inbound i WHERE i.site_id = $1 AND i.person_id = $2), \
        (SELECT COUNT(*) FROM person_lookup l WHERE l.site_id = $1 AND l.person_id = $2), \
        (SELECT COUNT(*) FROM subject_access s WHERE s.site_id = $1 AND s.person_id = $2), \
        (SELECT COUNT(*) FROM audit_entry e WHERE e.site_id = $1 AND e.person_id = $2) \
        FROM person p WHERE p.site_id = $1 AND p.person_id = $2";
    /// Never while a hold of the person is open, nor while anything about them is under way.
    ERASE_PERSON = "UPDATE person SET wrapped_key = $1, consent_seq = consent_seq + 1 WHERE site_id = $2 AND person_id = $3 \
        AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.site_id = $2 AND h.person_id = $3 AND h.lifted_at IS NULL) \
        AND NOT EXISTS (SELECT 1 FROM referral r WHERE r.site_id = $2 AND r.person_id = $3 AND r.state NOT IN ('withheld', \
        'completed', 'rejected', 'redirected', 'ended-early', 'withdrawn', 'expired', 'failed', 'entered-in-error', \
        'recalled', 'used', 'not-used', 'superseded'))";
    ERASE_LOOKUPS = "DELETE FROM person_lookup WHERE site_id = $1 AND person_id = $2";
    ERASE_ASSESSMENTS = "UPDATE assessment SET purged_at = COALESCE(purged_at, $1), body = $2 WHERE site_id = $3 \
        AND person_id = $4";
    ERASE_CONSENTS = "UPDATE consent SET body = $1 WHERE site_id = $2 AND person_id = $3";
    ERASE_REFERRALS = "UPDATE referral SET purged_at = $1, receiver_note = NULL, need = '', withheld = $2 \
        WHERE site_id = $3 AND person_id = $4";
    ERASE_REFERRAL_VERSIONS = "UPDATE referral_version SET receiver_note = NULL, need = '', withheld = $1 \
        WHERE (site_id, referral_id) IN (SELECT site_id, referral_id FROM referral WHERE site_id = $2 AND person_id = $3)";
    ERASE_DECISIONS = "UPDATE decision SET body = $1 WHERE (site_id, referral_id) IN (SELECT site_id, referral_id \
        FROM referral WHERE site_id = $2 AND person_id = $3)";
    ERASE_MESSAGES = "UPDATE message SET body = $1, detail = CASE WHEN detail IS NULL THEN NULL ELSE $1 END, lineage = $1, \
        frame = NULL WHERE (site_id, referral_id) IN (SELECT site_id, referral_id FROM referral WHERE site_id = $2 \
        AND person_id = $3)";
    ERASE_INBOUND = "UPDATE inbound SET body = $1 WHERE site_id = $2 AND person_id = $3";
    ERASE_CONVERSATIONS = "UPDATE conversation SET request_hash = NULL WHERE (site_id, referral_id) IN (SELECT site_id, \
        referral_id FROM referral WHERE site_id = $1 AND person_id = $2)";
    ERASE_SUBJECT_ACCESS = "UPDATE subject_access SET body = $1 WHERE site_id = $2 AND person_id = $3";
    PUT_ERASURE = "INSERT INTO erasure (site_id, person_id, erased_at, certificate) VALUES ($1, $2, $3, $4)";
    CERTIFICATE_OF = "SELECT certificate FROM erasure WHERE site_id = $1 AND person_id = $2";
    ASSESSMENTS_OF = "SELECT site_id, assessment_id, episode_id, person_id, sender_id, profile, received_at, body_sha256, body, \
        supersedes FROM assessment WHERE site_id = $1 AND person_id = $2 ORDER BY received_at LIMIT $3";
    INBOUND_OF = "SELECT site_id, inbound_id, partner_id, message_key, kind, referral_id, person_id, received_at, body_sha256, \
        body FROM inbound WHERE site_id = $1 AND person_id = $2 LIMIT $3";
    PUT_SUBJECT_ACCESS = "INSERT INTO subject_access (site_id, request_id, person_id, drafted_at, released_at, version, body) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    MOVE_SUBJECT_ACCESS = "UPDATE subject_access SET released_at = $1, version = $2, body = $3 WHERE site_id = $4 \
        AND request_id = $5 AND version = $2 - 1 AND released_at IS NULL";
    SUBJECT_ACCESS = "SELECT site_id, request_id, person_id, drafted_at, released_at, version, body FROM subject_access \
        WHERE site_id = $1 AND request_id = $2";
    DROP_OLD_DRAFTS = "DELETE FROM subject_access WHERE (site_id, request_id) IN (SELECT site_id, request_id \
        FROM subject_access WHERE drafted_at <= $1 ORDER BY drafted_at LIMIT $2)";
    PUT_HOLD = "INSERT INTO legal_hold (site_id, hold_id, person_id, set_at, lifted_at) VALUES ($1, $2, $3, $4, $5)";
    LIFT_HOLD = "UPDATE legal_hold SET lifted_at = $1 WHERE site_id = $2 AND hold_id = $3 AND lifted_at IS NULL";
    HOLD = concat!(hold!(), "WHERE site_id = $1 AND hold_id = $2");
    /// The latest first.
    HOLDS = concat!(hold!(), "WHERE site_id = $1 ORDER BY set_at DESC, hold_id DESC LIMIT $2");
    OPEN_HOLDS = concat!(hold!(), "WHERE site_id = $1 AND person_id = $2 AND lifted_at IS NULL");
}

#[cfg(test)]
mod tests {
    use super::FINAL_REFERRALS;
    use crate::referral::State;

    /// A state that is final and not among them would never be purged; one that is not final must not be.
    #[test]
    fn what_may_be_purged_is_what_is_final() {
        for state in State::ALL {
            let named = FINAL_REFERRALS.contains(&format!("'{}'", state.as_str()));
            // The words of deliveries stand in it too.
            let of_a_delivery = state.as_str() == "queued";
            assert_eq!(named && !of_a_delivery, state.is_final(), "{}", state.as_str());
        }
    }
}
