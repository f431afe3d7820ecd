-- Schema 2: the wait after wrong PINs runs on the monotonic clock, which nobody can set; tries are counted
-- against one PIN, so that a new one from HQ's desk starts afresh.

CREATE TABLE pin_wait (
  officer TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  wait_ms INTEGER NOT NULL,                       -- what was left of the wait at `mono_ms`
  mono_ms INTEGER NOT NULL,
  boot TEXT NOT NULL,                             -- in which `mono_ms` was read
  verifier TEXT NOT NULL                          -- its hash; empty: from schema 1, whichever it was
) STRICT, WITHOUT ROWID;
-- How long somebody waited already is not known by this clock: the wait begins again.
INSERT INTO pin_wait
SELECT officer, failures, CASE WHEN failures > 5 THEN 60000 << (failures - 6) ELSE 0 END, 0, '', '' FROM pin;
DROP TABLE pin;
ALTER TABLE pin_wait RENAME TO pin;
