/** What a download must remember to go on after a restart: one folder per download with `download.json` and the parts. */
import fs from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { writeDurably } from '../../history/durableFiles.ts'
import { partBytes } from './fetchFile.ts'
import { isSafeName } from './selectFiles.ts'

const fileSchema = z.object({
  name: z.string().refine(isSafeName, 'a plain name'),
  bytes: z.number().int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/).nullable(),
  gitOid: z.string().regex(/^[0-9a-f]{40}$/).nullable(),
  /** checked and complete */
  done: z.boolean(),
})
/** One file of a download. */
export type JournalFile = z.output<typeof fileSchema>

const journalSchema = z.object({
  version: z.literal(1),
  id: z.string().regex(/^dwn_[A-Za-z0-9_-]{16,64}$/),
  name: z.string(),
  entry: z.string().nullable(),
  repository: z.string(),
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  licence: z.object({ id: z.string(), name: z.string(), url: z.string(), text: z.string(), accepted: z.string() }).nullable(),
  /** name of the model's folder below the models folder */
  folder: z.string().refine((name) => isSafeName(name) && !name.includes('/'), 'a plain name'),
  files: z.array(fileSchema).min(1),
  state: z.enum(['open', 'done']),
  /** id in the model store, once added */
  model: z.string().nullable(),
})
/** A download as it is kept. */
export type Journal = z.output<typeof journalSchema>

const NAME = 'download.json'

/** Where a file of a download lies until everything is there. */
export function partOf(root: string, journal: Journal, file: JournalFile): string {
  const whole = path.join(root, journal.id, 'files', ...file.name.split('/'))
  return file.done ? whole : `${whole}.part`
}

/** Bytes of a download that are on the disk. */
export function receivedBytes(root: string, journal: Journal): number {
  if (journal.state === 'done') return totalBytes(journal)
  return journal.files.reduce((sum, file) => sum + (file.done ? file.bytes : partBytes(partOf(root, journal, file))), 0)
}

/** Bytes of all files together. */
export function totalBytes(journal: Journal): number {
  return journal.files.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** Writes the journal so that it is there whole or as it was. @throws EngineError project/disk-full, project/not-writable */
export function keepJournal(root: string, journal: Journal): void {
  fs.mkdirSync(path.join(root, journal.id), { recursive: true })
  writeDurably(path.join(root, journal.id, NAME), `${JSON.stringify(journal, null, 2)}\n`)
}

/** Every download of earlier runs. A journal that cannot be read is left where it is and passed to `onDamaged`. */
export function readJournals(root: string, onDamaged: (file: string, reason: string) => void): Journal[] {
  if (!fs.existsSync(root)) return []
  return fs.readdirSync(root).filter((name) => name.startsWith('dwn_')).sort().flatMap((name) => {
    const file = path.join(root, name, NAME)
    try {
      const journal = journalSchema.parse(JSON.parse(fs.readFileSync(file, 'utf8')))
      if (journal.id !== name) throw new Error(`it is of download ${journal.id}`)
      return [journal]
    } catch (error) {
      onDamaged(file, (error as Error).message)
      return []
    }
  })
}
