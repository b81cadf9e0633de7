/** Saved masks, settings, caches of the engine, and strokes that are still being drawn. */
import type { Migration } from './migration.ts'

const SQL = `
CREATE TABLE masks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  document INTEGER NOT NULL REFERENCES documents (id) DEFERRABLE INITIALLY DEFERRED,
  name TEXT NOT NULL,
  hash TEXT NOT NULL REFERENCES blobs (hash) DEFERRABLE INITIALLY DEFERRED,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  origin TEXT NOT NULL CHECK (json_valid(origin)),
  created_at INTEGER NOT NULL,
  trashed_at INTEGER
) STRICT;
CREATE INDEX masks_by_document ON masks (document);
CREATE INDEX masks_by_hash ON masks (hash);

CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL CHECK (json_valid(value))
) STRICT, WITHOUT ROWID;

-- Made anew when lost: neither in the record log nor in a zipped project.
CREATE TABLE caches (
  key TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  file TEXT NOT NULL,
  size INTEGER NOT NULL CHECK (size >= 0),
  details TEXT NOT NULL CHECK (json_valid(details)),
  created_at INTEGER NOT NULL,
  last_used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX caches_by_use ON caches (last_used);

CREATE TABLE strokes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  document INTEGER NOT NULL REFERENCES documents (id) DEFERRABLE INITIALLY DEFERRED,
  head INTEGER NOT NULL,
  layer INTEGER NOT NULL,
  plane TEXT NOT NULL CHECK (plane IN ('pixels', 'mask')),
  title TEXT NOT NULL,
  tool TEXT NOT NULL CHECK (json_valid(tool)),
  started_at INTEGER NOT NULL,
  saved_at INTEGER NOT NULL
) STRICT;
CREATE INDEX strokes_by_document ON strokes (document);

CREATE TABLE stroke_tiles (
  stroke INTEGER NOT NULL REFERENCES strokes (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  x INTEGER NOT NULL,
  y INTEGER NOT NULL,
  format TEXT NOT NULL,
  crc32 INTEGER NOT NULL,
  deflated BLOB NOT NULL,
  PRIMARY KEY (stroke, x, y)
) STRICT;
`

/** Version 20. */
export const masksSettingsCachesStrokes: Migration = {
  version: 20,
  title: 'saved masks, settings, caches and strokes in progress',
  migrate: (db) => void db.exec(SQL),
}
