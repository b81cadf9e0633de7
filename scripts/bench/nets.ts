/** The measured processes: ours and PyTorch's, driven by the same lines so that their runs can alternate. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import path from 'node:path'
import readline from 'node:readline'

/** Which net. */
export type NetName = 'unet' | 'vae-decoder' | 'vae-encoder' | 'text-encoder'

/** One net at one size. */
export interface NetJob {
  readonly net: NetName
  /** config.json and the weights file of its component. */
  readonly config: string
  readonly weights: string
  /** Pixels. */
  readonly height: number
  readonly width: number
  /** Pixels per latent. */
  readonly factor: number
  readonly threads: number
  readonly fast: boolean
  /** Where converted weights go. */
  readonly cache: { readonly dir: string; readonly maxBytes: number }
}

/** What a process answers; which fields are there depends on the command. */
export interface Answer {
  /** Wall-clock time. */
  readonly ms: number
  /** Processor time of all threads. */
  readonly cpuMs: number
  readonly peakMiB: number
  readonly finite?: boolean
}

/** A process that holds one net. */
export class NetProcess {
  readonly label: string
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  #errors = ''

  constructor(label: string, command: string, args: readonly string[]) {
    this.label = label
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child.stderr!.on('data', (chunk: Buffer) => (this.#errors = (this.#errors + chunk.toString()).slice(-2000)))
    this.#lines = readline.createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]()
  }

  /** Sends one command; the answer's fields. @throws Error with the process's own words when it failed. */
  async ask(command: 'load' | 'run' | 'memory' | 'unload'): Promise<Answer> {
    this.#child.stdin!.write(command + '\n')
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error(`${this.label} ended during ${command}: ${this.#errors.trim().split('\n').at(-1) ?? 'no output'}`)
    const answer = JSON.parse(value) as Answer & { error?: string }
    if (answer.error !== undefined) throw new Error(`${this.label}: ${answer.error}`)
    if (answer.finite === false) throw new Error(`${this.label}: the net's output is not finite`)
    return answer
  }

  /** Ends the process and waits for it. */
  async quit(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.stdin!.end('quit\n')
    await gone
  }
}

/** Our engine with one net. */
export function startOurs(label: string, job: NetJob): NetProcess {
  return new NetProcess(label, process.execPath, [path.join(import.meta.dirname, 'child.ts'), JSON.stringify(job)])
}

/** PyTorch with the same net. */
export function startPeer(label: string, python: string, job: NetJob, dtype: 'fp32' | 'bf16'): NetProcess {
  return new NetProcess(label, python, [path.join(import.meta.dirname, 'peer.py'), JSON.stringify({ ...job, dtype })])
}
