-- What the record of processing says of the flow under an agreement (JSON). None where the agreement was entered before: nothing
-- flows under it until it is entered again, whole. Only adds: the earlier programs run on it.

ALTER TABLE agreement ADD COLUMN record TEXT;
