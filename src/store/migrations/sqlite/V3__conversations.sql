-- FHIR referrals that come in: by what their senders know them, and what each agency's messages are forgiven. Only
-- adds: the earlier programs run on it.

CREATE TABLE conversation (
  site_id TEXT NOT NULL,
  partner_id TEXT NOT NULL,
  referral_id TEXT NOT NULL,
  bundle_id TEXT NOT NULL,
  correlation_id TEXT NOT NULL,
  request_hash BLOB,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (site_id, referral_id),
  FOREIGN KEY (site_id, referral_id) REFERENCES referral (site_id, referral_id)
) STRICT;
-- A sender's Bundle.id is the key that answers quote: it means one referral.
CREATE UNIQUE INDEX conversation_bundle ON conversation (site_id, partner_id, bundle_id);
CREATE INDEX conversation_correlation ON conversation (site_id, partner_id, correlation_id, created_at);
CREATE INDEX conversation_request ON conversation (site_id, partner_id, request_hash, created_at);

-- Names of a closed list, as a JSON array.
ALTER TABLE partner ADD COLUMN forgives TEXT NOT NULL DEFAULT '[]';
ALTER TABLE partner_version ADD COLUMN forgives TEXT NOT NULL DEFAULT '[]';
