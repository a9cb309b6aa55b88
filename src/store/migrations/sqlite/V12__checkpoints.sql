-- The hashes of the log in tiles, its signed checkpoints, and the keys that sign them. Only adds: the earlier programs run on
-- it. The hashes of what they sequence, and of what was there before, are filled in by the next sequencer.

-- `hashes` is at most 256 hashes of 32 bytes: of leaves at level 0, of full tiles of the level below above it.
CREATE TABLE log_tile (
  level INTEGER NOT NULL,
  tile INTEGER NOT NULL,
  hashes BLOB NOT NULL,
  PRIMARY KEY (level, tile)
) STRICT;

-- The private key is wrapped under the root key. Only one signs at a time; those that no longer do stay, so that what they
-- signed can be checked.
CREATE TABLE log_key (
  key_id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  public_key BLOB NOT NULL,
  wrapped BLOB NOT NULL,
  valid_from INTEGER NOT NULL,
  valid_until INTEGER
) STRICT;
CREATE UNIQUE INDEX log_key_current ON log_key ((1)) WHERE valid_until IS NULL;

-- `late` is 1 when an entry had waited longer than it may for a checkpoint that covers it.
CREATE TABLE log_checkpoint (
  size INTEGER NOT NULL PRIMARY KEY,
  root BLOB NOT NULL,
  note TEXT NOT NULL,
  key_id TEXT NOT NULL REFERENCES log_key (key_id),
  signed_at INTEGER NOT NULL,
  late INTEGER NOT NULL
) STRICT;
CREATE INDEX log_checkpoint_late ON log_checkpoint (late) WHERE late = 1;
