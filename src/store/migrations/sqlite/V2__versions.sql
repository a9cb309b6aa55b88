-- What reading by FHIR needs: every version of a referral and of an agency as it was, what one agency sent or was
-- sent in the order of time, a person under the name that one agency knows, and the log entries of one agency's own
-- acts. Only adds: the first version's programs would run on it.

CREATE TABLE referral_version (
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
  PRIMARY KEY (site_id, referral_id, version)
) STRICT;
-- Of what is there already, the version that stands is kept; those before it were not.
INSERT INTO referral_version SELECT site_id, referral_id, episode_id, person_id, assessment_id, sender_id,
  recipient_id, nature, audience, channel, urgency, need, state, business_status, reason, receiver_note, withheld,
  disclosure_id, decision_id, review_due_at, recall_answer, correlation_id, messages, version, created_at, updated_at
  FROM referral;

CREATE INDEX referral_sent_created ON referral (site_id, sender_id, created_at, referral_id);
CREATE INDEX referral_sent_updated ON referral (site_id, sender_id, updated_at, referral_id);
CREATE INDEX referral_got_created ON referral (site_id, recipient_id, created_at, referral_id);
CREATE INDEX referral_got_updated ON referral (site_id, recipient_id, updated_at, referral_id);

CREATE TABLE partner_version (
  site_id TEXT NOT NULL,
  partner_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  organisation_code TEXT NOT NULL,
  channel TEXT NOT NULL,
  endpoint TEXT,
  client_id TEXT NOT NULL,
  certificate_sha256 TEXT NOT NULL,
  jwks TEXT NOT NULL,
  status TEXT NOT NULL,
  version INTEGER NOT NULL,
  -- When this version began; 0 where that is not known any more.
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (site_id, partner_id, version)
) STRICT;
INSERT INTO partner_version SELECT site_id, partner_id, kind, name, organisation_code, channel, endpoint, client_id,
  certificate_sha256, jwks, status, version, 0 FROM partner;

-- The pseudonym of a person that one agency knows.
CREATE TABLE person_reference (
  site_id TEXT NOT NULL,
  partner_id TEXT NOT NULL,
  reference TEXT NOT NULL,
  person_id TEXT NOT NULL,
  PRIMARY KEY (site_id, partner_id, reference),
  FOREIGN KEY (site_id, person_id) REFERENCES person (site_id, person_id)
) STRICT;

-- Which agency did it; null for the gateway's own doing, and for entries that are older than this column.
ALTER TABLE audit_entry ADD COLUMN actor TEXT;
CREATE INDEX audit_actor ON audit_entry (site_id, actor, at, entry_id) WHERE actor IS NOT NULL;
