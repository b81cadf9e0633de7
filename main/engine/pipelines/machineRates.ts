/** How fast a device is at each kind of work, measured with one small graph per kind. */
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

/** Runs of each small graph; the best counts, so that a moment of other work does not. */
const RUNS = 5

/** Seconds one run of a graph is expected to take, before corrections. */
export function expectedSeconds(cost: GraphCost, speed: DeviceSpeed): number {
  const work = WORK_KINDS.reduce((sum, kind) => sum + cost.work[kind] / speed.rates[kind], 0)
  return work + cost.nodes * speed.secondsPerNode
}

/** Runs one small graph per kind of work on the device; about a second. */
export async function measureSpeed(device: DeviceName): Promise<DeviceSpeed> {
  const secondsPerNode = device === 'cpu' ? 8e-6 : 3e-5
  const rates = {} as Record<WorkKind, number>
  for (const kind of WORK_KINDS) {
    if (kind !== 'linearInt8') rates[kind] = await measureRate(kind, device)
  }
  rates.linearInt8 = rates.linear * 2.5 // int8 products against float products on CPUs with VNNI; corrected by real runs
  return { rates, secondsPerNode }
}

async function measureRate(kind: WorkKind, device: DeviceName): Promise<number> {
  const graph = sampleGraph(kind)
  const session = await openSession(graph, { device })
  try {
    const input = graph.inputs[0]!
    const dims = input.dims.map(Number)
    const feed = { [input.name]: tensor(new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.5), dims) }
    await session.run(feed)
    let best = Infinity
    for (let i = 0; i < RUNS; i++) {
      const started = performance.now()
      await session.run(feed)
      best = Math.min(best, (performance.now() - started) / 1000)
    }
    return graphCost(graph).work[kind] / best
  } finally {
    await session.dispose()
  }
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
