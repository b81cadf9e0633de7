/**
 * What is being drawn, noted beside the database. Strokes in progress are in no record log; should the database lose
 * its newest pages, this note is how a person learns what they lost. It is never read for pixels.
 */
import fs from 'node:fs'
import { z } from 'zod'
import { type ReadableDb, row } from './db.ts'
import { writeDurably } from './durableFiles.ts'
import type { ProjectNotice } from './projectReader.ts'
import { listStrokes } from './strokes.ts'

const notesSchema = z.array(z.object({ id: z.number().int(), title: z.string(), startedAt: z.number(), savedAt: z.number() }))

/** Writes down what the database holds of strokes in progress, after each of its commits about them. */
export function noteStrokes(file: string, db: ReadableDb): void {
  const strokes = listStrokes(db).map(({ id, title, startedAt, savedAt }) => ({ id, title, startedAt, savedAt }))
  if (strokes.length === 0) fs.rmSync(file, { force: true })
  else writeDurably(file, JSON.stringify(strokes))
}

/**
 * Compares the note with the database after a crash; a sentence for each stroke that was lost, wholly or in its last
 * part. The note is brought up to date.
 */
export function lostStrokes(file: string, db: ReadableDb): ProjectNotice[] {
  const kept = new Map(listStrokes(db).map((stroke) => [Number(stroke.id), stroke]))
  const highest = row<{ seq: number }>(db, `SELECT seq FROM sqlite_sequence WHERE name = 'strokes'`)?.seq ?? 0
  const notices: ProjectNotice[] = []
  for (const { id, title, startedAt, savedAt } of readNotes(file)) {
    const stroke = kept.get(id)
    const seconds = (milliseconds: number): string => `${Math.max(0.1, milliseconds / 1000).toFixed(1)} s`
    if (stroke && stroke.startedAt === startedAt) {
      if (stroke.savedAt < savedAt) notices.push({ code: 'project/stroke-lost', sentence: `Of the stroke "${title}", which was being drawn when the last session ended, what was drawn in the last ${seconds(savedAt - stroke.savedAt)} was lost with the end of the database; the rest is kept.` })
    } else if (id > highest || stroke)
      // A number that was given out and has no row is a stroke that was finished or given up.
      notices.push({ code: 'project/stroke-lost', sentence: `The stroke "${title}", which was being drawn for ${seconds(savedAt - startedAt)} when the last session ended, was lost with the end of the database; everything committed is intact.` })
  }
  if (fs.existsSync(file)) noteStrokes(file, db)
  return notices
}

function readNotes(file: string): z.output<typeof notesSchema> {
  try {
    return notesSchema.parse(JSON.parse(fs.readFileSync(file, 'utf8')))
  } catch {
    return [] // no note, or a damaged one: only sentences depend on it
  }
}
