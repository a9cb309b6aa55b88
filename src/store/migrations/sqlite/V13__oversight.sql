-- What the questions of an information governance officer need: the second person's review of a disclosure without consent,
-- when each version of an agreement was entered, and indexes for what is asked about a site, a referral or a person. When an
-- agreement was entered is null for what was there before: it is taken as known ever since. Only adds: the earlier programs
-- run on it.

CREATE TABLE review (
  site_id TEXT NOT NULL,
  referral_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reviewed_at INTEGER NOT NULL,
  PRIMARY KEY (site_id, referral_id),
  FOREIGN KEY (site_id, referral_id) REFERENCES referral (site_id, referral_id)
) STRICT;

CREATE TABLE agreement_entered (
  site_id TEXT NOT NULL,
  agreement_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  entered_at INTEGER NOT NULL,
  PRIMARY KEY (site_id, agreement_id, version)
) STRICT;

CREATE INDEX referral_review ON referral (site_id, review_due_at, referral_id) WHERE review_due_at IS NOT NULL;
CREATE INDEX recall_time ON recall (site_id, asked_at, recall_id);
CREATE INDEX recall_waiting ON recall (site_id, asked_at, recall_id) WHERE answer = '';
CREATE INDEX recall_referral ON recall (site_id, referral_id, asked_at, recall_id);
CREATE INDEX audit_looked_up ON audit_entry (site_id, at, entry_id) WHERE kind = 'looked-up';
-- What was disclosed by which decision, found without the messages' bodies.
CREATE INDEX message_flow ON message (site_id, decision_id, created_at) WHERE kind = 'disclosure';
