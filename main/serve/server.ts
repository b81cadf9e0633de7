/**
 * The served host: the window's files and the contract over one loopback port. HTTP gives files only; everything else
 * goes over one WebSocket, in the messages of preload/contract/wire.ts.
 */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { z } from 'zod'
import { CONTRACT_VERSION } from '../../preload/contract/channels.ts'
import { type FromHost, MESSAGE_BYTES, decodeMessage, encodeMessage } from '../../preload/contract/wire.ts'
import { badInput, failed } from '../engine/errors.ts'
import type { Host } from '../host/host.ts'
import { Admission, type Refusal } from './admission.ts'
import type { WindowFile } from './windowFiles.ts'

/** How to serve. */
export interface ServeOptions {
  readonly host: Pick<Host, 'call' | 'onEvent'>
  readonly files: ReadonlyMap<string, WindowFile>
  /** name or address to listen on */
  readonly address: string
  /** 0 = a free one */
  readonly port: number
  readonly version: string
}

/** A running server. */
export interface Served {
  /** the address to open, with the token */
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/** Path of the WebSocket. */
const SOCKET_PATH = '/bridge'
/** A window that does not keep up gets no previews beyond this many unsent bytes. */
const PREVIEW_BACKLOG = 32 << 20
/** A window that does not keep up at all is cut off; it connects again and asks for what it needs. */
const LARGEST_BACKLOG = 512 << 20
/** Silent connections are looked after this often, so that a tunnel keeps them open and dead ones go. */
const PING_EVERY_MS = 30_000
/** Time for a window to say goodbye when the server ends, milliseconds. */
const FAREWELL_MS = 500
/** Close codes of RFC 6455. */
const CLOSE = { goingAway: 1001, notUnderstood: 1007, overloaded: 1013 } as const
const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' blob: data:", "font-src 'self'", "worker-src 'self' blob:",
  "manifest-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-src 'none'", "frame-ancestors 'none'",
]

const callSchema = z.strictObject({ type: z.literal('call'), id: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER), method: z.string().max(100), input: z.unknown() })

/** Begins to serve. @throws EngineError serve/port (exit 2) when the port is taken or not allowed */
export async function serve(options: ServeOptions): Promise<Served> {
  const admission = new Admission(options.address)
  const server = http.createServer((request, response) => answer(options, admission, request, response))
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES, perMessageDeflate: false })
  server.on('upgrade', (request: http.IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = refuseUpgrade(admission, request)
    if (refusal) return refuseSocket(socket, refusal)
    sockets.handleUpgrade(request, socket, head, (client) => connect(options, client))
  })
  await listen(server, options)
  const { port } = server.address() as AddressInfo // a TCP server has one while it listens
  const alive = setInterval(() => sockets.clients.forEach((client) => client.ping()), PING_EVERY_MS).unref()
  const shown = options.address.includes(':') ? `[${options.address}]` : options.address
  return {
    port,
    url: `http://${shown}:${port}/?token=${admission.token}`,
    close: async () => {
      clearInterval(alive)
      sockets.clients.forEach((client) => client.close(CLOSE.goingAway))
      const gone = new Promise<void>((resolve) => server.close(() => resolve()))
      setTimeout(() => {
        sockets.clients.forEach((client) => client.terminate())
        server.closeAllConnections() // browsers connect ahead of need; what never asked for anything does not count as idle
      }, FAREWELL_MS).unref()
      server.closeIdleConnections()
      await gone
    },
  }
}

