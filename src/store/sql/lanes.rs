//! Lanes: giving sequence numbers, overtaking, leasing, and when each lane wakes.
//!
//! The order of a lane is (`not_before`, `seq`): what may go only later stands behind what may go now.

use super::messages::delivery;

/// The deliveries of a lane that take turns and are not done. What lies in a mailbox has no turn.
macro_rules! waits {
    ($recipient:literal, $person:literal) => {
        concat!(
            "site_id = $1 AND recipient_id = ",
            $recipient,
            " AND person_id = ",
            $person,
            " AND status IN ('queued', 'attempting', 'dead') AND channel IN ('fhir-push', 'event-push')"
        )
    };
}

/// The moment that puts a delivery at the front of its lane: that of an attempt that has begun, for that is never
/// overtaken; or else the smallest that waits; or else its own.
macro_rules! first_moment {
    ($recipient:literal, $person:literal, $own:literal) => {
        concat!(
            "COALESCE((SELECT MAX(not_before) FROM delivery WHERE ",
            waits!($recipient, $person),
            " AND status = 'attempting'), (SELECT MIN(not_before) FROM delivery WHERE ",
            waits!($recipient, $person),
            " AND not_before < ",
            $own,
            "), ",
            $own,
            ")"
        )
    };
}

statements! {
    /// Takes the lane's next number (and, in an engine with row locks, its row): it is `next_seq - 1` afterwards.
    TAKE_NUMBER = "INSERT INTO lane (site_id, recipient_id, person_id, next_seq, fence) VALUES ($1, $2, $3, 2, 0) \
        ON CONFLICT (site_id, recipient_id, person_id) DO UPDATE SET next_seq = lane.next_seq + 1";
    PUT_DELIVERY = concat!("INSERT INTO delivery (", delivery!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, \
        (SELECT next_seq - 1 FROM lane WHERE site_id = $1 AND recipient_id = $5 AND person_id = $6), \
        'queued', 0, $8, NULL, '', 1)");
    /// Moves the first delivery that may be overtaken, and all that have a higher number, one place back, by way of
    /// negative numbers: no two deliveries of a lane ever have the same one.
    MAKE_ROOM = concat!("UPDATE delivery SET seq = -(seq + 1) \
        WHERE site_id = $1 AND recipient_id = $2 AND person_id = $3 AND seq >= (SELECT MIN(seq) FROM delivery \
        WHERE ", waits!("$2", "$3"), " AND status <> 'attempting' \
        AND not_before = ", first_moment!("$2", "$3", "$4"), " AND seq > COALESCE((SELECT MAX(seq) FROM delivery \
        WHERE ", waits!("$2", "$3"), " AND status = 'attempting'), 0))");
    /// Into the room that was made; under a number of its own when nothing is there to be overtaken at its moment.
    PUT_DELIVERY_FIRST = concat!("INSERT INTO delivery (", delivery!(), ") \
        VALUES ($1, $2, $3, $4, $5, $6, $7, ", first_moment!("$5", "$6", "$8"), ", $9, \
        COALESCE((SELECT -MAX(seq) - 1 FROM delivery WHERE site_id = $1 AND recipient_id = $5 AND person_id = $6 \
        AND seq < 0), \
        (SELECT next_seq - 1 FROM lane WHERE site_id = $1 AND recipient_id = $5 AND person_id = $6)), \
        'queued', 0, $8, NULL, '', 1)");
    CLOSE_ROOM = "UPDATE delivery SET seq = -seq WHERE site_id = $1 AND recipient_id = $2 AND person_id = $3 \
        AND seq < 0";
    /// Computes when a lane wakes, from its head and its lease.
    WAKE = "UPDATE lane SET wake_at = (SELECT CASE WHEN d.status = 'dead' THEN NULL \
        WHEN lane.lease_until > d.next_at THEN lane.lease_until ELSE d.next_at END FROM delivery d \
        WHERE d.site_id = lane.site_id AND d.recipient_id = lane.recipient_id AND d.person_id = lane.person_id \
        AND d.status IN ('queued', 'attempting', 'dead') AND d.channel IN ('fhir-push', 'event-push') \
        ORDER BY d.not_before, d.seq LIMIT 1) WHERE site_id = $1 AND recipient_id = $2 AND person_id = $3";
    /// The same, for the lane of a delivery.
    WAKE_OF_DELIVERY = "UPDATE lane SET wake_at = (SELECT CASE WHEN d.status = 'dead' THEN NULL \
        WHEN lane.lease_until > d.next_at THEN lane.lease_until ELSE d.next_at END FROM delivery d \
        WHERE d.site_id = lane.site_id AND d.recipient_id = lane.recipient_id AND d.person_id = lane.person_id \
        AND d.status IN ('queued', 'attempting', 'dead') AND d.channel IN ('fhir-push', 'event-push') \
        ORDER BY d.not_before, d.seq LIMIT 1) WHERE (site_id, recipient_id, person_id) = \
        (SELECT site_id, recipient_id, person_id FROM delivery WHERE delivery_id = $1)";
    LEASE = "UPDATE lane SET lease_owner = $1, lease_until = $2, fence = fence + 1 \
        WHERE site_id = $3 AND recipient_id = $4 AND person_id = $5";
    FENCE = "SELECT fence FROM lane WHERE site_id = $1 AND recipient_id = $2 AND person_id = $3";
    HEAD = concat!("SELECT ", delivery!(), " FROM delivery d WHERE site_id = $1 AND recipient_id = $2 \
        AND person_id = $3 AND status IN ('queued', 'attempting', 'dead') \
        AND channel IN ('fhir-push', 'event-push') ORDER BY not_before, seq LIMIT 1");
    HAS_FENCE = "SELECT 1 FROM lane WHERE site_id = $1 AND recipient_id = $2 AND person_id = $3 AND fence = $4 \
        AND lease_owner IS NOT NULL";
    /// Keeps a lane leased while an attempt at one of its deliveries is under way; changes nothing when the lease has
    /// run out at the moment `$7` or is another's.
    HOLD = "UPDATE lane SET lease_until = CASE WHEN lease_until < $1 THEN $1 ELSE lease_until END \
        WHERE site_id = $2 AND recipient_id = $3 AND person_id = $4 AND fence = $5 AND lease_owner IS NOT NULL \
        AND (site_id, recipient_id, person_id) = \
        (SELECT site_id, recipient_id, person_id FROM delivery WHERE delivery_id = $6) AND lease_until > $7";
    RELEASE = "UPDATE lane SET lease_owner = NULL, lease_until = NULL WHERE site_id = $1 AND recipient_id = $2 \
        AND person_id = $3 AND fence = $4 AND lease_owner IS NOT NULL";
    /// Ends every lease that still runs, for an engine with one gateway whose predecessor is dead. A leased lane
    /// wakes when its lease ends or later, so the index on `wake_at` finds it; one on which nothing waits is left.
    GIVE_BACK = "UPDATE lane SET lease_owner = NULL, lease_until = NULL, wake_at = \
        (SELECT CASE WHEN d.status = 'dead' THEN NULL ELSE d.next_at END FROM delivery d \
        WHERE d.site_id = lane.site_id AND d.recipient_id = lane.recipient_id AND d.person_id = lane.person_id \
        AND d.status IN ('queued', 'attempting', 'dead') AND d.channel IN ('fhir-push', 'event-push') \
        ORDER BY d.not_before, d.seq LIMIT 1) WHERE wake_at > $1 AND lease_owner IS NOT NULL";
    NEXT_DUE = "SELECT MIN(wake_at) FROM lane WHERE wake_at IS NOT NULL";
    BACKLOG = "SELECT COUNT(*) FROM (SELECT 1 FROM delivery WHERE site_id = $1 AND recipient_id = $2 \
        AND status IN ('queued', 'attempting', 'dead') AND status <> 'dead' LIMIT $3) AS counted";
}
