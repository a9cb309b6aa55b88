-- Information governance officers who ask over HTTP, each with the certificate that shows who it is. An agency is never one,
-- and the table of agencies does not hold them: nothing is ever sent to an officer. Only adds: the earlier programs run on it.

CREATE TABLE officer (
  name TEXT NOT NULL PRIMARY KEY,
  site_id TEXT NOT NULL,
  certificate_sha256 TEXT NOT NULL,
  status TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX officer_certificate ON officer (certificate_sha256);
