/** Small blobs that wait for their file to be flushed. */
import type { Migration } from './migration.ts'

const SQL = `
-- Bytes of blobs whose file may not be on the disk yet: they became durable with the commit that names them.
CREATE TABLE blob_outbox (
  hash TEXT NOT NULL PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;
`

/** Version 30. */
export const blobOutbox: Migration = {
  version: 30,
  title: 'small blobs on their way to their files',
  migrate: (db) => void db.exec(SQL),
}
