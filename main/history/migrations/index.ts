/** Every migration, and the rules for running them. */
import { badInput, failed } from '../../engine/errors.ts'
import { APPLICATION_ID, type ReadableDb, type WritableDb, openWritable, rows, userVersion, writeTransaction } from '../db.ts'
import { documentsAndOperations } from './0010-documents-and-operations.ts'
import { masksSettingsCachesStrokes } from './0020-masks-settings-caches-strokes.ts'
import { blobOutbox } from './0030-blob-outbox.ts'
import type { Migration } from './migration.ts'

/** In order of their numbers. */
export const MIGRATIONS: readonly Migration[] = [documentsAndOperations, masksSettingsCachesStrokes, blobOutbox]

/** The version a list of migrations leads to. */
export function latestVersion(migrations: readonly Migration[] = MIGRATIONS): number {
  return migrations.at(-1)?.version ?? 0
}

/**
 * Refuses a database made by a later program.
 * @throws EngineError project/from-the-future (exit 2)
 */
export function refuseFuture(db: ReadableDb, name: string, migrations: readonly Migration[] = MIGRATIONS): void {
  const found = userVersion(db)
  if (found > latestVersion(migrations))
    throw badInput('project/from-the-future', {
      thing: `Project "${name}"`,
      expected: `format ${latestVersion(migrations)} or older`,
      found: `format ${found}, made by a newer Palimpsest`,
      todo: 'update Palimpsest to open it; nothing was changed',
    })
}

/** The steps a database still lacks. */
export function pendingMigrations(db: ReadableDb, migrations: readonly Migration[] = MIGRATIONS): Migration[] {
  migrations.forEach((migration, index) => {
    if (index > 0 && migration.version <= migrations[index - 1]!.version)
      throw failed('project/migrations', `Migration ${migration.version} comes after ${migrations[index - 1]!.version}; please report it.`)
  })
  const from = userVersion(db)
  return migrations.filter((migration) => migration.version > from)
}

/**
 * Runs the pending steps in one transaction: all or none. Call it only after a backup where there is something to lose.
 * @throws EngineError project/migration-failed naming the step; the database is then what it was
 */
export function migrate(db: WritableDb, migrations: readonly Migration[] = MIGRATIONS): void {
  const pending = pendingMigrations(db, migrations)
  if (pending.length === 0) return
  writeTransaction(db, () => {
    for (const step of pending) {
      try {
        step.migrate(db)
      } catch (error) {
        throw failed('project/migration-failed', `The project could not be brought to format ${step.version} (${step.title}): ${(error as Error).message}. It was left as it was.`, error)
      }
      db.pragma(`user_version = ${step.version}`)
    }
    db.pragma(`application_id = ${APPLICATION_ID}`)
  })
}

/** One thing in a database's schema. */
interface SchemaRow {
  readonly type: string
  readonly name: string
  readonly sql: string | null
}

// SQLite's own tables and automatic indexes are named exactly: a planted trigger could call itself sqlite_anything.
const SCHEMA_QUERY = `SELECT type, name, sql FROM sqlite_schema
  WHERE NOT (type = 'table' AND name IN ('sqlite_sequence', 'sqlite_stat1', 'sqlite_stat4'))
    AND NOT (type = 'index' AND sql IS NULL AND name LIKE 'sqlite\\_autoindex\\_%' ESCAPE '\\')
  ORDER BY type, name`
const expectedSchemas = new Map<number, readonly SchemaRow[]>()

/**
 * What differs between a database's schema and the one its version should have, a phrase each: a trigger or view
 * that somebody planted, a table that is missing or was altered. Empty for a sound one.
 */
export function schemaDifferences(db: ReadableDb, migrations: readonly Migration[] = MIGRATIONS): string[] {
  const version = userVersion(db)
  const expected = new Map(expectedSchema(version, migrations).map((entry) => [`${entry.type} "${entry.name}"`, entry.sql]))
  const found = new Map(rows<SchemaRow>(db, SCHEMA_QUERY).map((entry) => [`${entry.type} "${entry.name}"`, entry.sql]))
  return [
    ...[...found.keys()].filter((key) => !expected.has(key)).map((key) => `an unexpected ${key}`),
    ...[...expected.keys()].filter((key) => !found.has(key)).map((key) => `no ${key}`),
    ...[...found].filter(([key, sql]) => expected.has(key) && expected.get(key) !== sql).map(([key]) => `an altered ${key}`),
  ]
}

function expectedSchema(version: number, migrations: readonly Migration[]): readonly SchemaRow[] {
  const known = migrations === MIGRATIONS ? expectedSchemas.get(version) : undefined
  if (known) return known
  const model = openWritable(':memory:', true)
  try {
    migrate(model, migrations.filter((migration) => migration.version <= version))
    const schema = rows<SchemaRow>(model, SCHEMA_QUERY)
    if (migrations === MIGRATIONS) expectedSchemas.set(version, schema)
    return schema
  } finally {
    model.close()
  }
}
