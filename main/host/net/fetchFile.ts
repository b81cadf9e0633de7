/**
 * One file, whatever the server does: cut connections go on where they ended (Range with If-Range), a file that changed
 * on the way starts again, and nothing counts as done before its bytes have been summed.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError, failed } from '../../engine/errors.ts'
import { writeDurably } from '../../history/durableFiles.ts'
import { type HubFile, refusal } from './hub.ts'
import type { NetAnswer } from './httpRequest.ts'
import type { Network } from './network.ts'

/** How often and how long to try; times in milliseconds. */
export interface RetryPolicy {
  /** tries in a row that bring nothing new */
  readonly attempts: number
  readonly firstMs: number
  readonly longestMs: number
  /** the longest wait a server may ask for with Retry-After */
  readonly longestAskedMs: number
  /** how often a file whose sum was wrong is fetched again from its start */
  readonly restarts: number
  readonly silenceMs: number
}

/** What a person's line and a busy hub need. */
export const RETRY_POLICY: RetryPolicy = { attempts: 6, firstMs: 1000, longestMs: 30_000, longestAskedMs: 10 * 60_000, restarts: 1, silenceMs: 30_000 }

/** What {@link fetchFile} needs. */
export interface FetchFileOptions {
  readonly network: Network
  readonly repository: string
  readonly address: string
  readonly file: HubFile
  /** where the bytes are gathered; `<part>.etag` beside it remembers which version they are of */
  readonly part: string
  readonly signal: AbortSignal
  readonly retry: RetryPolicy
  /** bytes of this file on the disk now */
  readonly onBytes: (bytes: number) => void
  readonly onChecking: () => void
}

/** An attempt that may be repeated; `waitMs` when the server said how long to wait. */
class Interrupted extends Error {
  readonly waitMs: number | undefined
  constructor(message: string, waitMs?: number) {
    super(message)
    this.waitMs = waitMs
  }
}

/**
 * Fetches the file into `part`, complete and checked.
 * @throws EngineError download/unreachable, download/busy, download/wrong-bytes, download/changed, download/disk-full,
 *   network/locked ...; the signal's reason
 */
export async function fetchFile(options: FetchFileOptions): Promise<void> {
  for (let restart = 0; ; restart++) {
    await fetchBytes(options)
    options.onChecking()
    if (await matches(options.part, options.file, options.signal)) return removeTag(options.part)
    discard(options.part)
    options.onBytes(0)
    if (restart >= options.retry.restarts) {
      throw failed('download/wrong-bytes', `${options.file.name}: expected the bytes that the hub lists, found others ${restart + 1} times in a row; nothing was kept, set another mirror or try again later.`)
    }
  }
}

