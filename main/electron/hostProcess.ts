/**
 * The host as Electron's main process sees it: a Node process of its own, started at once, watched by heartbeat, started
 * again with back-off when it dies. Calls made while it restarts wait for it; calls it died under are answered with an
 * error as data, so that a window never hangs.
 */
import { spawn as nodeSpawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { Result } from '../../preload/contract/result.ts'
import type { FromShellHost, ShellInput, ShellMethod, ShellOutput, ToShellHost } from '../host/shellMessages.ts'

/** How to run and watch the host. Times in milliseconds. */
export interface HostProcessOptions {
  /** a real Node 24 binary: no native module may load inside Electron */
  readonly node: string
  readonly entry: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly spawn?: typeof nodeSpawn
  readonly startTimeoutMs?: number
  readonly heartbeatMs?: number
  /** unanswered heartbeats in a row after which the host counts as hung */
  readonly missedBeats?: number
  readonly firstBackoffMs?: number
  readonly longestBackoffMs?: number
  /** failures in a row after which it is not started again by itself */
  readonly mostFailures?: number
}

/** What the shell wants to hear. */
export interface HostListener {
  onEvent(event: string, data: unknown): void
  onConnection(connected: boolean): void
  onLog(text: string): void
  /** it will not be started again; `reason` is a clause */
  onGivenUp(reason: string): void
}

type Answer = (result: Result<unknown>) => void
const DEFAULTS = { startTimeoutMs: 30_000, heartbeatMs: 2000, missedBeats: 15, firstBackoffMs: 250, longestBackoffMs: 10_000, mostFailures: 6 }
/** A host that has served this long is sound: the next failure starts the back-off anew. */
const SOUND_AFTER_MS = 60_000
const SHUTDOWN_GRACE_MS = 5000

/** See the file's head. */
export class HostProcess {
  readonly #options: Required<HostProcessOptions>
  readonly #listener: HostListener
  readonly #pending = new Map<number, Answer>()
  /** messages for a host that is still starting */
  #queue: ToShellHost[] = []
  #child: ChildProcess | undefined
  #ready = false
  #closing = false
  #givenUp = false
  #failures = 0
  #starts = 0
  #nextId = 1
  #unanswered = 0
  #lastReason = ''
  #timers: NodeJS.Timeout[] = []
  #restartTimer: NodeJS.Timeout | undefined

  constructor(options: HostProcessOptions, listener: HostListener) {
    this.#options = { spawn: nodeSpawn, ...DEFAULTS, ...options }
    this.#listener = listener
  }

  /** Starts the host; once, or again after it was given up. */
  start(): void {
    clearTimeout(this.#restartTimer)
    if (this.#child || this.#closing) return
    this.#givenUp = false
    this.#starts += 1
    const { node, entry, env, spawn } = this.#options
    const child = spawn(node, ['--disable-warning=ExperimentalWarning', entry], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], serialization: 'advanced', windowsHide: true, env: hostEnvironment(env) })
    this.#child = child
    const startedAt = Date.now()
    let over = false
    const end = (reason: string): void => {
      if (over) return
      over = true
      this.#ended(child, reason, startedAt)
    }
    child.on('message', (message) => this.#receive(message as FromShellHost)) // our own program's messages
    child.on('error', (error) => {
      if (child.pid === undefined) end(`it could not be started (${error.message})`)
    })
    child.on('exit', (code, signal) => end(this.#lastReason || (signal ? `it was ended by ${signal}` : `it ended with code ${code}`)))
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => this.#listener.onLog(text))
    this.#watch(child)
  }

  /** Calls a method of the contract. Never rejects. */
  call(method: string, input: unknown): Promise<Result<unknown>> {
    return this.#ask((id) => ({ type: 'call', id, method, input }))
  }

  /** Asks what only the shell may ask. Never rejects. */
  ask<M extends ShellMethod>(method: M, input: ShellInput<M>): Promise<Result<ShellOutput<M>>> {
    return this.#ask((id) => ({ type: 'shell', id, method, input })) as Promise<Result<ShellOutput<M>>> // the host answers by the same table
  }

  /** Lets the host save and end, and ends it when it does not. */
  async close(): Promise<void> {
    const child = this.#child
    if (!child) {
      this.#closing = true
      clearTimeout(this.#restartTimer)
      return
    }
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    const timer = setTimeout(() => child.kill('SIGKILL'), SHUTDOWN_GRACE_MS)
    if (this.#ready) void this.ask('shutdown', {})
    else child.kill()
    this.#closing = true
    await gone
    clearTimeout(timer)
  }

  #ask(make: (id: number) => ToShellHost): Promise<Result<unknown>> {
    if (this.#closing) return Promise.resolve(stopped('Palimpsest is closing'))
    if (this.#givenUp) return Promise.resolve(stopped(this.#lastReason))
    const id = this.#nextId++
    const message = make(id)
    return new Promise((resolve) => {
      this.#pending.set(id, resolve)
      if (this.#ready) this.#send(message)
      else this.#queue.push(message)
    })
  }

  #send(message: ToShellHost): void {
    if (this.#child?.connected) this.#child.send(message, () => undefined)
  }

  #receive(message: FromShellHost): void {
    switch (message.type) {
      case 'hello':
        this.#ready = true
        this.#unanswered = 0
        for (const queued of this.#queue.splice(0)) this.#send(queued)
        this.#listener.onConnection(true)
        if (this.#starts > 1) this.#listener.onEvent('host.restarted', { reason: this.#lastReason })
        this.#lastReason = ''
        return
      case 'event':
        return this.#listener.onEvent(message.event, message.data)
      case 'answer':
      case 'shellAnswer': {
        const answer = this.#pending.get(message.id)
        this.#pending.delete(message.id)
        answer?.(message.result as Result<unknown>) // our own program's answer
      }
    }
  }

  /** Limits for its start and its silence. Beats are counted, not timed: after the machine has slept only one is missing. */
  #watch(child: ChildProcess): void {
    const { startTimeoutMs, heartbeatMs, missedBeats } = this.#options
    const kill = (reason: string): void => {
      this.#lastReason = reason
      child.kill('SIGKILL')
    }
    this.#timers.push(
      setTimeout(() => {
        if (!this.#ready) kill(`it was not ready within ${Math.round(startTimeoutMs / 1000)} s`)
      }, startTimeoutMs),
      setInterval(() => {
        if (!this.#ready) return
        if (this.#unanswered >= missedBeats) return kill(`it had not answered for ${(missedBeats * heartbeatMs) / 1000} s`)
        this.#unanswered += 1
        void this.ask('ping', {}).then(() => {
          this.#unanswered = 0
        })
      }, heartbeatMs),
    )
  }

  #ended(child: ChildProcess, reason: string, startedAt: number): void {
    if (this.#child !== child) return
    this.#child = undefined
    const wasReady = this.#ready
    this.#ready = false
    for (const timer of this.#timers.splice(0)) clearInterval(timer)
    this.#lastReason = reason
    // what waited for a start that failed waits for the next one; what the host had taken is lost with it
    const waiting = new Set(this.#queue.map((message) => message.id))
    for (const [id, answer] of [...this.#pending]) {
      if (waiting.has(id) && !this.#closing) continue
      this.#pending.delete(id)
      answer(stopped(reason))
    }
    this.#listener.onConnection(false)
    if (this.#closing) return
    this.#listener.onLog(`The host stopped: ${reason}.\n`)
    this.#failures = wasReady && Date.now() - startedAt > SOUND_AFTER_MS ? 1 : this.#failures + 1
    if (this.#failures >= this.#options.mostFailures) return this.#giveUp(reason)
    this.#restartTimer = setTimeout(() => this.start(), this.#backoffMs())
  }

  /** 0 after the first failure, then doubling. */
  #backoffMs(): number {
    const { firstBackoffMs, longestBackoffMs } = this.#options
    return this.#failures < 2 ? 0 : Math.min(longestBackoffMs, firstBackoffMs * 2 ** (this.#failures - 2))
  }

  #giveUp(reason: string): void {
    this.#givenUp = true
    this.#failures = 0
    this.#queue = []
    for (const answer of this.#pending.values()) answer(stopped(reason))
    this.#pending.clear()
    this.#listener.onGivenUp(reason)
  }
}

/** The environment without what would change how Node starts; Electron's own variables mean nothing to the host. */
export function hostEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) =>
    value === undefined || /^(ELECTRON_|NODE_OPTIONS$|NODE_PATH$|NODE_REPL_)/.test(name) ? [] : [[name, value]]))
}

function stopped(reason: string): Result<never> {
  const message = `The program's background process stopped (${reason.replace(/[.\s]+$/, '')}); it is started again, your document is untouched.`
  return { ok: false, error: { code: 'host/stopped', message, exitCode: 1, details: {} } }
}
