/**
 * The journal of a batch: a line for each result that was made and each that is in its place, on the disk before the
 * next step begins. Whatever ends a run, the next one reads here what is done.
 *
 * One file per shard, so that machines never write to the same one; all are read. Lines carry a checksum, as those of
 * a project's record log do: a line cut off by a power cut is left out.
 */
import fs from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { diskFault, makeFolder, syncFolder, writeAll } from '../../history/durableFiles.ts'
import { formatLine, parseLine } from '../../history/recordLog.ts'
import { BATCH_FOLDER } from './findPictures.ts'
import { type Shard, shardName } from './shards.ts'

const relative = z.string().min(1).max(4000)

/** What was measured on a result, kept for reports of later runs. */
const measuresSchema = z.object({
  seconds: z.number(),
  engineSeconds: z.number(),
  seed: z.number().nullable(),
  fidelity: z.number().nullable(),
  changedOutside: z.number().nullable(),
  warnings: z.array(z.string()),
})

/**
 * `made`: the result lies complete in the work folder and goes to `place` now. `done`: it is in its place. `failed`:
 * the picture could not be done; the next run tries again. Paths are relative to the folder of results.
 */
const journalRecordSchema = z.discriminatedUnion('record', [
  z.object({
    record: z.literal('made'), key: relative, print: z.string(), work: relative, place: relative, sha256: z.string(), bytes: z.number(),
    review: z.boolean(), before: relative.nullable(), after: relative.nullable(), measures: measuresSchema, at: z.number(),
  }),
  z.object({ record: z.literal('done'), key: relative, print: z.string(), place: relative, at: z.number() }),
  z.object({ record: z.literal('failed'), key: relative, print: z.string(), code: z.string(), sentence: z.string(), at: z.number() }),
])

/** A line of the journal. */
export type JournalRecord = z.output<typeof journalRecordSchema>
/** The line of a result that was made. */
export type MadeRecord = Extract<JournalRecord, { record: 'made' }>
/** What was measured on a result. */
export type Measures = z.output<typeof measuresSchema>

/** What the journals of a folder tell of one picture. */
export interface PictureHistory {
  /** by print: the newest result that was made */
  readonly made: Map<string, MadeRecord>
  /** by print: where the result was put */
  readonly done: Map<string, string>
}

/** Folder that holds journals, work and thumbnails. */
export function batchFolder(out: string): string {
  return path.join(out, BATCH_FOLDER)
}

/** Reads every journal of a folder of results, whichever shards wrote them. */
export function readJournals(out: string): Map<string, PictureHistory> {
  const histories = new Map<string, PictureHistory>()
  const folder = batchFolder(out)
  const names = fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => /^journal-.+\.jsonl$/.test(name)).sort() : []
  const records = names.flatMap((name) => readRecords(path.join(folder, name))).sort((a, b) => a.at - b.at)
  for (const record of records) {
    let history = histories.get(record.key)
    if (!history) histories.set(record.key, (history = { made: new Map(), done: new Map() }))
    if (record.record === 'made') history.made.set(record.print, record)
    else if (record.record === 'done') history.done.set(record.print, record.place)
  }
  return histories
}

function readRecords(file: string): JournalRecord[] {
  return fs.readFileSync(file, 'utf8').split('\n').flatMap((text) => {
    const line = text === '' ? undefined : parseLine(text)
    const parsed = line && z.array(journalRecordSchema).safeParse(JSON.parse(line.text))
    return parsed?.success ? parsed.data : [] // a torn line, or one of a newer program
  })
}

/** A journal that is being written. Every line is on the disk when {@link Journal.append} returns. */
export class Journal {
  readonly #file: string
  #fd: number
  #seq = 0

  /** @throws EngineError project/disk-full, project/not-writable */
  constructor(out: string, shard: Shard) {
    const folder = batchFolder(out)
    this.#file = path.join(folder, `journal-${shardName(shard)}.jsonl`)
    try {
      makeFolder(folder)
      const isNew = !fs.existsSync(this.#file)
      this.#fd = fs.openSync(this.#file, 'a+')
      if (isNew) syncFolder(folder)
      else this.#endTornLine()
    } catch (error) {
      throw diskFault(this.#file, error)
    }
  }

  /** A line that a power cut left without its end must not swallow the next one. */
  #endTornLine(): void {
    const size = fs.fstatSync(this.#fd).size
    const last = Buffer.alloc(1)
    if (size > 0 && fs.readSync(this.#fd, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a) writeAll(this.#fd, Buffer.from('\n'))
  }

  append(record: JournalRecord): void {
    try {
      writeAll(this.#fd, Buffer.from(`${formatLine(++this.#seq, JSON.stringify([record]))}\n`))
      fs.fdatasyncSync(this.#fd)
    } catch (error) {
      throw diskFault(this.#file, error)
    }
  }

  close(): void {
    fs.closeSync(this.#fd)
  }
}
