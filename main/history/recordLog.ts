/**
 * The record log: `records/000001.jsonl` and on, one line per commit. It is the database's second copy: written after
 * each commit, flushed soon after, read when the database is behind or gone.
 *
 * A line is `{"seq":12,"sum":"<first 32 digits of SHA-256 of 12:records>","records":[...]}`, so that each line can
 * be trusted or left out on its own. A segment `000007-snapshot.jsonl` replaces everything before it.
 */
import fs from 'node:fs'
import path from 'node:path'
import { createHash } from 'node:crypto'
import { diskFault, makeFolder, syncFolder, writeDurably } from './durableFiles.ts'

/** One readable line. `text` is the JSON of its records, still unchecked. */
export interface LogLine {
  readonly seq: number
  readonly text: string
  /** the line as it stands in the file, without its line end */
  readonly line: string
}

/** A stretch of the log that could not be read. */
export interface LogFault {
  /** file name of the segment */
  readonly segment: string
  /** line number from 1 */
  readonly line: number
  readonly sentence: string
}

/** What reading the log gave. */
export interface LogContent {
  readonly lines: readonly LogLine[]
  readonly faults: readonly LogFault[]
}

const SEGMENT = /^(\d{6})(-snapshot)?\.jsonl$/
const LINE = /^\{"seq":(\d{1,16}),"sum":"([0-9a-f]{32})","records":(\[.*\])\}$/s
const SEGMENT_BYTES = 8 << 20

/** Writes a line for {@link RecordLog.append}. `text` is a JSON array of records. */
export function formatLine(seq: number, text: string): string {
  return `{"seq":${seq},"sum":"${sumOf(seq, text)}","records":${text}}`
}

/** Reads a line; undefined when it is torn or altered. */
export function parseLine(line: string): LogLine | undefined {
  const match = LINE.exec(line)
  if (!match) return undefined
  const seq = Number(match[1])
  if (!Number.isSafeInteger(seq) || sumOf(seq, match[3]!) !== match[2]) return undefined
  return { seq, text: match[3]!, line }
}

function sumOf(seq: number, text: string): string {
  return createHash('sha256').update(`${seq}:${text}`).digest('hex').slice(0, 32)
}

/** The names of a log's segments from the last snapshot on, oldest first. */
export function segmentNames(folder: string): string[] {
  if (!fs.existsSync(folder)) return []
  const names = fs.readdirSync(folder).filter((name) => SEGMENT.test(name)).sort()
  const snapshot = names.findLastIndex((name) => name.includes('-snapshot'))
  return snapshot < 0 ? names : names.slice(snapshot)
}

/** Reads the whole log, leaving out what is torn or altered. */
export function readLog(folder: string): LogContent {
  const lines: LogLine[] = []
  const faults: LogFault[] = []
  for (const name of segmentNames(folder)) {
    const read = readSegment(path.join(folder, name))
    for (const line of read.lines) lines.push(line)
    faults.push(...read.faults)
  }
  return { lines, faults }
}

function readSegment(file: string): LogContent {
  const segment = path.basename(file)
  const lines: LogLine[] = []
  const faults: LogFault[] = []
  const texts = fs.readFileSync(file, 'utf8').split('\n')
  texts.forEach((text, index) => {
    if (text === '') return
    const parsed = parseLine(text)
    if (parsed) lines.push(parsed)
    else {
      const torn = index === texts.length - 1
      faults.push({ segment, line: index + 1, sentence: `Line ${index + 1} of records/${segment} ${torn ? 'was cut off' : 'was altered or is damaged'} and is left out.` })
    }
  })
  return { lines, faults }
}

/** How long a line may stay unflushed; the database has it safe all the while. */
const FLUSH_AFTER_MS = 500

/** The open log of a project that is being written. */
export class RecordLog {
  readonly #folder: string
  #fd: number
  #segment: number
  #bytes: number
  #lastSeq: number
  #syncedSeq = 0
  #timer: NodeJS.Timeout | undefined

