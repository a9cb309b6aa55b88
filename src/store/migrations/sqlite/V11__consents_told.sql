-- A consent by its recipient and its id: whether an agency may see one is found in the index alone, so that another's takes
-- as long to look for as one that is not there. Only adds: the earlier programs run on it.

CREATE INDEX consent_for ON consent (site_id, recipient_id, consent_id, version);
