//! The root key, people, how they are found again, their episodes, assessments and consents.

macro_rules! consent {
    () => {
        "site_id, consent_id, version, person_id, recipient_id, status, recorded_by, recorded_at, body"
    };
}

/// The latest version of each consent, in the order in which they last changed, between two moments and after a place; of
/// one recipient only those that something was sent to it under and that it may know of.
macro_rules! consents_in_time {
    ("all", $after:literal, $order:literal) => {
        consents_in_time!("", "$6", $after, $order)
    };
    ("told", $after:literal, $order:literal) => {
        consents_in_time!(
            " AND recipient_id = $6 AND EXISTS (SELECT 1 FROM referral r WHERE r.site_id = c.site_id \
             AND r.person_id = c.person_id AND r.recipient_id = $6 AND r.disclosure_id IS NOT NULL AND r.review_due_at IS NULL \
             AND r.state <> 'withheld')",
            "$7",
            $after,
            $order
        )
    };
    ($told:literal, $limit:literal, $after:literal, $order:literal) => {
        concat!(
            "SELECT ",
            consent!(),
            " FROM consent c WHERE site_id = $1 AND recorded_at >= $2 AND recorded_at <= $3 AND (recorded_at, consent_id) ",
            $after,
            " ($4, $5) AND version = (SELECT MAX(version) FROM consent d WHERE d.site_id = c.site_id \
             AND d.consent_id = c.consent_id)",
            $told,
            " ORDER BY recorded_at ",
            $order,
            ", consent_id ",
            $order,
            " LIMIT ",
            $limit
        )
    };
}

macro_rules! assessment {
    () => {
        "site_id, assessment_id, episode_id, person_id, sender_id, profile, received_at, body_sha256, body, supersedes"
    };
}

statements! {
    /// Never beside people whose keys another root key wrapped: one that is lost must not be replaced in silence.
    PUT_ROOT_KEY = "INSERT INTO root_key (key_id, wrapped, created_at) SELECT $1, $2, $3 \
        WHERE NOT EXISTS (SELECT 1 FROM person)";
    ROOT_KEY = "SELECT key_id, wrapped, created_at FROM root_key ORDER BY key_id DESC LIMIT 1";
    PUT_PERSON = "INSERT INTO person (site_id, person_id, wrapped_key, consent_seq, created_at) \
        VALUES ($1, $2, $3, $4, $5)";
    PERSON = "SELECT site_id, person_id, wrapped_key, consent_seq, created_at FROM person \
        WHERE site_id = $1 AND person_id = $2";
    CONSENT_SEQ_UP = "UPDATE person SET consent_seq = consent_seq + 1 WHERE site_id = $1 AND person_id = $2";
    HAS_CONSENT_SEQ = "SELECT 1 FROM person WHERE site_id = $1 AND person_id = $2 AND consent_seq = $3";
    PUT_LOOKUP = "INSERT INTO person_lookup (site_id, kind, hash, key_id, person_id) \
        VALUES ($1, $2, $3, $4, $5)";
    FORGET_LOOKUP = "DELETE FROM person_lookup WHERE site_id = $1 AND kind = $2 AND person_id = $3 AND hash = $4";
    FORGET_LOOKUPS = "DELETE FROM person_lookup WHERE site_id = $1 AND kind = $2 AND person_id = $3";
    PERSON_BY_LOOKUP = "SELECT p.site_id, p.person_id, p.wrapped_key, p.consent_seq, p.created_at \
        FROM person_lookup l JOIN person p ON p.site_id = l.site_id AND p.person_id = l.person_id \
        WHERE l.site_id = $1 AND l.kind = $2 AND l.hash = $3";
    PUT_EPISODE = "INSERT INTO episode (site_id, episode_id, person_id, status, opened_at) \
        VALUES ($1, $2, $3, $4, $5)";
    OPEN_EPISODE = "SELECT site_id, episode_id, person_id, status, opened_at FROM episode \
        WHERE site_id = $1 AND person_id = $2 AND status = 'open'";
    PUT_ASSESSMENT = concat!("INSERT INTO assessment (", assessment!(), ") \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
    ASSESSMENT = concat!("SELECT ", assessment!(), " FROM assessment WHERE site_id = $1 AND assessment_id = $2");
    /// The one that took its place.
    ASSESSMENT_AFTER = concat!("SELECT ", assessment!(), " FROM assessment WHERE site_id = $1 AND supersedes = $2");
    PUT_CONSENT = "INSERT INTO consent (site_id, consent_id, version, person_id, recipient_id, status, \
        recorded_by, recorded_at, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    CONSENT = concat!("SELECT ", consent!(), " FROM consent WHERE site_id = $1 AND consent_id = $2 \
        ORDER BY version DESC LIMIT 1");
    CONSENT_FOR = concat!("SELECT ", consent!(), " FROM consent WHERE site_id = $1 AND consent_id = $2 \
        AND recipient_id = $3 ORDER BY version DESC LIMIT 1");
    CONSENT_VERSION = concat!("SELECT ", consent!(), " FROM consent WHERE site_id = $1 AND consent_id = $2 \
        AND version = $3");
    CONSENTS_IN_TIME = consents_in_time!("all", ">", "ASC");
    CONSENTS_IN_TIME_BACKWARDS = consents_in_time!("all", "<", "DESC");
    CONSENTS_TOLD = consents_in_time!("told", ">", "ASC");
    CONSENTS_TOLD_BACKWARDS = consents_in_time!("told", "<", "DESC");
    PUT_REFERENCE = "INSERT INTO person_reference (site_id, partner_id, reference, person_id) \
        VALUES ($1, $2, $3, $4) ON CONFLICT (site_id, partner_id, reference) DO NOTHING";
    PERSON_BY_REFERENCE = "SELECT person_id FROM person_reference WHERE site_id = $1 AND partner_id = $2 \
        AND reference = $3";
    CONSENTS_OF = concat!("SELECT ", consent!(), " FROM consent c WHERE site_id = $1 AND person_id = $2 \
        AND version = (SELECT MAX(version) FROM consent d WHERE d.site_id = c.site_id \
        AND d.consent_id = c.consent_id) ORDER BY recorded_at, consent_id");
}
