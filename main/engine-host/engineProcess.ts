/** One engine process as its supervisor sees it: started, watched by heartbeat, ended. It is never reused after its end. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { PROTOCOL_VERSION, fromEngineSchema, toErrorData } from './protocol.ts'
import type { ErrorData, FromEngine, ToEngine } from './protocol.ts'

/** How to start and watch the process. Times in milliseconds. */
export interface EngineProcessOptions {
  /** a real Node 24 binary, never Electron's */
  readonly nodePath: string
  /** module with createEngine, as a URL; ours when absent */
  readonly engineModule?: string
  readonly engineOptions: Record<string, unknown>
  /** added to this process's environment, e.g. a library path for CUDA */
  readonly env?: Readonly<Record<string, string>>
  readonly heartbeatMs: number
  /** this many unanswered heartbeats in a row, and the process counts as hung */
  readonly missedBeats: number
  /** how long loading the engine's code may take */
  readonly startTimeoutMs: number
  /** gets every line the process writes; native libraries write there too */
  readonly onLog?: (text: string) => void
}

/** How a process ended. */
export interface ProcessEnd {
  /** a clause for a sentence: "a crash in native code (SIGSEGV)" */
  readonly cause: string
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /** what the process itself said last */
  readonly fatal: ErrorData | undefined
  /** the end of what it wrote to its standard error */
  readonly stderr: string
  /** it had answered that it serves requests */
  readonly wasReady: boolean
}

/** What a supervisor wants to hear. */
export interface EngineProcessListener {
  onMessage(message: FromEngine): void
  onEnd(end: ProcessEnd): void
}

const STDERR_KEPT = 8_000
/** After the exit, last messages may still lie in the channel; its closing normally follows within a millisecond. */
const LAST_MESSAGES_MS = 500

/** See the file's head. */
export class EngineProcess {
  readonly #child: ChildProcess
  readonly #listener: EngineProcessListener
  readonly #options: EngineProcessOptions
  readonly #timers: NodeJS.Timeout[] = []
  readonly #ended: Promise<void>
  #resolveEnded: () => void = () => undefined
  #greeted = false
  #ready = false
  #over = false
  #beat = 0
  #answeredBeat = 0
  #cause: string | undefined
  #fatal: ErrorData | undefined
  #stderr = ''

  constructor(options: EngineProcessOptions, listener: EngineProcessListener) {
    this.#options = options
    this.#listener = listener
    this.#ended = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
    const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
    const entry = fileURLToPath(new URL(`./worker${extension}`, import.meta.url))
    this.#child = spawn(options.nodePath, ['--expose-gc', '--disable-warning=ExperimentalWarning', entry], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
      windowsHide: true,
      env: { ...process.env, ...options.env },
    })
    this.#listen()
    this.send({
      type: 'hello',
      version: PROTOCOL_VERSION,
      engineOptions: options.engineOptions,
      ...(options.engineModule === undefined ? {} : { engineModule: options.engineModule }),
    })
    this.#timers.push(
      setInterval(() => this.#heartbeat(), options.heartbeatMs),
      setTimeout(() => {
        if (!this.#ready) this.kill(`it was not ready within ${Math.round(options.startTimeoutMs / 1000)} s of its start`)
      }, options.startTimeoutMs),
    )
  }

  /** undefined when the process could not be started at all */
  get pid(): number | undefined {
    return this.#child.pid
  }

  /** true from the process's `ready` to its end */
  get isReady(): boolean {
    return this.#ready && !this.#over
  }

  /** Sends a message; one to a process that is ending is dropped, its end is told through the listener. */
  send(message: ToEngine): void {
    if (this.#child.connected) this.#child.send(message, () => undefined)
  }

  /** Ends the process at once, whatever it is doing; `cause` is what the listener is told. */
  kill(cause: string): void {
    this.#cause ??= cause
    this.#child.kill('SIGKILL')
  }

  /** Asks the process to free what it holds and end, and ends it after `graceMs` if it has not. Resolves when it is gone. */
  async shutdown(graceMs: number): Promise<void> {
    this.#cause ??= 'it was shut down'
    if (this.#over) return
    this.send({ type: 'shutdown' })
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), graceMs)
    await this.#ended
    clearTimeout(timer)
  }

  #listen(): void {
    const child = this.#child
    let exit: { code: number | null; signal: NodeJS.Signals | null } | undefined
    const maybeOver = (): void => {
      if (exit && !child.connected) this.#end(exit.code, exit.signal)
    }
    child.on('message', (raw) => this.#receive(raw))
    child.on('disconnect', maybeOver)
    child.on('error', (error) => {
      this.#cause ??= `it could not be started (${error.message})`
      if (child.pid === undefined) this.#end(null, null)
    })
    child.on('exit', (code, signal) => {
      exit = { code, signal }
      maybeOver()
      setTimeout(() => this.#end(code, signal), LAST_MESSAGES_MS).unref()
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT)
        this.#options.onLog?.(text)
      })
    }
  }

  #receive(raw: unknown): void {
    const parsed = fromEngineSchema.safeParse(raw)
    if (!parsed.success) {
      this.#fatal = toErrorData(parsed.error)
      return this.kill('it sent a message that is not of the protocol')
    }
    const message = parsed.data
    if (message.type === 'hello' && message.version !== PROTOCOL_VERSION) {
      return this.kill(`it speaks protocol version ${message.version} and not ${PROTOCOL_VERSION}; install Palimpsest again`)
    }
    if (message.type === 'hello') this.#greeted = true
    if (message.type === 'pong') this.#answeredBeat = message.beat
    if (message.type === 'ready') this.#ready = true
    if (message.type === 'fatal') this.#fatal = message.error
    this.#listener.onMessage(message)
  }

  /** Beats are counted, not timed: after the machine has slept only one beat is missing, however long it was. */
  #heartbeat(): void {
    if (!this.#greeted) return // still starting, which has a limit of its own
    if (this.#beat - this.#answeredBeat >= this.#options.missedBeats) {
      const seconds = (this.#options.missedBeats * this.#options.heartbeatMs) / 1000
      return this.kill(`it had not answered for ${seconds} s`)
    }
    this.#beat += 1
    this.send({ type: 'heartbeat', beat: this.#beat })
  }

  #end(exitCode: number | null, signal: NodeJS.Signals | null): void {
    if (this.#over) return
    this.#over = true
    for (const timer of this.#timers) clearTimeout(timer)
    const cause = this.#cause ?? this.#fatal?.message ?? describeExit(exitCode, signal)
    this.#resolveEnded()
    this.#listener.onEnd({ cause, exitCode, signal, fatal: this.#fatal, stderr: this.#stderr, wasReady: this.#ready })
  }
}

function describeExit(exitCode: number | null, signal: NodeJS.Signals | null): string {
  if (signal === 'SIGKILL') return 'the system killed it, most often because memory ran out'
  if (signal === 'SIGTERM' || signal === 'SIGHUP') return `it was told to end (${signal})`
  if (signal) return `a crash in native code (${signal})`
  return `it ended with code ${exitCode}`
}