/** Attempts until the part has its full length. */
async function fetchBytes(options: FetchFileOptions): Promise<void> {
  const { file, part, retry, signal } = options
  let best = partBytes(part)
  let fruitless = 0
  if (best > file.bytes) discard(part)
  while (partBytes(part) !== file.bytes || !fs.existsSync(part)) {
    signal.throwIfAborted()
    let wait: number | undefined
    let found = 'a connection that ended early'
    try {
      await attempt(options)
    } catch (error) {
      if (!mayRepeat(error)) throw error
      wait = error instanceof Interrupted ? error.waitMs : undefined
      found = error.message
    }
    const now = partBytes(part)
    if (now === file.bytes && fs.existsSync(part)) return
    fruitless = now > best ? 0 : fruitless + 1
    best = Math.max(best, now)
    if (fruitless >= retry.attempts) {
      throw failed('download/unreachable', `${file.name}: expected ${file.bytes} bytes, found ${found} ${fruitless} times in a row; what has come is kept, resume when the network is back.`)
    }
    await sleep(wait ?? Math.min(retry.longestMs, retry.firstMs * 2 ** Math.max(0, fruitless - 1)), undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

function mayRepeat(error: unknown): error is Error {
  if (error instanceof Interrupted) return true
  return error instanceof EngineError && error.code === 'download/unreachable' && error.details['code'] !== 'ENOTFOUND'
}

/** One request; writes what comes. Ends normally when the body did. @throws Interrupted when another attempt may help */
async function attempt(options: FetchFileOptions): Promise<void> {
  const { network, address, file, part, signal, retry } = options
  const have = partBytes(part)
  const tag = have > 0 ? readTag(part) : undefined
  if (have > 0 && tag === undefined) discard(part) // nothing says which version these bytes are of
  const from = tag === undefined ? 0 : have
  const headers = from > 0 ? { range: `bytes=${from}-`, 'if-range': tag! } : {}
  const answer = await network.request(address, { headers, signal, silenceMs: retry.silenceMs })
  try {
    const start = placeOf(answer, from, options)
    const newTag = tagOf(answer)
    if (start === 0) discard(part)
    if (newTag !== undefined) writeDurably(tagFile(part), newTag)
    await writeBody(answer, start, options)
  } finally {
    answer.body.destroy()
  }
  if (partBytes(part) < file.bytes) throw new Interrupted(`only ${partBytes(part)} bytes`)
}

/** Where the body of an answer goes in the file. @throws Interrupted, EngineError for an answer that is no body */
function placeOf(answer: NetAnswer, from: number, { file, repository, part, retry }: FetchFileOptions): number {
  const { status, headers } = answer
  if (status === 200) return 0 // the range was ignored, or the file is another than the one we have the start of
  if (status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '')
    if (range && range[2] !== '*' && Number(range[2]) !== file.bytes) throw changed(file, Number(range[2]))
    if (range && Number(range[1]) === from) return from
    discard(part)
    throw new Interrupted('a piece from another place than was asked for')
  }
  if (status === 416) {
    discard(part)
    throw new Interrupted('no such piece')
  }
  if (status === 408 || status === 429 || status >= 500) {
    const wait = retryAfterMs(headers['retry-after'])
    if (wait !== undefined && wait > retry.longestAskedMs) {
      throw failed('download/busy', `${new URL(answer.address).host}: expected ${file.name}, found that it wants no request for ${Math.ceil(wait / 60_000)} minutes; what has come is kept, resume later.`)
    }
    throw new Interrupted(`status ${status}`, wait)
  }
  throw refusal(answer, `${repository}: ${file.name}`)
}

async function writeBody(answer: NetAnswer, start: number, { file, part, signal, onBytes }: FetchFileOptions): Promise<void> {
  const told = Number(answer.headers['content-length'])
  if (answer.status === 200 && Number.isFinite(told) && told > file.bytes) throw changed(file, told)
  const out = await fs.promises.open(part, start === 0 ? 'w' : 'r+')
  let at = start
  try {
    for await (const piece of answer.body as AsyncIterable<Buffer>) {
      if (at + piece.length > file.bytes) {
        await out.truncate(0)
        throw changed(file, at + piece.length, 'at least ')
      }
      await out.write(piece, 0, piece.length, at)
      at += piece.length
      onBytes(at)
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw failed('download/disk-full', `${part}: expected room for ${file.bytes - at} more bytes, found a full disk; make room and resume.`, error)
    if (error instanceof EngineError) throw error
    throw new Interrupted((error as Error).message === 'aborted' ? 'a connection that ended early' : (error as Error).message)
  } finally {
    await out.datasync().catch(() => undefined) // a failed sync shows in the sum
    await out.close()
  }
}

/** The sum of the bytes on the disk: SHA-256 where the hub tells it, else the SHA-1 of a git blob, else the length alone. */
async function matches(part: string, file: HubFile, signal: AbortSignal): Promise<boolean> {
  if (file.sha256 === null && file.gitOid === null) return partBytes(part) === file.bytes
  const hash = file.sha256 === null ? createHash('sha1').update(`blob ${file.bytes}\0`) : createHash('sha256')
  for await (const piece of fs.createReadStream(part, { signal })) hash.update(piece as Buffer)
  return hash.digest('hex') === (file.sha256 ?? file.gitOid)
}

/** What Retry-After asks for in milliseconds: seconds, or a date. Undefined when it says nothing usable. */
export function retryAfterMs(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** A validator that is good for If-Range: a strong ETag, else the date of the last change. */
function tagOf({ headers }: NetAnswer): string | undefined {
  if (headers.etag !== undefined && !headers.etag.startsWith('W/')) return headers.etag
  return headers['last-modified']
}

function changed(file: HubFile, found: number, about = ''): Error {
  return failed('download/changed', `${file.name}: expected ${file.bytes} bytes as the hub lists, found ${about}${found}; the file is another than the one chosen, look at the repository again.`)
}

/** Bytes of a part on the disk; 0 when there is none. */
export function partBytes(part: string): number {
  return fs.statSync(part, { throwIfNoEntry: false })?.size ?? 0
}

const tagFile = (part: string): string => `${part}.etag`

function readTag(part: string): string | undefined {
  return fs.existsSync(tagFile(part)) ? fs.readFileSync(tagFile(part), 'utf8') : undefined
}

function removeTag(part: string): void {
  fs.rmSync(tagFile(part), { force: true })
}

function discard(part: string): void {
  fs.rmSync(part, { force: true })
  removeTag(part)
}
