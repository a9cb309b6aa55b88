-- What is kept and for how long: when a referral's or an assessment's content was purged, holds that stop that, what was
-- erased, and requests for subject access. The indexes find what is due, and what there is of one person. Only adds: the
-- earlier programs run on it.

ALTER TABLE referral ADD COLUMN purged_at INTEGER;
ALTER TABLE assessment ADD COLUMN purged_at INTEGER;

-- The states in which nothing further can happen.
CREATE INDEX referral_final ON referral (updated_at, referral_id) WHERE purged_at IS NULL AND state IN ('withheld',
  'completed', 'rejected', 'redirected', 'ended-early', 'withdrawn', 'expired', 'failed', 'entered-in-error', 'recalled',
  'used', 'not-used', 'superseded');
CREATE INDEX referral_purged ON referral (site_id, purged_at) WHERE purged_at IS NOT NULL;
CREATE INDEX referral_assessment ON referral (site_id, assessment_id);
CREATE INDEX assessment_kept ON assessment (received_at, assessment_id) WHERE purged_at IS NULL;
CREATE INDEX assessment_person ON assessment (site_id, person_id, received_at);
CREATE INDEX message_referral ON message (site_id, referral_id, created_at);
CREATE INDEX inbound_person ON inbound (site_id, person_id, referral_id) WHERE person_id IS NOT NULL;
CREATE INDEX inbound_unmatched ON inbound (received_at, inbound_id) WHERE kind = 'unmatched';
CREATE INDEX idempotency_expires ON idempotency (expires_at);
CREATE INDEX lookup_person ON person_lookup (site_id, person_id);
CREATE INDEX reference_person ON person_reference (site_id, person_id);

-- While one of a person's holds is open nothing of theirs is purged or erased. Who set it and why stands with its entry.
CREATE TABLE legal_hold (
  site_id TEXT NOT NULL,
  hold_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  set_at INTEGER NOT NULL,
  lifted_at INTEGER,
  PRIMARY KEY (site_id, hold_id),
  FOREIGN KEY (site_id, person_id) REFERENCES person (site_id, person_id)
) STRICT;
CREATE INDEX hold_person ON legal_hold (site_id, person_id) WHERE lifted_at IS NULL;
CREATE INDEX hold_time ON legal_hold (site_id, set_at, hold_id);

-- The certificate holds ids, numbers and codes.
CREATE TABLE erasure (
  site_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  erased_at INTEGER NOT NULL,
  certificate TEXT NOT NULL,
  PRIMARY KEY (site_id, person_id),
  FOREIGN KEY (site_id, person_id) REFERENCES person (site_id, person_id)
) STRICT;

-- A draft of what somebody is told of themselves, and what a reviewer decided of it, sealed under their key.
CREATE TABLE subject_access (
  site_id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  drafted_at INTEGER NOT NULL,
  released_at INTEGER,
  version INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (site_id, request_id),
  FOREIGN KEY (site_id, person_id) REFERENCES person (site_id, person_id)
) STRICT;
CREATE INDEX subject_access_time ON subject_access (drafted_at);
CREATE INDEX subject_access_person ON subject_access (site_id, person_id, drafted_at);
