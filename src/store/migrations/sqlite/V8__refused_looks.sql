-- Looks that were refused, in the order of time: for whoever holds what was looked for. Only adds: the earlier programs run
-- on it.

CREATE INDEX audit_refused ON audit_entry (site_id, at, entry_id) WHERE kind = 'access-refused';