function answer({ files }: ServeOptions, admission: Admission, request: http.IncomingMessage, response: http.ServerResponse): void {
  const refusal = admission.refuseHost(request) ?? admission.refuseOrigin(request, { required: false })
  if (refusal) return refuse(response, refusal.status, refusal.reason)
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'only GET and HEAD')
  const url = readUrl(request)
  if (!url) return refuse(response, 400, 'an address that cannot be read')
  if (url.pathname === '/' && admission.accepts(url.searchParams.get('token'))) {
    // the token leaves the address at once, so that it stands in no history and no screenshot
    response.writeHead(303, { ...headers(request), Location: '/', 'Set-Cookie': admission.cookie(request) })
    return void response.end()
  }
  if (!admission.knows(request)) return refuse(response, 403, 'Open the address that Palimpsest printed when it was started; it lets this browser in.')
  const file = files.get(url.pathname)
  if (!file) return refuse(response, 404, 'no such file')
  response.writeHead(200, { ...headers(request), 'Content-Type': file.type, 'Content-Length': file.bytes.length, 'Cache-Control': file.lasting ? 'private, max-age=31536000, immutable' : 'no-store' })
  response.end(request.method === 'HEAD' ? undefined : file.bytes)
}

function refuseUpgrade(admission: Admission, request: http.IncomingMessage): Refusal | null {
  const refusal = admission.refuseHost(request) ?? admission.refuseOrigin(request, { required: true })
  if (refusal) return refusal
  if (readUrl(request)?.pathname !== SOCKET_PATH) return { status: 400, reason: 'no such socket' }
  return admission.knows(request) ? null : { status: 403, reason: 'this browser has not been let in' }
}

function connect({ host, version }: ServeOptions, client: WebSocket): void {
  const send = (message: FromHost): void => {
    if (client.readyState !== client.OPEN) return
    if (client.bufferedAmount > LARGEST_BACKLOG) return client.close(CLOSE.overloaded)
    client.send(encodeMessage(message))
  }
  const stop = host.onEvent((event, data) => {
    if (event === 'job.preview' && client.bufferedAmount > PREVIEW_BACKLOG) return
    send({ type: 'event', event, data })
  })
  client.on('close', stop)
  client.on('error', () => client.terminate()) // a message too long, or no WebSocket at all: its socket ends, nothing else does
  client.on('message', (raw: Buffer | ArrayBuffer | Buffer[], isBinary) => {
    const call = isBinary ? readCall(raw) : undefined
    if (!call) return client.close(CLOSE.notUnderstood)
    void host.call(call.method, call.input).then((result) => send({ type: 'answer', id: call.id, result }))
  })
  send({ type: 'hello', contract: CONTRACT_VERSION, version })
}

/** A call out of a message; undefined when it is none. */
function readCall(raw: Buffer | ArrayBuffer | Buffer[]): z.output<typeof callSchema> | undefined {
  try {
    const bytes = Array.isArray(raw) ? Buffer.concat(raw) : raw instanceof ArrayBuffer ? new Uint8Array(raw) : raw
    return callSchema.parse(decodeMessage(bytes))
  } catch {
    return undefined // whoever sent it is not our client
  }
}

function readUrl(request: http.IncomingMessage): URL | undefined {
  const { url = '' } = request
  // only a plain path: no address of another server, no odd spelling of a file's name
  return url.startsWith('/') && !url.startsWith('//') && URL.canParse(url, 'http://served') ? new URL(url, 'http://served') : undefined
}

function headers(request: http.IncomingMessage): Record<string, string> {
  return {
    'Content-Security-Policy': [...POLICY, `connect-src 'self' ws://${request.headers.host}`].join('; '),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), bluetooth=()',
  }
}

function refuse(response: http.ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff', 'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'", Connection: 'close' })
  response.end(`${reason}\n`)
}

function refuseSocket(socket: Duplex, { status, reason }: Refusal): void {
  socket.on('error', () => undefined) // it is being closed anyway
  socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${reason.length}\r\n\r\n${reason}`)
}

function listen(server: http.Server, { address, port }: ServeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const found = { EADDRINUSE: 'one that another program uses', EACCES: 'one that may not be used', EADDRNOTAVAIL: 'an address this machine does not have', ENOTFOUND: 'a name that is not known' }[error.code ?? '']
      reject(found ? badInput('serve/port', { thing: `${address}:${port}`, expected: 'a free port of this machine', found, todo: 'choose another with --port, or 0 for any' }) : failed('serve/port', `The server could not be started (${error.message}).`, error))
    })
    server.listen(port, address, resolve)
  })
}
