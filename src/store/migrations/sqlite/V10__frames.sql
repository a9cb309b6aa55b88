-- What a message that discloses an assessment was framed with, sealed under its person's key: with it, it can be made again.
-- Null for what was made before. Only adds: the earlier programs run on it.

ALTER TABLE message ADD COLUMN frame BLOB;
