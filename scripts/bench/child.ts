/**
 * One net in a process of its own, so that peak memory is the net's. Reads a JSON job from argv, then commands from
 * stdin, a line each: `load`, `run`, `memory`, `unload`, `quit`; answers a JSON line each.
 */
import fs from 'node:fs'
import readline from 'node:readline'
import { buildVaeDecoder, buildVaeEncoder } from '../../main/engine/nets/autoencoderKl.ts'
import { buildClipText } from '../../main/engine/nets/clipText.ts'
import { buildUNet2DCondition } from '../../main/engine/nets/unet2dCondition.ts'
import type { Graph } from '../../main/engine/graph/graph.ts'
import { openSession } from '../../main/engine/runtime/session.ts'
import type { NetSession } from '../../main/engine/runtime/session.ts'
import { TorchGenerator } from '../../main/engine/tensor/random.ts'
import { intTensor, tensor } from '../../main/engine/tensor/tensor.ts'
import type { IntTensor, Tensor } from '../../main/engine/tensor/tensor.ts'
import { ensureFloat32 } from '../../main/engine/weights/convertedWeights.ts'
import { ensureInt8 } from '../../main/engine/weights/quantisedWeights.ts'
import { openWeights } from '../../main/engine/weights/storedWeights.ts'
import type { WeightIndex } from '../../main/engine/weights/weightIndex.ts'
import type { NetJob } from './nets.ts'

const job = JSON.parse(process.argv[2]!) as NetJob

/** Weights as the engine runs them: float32, or int8 for --fast; converted before the clock starts, as on a second use. */
async function prepareWeights(): Promise<WeightIndex> {
  const stored = openWeights(job.weights)
  return job.fast ? ensureInt8(stored, job.cache) : ensureFloat32(stored, job.cache)
}

function buildGraph(weights: WeightIndex): Graph {
  const config = JSON.parse(fs.readFileSync(job.config, 'utf8')) as Record<string, unknown>
  const { height, width } = job
  switch (job.net) {
    case 'unet':
      return buildUNet2DCondition(config, weights, { batch: 1, height: height / job.factor, width: width / job.factor, fused: true })
    case 'vae-decoder':
      return buildVaeDecoder(config, weights, { batch: 1, height: height / job.factor, width: width / job.factor })
    case 'vae-encoder':
      return buildVaeEncoder(config, weights, { batch: 1, height, width })
    case 'text-encoder':
      return buildClipText(config, weights, { batch: 1 })
  }
}

function feedsFor(graph: Graph): Record<string, Tensor | IntTensor> {
  const generator = new TorchGenerator(1)
  return Object.fromEntries(
    graph.inputs.map((input) => {
      const dims = input.dims as readonly number[]
      if (input.dtype === 'i64') return [input.name, intTensor(BigInt64Array.from({ length: dims[0]! * dims[1]! }, (_, i) => BigInt(i % 1000)), dims)]
      if (input.name === 'timestep') return [input.name, tensor(Float32Array.of(501), [1])]
      return [input.name, generator.randn(dims)]
    }),
  )
}

let session: NetSession | undefined
let feeds: Record<string, Tensor | IntTensor> = {}

async function answer(command: string): Promise<object> {
  if (command === 'load') await prepareWeights()
  const start = performance.now()
  const cpu = process.cpuUsage()
  switch (command) {
    case 'load': {
      const graph = buildGraph(await prepareWeights())
      session = await openSession(graph, { device: 'cpu', threads: job.threads })
      const ms = performance.now() - start
      feeds = feedsFor(graph)
      return { ms }
    }
    case 'run': {
      const outputs = await session!.run(feeds)
      const ms = performance.now() - start
      const { user, system } = process.cpuUsage(cpu)
      const first = Object.values(outputs)[0]!.data
      return { ms, cpuMs: (user + system) / 1000, finite: first.every(Number.isFinite) }
    }
    case 'unload':
      await session!.dispose()
      return {}
    case 'memory': {
      const status = fs.existsSync('/proc/self/status') ? fs.readFileSync('/proc/self/status', 'utf8') : ''
      const peakKiB = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN)
      return { peakMiB: Number.isNaN(peakKiB) ? process.resourceUsage().maxRSS / 1024 : peakKiB / 1024 }
    }
    default:
      throw new Error(`unknown command ${command}`)
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  if (line === 'quit') break
  try {
    process.stdout.write(JSON.stringify(await answer(line)) + '\n')
  } catch (error) {
    process.stdout.write(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }) + '\n')
  }
}
process.exit(0)
