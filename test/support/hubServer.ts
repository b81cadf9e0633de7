/** A model hub on this machine, honest unless told otherwise: what the downloads are tested against. */
import { createHash } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

/** How the server treats one request for a file; each field is a way to misbehave. */
export interface Misbehaviour {
  /** ends the connection after this many bytes of the body */
  cutAfter?: number
  /** answers the whole file whatever range was asked for */
  ignoreRange?: boolean
  /** flips a byte */
  wrongBytes?: boolean
  /** Content-Length to tell instead of the true one (the body is cut or followed by zeros to fit) */
  lieLength?: number
  /** total to tell in Content-Range */
  lieTotal?: number
  /** a place to tell in Content-Range other than the one asked for */
  lieStart?: number
  status?: number
  retryAfter?: string
  redirect?: string
  /** no answer at all */
  silent?: boolean
}

/** One request as the server saw it. */
export interface Seen {
  readonly path: string
  readonly range: string | undefined
  readonly ifRange: string | undefined
}

/** See {@link startHub}. */
export interface Hub {
  readonly address: string
  readonly port: number
  readonly seen: Seen[]
  /** misbehaviours of the next requests for a file, taken one by one; `always` is used when none is left */
  readonly next: Map<string, Misbehaviour[]>
  readonly always: Map<string, Misbehaviour>
  readonly files: Map<string, Buffer>
  licence: Record<string, unknown>
  /** goes into the ETag: another version of the same file */
  version: number
  close(): Promise<void>
}

const COMMIT = 'c0ffee'.padEnd(40, '0')

/** Starts a hub with one repository, whatever name it is asked for under. */
export async function startHub(files: Readonly<Record<string, Buffer>>): Promise<Hub> {
  const hub: Omit<Hub, 'address' | 'port' | 'close'> = { seen: [], next: new Map(), always: new Map(), files: new Map(Object.entries(files)), licence: { license: 'mit' }, version: 1 }
  const server = http.createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://hub').pathname)
    const name = /\/resolve\/[0-9a-f]{40}\/(.+)$/.exec(path)?.[1]
    if (name !== undefined) {
      hub.seen.push({ path: name, range: request.headers.range, ifRange: request.headers['if-range'] as string | undefined })
      return serveFile(hub, name, request, response)
    }
    hub.seen.push({ path, range: undefined, ifRange: undefined })
    if (path.startsWith('/api/models/') && path.includes('/revision/')) return json(response, { sha: COMMIT, cardData: hub.licence })
    if (path.startsWith('/api/models/') && path.includes('/tree/')) return json(response, [...hub.files].map(([file, bytes]) => treeEntry(file, bytes)))
    response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(hub, {
    port, address: `http://127.0.0.1:${port}`,
    close: () => new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  })
}

function treeEntry(file: string, bytes: Buffer): Record<string, unknown> {
  const blob = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
  const large = file.endsWith('.safetensors')
  return { type: 'file', path: file, size: bytes.length, oid: blob, ...(large ? { lfs: { oid: createHash('sha256').update(bytes).digest('hex'), size: bytes.length, pointerSize: 130 } } : {}) }
}

function json(response: http.ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

function serveFile(hub: Pick<Hub, 'files' | 'next' | 'always' | 'version'>, name: string, request: http.IncomingMessage, response: http.ServerResponse): void {
  const whole = hub.files.get(name)
  if (!whole) return void response.writeHead(404).end()
  const how = hub.next.get(name)?.shift() ?? hub.always.get(name) ?? {}
  if (how.silent) return
  if (how.redirect !== undefined) return void response.writeHead(302, { location: how.redirect }).end()
  if (how.status !== undefined) return void response.writeHead(how.status, how.retryAfter === undefined ? {} : { 'retry-after': how.retryAfter }).end()
  const etag = `"${name}-${hub.version}"`
  const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')
  const current = request.headers['if-range'] === undefined || request.headers['if-range'] === etag
  const from = asked && current && !how.ignoreRange ? Number(asked[1]) : 0
  if (from >= whole.length && whole.length > 0) return void response.writeHead(416).end()
  const body = Buffer.from(whole.subarray(from))
  if (how.wrongBytes) body[0] = body[0]! ^ 0xff
  const partial = asked && current && !how.ignoreRange
  const total = how.lieTotal ?? whole.length
  const start = how.lieStart ?? from
  const length = how.lieLength ?? body.length
  response.writeHead(partial ? 206 : 200, { etag, 'content-length': length, ...(partial ? { 'content-range': `bytes ${start}-${start + body.length - 1}/${total}` } : {}) })
  const sent = Buffer.concat([body, Buffer.alloc(Math.max(0, length - body.length))]).subarray(0, length)
  if (how.cutAfter === undefined) return void response.end(sent)
  response.write(sent.subarray(0, how.cutAfter), () => setTimeout(() => response.destroy(), 20))
}
