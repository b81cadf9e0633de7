/**
 * Is a device right, and which attention may it use? Runs a small fixed graph per class of op on the device and on
 * the CPU and compares. A wrong kernel on some driver is then a verdict, not a ruined picture.
 */
import { GraphBuilder } from '../graph/builder.ts'
import type { Graph, Value } from '../graph/graph.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { openSession, type DeviceName } from './session.ts'

/** Largest error against the CPU, as a share of the largest value, that passes: float32 sums in another order. */
export const SELF_TEST_TOLERANCE = 1e-3

/** One class of op and how far the device was off. */
export interface SelfTestRow {
  readonly op: string
  /** largest absolute difference / largest absolute value of the CPU's result; Infinity when it did not run */
  readonly error: number
}

/** The device's verdict. */
export interface SelfTestVerdict {
  /** every class but fused attention passed */
  readonly usable: boolean
  /** fused attention passed too */
  readonly fusedAttention: boolean
  readonly rows: readonly SelfTestRow[]
  /** how many times faster than the CPU one convolution and one product ran; below 1 it is slower */
  readonly speedup: number
}

/** A run this long needs no second try to know what kind of device it is. */
const SLOW_MS = 500

/** Head widths of SD1.x, SD2.x and the starter. */
const HEAD_WIDTHS = [16, 40, 64, 80, 160] as const

/** Runs every class on the device and on the CPU. */
export async function selfTest(device: DeviceName): Promise<SelfTestVerdict> {
  const rows = [...(await compare(plainOps, 'plain', device)), ...(await compare(fusedOps, 'fused', device))]
  const isFused = (row: SelfTestRow): boolean => row.op.startsWith('fused attention')
  const passes = (row: SelfTestRow): boolean => row.error <= SELF_TEST_TOLERANCE
  const usable = rows.filter((row) => !isFused(row)).every(passes)
  return { usable, fusedAttention: rows.filter(isFused).every(passes), rows, speedup: usable ? await speedupOf(device) : 0 }
}

/** One class of op: the shape of its input, and the op. */
interface TestOp {
  readonly op: string
  readonly dims: readonly number[]
  build(b: GraphBuilder, x: Value): Value
}

const weight = (b: GraphBuilder, dims: number[], seed: number): Value => b.constant(wave(dims, seed).data, dims)

const plainOps: readonly TestOp[] = [
  { op: 'convolution', dims: [1, 32, 20, 12], build: (b, x) => b.conv2d(x, weight(b, [64, 32, 3, 3], 1), weight(b, [64], 2), { padding: 1 }) },
  { op: 'strided convolution', dims: [1, 32, 21, 13], build: (b, x) => b.conv2d(x, weight(b, [32, 32, 3, 3], 3), weight(b, [32], 4), { padding: 1, stride: 2 }) },
  { op: 'linear', dims: [1, 77, 96], build: (b, x) => b.linear(x, weight(b, [160, 96], 5), weight(b, [160], 6)) },
  { op: 'group norm with silu', dims: [1, 64, 12, 10], build: (b, x) => b.groupNorm(x, weight(b, [64], 7), weight(b, [64], 8), { groups: 32, epsilon: 1e-5, activation: 'silu' }) },
  { op: 'layer norm with gelu', dims: [1, 40, 96], build: (b, x) => b.gelu(b.layerNorm(x, weight(b, [96], 9), weight(b, [96], 10), 1e-5)) },
  { op: 'softmax', dims: [1, 8, 40, 77], build: (b, x) => b.softmax(x, -1) },
  { op: 'resize', dims: [1, 16, 7, 9], build: (b, x) => b.resizeNearest(x, 13, 18) },
  { op: 'concat and slice', dims: [1, 16, 8, 8], build: (b, x) => b.slice(b.concat([x, b.mul(x, 2)], 1), 1, 4, 28) },
  { op: 'pad and average', dims: [1, 8, 9, 7], build: (b, x) => b.averagePool(b.pad(x, [[0, 0], [0, 0], [0, 1], [1, 0]]), 2) },
  { op: 'activations', dims: [1, 24, 40], build: (b, x) => b.add(b.quickGelu(x), b.mul(b.relu(x), b.add(b.tanh(x), b.sigmoid(x)))) },
  { op: 'sines of large angles', dims: [1, 320], build: (b, x) => b.concat([b.sin(b.mul(x, 500)), b.cos(b.mul(x, 500))], 1) },
  { op: 'embedding', dims: [30, 24], build: (b, x) => b.gather(x, b.constant(BigInt64Array.of(29n, 0n, 7n, 7n), [1, 4])) },
  { op: 'reductions', dims: [2, 12, 15], build: (b, x) => b.div(b.reduceSum(b.exp(b.sub(x, b.reduceMax(x, [2], true))), [2], true), b.add(b.abs(b.reduceMean(x, [1, 2], true)), 1)) },
  { op: 'attention', dims: [1, 96, 160], build: (b, x) => b.attention(x, b.mul(x, 0.5), b.add(x, 1), { heads: 4, fused: false }) },
]
const causalMask = Float32Array.from({ length: 77 * 77 }, (_, i) => (i % 77 > Math.floor(i / 77) ? -1e9 : 0))
const fusedOps: readonly TestOp[] = [
  ...HEAD_WIDTHS.map((width): TestOp => ({
    op: `fused attention, heads of ${width}`,
    dims: [1, 96, 4 * width],
    build: (b, x) => b.attention(x, b.mul(x, 0.5), b.add(x, 1), { heads: 4, fused: true }),
  })),
  {
    op: 'fused attention with a causal mask',
    dims: [1, 77, 128],
    build: (b, x) => b.attention(x, b.mul(x, 0.5), b.add(x, 1), { heads: 2, fused: true, mask: b.constant(causalMask, [1, 1, 77, 77]) }),
  },
]

