-- The first schema. Ids are text, times are microseconds since 1970 in UTC, content is sealed before it gets
-- here. Every row has its site; the log of the gateway (log_head), its root key and one-time values (once) have none.

-- The key that all others hang from, wrapped by the key-encryption key of the configuration.
CREATE TABLE root_key (
  key_id INTEGER NOT NULL PRIMARY KEY,
  wrapped BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE partner (
  site_id TEXT NOT NULL,
  partner_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  organisation_code TEXT NOT NULL,
  channel TEXT NOT NULL,
  endpoint TEXT,
  client_id TEXT NOT NULL UNIQUE,
  certificate_sha256 TEXT NOT NULL,
  jwks TEXT NOT NULL,
  status TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (site_id, partner_id)
) STRICT;

-- Every version is kept: a decision names the one that it rested on.
CREATE TABLE agreement (
  site_id TEXT NOT NULL,
  agreement_id TEXT NOT NULL,
  partner_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  purposes TEXT NOT NULL,
  valid_from INTEGER NOT NULL,
  valid_to INTEGER NOT NULL,
  basis TEXT NOT NULL,
  emergency TEXT,
  dpia_reference TEXT NOT NULL,
  PRIMARY KEY (site_id, agreement_id, version),
  FOREIGN KEY (site_id, partner_id) REFERENCES partner (site_id, partner_id)
) STRICT;
CREATE INDEX agreement_partner ON agreement (site_id, partner_id);

CREATE TABLE person (
  site_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  wrapped_key BLOB NOT NULL,
  consent_seq INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (site_id, person_id)
) STRICT;

CREATE TABLE person_lookup (
  site_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  hash BLOB NOT NULL,
  key_id INTEGER NOT NULL,
  person_id TEXT NOT NULL,
  PRIMARY KEY (site_id, kind, hash),
  FOREIGN KEY (site_id, person_id) REFERENCES person (site_id, person_id)
) STRICT;

CREATE TABLE episode (
  site_id TEXT NOT NULL,
  episode_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  status TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  PRIMARY KEY (site_id, episode_id),
  FOREIGN KEY (site_id, person_id) REFERENCES person (site_id, person_id)
) STRICT;
-- A person has one spell of contact at a time: of two that open one at once, one joins the other's.
CREATE UNIQUE INDEX episode_open ON episode (site_id, person_id) WHERE status = 'open';

CREATE TABLE assessment (
  site_id TEXT NOT NULL,
  assessment_id TEXT NOT NULL,
  episode_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  sender_id TEXT NOT NULL,
  profile TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  body_sha256 BLOB NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (site_id, assessment_id),
  FOREIGN KEY (site_id, episode_id) REFERENCES episode (site_id, episode_id)
) STRICT;

-- Each change of a consent is a further version; none is ever overwritten.
CREATE TABLE consent (
  site_id TEXT NOT NULL,
  consent_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  person_id TEXT NOT NULL,
  recipient_id TEXT NOT NULL,
  status TEXT NOT NULL,
  recorded_by TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (site_id, consent_id, version),
  FOREIGN KEY (site_id, person_id) REFERENCES person (site_id, person_id)
) STRICT;
CREATE INDEX consent_person ON consent (site_id, person_id);

CREATE TABLE referral (
  site_id TEXT NOT NULL,
  referral_id TEXT NOT NULL,
  episode_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  assessment_id TEXT,
  sender_id TEXT NOT NULL,
  recipient_id TEXT NOT NULL,
  nature TEXT NOT NULL,
  audience TEXT,
  channel TEXT NOT NULL,
  urgency TEXT NOT NULL,
  need TEXT NOT NULL,
  state TEXT NOT NULL,
  business_status TEXT NOT NULL,
  reason TEXT NOT NULL,
  receiver_note BLOB,
  withheld BLOB NOT NULL,
  disclosure_id TEXT,
  decision_id TEXT,
  review_due_at INTEGER,
  recall_answer TEXT,
  correlation_id TEXT NOT NULL,
  messages INTEGER NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (site_id, referral_id),
  FOREIGN KEY (site_id, episode_id) REFERENCES episode (site_id, episode_id),
  FOREIGN KEY (site_id, assessment_id) REFERENCES assessment (site_id, assessment_id)
) STRICT;
CREATE INDEX referral_episode ON referral (site_id, episode_id, created_at);
CREATE INDEX referral_recipient ON referral (site_id, person_id, recipient_id, created_at);

CREATE TABLE decision (
  site_id TEXT NOT NULL,
  decision_id TEXT NOT NULL,
  referral_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  recipient_id TEXT NOT NULL,
  exit TEXT NOT NULL,
  answer TEXT NOT NULL,
  reason TEXT NOT NULL,
  consent_id TEXT,
  consent_version INTEGER,
  agreement_id TEXT,
  agreement_version INTEGER,
  body BLOB NOT NULL,
  policy_version TEXT NOT NULL,
  consent_seq INTEGER NOT NULL,
  partner_version INTEGER NOT NULL,
  decided_at INTEGER NOT NULL,
  PRIMARY KEY (site_id, decision_id),
  FOREIGN KEY (site_id, referral_id) REFERENCES referral (site_id, referral_id)
) STRICT;
CREATE INDEX decision_referral ON decision (site_id, referral_id, decided_at);

CREATE TABLE message (
  site_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  referral_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  sender_id TEXT NOT NULL,
  recipient_id TEXT NOT NULL,
  decision_id TEXT,
  disclosure_id TEXT,
  wire_id TEXT NOT NULL,
  workflow TEXT NOT NULL,
  content_type TEXT NOT NULL,
  body_sha256 BLOB NOT NULL,
  body BLOB NOT NULL,
  detail BLOB,
  lineage BLOB NOT NULL,
  mapping_version TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (site_id, message_id),
  FOREIGN KEY (site_id, referral_id) REFERENCES referral (site_id, referral_id),
  FOREIGN KEY (site_id, decision_id) REFERENCES decision (site_id, decision_id)
) STRICT;
CREATE INDEX message_wire ON message (site_id, recipient_id, wire_id);
CREATE INDEX message_disclosure ON message (site_id, disclosure_id) WHERE disclosure_id IS NOT NULL;

-- The lane of one recipient and one person. `wake_at` is when it may next be leased: the later of its head's
-- next_at and the end of the lease; null when nothing waits or a dead head holds it. The store computes it
-- again after each change, so that finding due lanes is one step along an index.
CREATE TABLE lane (
  site_id TEXT NOT NULL,
  recipient_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  next_seq INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  lease_owner TEXT,
  lease_until INTEGER,
  wake_at INTEGER,
  PRIMARY KEY (site_id, recipient_id, person_id)
) STRICT;
CREATE INDEX lane_wake ON lane (wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE delivery (
  site_id TEXT NOT NULL,
  delivery_id TEXT NOT NULL PRIMARY KEY,
  message_id TEXT NOT NULL,
  referral_id TEXT NOT NULL,
  recipient_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  channel TEXT NOT NULL,
  not_before INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  status TEXT NOT NULL
    CHECK (status IN ('queued', 'attempting', 'collected', 'delivered', 'withdrawn', 'dead')),
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  send_by INTEGER,
  reason TEXT NOT NULL,
  version INTEGER NOT NULL,
  UNIQUE (site_id, recipient_id, person_id, seq),
  FOREIGN KEY (site_id, message_id) REFERENCES message (site_id, message_id),
  FOREIGN KEY (site_id, referral_id) REFERENCES referral (site_id, referral_id),
  FOREIGN KEY (site_id, recipient_id, person_id) REFERENCES lane (site_id, recipient_id, person_id)
) STRICT;
-- The order of a lane.
CREATE INDEX delivery_open ON delivery (site_id, recipient_id, person_id, not_before, seq, status)
  WHERE status IN ('queued', 'attempting', 'dead');
CREATE INDEX delivery_mailbox ON delivery (site_id, recipient_id, created_at, delivery_id)
  WHERE channel = 'mailbox' AND status IN ('queued', 'collected');
CREATE INDEX delivery_message ON delivery (site_id, message_id);
CREATE INDEX delivery_referral ON delivery (site_id, referral_id, created_at);

CREATE TABLE attempt (
  site_id TEXT NOT NULL,
  attempt_id TEXT NOT NULL PRIMARY KEY,
  delivery_id TEXT NOT NULL,
  decision_id TEXT,
  begun_at INTEGER NOT NULL,
  send_by INTEGER NOT NULL,
  ended_at INTEGER,
  outcome TEXT NOT NULL,
  http_status INTEGER,
  FOREIGN KEY (delivery_id) REFERENCES delivery (delivery_id)
) STRICT;
CREATE INDEX attempt_delivery ON attempt (delivery_id, begun_at);
-- One attempt at a time: the end of the one before is on record before the next begins.
CREATE UNIQUE INDEX attempt_open ON attempt (delivery_id) WHERE ended_at IS NULL;

CREATE TABLE inbound (
  site_id TEXT NOT NULL,
  inbound_id TEXT NOT NULL,
  partner_id TEXT NOT NULL,
  message_key TEXT NOT NULL,
  kind TEXT NOT NULL,
  referral_id TEXT,
  person_id TEXT,
  received_at INTEGER NOT NULL,
  body_sha256 BLOB NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (site_id, inbound_id),
  UNIQUE (site_id, partner_id, message_key)
) STRICT;

CREATE TABLE idempotency (
  site_id TEXT NOT NULL,
  partner_id TEXT NOT NULL,
  key TEXT NOT NULL,
  request_sha256 BLOB NOT NULL,
  status INTEGER NOT NULL,
  body BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (site_id, partner_id, key)
) STRICT;

CREATE TABLE once (
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (kind, value)
) STRICT;
CREATE INDEX once_expires ON once (expires_at);

CREATE TABLE recall (
  site_id TEXT NOT NULL,
  recall_id TEXT NOT NULL,
  referral_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  consent_id TEXT,
  asked_at INTEGER NOT NULL,
  answer TEXT NOT NULL,
  answered_at INTEGER,
  PRIMARY KEY (site_id, recall_id),
  FOREIGN KEY (site_id, referral_id) REFERENCES referral (site_id, referral_id),
  FOREIGN KEY (site_id, message_id) REFERENCES message (site_id, message_id)
) STRICT;
CREATE INDEX recall_open ON recall (site_id, referral_id, asked_at) WHERE answer = '';

-- `log_index` is null until the sequencer gives the entry its place. `in_commit` keeps the order of entries
-- that one commit made at one moment.
CREATE TABLE audit_entry (
  site_id TEXT NOT NULL,
  entry_id TEXT NOT NULL PRIMARY KEY,
  log_index INTEGER,
  at INTEGER NOT NULL,
  in_commit INTEGER NOT NULL,
  kind TEXT NOT NULL,
  person_id TEXT,
  referral_id TEXT,
  partner_id TEXT,
  leaf BLOB NOT NULL,
  content BLOB
) STRICT;
CREATE UNIQUE INDEX audit_place ON audit_entry (log_index) WHERE log_index IS NOT NULL;
CREATE INDEX audit_waiting ON audit_entry (at, in_commit, entry_id) WHERE log_index IS NULL;
CREATE INDEX audit_referral ON audit_entry (site_id, referral_id, at, in_commit)
  WHERE referral_id IS NOT NULL;
CREATE INDEX audit_person ON audit_entry (site_id, person_id, at, in_commit) WHERE person_id IS NOT NULL;

-- One row: the size of the log, its RFC 6962 root, and the right edge of its tree. The root of the empty log is
-- the SHA-256 of nothing.
CREATE TABLE log_head (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  size INTEGER NOT NULL,
  root BLOB NOT NULL,
  frontier BLOB NOT NULL,
  -- Says nothing; it changes when somebody asks whether the database can be written.
  probed INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO log_head (id, size, root, frontier)
VALUES (
  1, 0, x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', x'0000000000000000'
);
