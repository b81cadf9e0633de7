/** A connection to the served host that comes back when it breaks: calls, answers, events over one WebSocket. */
import type { Result } from '../../preload/contract/result.ts'
import { type FromHost, decodeMessage, encodeMessage } from '../../preload/contract/wire.ts'

/** What of a WebSocket is used; a test brings its own. */
export interface SocketLike {
  binaryType: string
  readonly readyState: number
  onopen: (() => void) | null
  onclose: (() => void) | null
  onmessage: ((event: { readonly data: unknown }) => void) | null
  send(data: Uint8Array<ArrayBuffer>): void
  close(): void
}

/** How to connect. */
export interface WireOptions {
  readonly open: () => SocketLike
  readonly contract: number
  /** the host speaks another version of the contract: the page is of an older program */
  readonly onOldPage: () => void
  /** a try to connect failed; told at every one */
  readonly onUnreachable?: () => void
  readonly firstRetryMs?: number
  readonly longestRetryMs?: number
}

type Answer = (result: Result<unknown>) => void
const OPEN = 1

/** See the file's head. */
export class WireConnection {
  readonly #options: WireOptions
  readonly #pending = new Map<number, Answer>()
  /** calls made while there is no connection: sent when there is one again */
  readonly #waiting: { readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> }[] = []
  readonly #eventListeners = new Set<(event: string, data: unknown) => void>()
  readonly #connectionListeners = new Set<(connected: boolean) => void>()
  #socket: SocketLike | undefined
  #connected = false
  /** this socket has been greeted */
  #greeted = false
  #nextId = 1
  #retryMs: number

  constructor(options: WireOptions) {
    this.#options = options
    this.#retryMs = options.firstRetryMs ?? 250
    this.#connect()
  }

  /** Calls a method; never rejects. A call the connection breaks under is answered with an error. */
  call(method: string, input: unknown): Promise<Result<unknown>> {
    const id = this.#nextId++
    const bytes = encodeMessage({ type: 'call', id, method, input }) as Uint8Array<ArrayBuffer> // made by encodeMessage in a buffer of its own
    return new Promise((resolve) => {
      this.#pending.set(id, resolve)
      if (this.#connected && this.#socket?.readyState === OPEN) this.#socket.send(bytes)
      else this.#waiting.push({ id, bytes })
    })
  }

  /** Listens to events; returns how to stop. */
  onEvent(listener: (event: string, data: unknown) => void): () => void {
    this.#eventListeners.add(listener)
    return () => this.#eventListeners.delete(listener)
  }

  /** Listens to whether the host can be reached, told at once and on every change. */
  onConnection(listener: (connected: boolean) => void): () => void {
    this.#connectionListeners.add(listener)
    listener(this.#connected)
    return () => this.#connectionListeners.delete(listener)
  }

  /** Tells every listener something as if the host had: what only this side knows. */
  announce(event: string, data: unknown): void {
    for (const listener of this.#eventListeners) listener(event, data)
  }

  #connect(): void {
    const socket = this.#options.open()
    this.#greeted = false
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) this.#receive(decodeMessage(new Uint8Array(data)) as FromHost) // our own host's messages
    }
    socket.onclose = () => this.#closed()
  }

  #receive(message: FromHost): void {
    switch (message.type) {
      case 'hello':
        this.#greeted = true
        if (message.contract !== this.#options.contract) return this.#options.onOldPage()
        this.#retryMs = this.#options.firstRetryMs ?? 250
        for (const { bytes } of this.#waiting.splice(0)) this.#socket?.send(bytes)
        return this.#tell(true)
      case 'answer':
        this.#pending.get(message.id)?.(message.result as Result<unknown>) // the host answers with Results
        this.#pending.delete(message.id)
        return
      case 'event':
        this.announce(message.event, message.data)
    }
  }

  #closed(): void {
    if (!this.#greeted) this.#options.onUnreachable?.()
    const sent = [...this.#pending.keys()].filter((id) => !this.#waiting.some((waiting) => waiting.id === id))
    for (const id of sent) {
      this.#pending.get(id)?.({ ok: false, error: { code: 'host/disconnected', message: 'The connection to Palimpsest was lost before it answered; what was saved is safe, try again when it is back.', exitCode: 1, details: {} } })
      this.#pending.delete(id)
    }
    this.#tell(false)
    setTimeout(() => this.#connect(), this.#retryMs)
    this.#retryMs = Math.min(this.#options.longestRetryMs ?? 5000, this.#retryMs * 2)
  }

  #tell(connected: boolean): void {
    if (connected === this.#connected) return
    this.#connected = connected
    for (const listener of this.#connectionListeners) listener(connected)
  }
}
