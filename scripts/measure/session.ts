/** What every measurement works with: an engine in this process, or a fresh process per case. */
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { createEngine, type Engine } from '../../main/engine/index.ts'
import { checkoutEnvironment, palimpsestPaths } from '../../main/paths.ts'
import type { MeasureReport } from './report.ts'

/** What the person who measures can choose. */
export interface MeasureOptions {
  /** for pictures on the way; made before the measurement starts */
  readonly folder: string
  /** cases at most; each measurement has its own number */
  readonly limit?: number | undefined
  /** minutes after which nothing further is begun; only measurements that go on where they stopped look at it */
  readonly minutes?: number | undefined
  /** steps of every run in the place of the measurement's own: for trying out, figures are then no figures */
  readonly steps?: number | undefined
  /** text-to-image and inpaint checkpoints */
  readonly model: string
  readonly inpaintModel: string
}

/** One measurement. */
export interface Measure {
  /** one line for the list */
  readonly summary: string
  run(options: MeasureOptions): Promise<MeasureReport>
}

/** An engine with the checkout's own folders, or another cache folder. Dispose it. */
export function openEngine(cacheDir?: string): Engine {
  const { data, cache, bundledModels } = palimpsestPaths({ env: { ...process.env, ...checkoutEnvironment() } })
  return createEngine({ bundledModels, dataDir: data, cacheDir: cacheDir ?? cache })
}

/** What one case took in a process of its own. */
export interface CaseReport {
  readonly result: Readonly<Record<string, unknown>>
  /** VmHWM of the process in bytes; 0 where the system does not tell */
  readonly peakBytes: number
  /** wall seconds of the request */
  readonly seconds: number
}

/** Runs one request in a fresh process, so that its peak is its own; `warm` runs it once before, uncounted, in the same process. */
export function measureCase(request: Readonly<Record<string, unknown>>, warm = false): CaseReport {
  const entry = path.join(import.meta.dirname, 'engineCase.ts')
  const text = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', entry, JSON.stringify(request), ...(warm ? ['warm'] : [])], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return JSON.parse(text.trim().split('\n').at(-1)!) as CaseReport
}

/** Tells how far a measurement is, on stderr. */
export function tell(done: number, of: number, what: string): void {
  process.stderr.write(`${what}: ${done} of ${of}\n`)
}
