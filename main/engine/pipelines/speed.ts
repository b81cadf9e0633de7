/**
 * How fast this machine is at each kind of work, measured once with small graphs and remembered, and
 * corrected by what real runs took. Predictions of time are made from it.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { GraphBuilder } from '../graph/builder.ts'
import { graphCost, WORK_KINDS, type GraphCost, type WorkKind } from '../graph/cost.ts'
import type { Graph } from '../graph/graph.ts'
import { openSession, type DeviceName } from '../runtime/session.ts'
import { tensor } from '../tensor/tensor.ts'

/** Speed of one device. */
export interface DeviceSpeed {
  /** work per second: floating-point operations, for `elementwise` bytes */
  readonly rates: Readonly<Record<WorkKind, number>>
  /** seconds every node costs beside its work */
  readonly secondsPerNode: number
}

/** What is remembered on disk. */
interface SpeedFile {
  readonly speeds: Record<string, DeviceSpeed>
  /** measured / predicted seconds per net and size, newest counting half */
  readonly corrections: Record<string, number>
}

/** Seconds one run of a graph is expected to take, before corrections. */
export function expectedSeconds(cost: GraphCost, speed: DeviceSpeed): number {
  const work = WORK_KINDS.reduce((sum, kind) => sum + cost.work[kind] / speed.rates[kind], 0)
  return work + cost.nodes * speed.secondsPerNode
}

/** Measures, remembers and corrects the speed of this machine's devices. */
export class SpeedBook {
  readonly #file: string
  #content: SpeedFile | null = null

  /** @param cacheDir folder that may be deleted at any time; the book is measured anew then */
  constructor(cacheDir: string) {
    const machine = createHash('sha256').update(`${os.cpus()[0]?.model ?? ''} x${os.availableParallelism()} ${os.arch()}`).digest('hex').slice(0, 12)
    this.#file = path.join(cacheDir, `speed-${machine}.json`)
  }

  /** The device's speed: from the book, else measured now (about a second). */
  async speedOf(device: DeviceName): Promise<DeviceSpeed> {
    const content = await this.#load()
    const known = content.speeds[device]
    if (known) return known
    const speed = await measureSpeed(device)
    content.speeds[device] = speed
    await this.#save(content)
    return speed
  }

  /** Seconds one run of the graph is expected to take on the device; `key` names the net, its size and variant. */
  async predict(key: string, cost: GraphCost, device: DeviceName): Promise<number> {
    const speed = await this.speedOf(device)
    const { corrections } = await this.#load()
    return expectedSeconds(cost, speed) * (corrections[`${device} ${key}`] ?? 1)
  }

  /** Notes what a run of the graph really took. */
  async learn(key: string, cost: GraphCost, device: DeviceName, seconds: number): Promise<void> {
    const speed = await this.speedOf(device)
    const content = await this.#load()
    const ratio = seconds / expectedSeconds(cost, speed)
    const name = `${device} ${key}`
    const before = content.corrections[name]
    content.corrections[name] = before === undefined ? ratio : (before + ratio) / 2
    await this.#save(content)
  }

  async #load(): Promise<SpeedFile> {
    if (this.#content) return this.#content
    try {
      this.#content = JSON.parse(await readFile(this.#file, 'utf8')) as SpeedFile
    } catch {
      this.#content = { speeds: {}, corrections: {} } // absent or unreadable: measured anew
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

/** Runs one small graph per kind of work; the best of three runs each. */
async function measureSpeed(device: DeviceName): Promise<DeviceSpeed> {
  const secondsPerNode = device === 'cpu' ? 8e-6 : 3e-5
  const rates = {} as Record<WorkKind, number>
  for (const kind of WORK_KINDS) {
    if (kind === 'linearInt8') continue
    const graph = sampleGraph(kind)
    const cost = graphCost(graph)
    const session = await openSession(graph, { device })
    try {
      const input = graph.inputs[0]!
      const dims = input.dims.map(Number)
      const feed = { [input.name]: tensor(new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.5), dims) }
      await session.run(feed)
      let best = Infinity
      for (let i = 0; i < 3; i++) {
        const started = performance.now()
        await session.run(feed)
        best = Math.min(best, (performance.now() - started) / 1000)
      }
      rates[kind] = cost.work[kind] / best
    } finally {
      await session.dispose()
    }
  }
  rates.linearInt8 = rates.linear * 2.5 // int8 products against float products on CPUs with VNNI; corrected by real runs
  return { rates, secondsPerNode }
}

function sampleGraph(kind: WorkKind): Graph {
  const b = new GraphBuilder(`speed of ${kind}`, null)
  const noise = (dims: number[]) => b.constant(Float32Array.from({ length: dims.reduce((a, c) => a * c, 1) }, (_, i) => Math.sin(i) * 0.05), dims)
  switch (kind) {
    case 'conv': {
      let x = b.input('x', 'f32', [1, 192, 32, 32])
      for (let i = 0; i < 2; i++) x = b.conv2d(x, noise([192, 192, 3, 3]), noise([192]), { padding: 1 })
      b.output('y', x)
      break
    }
    case 'linear': {
      let x = b.input('x', 'f32', [1, 1024, 512])
      for (let i = 0; i < 2; i++) x = b.linear(x, noise([512, 512]), noise([512]))
      b.output('y', x)
      break
    }
    case 'attention': {
      const x = b.input('x', 'f32', [1, 1024, 320])
      b.output('y', b.attention(x, x, x, { heads: 8 }))
      break
    }
    default: {
      let x = b.input('x', 'f32', [1, 320, 64, 64])
      for (let i = 0; i < 4; i++) x = b.groupNorm(x, noise([320]), noise([320]), { groups: 32, epsilon: 1e-5, activation: 'silu' })
      b.output('y', x)
    }
  }
  return b.build()
}
