/** The database of a project: how it is opened, and types that say whether a query writes. */
import Database from 'better-sqlite3'

declare const readable: unique symbol
declare const writable: unique symbol

/** A database that may be read. Functions that only select take this. */
export type ReadableDb = Database.Database & { readonly [readable]: true }
/** A database that may be written: the only one of its project, behind the project's lock. */
export type WritableDb = ReadableDb & { readonly [writable]: true }

/** "PLPS": how `file` and SQLite itself tell a project from any other database. */
export const APPLICATION_ID = 0x504c5053

const statements = new WeakMap<Database.Database, Map<string, Database.Statement>>()

/** A value that SQLite takes as a parameter. */
export type SqlValue = null | number | bigint | string | Uint8Array
/** Parameters by name (`:name` in the query). */
export type SqlParameters = Readonly<Record<string, SqlValue>>

/** The prepared statement of a query; each database prepares a text once. */
export function statement(db: ReadableDb, sql: string): Database.Statement<[SqlParameters?], unknown> {
  let known = statements.get(db)
  if (!known) statements.set(db, (known = new Map()))
  let prepared = known.get(sql)
  if (!prepared) known.set(sql, (prepared = db.prepare(sql)))
  return prepared as Database.Statement<[SqlParameters?], unknown>
}

/** All rows of a query. `Row` is what the SQL selects; columns with JSON are still text. */
export function rows<Row>(db: ReadableDb, sql: string, parameters: SqlParameters = {}): Row[] {
  return statement(db, sql).all(parameters) as Row[] // the query and Row stand side by side at every call
}

/** The first row of a query, or undefined. */
export function row<Row>(db: ReadableDb, sql: string, parameters: SqlParameters = {}): Row | undefined {
  return statement(db, sql).get(parameters) as Row | undefined // as in rows()
}

/** Runs a statement that changes rows; returns how many it changed. */
export function change(db: WritableDb, sql: string, parameters: SqlParameters = {}): number {
  return statement(db, sql).run(parameters).changes
}

/**
 * Opens a database for reading. It holds no lock that keeps a writer out.
 * @param file absolute path, or ':memory:'
 */
export function openReadable(file: string): ReadableDb {
  const db = new Database(file, { readonly: file !== ':memory:', fileMustExist: file !== ':memory:', timeout: 5000 })
  guard(db)
  return db as ReadableDb // opened read-only above: the brand's one origin
}

/**
 * Opens a database for writing: WAL, every commit flushed before it returns, foreign keys kept.
 * @param file absolute path, or ':memory:'
 * @param create whether a missing file may be made
 */
export function openWritable(file: string, create: boolean): WritableDb {
  const db = new Database(file, { fileMustExist: !create, timeout: 5000 })
  try {
    guard(db)
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    db.pragma('foreign_keys = ON')
    // Checkpoints only ever run to the end and empty the log (see checkpoint()).
    db.pragma('wal_autocheckpoint = 0')
  } catch (error) {
    db.close()
    throw error
  }
  return db as WritableDb // opened for writing above: the brand's one origin
}

/** A database may come from anybody: nothing in its schema may call a function, and damaged cells are found early. */
function guard(db: Database.Database): void {
  db.pragma('trusted_schema = OFF')
  db.pragma('cell_size_check = ON')
  db.pragma('temp_store = MEMORY')
}

/** Number that says which migrations a database has seen. */
export function userVersion(db: ReadableDb): number {
  return Number(db.pragma('user_version', { simple: true }))
}

/** Number that says what kind of database this is; {@link APPLICATION_ID} for a project. */
export function applicationId(db: ReadableDb): number {
  return Number(db.pragma('application_id', { simple: true }))
}

/** One transaction that takes the write lock at once; `work` must not await. */
export function writeTransaction<T>(db: WritableDb, work: () => T): T {
  return db.transaction(work).immediate()
}

/**
 * Moves the write-ahead log into the database and empties it. SQLite's own checkpoints leave the log in place with
 * its pages already moved; were that log then cut short, old and new pages would be mixed. An emptied one cannot be.
 */
export function checkpoint(db: WritableDb): void {
  db.pragma('wal_checkpoint(TRUNCATE)')
}

/** Whether an error is SQLite saying that the file itself is broken. */
export function isDamage(error: unknown): boolean {
  const code = String((error as { code?: unknown }).code ?? '')
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB' || code === 'SQLITE_FORMAT' || code.startsWith('SQLITE_IOERR')
}
