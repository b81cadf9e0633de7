/**
 * How fast this machine is: measured once with small graphs, remembered, and corrected by what real runs took (see
 * pastRuns.ts). Predictions of time are made from it.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { GraphCost } from '../graph/cost.ts'
import type { DeviceName } from '../runtime/session.ts'
import { expectedSeconds, measureSpeed, type DeviceSpeed } from './machineRates.ts'
import { middleRatio, nearestKey, pastRun, remember, slowdownNow, usualRatio, type PastRun, type Slowdown } from './pastRuns.ts'

/** What is remembered on disk. */
interface SpeedFile {
  readonly speeds: Record<string, DeviceSpeed>
  /** by device and name of the work, the newest first */
  readonly runs: Record<string, PastRun[]>
  readonly slowdowns: Record<string, Slowdown>
}

/** Raised when what the file holds means something else. */
const VERSION = 3
/** Kinds of work that are remembered; the longest unused go first. */
const MOST_KINDS = 400
/** Shorter runs of a net do not tell how slow the machine is, seconds. */
const TELLING_SECONDS = 0.01
/** More than this is a machine that was suspended. */
const MOST_SLOWDOWN = 4

/** How a book is made for tests. */
export interface SpeedBookOptions {
  readonly now?: () => number
  readonly measure?: (device: DeviceName) => Promise<DeviceSpeed>
}

/** Measures, remembers and corrects the speed of this machine's devices. */
export class SpeedBook {
  readonly #file: string
  readonly #now: () => number
  readonly #measure: (device: DeviceName) => Promise<DeviceSpeed>
  #content: SpeedFile | null = null

  /** @param cacheDir folder that may be deleted at any time; the book is measured anew then */
  constructor(cacheDir: string, { now = Date.now, measure = measureSpeed }: SpeedBookOptions = {}) {
    const machine = createHash('sha256').update(`v${VERSION} ${os.cpus()[0]?.model ?? ''} x${os.availableParallelism()} ${os.arch()}`).digest('hex').slice(0, 12)
    this.#file = path.join(cacheDir, `speed-${machine}.json`)
    this.#now = now
    this.#measure = measure
  }

  /** The device's speed: from the book, else measured now (about a second). */
  async speedOf(device: DeviceName): Promise<DeviceSpeed> {
    const content = await this.#load()
    const known = content.speeds[device]
    if (known) return known
    const speed = await this.#measure(device)
    content.speeds[device] = speed
    await this.#save(content)
    return speed
  }

  /** Seconds one run of the graph is expected to take on the device; `key` names the net, its size and variant. */
  async predict(key: string, cost: GraphCost, device: DeviceName): Promise<number> {
    return this.predictSeconds(key, expectedSeconds(cost, await this.speedOf(device)), device)
  }

  /** Notes what a run of the graph really took; {@link save} keeps it. @param othersShare part of the processors that other programs had, 0..1 */
  async learn(key: string, cost: GraphCost, device: DeviceName, seconds: number, othersShare = 0): Promise<void> {
    const expected = expectedSeconds(cost, await this.speedOf(device))
    await this.learnSeconds(key, expected, device, seconds, othersShare)
    const { runs, slowdowns } = await this.#load()
    const usual = expected * usualRatio(runs[`${device} ${key}`] ?? [])
    if (seconds >= TELLING_SECONDS) slowdowns[device] = { factor: Math.min(MOST_SLOWDOWN, Math.max(1, seconds / usual)), at: this.#now() }
  }

  /** The same for work that is no graph: `expected` is a first guess of its seconds. */
  async predictSeconds(key: string, expected: number, device: DeviceName): Promise<number> {
    const { runs, slowdowns } = await this.#load()
    return expected * likelyRatio(`${device} ${key}`, runs) * slowdownNow(slowdowns[device], this.#now())
  }

  /** Notes what such work really took; {@link save} keeps it. */
  async learnSeconds(key: string, expected: number, device: DeviceName, seconds: number, othersShare = 0): Promise<void> {
    if (!(seconds > 0) || !(expected > 0)) return
    const content = await this.#load()
    const name = `${device} ${key}`
    const before = content.runs[name] ?? []
    delete content.runs[name] // the newest last
    content.runs[name] = remember(before, pastRun(seconds / expected, othersShare))
    for (const oldest of Object.keys(content.runs).slice(0, -MOST_KINDS)) delete content.runs[oldest]
  }

  /** Writes what was learnt. */
  async save(): Promise<void> {
    await this.#save(await this.#load())
  }

  async #load(): Promise<SpeedFile> {
    if (this.#content) return this.#content
    try {
      this.#content = JSON.parse(await readFile(this.#file, 'utf8')) as SpeedFile
    } catch {
      this.#content = { speeds: {}, runs: {}, slowdowns: {} } // absent or unreadable: measured anew
    }
    return this.#content
  }

  async #save(content: SpeedFile): Promise<void> {
    const temporary = `${this.#file}.${process.pid}.tmp`
    try {
      await mkdir(path.dirname(this.#file), { recursive: true })
      await writeFile(temporary, JSON.stringify(content))
      await rename(temporary, this.#file)
    } catch {
      this.#content = content // a cache folder that cannot be written costs a measurement per start, nothing else
    }
  }
}

/** Measured / expected seconds of a kind of work: of its own runs, else of the same work at the nearest size, else of all nets of the device. */
function likelyRatio(name: string, runs: SpeedFile['runs']): number {
  const own = runs[name]
  if (own) return usualRatio(own)
  const device = name.slice(0, name.indexOf(' '))
  const known = Object.fromEntries(Object.entries(runs).filter(([key]) => key.startsWith(`${device} `)))
  const nearest = nearestKey(name, Object.keys(known))
  if (nearest !== null) return usualRatio(known[nearest]!)
  return /\dx\d/.test(name) ? middleRatio(known) : 1
}
