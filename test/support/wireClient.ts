/** A client of the served host as a browser is one: it takes the cookie from the printed address and speaks over the WebSocket. */
import http from 'node:http'
import { WebSocket } from 'ws'
import type { EventData, EventName, InputOf, Method, OutputOf } from '../../preload/contract/channels.ts'
import { type Result, unwrap } from '../../preload/contract/result.ts'
import { type FromHost, decodeMessage, encodeMessage } from '../../preload/contract/wire.ts'

/** An HTTP answer, read whole. */
export interface Answered {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

/** One request with exactly these headers; nothing is followed. */
export function request(url: string, options: { readonly method?: string; readonly headers?: Record<string, string>; readonly path?: string } = {}): Promise<Answered> {
  const { hostname, port, pathname, search } = new URL(url)
  return new Promise((resolve, reject) => {
    const asked = http.request({ host: hostname, port, path: options.path ?? pathname + search, method: options.method ?? 'GET', headers: options.headers ?? {} }, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts).toString('utf8') }))
    })
    asked.on('error', reject)
    asked.end()
  })
}

/** The cookie a browser holds after it has opened the printed address. */
export async function cookieOf(url: string): Promise<string> {
  const { status, headers } = await request(url)
  const cookie = headers['set-cookie']?.[0]?.split(';')[0]
  if (status !== 303 || cookie === undefined) throw new Error(`no cookie: status ${status}`)
  return cookie
}

/** Opens the socket with these headers; resolves with it or with the status that refused it. */
export function openSocket(url: string, headers: Record<string, string>, origin?: string): Promise<WebSocket | number> {
  const { host } = new URL(url)
  const socket = new WebSocket(`ws://${host}/bridge`, { headers, ...(origin === undefined ? {} : { origin }) })
  socket.binaryType = 'nodebuffer'
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      socket.pause() // the greeting waits for whoever listens
      resolve(socket)
    })
    socket.once('unexpected-response', (_, answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    socket.once('error', reject)
  })
}

/** A connected client. */
export interface WireClient {
  readonly socket: WebSocket
  /** everything received, as it came */
  readonly received: FromHost[]
  call<M extends Method>(method: M, input: InputOf<M>): Promise<OutputOf<M>>
  result(method: string, input: unknown): Promise<Result<unknown>>
  next<E extends EventName>(event: E, fits?: (data: EventData<E>) => boolean): Promise<EventData<E>>
  close(): void
}

/** Connects as a browser does. */
export async function connectWire(url: string): Promise<WireClient> {
  const cookie = await cookieOf(url)
  const socket = await openSocket(url, { cookie }, new URL(url).origin)
  if (typeof socket === 'number') throw new Error(`refused with ${socket}`)
  const pending = new Map<number, (result: Result<unknown>) => void>()
  const listeners = new Set<(event: string, data: unknown) => void>()
  const received: FromHost[] = []
  let nextId = 1
  socket.on('message', (raw: Buffer) => {
    const message = decodeMessage(new Uint8Array(raw)) as FromHost // our own server's messages
    received.push(message)
    if (message.type === 'answer') pending.get(message.id)?.(message.result as Result<unknown>) // the host answers with Results
    if (message.type === 'event') for (const listener of listeners) listener(message.event, message.data)
  })
  socket.resume()
  socket.on('close', () => pending.forEach((answer) => answer({ ok: false, error: { code: 'test/closed', message: 'The connection was closed.', exitCode: 1, details: {} } })))
  const result: WireClient['result'] = (method, input) => {
    const id = nextId++
    socket.send(encodeMessage({ type: 'call', id, method, input }))
    return new Promise((resolve) => pending.set(id, resolve))
  }
  return {
    socket, received, result,
    call: async (method, input) => unwrap((await result(method, input)) as Result<OutputOf<typeof method>>), // checked by the host
    next: (event, fits = () => true) => new Promise((resolve) => {
      const listener = (name: string, data: unknown): void => {
        if (name !== event || !fits(data as EventData<typeof event>)) return
        listeners.delete(listener)
        resolve(data as EventData<typeof event>)
      }
      listeners.add(listener)
    }),
    close: () => socket.close(),
  }
}
