-- Consents in the order in which they last changed: of a site, and of one recipient. Only adds: the earlier programs
-- run on it.

CREATE INDEX consent_time ON consent (site_id, recorded_at, consent_id);
CREATE INDEX consent_told ON consent (site_id, recipient_id, recorded_at, consent_id);
