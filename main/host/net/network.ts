/**
 * The one door to the outside: every request the program makes to another machine goes through a {@link Network}, which
 * counts it, and refuses it while the offline lock is on. `guard.ts` closes the ways around the door.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { NetworkStatus } from '../../../preload/contract/app.ts'
import { EngineError } from '../../engine/errors.ts'
import { type NetAnswer, type SendOptions, sendRequest } from './httpRequest.ts'

/** How to build a {@link Network}. */
export interface NetworkOptions {
  /** the setting `offlineLock` */
  readonly locked: boolean
  /** the setting `proxy`: a URL, or empty for the environment's own proxy variables */
  readonly proxy?: () => string
  /** told after every change of the figures */
  readonly onChange?: (status: NetworkStatus) => void
}

/** What {@link Network.request} takes beside the address. */
export interface NetworkRequest extends Omit<SendOptions, 'proxy' | 'onHop'> {
  readonly signal?: AbortSignal
}

/** See the file's head. Made by {@link createNetwork}. */
export class Network {
  readonly #options: NetworkOptions
  readonly #own = new Set<number>()
  readonly #counted = new AsyncLocalStorage<true>()
  #locking = new AbortController()
  #locked: boolean
  #requests = 0
  #refused = 0
  #last: string | null = null

  constructor(options: NetworkOptions) {
    this.#options = options
    this.#locked = options.locked
  }

  /** The lock and the figures since the program started. `last` is the last host asked for, reached or refused. */
  status(): NetworkStatus {
    return { locked: this.#locked, requests: this.#requests, refused: this.#refused, last: this.#last }
  }

  /** Turns the lock on (which ends every request under way) or off. */
  setLocked(locked: boolean): NetworkStatus {
    if (locked !== this.#locked) {
      this.#locked = locked
      if (locked) {
        this.#locking.abort(lockedError('the request under way'))
        this.#locking = new AbortController()
      }
      this.#changed()
    }
    return this.status()
  }

  /** Aborts, with the sentence for it, when the lock is turned on; a new signal after each time. */
  get lockSignal(): AbortSignal {
    return this.#locking.signal
  }

  /** Tells that a port of this machine is our own (the served host): connections to it are nobody's business. */
  addOwnPort(port: number): void {
    this.#own.add(port)
  }

  /** Whether an address is a port of our own on this machine. */
  isOwn(host: string, port: number): boolean {
    return isLoopback(host) && this.#own.has(port)
  }

  /** Whether the code that runs now does so inside a request that has been counted. */
  get insideRequest(): boolean {
    return this.#counted.getStore() === true
  }

  /**
   * Sends a GET request and follows its redirects; resolves when the head of the answer has come. Every hop counts.
   * @throws EngineError network/locked (exit 2); download/unreachable; the signal's own reason
   */
  async request(address: string, options: NetworkRequest = {}): Promise<NetAnswer> {
    const { signal, ...rest } = options
    this.admit(new URL(address).host)
    const signals = signal ? AbortSignal.any([signal, this.#locking.signal]) : this.#locking.signal
    let first = true
    return this.#counted.run(true, () =>
      sendRequest(address, {
        ...rest,
        signal: signals,
        proxy: this.#options.proxy?.() ?? '',
        onHop: (host) => {
          if (!first) this.admit(host)
          first = false
        },
      }))
  }

  /**
   * Counts a request to a host, or refuses it.
   * @throws EngineError network/locked (exit 2)
   */
  admit(host: string): void {
    this.#last = host
    if (this.#locked) {
      this.#refused += 1
      this.#changed()
      throw lockedError(host)
    }
    this.#requests += 1
    this.#changed()
  }

  #changed(): void {
    this.#options.onChange?.(this.status())
  }
}

/** Makes the program's network door; one per process. */
export function createNetwork(options: NetworkOptions): Network {
  return new Network(options)
}

/** Whether a name or address means this machine itself. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  return bare === 'localhost' || bare.endsWith('.localhost') || bare === '::1' || /^127(\.\d{1,3}){3}$/.test(bare) || /^::ffff:127(\.\d{1,3}){3}$/.test(bare)
}

function lockedError(host: string): EngineError {
  return new EngineError('network/locked', `${host}: expected to be allowed to use the network, found the offline lock on; turn it off in the settings to download.`, {
    exitCode: 2,
    details: { host },
  })
}
