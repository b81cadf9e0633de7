/** Documents, layers and the tree of operations. */
import type { Migration } from './migration.ts'

const SQL = `
CREATE TABLE project (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  uuid TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  next_layer INTEGER NOT NULL
) STRICT;

CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY,
  line TEXT NOT NULL
) STRICT;

CREATE TABLE blobs (
  hash TEXT PRIMARY KEY CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*'),
  size INTEGER NOT NULL CHECK (size >= 0),
  media TEXT NOT NULL,
  created_seq INTEGER NOT NULL,
  unreferenced_since INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX blobs_by_age ON blobs (created_seq);

CREATE TABLE documents (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  width INTEGER NOT NULL CHECK (width > 0),
  height INTEGER NOT NULL CHECK (height > 0),
  extra TEXT NOT NULL CHECK (json_valid(extra)),
  head INTEGER REFERENCES operations (id) DEFERRABLE INITIALLY DEFERRED,
  created_at INTEGER NOT NULL,
  trashed_at INTEGER
) STRICT;

CREATE TABLE operations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  document INTEGER NOT NULL REFERENCES documents (id) DEFERRABLE INITIALLY DEFERRED,
  parent INTEGER REFERENCES operations (id) DEFERRABLE INITIALLY DEFERRED,
  depth INTEGER NOT NULL CHECK (depth >= 0),
  state TEXT NOT NULL CHECK (state IN ('applied', 'staged', 'rejected')),
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  name TEXT,
  starred INTEGER NOT NULL CHECK (starred IN (0, 1)),
  engine_version TEXT,
  model TEXT,
  model_hash TEXT,
  device TEXT,
  seed INTEGER,
  params TEXT NOT NULL CHECK (json_valid(params)),
  duration_ms REAL,
  replay_of INTEGER REFERENCES operations (id) DEFERRABLE INITIALLY DEFERRED,
  redo_child INTEGER REFERENCES operations (id) DEFERRABLE INITIALLY DEFERRED,
  thumbnail TEXT REFERENCES blobs (hash) DEFERRABLE INITIALLY DEFERRED,
  created_at INTEGER NOT NULL,
  trashed_at INTEGER,
  CHECK ((parent IS NULL) = (depth = 0))
) STRICT;
CREATE INDEX operations_by_document ON operations (document, id);
CREATE INDEX operations_by_parent ON operations (parent);
CREATE INDEX operations_by_replay ON operations (replay_of) WHERE replay_of IS NOT NULL;
CREATE INDEX operations_by_redo ON operations (redo_child) WHERE redo_child IS NOT NULL;
CREATE INDEX operations_by_thumbnail ON operations (thumbnail) WHERE thumbnail IS NOT NULL;

CREATE TABLE operation_inputs (
  operation INTEGER NOT NULL REFERENCES operations (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  role TEXT NOT NULL,
  hash TEXT NOT NULL REFERENCES blobs (hash) DEFERRABLE INITIALLY DEFERRED,
  source TEXT NOT NULL CHECK (source IN ('blob', 'composite', 'result')),
  source_operation INTEGER,
  source_ordinal INTEGER,
  PRIMARY KEY (operation, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX operation_inputs_by_hash ON operation_inputs (hash);

CREATE TABLE results (
  operation INTEGER NOT NULL REFERENCES operations (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  ordinal INTEGER NOT NULL,
  role TEXT NOT NULL,
  hash TEXT NOT NULL REFERENCES blobs (hash) DEFERRABLE INITIALLY DEFERRED,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  seed INTEGER,
  metrics TEXT NOT NULL CHECK (json_valid(metrics)),
  chosen INTEGER NOT NULL CHECK (chosen IN (0, 1)),
  PRIMARY KEY (operation, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX results_by_hash ON results (hash);

-- What an operation did to the canvas (layer IS NULL) and to each layer; NULL before or after is "not there".
CREATE TABLE operation_changes (
  operation INTEGER NOT NULL REFERENCES operations (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  ordinal INTEGER NOT NULL,
  layer INTEGER,
  before TEXT CHECK (before IS NULL OR json_valid(before)),
  after TEXT CHECK (after IS NULL OR json_valid(after)),
  PRIMARY KEY (operation, ordinal)
) STRICT, WITHOUT ROWID;

-- What it did to the tiles of layers: pack is a blob, number the place of the tile in it.
CREATE TABLE operation_tiles (
  operation INTEGER NOT NULL REFERENCES operations (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  layer INTEGER NOT NULL,
  plane TEXT NOT NULL CHECK (plane IN ('pixels', 'mask')),
  x INTEGER NOT NULL,
  y INTEGER NOT NULL,
  before_pack TEXT,
  before_number INTEGER,
  after_pack TEXT,
  after_number INTEGER,
  PRIMARY KEY (operation, layer, plane, x, y)
) STRICT, WITHOUT ROWID;

-- Every blob an operation needs, each once: the reference counts are computed from this, masks and thumbnails.
CREATE TABLE operation_blobs (
  operation INTEGER NOT NULL REFERENCES operations (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  hash TEXT NOT NULL REFERENCES blobs (hash) DEFERRABLE INITIALLY DEFERRED,
  PRIMARY KEY (operation, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX operation_blobs_by_hash ON operation_blobs (hash);

-- The document at its head, kept up with every step so that opening needs no walk through the tree.
CREATE TABLE layers (
  id INTEGER PRIMARY KEY,
  document INTEGER NOT NULL REFERENCES documents (id) DEFERRABLE INITIALLY DEFERRED,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  parent INTEGER,
  position INTEGER NOT NULL,
  visible INTEGER NOT NULL CHECK (visible IN (0, 1)),
  locked INTEGER NOT NULL CHECK (locked IN (0, 1)),
  opacity REAL NOT NULL CHECK (opacity BETWEEN 0 AND 1),
  blend TEXT NOT NULL,
  pixels_hash TEXT,
  pixels_width INTEGER,
  pixels_height INTEGER,
  mask_hash TEXT,
  mask_width INTEGER,
  mask_height INTEGER,
  transform TEXT NOT NULL CHECK (json_valid(transform)),
  extra TEXT NOT NULL CHECK (json_valid(extra))
) STRICT;
CREATE INDEX layers_by_document ON layers (document);
CREATE INDEX layers_by_parent ON layers (parent) WHERE parent IS NOT NULL;

CREATE TABLE layer_tiles (
  layer INTEGER NOT NULL,
  plane TEXT NOT NULL CHECK (plane IN ('pixels', 'mask')),
  x INTEGER NOT NULL,
  y INTEGER NOT NULL,
  document INTEGER NOT NULL REFERENCES documents (id) DEFERRABLE INITIALLY DEFERRED,
  pack TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (layer, plane, x, y)
) STRICT, WITHOUT ROWID;
CREATE INDEX layer_tiles_by_document ON layer_tiles (document);
`

/** Version 10. */
export const documentsAndOperations: Migration = {
  version: 10,
  title: 'documents, layers and the tree of operations',
  migrate: (db) => void db.exec(SQL),
}
