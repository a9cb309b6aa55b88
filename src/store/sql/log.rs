//! What the log shows to others: its tiles, its checkpoints, and the keys that sign them.

macro_rules! checkpoint {
    () => {
        "SELECT size, root, note, key_id, signed_at, late FROM log_checkpoint "
    };
}

statements! {
    TILE = "SELECT hashes FROM log_tile WHERE level = $1 AND tile = $2";
    PUT_TILE = "INSERT INTO log_tile (level, tile, hashes) VALUES ($1, $2, $3) \
        ON CONFLICT (level, tile) DO UPDATE SET hashes = excluded.hashes";
    LAST_TILE = "SELECT tile, hashes FROM log_tile WHERE level = $1 ORDER BY tile DESC LIMIT 1";
    LEAVES = "SELECT leaf FROM audit_entry WHERE log_index >= $1 AND log_index < $2 ORDER BY log_index";
    LOG_KEYS = "SELECT key_id, name, public_key, wrapped, valid_from, valid_until FROM log_key \
        ORDER BY valid_from, key_id";
    PUT_LOG_KEY = "INSERT INTO log_key (key_id, name, public_key, wrapped, valid_from, valid_until) \
        VALUES ($1, $2, $3, $4, $5, NULL)";
    END_LOG_KEY = "UPDATE log_key SET valid_until = $1 WHERE key_id = $2 AND valid_until IS NULL";
    /// Under the key that signs now, and of what is in the log.
    PUT_CHECKPOINT = "INSERT INTO log_checkpoint (size, root, note, key_id, signed_at, late) \
        SELECT $1, $2, $3, $4, $5, $6 \
        WHERE EXISTS (SELECT 1 FROM log_key WHERE key_id = $4 AND valid_until IS NULL) \
        AND EXISTS (SELECT 1 FROM log_head WHERE id = 1 AND size >= $1)";
    LATEST_CHECKPOINT = concat!(checkpoint!(), "WHERE size >= 0 ORDER BY size DESC LIMIT 1");
    CHECKPOINTS_AFTER = concat!(checkpoint!(), "WHERE size > $1 ORDER BY size LIMIT $2");
    LATE_CHECKPOINTS = "SELECT COUNT(*) FROM log_checkpoint WHERE late = 1";
    /// When the first entry after a place was made.
    MADE_AT = "SELECT at FROM audit_entry WHERE log_index >= $1 ORDER BY log_index LIMIT 1";
    /// When the oldest entry without a place was made.
    WAITING_SINCE = "SELECT at FROM audit_entry WHERE log_index IS NULL ORDER BY at LIMIT 1";
}
