/** Numbered steps from one shape of the database to the next. */
import type { WritableDb } from '../db.ts'

/** One step. Numbers go up by 10 so that a hot fix fits between two. */
export interface Migration {
  readonly version: number
  /** what it brings, in a few words */
  readonly title: string
  /** Runs inside the one transaction of all pending steps. */
  readonly migrate: (db: WritableDb) => void
}
