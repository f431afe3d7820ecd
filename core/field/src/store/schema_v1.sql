-- Schema 1. A released schema is never edited: changes are a new step (store/migrate.rs).

-- Facts about this store: device, times of HQ, prepared salts.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Lives of the journal.
CREATE TABLE epoch (
  id INTEGER PRIMARY KEY,
  epoch TEXT NOT NULL UNIQUE CHECK (length(epoch) = 16),
  delivered INTEGER NOT NULL DEFAULT 0,           -- covered by HQ's signed receipts
  floor INTEGER NOT NULL DEFAULT 0                -- also in HQ's verified back-up
) STRICT;

-- Headers: never changed, never deleted.
CREATE TABLE entry (
  pos INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL REFERENCES epoch (id),
  seq INTEGER NOT NULL CHECK (seq > 0),
  kind TEXT NOT NULL,
  version INTEGER NOT NULL,
  wall_ms INTEGER NOT NULL,
  mono_ms INTEGER NOT NULL,
  boot TEXT NOT NULL,
  prev BLOB NOT NULL CHECK (length(prev) = 32),
  body BLOB NOT NULL CHECK (length(body) = 32),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  UNIQUE (epoch, seq)
) STRICT;

-- Salts and bodies lie apart; they may go when HQ holds them and retention is over.
CREATE TABLE body (
  pos INTEGER PRIMARY KEY REFERENCES entry (pos),
  salt BLOB NOT NULL CHECK (length(salt) = 16),
  body BLOB NOT NULL
) STRICT;

CREATE TABLE case_entry (
  case_id TEXT NOT NULL,
  pos INTEGER NOT NULL REFERENCES entry (pos),
  PRIMARY KEY (case_id, pos)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_entry_pos ON case_entry (pos);

-- Until when a case is kept. No row: for ever. Raised, never lowered.
CREATE TABLE retention (case_id TEXT PRIMARY KEY, keep_until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
-- Holds the time of a running purge, only inside its transaction.
CREATE TABLE purge_gate (now_ms INTEGER NOT NULL) STRICT;

CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
CREATE TRIGGER body_no_update BEFORE UPDATE ON body BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
CREATE TRIGGER body_no_delete BEFORE DELETE ON body
WHEN NOT EXISTS (
  SELECT 1 FROM entry e
  JOIN epoch p ON p.id = e.epoch
  JOIN case_entry c ON c.pos = e.pos
  JOIN retention r ON r.case_id = c.case_id
  JOIN purge_gate g ON r.keep_until_ms < g.now_ms
  WHERE e.pos = OLD.pos AND e.seq <= p.floor)
BEGIN SELECT RAISE(ABORT, 'body is still needed'); END;
CREATE TRIGGER retention_only_longer BEFORE UPDATE ON retention WHEN NEW.keep_until_ms < OLD.keep_until_ms
BEGIN SELECT RAISE(ABORT, 'retention is never shortened'); END;
CREATE TRIGGER retention_no_delete BEFORE DELETE ON retention BEGIN SELECT RAISE(ABORT, 'retention is never shortened'); END;
CREATE TRIGGER epoch_no_delete BEFORE DELETE ON epoch BEGIN SELECT RAISE(ABORT, 'epochs stay'); END;
CREATE TRIGGER epoch_floor BEFORE UPDATE OF floor ON epoch WHEN NEW.floor < OLD.floor
BEGIN SELECT RAISE(ABORT, 'floor never falls'); END;

-- Number blocks: a lease id is used once, for ever.
CREATE TABLE lease (
  lease_id TEXT PRIMARY KEY,
  organ TEXT NOT NULL,
  series TEXT NOT NULL,
  year INTEGER NOT NULL,
  first INTEGER NOT NULL CHECK (first > 0),
  last INTEGER NOT NULL CHECK (last >= first),
  next INTEGER NOT NULL CHECK (next BETWEEN first AND last + 1),
  epoch INTEGER NOT NULL REFERENCES epoch (id),
  not_after_ms INTEGER NOT NULL,
  burnt INTEGER NOT NULL DEFAULT 0 CHECK (burnt IN (0, 1)),
  doc TEXT NOT NULL
) STRICT;
CREATE INDEX lease_use ON lease (series, year, burnt, first);
CREATE TRIGGER lease_no_delete BEFORE DELETE ON lease BEGIN SELECT RAISE(ABORT, 'leases stay'); END;
CREATE TRIGGER lease_forward BEFORE UPDATE ON lease
WHEN NEW.next < OLD.next OR NEW.burnt < OLD.burnt OR NEW.lease_id <> OLD.lease_id OR NEW.first <> OLD.first OR NEW.last <> OLD.last
BEGIN SELECT RAISE(ABORT, 'a number is never free again'); END;

-- Numbers that left their block. Free ones are lease.next..last; of a burnt lease these are burnt.
CREATE TABLE number (
  lease_id TEXT NOT NULL REFERENCES lease (lease_id),
  n INTEGER NOT NULL,
  text TEXT NOT NULL UNIQUE,
  case_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('reserved', 'issued', 'void', 'lost')),
  reason TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (lease_id, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX number_reserved ON number (state) WHERE state = 'reserved';
CREATE TRIGGER number_no_delete BEFORE DELETE ON number BEGIN SELECT RAISE(ABORT, 'numbers stay'); END;
CREATE TRIGGER number_forward BEFORE UPDATE ON number
WHEN NOT ((OLD.state = 'reserved' AND NEW.state IN ('issued', 'void', 'lost')) OR (OLD.state = 'issued' AND NEW.state IN ('void', 'lost')))
  OR NEW.text <> OLD.text OR NEW.case_id <> OLD.case_id
BEGIN SELECT RAISE(ABORT, 'a number is never free again'); END;

-- Evidence: the file lies outside under `name`, sealed with `key`.
CREATE TABLE file (
  sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
  name TEXT NOT NULL UNIQUE,
  key BLOB NOT NULL CHECK (length(key) = 32),
  size INTEGER NOT NULL,
  kind TEXT NOT NULL,
  pos INTEGER NOT NULL REFERENCES entry (pos),
  thumbnail BLOB,
  sent INTEGER NOT NULL DEFAULT 0,
  durable INTEGER NOT NULL DEFAULT 0 CHECK (durable IN (0, 1)),
  gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX file_waiting ON file (pos) WHERE durable = 0;
CREATE TABLE case_file (
  case_id TEXT NOT NULL,
  sha256 BLOB NOT NULL REFERENCES file (sha256),
  PRIMARY KEY (case_id, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_file_sha ON case_file (sha256);

-- What a search needs, rebuilt from the journal at will.
CREATE TABLE case_index (
  case_id TEXT PRIMARY KEY,
  opened_ms INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL,
  phase TEXT NOT NULL,
  offence TEXT NOT NULL,
  lat_e7 INTEGER,
  lon_e7 INTEGER,
  summary TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX case_by_time ON case_index (opened_ms);
CREATE INDEX case_by_phase ON case_index (phase, changed_ms);
CREATE INDEX case_by_offence ON case_index (offence, opened_ms);
CREATE INDEX case_by_place ON case_index (lat_e7, lon_e7) WHERE lat_e7 IS NOT NULL;
CREATE TABLE case_key (
  kind TEXT NOT NULL,
  key BLOB NOT NULL,
  case_id TEXT NOT NULL,
  PRIMARY KEY (kind, key, case_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_key_case ON case_key (case_id);

CREATE TABLE pin (
  officer TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  locked_until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Feed documents, queues and settings of the layers above.
CREATE TABLE thing (scope TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (scope, key)) STRICT, WITHOUT ROWID;