/** Errors of each op; all of a group run in one net, since opening a session is what takes time. */
async function compare(ops: readonly TestOp[], name: string, device: DeviceName): Promise<SelfTestRow[]> {
  const b = new GraphBuilder(name, null)
  const feeds: Record<string, Tensor> = {}
  for (const [index, { dims, build }] of ops.entries()) {
    feeds[`x${index}`] = wave(dims, 99)
    b.output(`y${index}`, build(b, b.input(`x${index}`, 'f32', dims)))
  }
  const graph = b.build()
  try {
    const [expected, actual] = [await runOn(graph, 'cpu', feeds), await runOn(graph, device, feeds)]
    return ops.map(({ op }, index) => ({ op, error: relativeError(actual[`y${index}`]!.data, expected[`y${index}`]!.data) }))
  } catch {
    return ops.map(({ op }) => ({ op, error: Infinity })) // what does not run may not be used
  }
}

/** Largest absolute difference / largest absolute value of the expected ones. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  let [difference, largest] = [0, 0]
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs(actual[i]! - expected[i]!)
    difference = Number.isFinite(off) ? Math.max(difference, off) : Infinity
    largest = Math.max(largest, Math.abs(expected[i]!))
  }
  return difference / largest
}

async function runOn(graph: Graph, device: DeviceName, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  const session = await openSession(graph, { device })
  try {
    return await session.run(feeds)
  } finally {
    await session.dispose()
  }
}

/** CPU time over device time for two convolutions and a product, each the best of up to three runs after a first. */
async function speedupOf(device: DeviceName): Promise<number> {
  const [channels, side] = [128, 32]
  const b = new GraphBuilder('speed', null)
  const kernel = b.constant(wave([channels, channels, 3, 3], 1).data, [channels, channels, 3, 3])
  let hidden = b.input('x', 'f32', [1, channels, side, side])
  for (let layer = 0; layer < 2; layer++) hidden = b.conv2d(hidden, kernel, null, { padding: 1 })
  const rows = b.transpose(b.reshape(hidden, [1, channels, side * side]), [0, 2, 1])
  b.output('y', b.linear(rows, b.constant(wave([512, channels], 2).data, [512, channels])))
  const graph = b.build()
  const feeds = { x: wave([1, channels, side, side], 3) }
  const bestOf = async (name: DeviceName): Promise<number> => {
    const session = await openSession(graph, { device: name })
    await session.run(feeds) // compiles kernels
    let best = Infinity
    for (let run = 0; run < 3; run++) {
      const started = performance.now()
      await session.run(feeds)
      best = Math.min(best, performance.now() - started)
      if (best > SLOW_MS) break // a software adapter; once is enough
    }
    await session.dispose()
    return best
  }
  return (await bestOf('cpu')) / (await bestOf(device))
}

/** Smooth values of mixed sign, about unit size, the same on every machine. */
function wave(dims: readonly number[], seed: number): Tensor {
  const count = dims.reduce((product, dim) => product * dim, 1)
  const fanIn = dims.length > 1 ? dims.slice(1).reduce((product, dim) => product * dim, 1) : 1
  const size = seed === 99 ? 1 : 1 / Math.sqrt(Math.max(1, fanIn))
  return { data: Float32Array.from({ length: count }, (_, i) => size * (Math.sin(i * 0.7 + seed) + Math.cos(i * 0.13 * seed))), dims }
}
