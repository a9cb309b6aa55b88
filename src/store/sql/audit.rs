//! Audit entries and the head of the log.

macro_rules! entry {
    () => {
        "log_index, entry_id, at, kind, site_id, person_id, referral_id, partner_id, leaf, content"
    };
}

/// A page of entries after a place, in the order of time.
macro_rules! onward {
    () => {
        "AND at >= $3 AND at <= $4 AND (at, entry_id) > ($5, $6) ORDER BY at, entry_id LIMIT $7"
    };
}

/// The same, the latest first.
macro_rules! backwards {
    () => {
        "AND at >= $3 AND at <= $4 AND (at, entry_id) < ($5, $6) ORDER BY at DESC, entry_id DESC LIMIT $7"
    };
}

macro_rules! own {
    ($page:expr) => {
        concat!(
            "SELECT ",
            entry!(),
            " FROM audit_entry WHERE site_id = $1 AND actor = $2 AND kind <> 'access-refused' ",
            $page
        )
    };
}

macro_rules! refused {
    ($page:expr) => {
        concat!(
            "SELECT ",
            entry!(),
            " FROM audit_entry e WHERE site_id = $1 AND kind = 'access-refused' AND actor <> $2 \
            AND person_id IS NOT NULL AND (referral_id IS NULL OR EXISTS (SELECT 1 FROM referral r \
            WHERE r.site_id = $1 AND r.referral_id = e.referral_id AND r.sender_id = $2)) ",
            $page
        )
    };
}

statements! {
    PUT_ENTRY = "INSERT INTO audit_entry (site_id, entry_id, at, in_commit, kind, person_id, referral_id, \
        partner_id, leaf, content, actor) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// By the index being null, never by an id beyond the last one: entries are not committed in the order of
    /// their ids.
    UNSEQUENCED = "SELECT entry_id, leaf FROM audit_entry WHERE log_index IS NULL \
        ORDER BY at, in_commit, entry_id LIMIT $1";
    GIVE_PLACE = "UPDATE audit_entry SET log_index = $1 WHERE entry_id = $2 AND log_index IS NULL";
    HEAD = "SELECT size, root, frontier FROM log_head WHERE id = 1";
    SWAP_HEAD = "UPDATE log_head SET size = $1, root = $2, frontier = $3 \
        WHERE id = 1 AND size = $4 AND root = $5";
    HEAD_AND_WAITING = "SELECT size, root, frontier, (SELECT COUNT(*) FROM audit_entry WHERE log_index IS NULL) \
        FROM log_head WHERE id = 1";
    PAGE = concat!("SELECT ", entry!(), " FROM audit_entry WHERE log_index >= $1 ORDER BY log_index LIMIT $2");
    /// The latest first.
    ABOUT = concat!("SELECT ", entry!(), " FROM audit_entry WHERE site_id = $1 AND referral_id = $2 \
        ORDER BY at DESC, in_commit DESC, entry_id DESC LIMIT $3");
    ENTRY = concat!("SELECT ", entry!(), " FROM audit_entry WHERE entry_id = $1 AND site_id = $2");
    /// Of what one agency did itself, or of a referral that it sent or was sent.
    ENTRY_FOR = concat!("SELECT ", entry!(), " FROM audit_entry e WHERE site_id = $1 AND entry_id = $2 AND (actor = $3 \
        OR EXISTS (SELECT 1 FROM referral r WHERE r.site_id = $1 AND r.referral_id = e.referral_id \
        AND (r.sender_id = $3 OR r.recipient_id = $3)))");
    /// What one agency did itself, between two moments and after a place. What was refused to it is not among it, so that not
    /// even where a page ends tells of it.
    BY_ACTOR = own!(onward!());
    /// The same, the latest first.
    BY_ACTOR_BACKWARDS = own!(backwards!());
    /// What was refused to others about what this agency sent, and about the consents, for the one that holds them.
    REFUSED = refused!(onward!());
    /// The same, the latest first.
    REFUSED_BACKWARDS = refused!(backwards!());
    /// About a consent and no referral, the latest first.
    ABOUT_CONSENT = concat!("SELECT ", entry!(), " FROM audit_entry WHERE site_id = $1 AND person_id = $2 \
        AND referral_id IS NULL AND instr(leaf, $3) > 0 ORDER BY at DESC, in_commit DESC, entry_id DESC LIMIT $4");
    WAITING = "SELECT COUNT(*) FROM audit_entry WHERE log_index IS NULL";
    /// Fails when the database cannot be written. It has to change something: what stays the same is not written.
    TOUCH = "UPDATE log_head SET probed = 1 - probed WHERE id = 1";
}