  /**
   * Opens the log for appending. Bytes after the last whole line are cut off and kept in `keepIn`: whatever they
   * held, the database has it or it never was a commit.
   */
  constructor(folder: string, keepIn: string) {
    makeFolder(folder)
    this.#folder = folder
    const newest = segmentNames(folder).at(-1)
    if (newest === undefined || newest.includes('-snapshot')) {
      this.#segment = newest === undefined ? 0 : Number(newest.slice(0, 6))
      this.#lastSeq = newest === undefined ? 0 : lastLine(fs.readFileSync(path.join(folder, newest))).seq
      this.#fd = -1
      this.#bytes = 0
      this.#openNext()
      return
    }
    const file = path.join(folder, newest)
    const bytes = fs.readFileSync(file)
    const tail = lastLine(bytes)
    if (tail.end < bytes.length) {
      makeFolder(keepIn)
      writeDurably(path.join(keepIn, `${newest}-from-${tail.end}`), bytes.subarray(tail.end))
    }
    this.#segment = Number(newest.slice(0, 6))
    this.#fd = fs.openSync(file, 'r+')
    fs.ftruncateSync(this.#fd, tail.end)
    this.#bytes = tail.end
    if (tail.lacksLineEnd) this.#bytes += fs.writeSync(this.#fd, '\n', tail.end)
    this.#lastSeq = tail.seq > 0 ? tail.seq : lastSeqBefore(folder, newest)
  }

  /** Number of the last whole line; 0 for an empty log. */
  get lastSeq(): number {
    return this.#lastSeq
  }

  /** Every line up to this one is known to be on the disk. */
  get syncedSeq(): number {
    return this.#syncedSeq
  }

  /** Appends a line as {@link formatLine} made it. It is flushed within a second, not before this returns. */
  append(seq: number, line: string): void {
    const bytes = Buffer.from(`${line}\n`)
    try {
      if (this.#bytes > 0 && this.#bytes + bytes.length > SEGMENT_BYTES) this.#nextSegment()
      let done = 0
      while (done < bytes.length) done += fs.writeSync(this.#fd, bytes, done, bytes.length - done, this.#bytes + done)
    } catch (error) {
      throw diskFault(segmentName(this.#segment), error)
    }
    this.#bytes += bytes.length
    this.#lastSeq = seq
    this.#flushSoon()
  }

  /** Flushes everything; afterwards {@link syncedSeq} is {@link lastSeq}. */
  flush(): void {
    fs.fsyncSync(this.#fd)
    this.#syncedSeq = this.#lastSeq
  }

  /** Replaces the whole log by these lines, all or nothing. The old segments go to `keepIn`. */
  replaceBySnapshot(lines: readonly string[], seq: number, keepIn: string): void {
    const old = fs.readdirSync(this.#folder).filter((name) => SEGMENT.test(name))
    this.#segment++
    writeDurably(path.join(this.#folder, `${String(this.#segment).padStart(6, '0')}-snapshot.jsonl`), ...lines.map((line) => `${line}\n`))
    fs.closeSync(this.#fd)
    this.#openNext()
    this.#lastSeq = seq
    this.#syncedSeq = seq
    makeFolder(keepIn)
    for (const name of old) fs.renameSync(path.join(this.#folder, name), path.join(keepIn, `${seq}-${name}`))
  }

  /** Flushes and closes. */
  close(): void {
    clearTimeout(this.#timer)
    try {
      this.flush()
    } finally {
      fs.closeSync(this.#fd)
      this.#fd = -1
    }
  }

  #nextSegment(): void {
    this.flush()
    fs.closeSync(this.#fd)
    this.#openNext()
  }

  #openNext(): void {
    this.#segment++
    this.#fd = fs.openSync(path.join(this.#folder, segmentName(this.#segment)), 'wx')
    syncFolder(this.#folder)
    this.#bytes = 0
  }

  /** Off the main thread; lines that arrive while one flush runs are covered by the next. */
  #flushSoon(): void {
    if (this.#timer) return
    this.#timer = setTimeout(() => {
      const fd = this.#fd
      const upTo = this.#lastSeq
      fs.fsync(fd, (error) => {
        this.#timer = undefined
        // After close or a new segment the number may mean another file; close and the change flush by themselves.
        if (fd !== this.#fd) return
        if (!error) this.#syncedSeq = Math.max(this.#syncedSeq, upTo)
        if (this.#lastSeq > upTo) this.#flushSoon()
      })
    }, FLUSH_AFTER_MS).unref()
  }
}

function segmentName(number: number): string {
  return `${String(number).padStart(6, '0')}.jsonl`
}

/** The last whole line of a segment's bytes and where it ends; one that lacks only its line end counts as whole. */
function lastLine(bytes: Buffer): { seq: number; end: number; lacksLineEnd?: boolean } {
  for (let end = bytes.length; end > 0; ) {
    const newline = bytes.lastIndexOf(0x0a, end - 1)
    if (newline !== end - 1) {
      const parsed = end === bytes.length ? parseLine(bytes.toString('utf8', newline + 1)) : undefined
      if (parsed) return { seq: parsed.seq, end, lacksLineEnd: true }
      end = newline + 1 // cut off in the middle
      continue
    }
    const start = newline === 0 ? 0 : bytes.lastIndexOf(0x0a, newline - 1) + 1
    const parsed = parseLine(bytes.toString('utf8', start, newline))
    if (parsed) return { seq: parsed.seq, end }
    end = start
  }
  return { seq: 0, end: 0 }
}

function lastSeqBefore(folder: string, segment: string): number {
  const names = segmentNames(folder)
  for (let index = names.indexOf(segment) - 1; index >= 0; index--) {
    const found = lastLine(fs.readFileSync(path.join(folder, names[index]!))).seq
    if (found > 0) return found
  }
  return 0
}
