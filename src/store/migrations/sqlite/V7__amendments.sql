-- An assessment is amended once: of two that would take the place of the same one, one is told of the other. Only adds:
-- the earlier programs run on it.

CREATE UNIQUE INDEX assessment_supersedes ON assessment (site_id, supersedes) WHERE supersedes IS NOT NULL;
