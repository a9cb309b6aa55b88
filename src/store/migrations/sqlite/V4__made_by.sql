-- What made each message: versions and content hashes of mapping, allow-list and profile, as JSON. Nothing personal.
-- Null for what was made before. Only adds: the earlier programs run on it.

ALTER TABLE message ADD COLUMN made_by TEXT;
