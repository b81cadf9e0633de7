import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { change, openReadable, openWritable, row, rows, userVersion } from '../../../../main/history/db.ts'
import { MIGRATIONS, latestVersion, migrate, pendingMigrations, refuseFuture, schemaDifferences } from '../../../../main/history/migrations/index.ts'
import type { Migration } from '../../../../main/history/migrations/migration.ts'
import { openProject } from '../../../../main/history/openProject.ts'
import { reopen, sampleProject, scratch, sentenceOf } from './projects.ts'

const folder = scratch()

describe('migrations', () => {
  it('have numbers that go up by ten and lead to STRICT tables only', () => {
    expect(MIGRATIONS.map((migration) => migration.version)).toEqual(MIGRATIONS.map((_, index) => (index + 1) * 10))
    const db = openWritable(':memory:', true)
    migrate(db)
    const tables = rows<{ name: string; sql: string }>(db, `SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
    expect(tables.length).toBeGreaterThan(12)
    for (const { name, sql } of tables) expect(sql, name).toMatch(/\) STRICT/)
    expect(userVersion(db)).toBe(latestVersion())
    expect(pendingMigrations(db)).toEqual([])
    db.close()
  })

  it('run all or none: a step that fails leaves the database as it was', () => {
    const db = openWritable(':memory:', true)
    const steps: Migration[] = [
      { version: 10, title: 'a table', migrate: (at) => void at.exec('CREATE TABLE a (x INTEGER) STRICT') },
      { version: 20, title: 'a table too many', migrate: (at) => void at.exec('CREATE TABLE a (x INTEGER) STRICT') },
    ]
    expect(sentenceOf(() => migrate(db, steps))).toMatch(/could not be brought to format 20 \(a table too many\).*left as it was/)
    expect(userVersion(db)).toBe(0)
    expect(rows(db, 'SELECT name FROM sqlite_schema')).toEqual([])
    db.close()
  })

  it('keep the rows of the version before (10 -> 20 -> 30)', () => {
    const file = path.join(folder, 'ten.db')
    const db = openWritable(file, true)
    migrate(db, MIGRATIONS.slice(0, 1))
    change(db, `INSERT INTO project VALUES (1, 'u', 'Old', 5, 3, 9)`)
    change(db, `INSERT INTO documents VALUES (1, 'Doc', 8, 6, '{}', 1, 7, NULL)`.replace(', 1, 7', ', NULL, 7'))
    migrate(db, MIGRATIONS.slice(0, 2))
    change(db, `INSERT INTO settings VALUES ('kept', 'true')`)
    migrate(db)
    expect(userVersion(db)).toBe(30)
    expect(rows(db, 'SELECT * FROM settings')).toEqual([{ key: 'kept', value: 'true' }])
    expect(rows(db, 'SELECT * FROM blob_outbox')).toEqual([])
    expect(rows(db, 'SELECT * FROM project')).toEqual([{ id: 1, uuid: 'u', name: 'Old', created_at: 5, last_seq: 3, next_layer: 9 }])
    expect(rows(db, 'SELECT name, width, height FROM documents')).toEqual([{ name: 'Doc', width: 8, height: 6 }])
    expect(rows(db, 'SELECT * FROM masks')).toEqual([])
    expect(schemaDifferences(db)).toEqual([])
    db.close()
  })

  it('run after a backup when a project of an older format is opened', () => {
    const { project, folder: sample } = sampleProject(folder, 'older')
    project.close()
    const file = path.join(sample, 'project.db')
    const db = openWritable(file, false)
    for (const table of ['masks', 'settings', 'caches', 'stroke_tiles', 'strokes', 'blob_outbox']) db.exec(`DROP TABLE ${table}`)
    db.pragma('user_version = 10')
    db.close()
    const reader = openReadable(file)
    expect(schemaDifferences(reader)).toEqual([])
    reader.close()

    expect(sentenceOf(() => openProject(sample, { readOnly: true }))).toMatch(/expected format 30, found format 10; open it for writing once/)
    const opened = reopen(sample)
    expect(opened.project.documents()).toHaveLength(1)
    opened.project.setSetting('works', true)
    opened.project.close()
    const [backup] = fs.readdirSync(path.join(sample, 'backups'))
    expect(backup).toMatch(/^project-format-10-.*\.db$/)
    const old = openReadable(path.join(sample, 'backups', backup!))
    expect(userVersion(old)).toBe(10)
    expect(row(old, 'SELECT name FROM documents')).toEqual({ name: 'Photograph' })
    old.close()
  })

  it('refuse a database from the future and leave it untouched', () => {
    const { project, folder: sample } = sampleProject(folder, 'future')
    project.close()
    const file = path.join(sample, 'project.db')
    const db = openWritable(file, false)
    db.pragma('user_version = 990')
    db.close()
    const before = fs.readFileSync(file)
    for (const readOnly of [false, true])
      expect(sentenceOf(() => openProject(sample, { readOnly }))).toBe('Project "future": expected format 30 or older, found format 990, made by a newer Palimpsest; update Palimpsest to open it; nothing was changed.')
    expect(fs.readFileSync(file).equals(before)).toBe(true)
    expect(fs.existsSync(path.join(sample, 'backups'))).toBe(false)
    const again = openReadable(file)
    expect(sentenceOf(() => refuseFuture(again, 'x'))).toMatch(/format 990/)
    again.close()
  })

  it('notice every planted, missing and altered part of the schema', () => {
    const cases: [string, RegExp][] = [
      ['CREATE TRIGGER evil AFTER INSERT ON operations BEGIN DELETE FROM blobs; END', /an unexpected trigger "evil"/],
      ['CREATE VIEW spy AS SELECT * FROM blobs', /an unexpected view "spy"/],
      ['CREATE TABLE extra (x)', /an unexpected table "extra"/],
      ['CREATE INDEX more ON blobs (size)', /an unexpected index "more"/],
      ['DROP INDEX masks_by_hash', /no index "masks_by_hash"/],
      ['ALTER TABLE settings ADD COLUMN x TEXT', /an altered table "settings"/],
    ]
    for (const [sql, expected] of cases) {
      const db = openWritable(':memory:', true)
      migrate(db)
      db.exec(sql)
      expect(schemaDifferences(db).join(), sql).toMatch(expected)
      db.close()
    }
  })
})
