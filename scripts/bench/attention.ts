/**
 * `node scripts/run.mjs scripts/bench/attention.ts [--model FOLDER] [--size N] [--runs N] [--rows N]`: what attention control costs
 * over the same rows uncontrolled, in time (rounds alternate) and in peak memory (a process each).
 *
 * Without --model the UNet has SD1.5's shape and random weights (written once below .cache/bench, 4.3 GB).
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import readline from 'node:readline'
import { parseArgs } from 'node:util'
import { promptToPrompt } from '../../main/engine/methods/editing/promptToPrompt.ts'
import { layOutRows } from '../../main/engine/methods/shared/editRows.ts'
import { refinementMapper } from '../../main/engine/methods/shared/promptAlignment.ts'
import { crossAttentionTable } from '../../main/engine/methods/shared/timeWindows.ts'
import { crossMapSizes, listAttentionSites } from '../../main/engine/nets/attentionSite.ts'
import { buildUNet2DCondition } from '../../main/engine/nets/unet2dCondition.ts'
import { planUNet } from '../../main/engine/nets/unetPlan.ts'
import { openSession } from '../../main/engine/runtime/session.ts'
import { TorchGenerator } from '../../main/engine/tensor/random.ts'
import type { Tensor } from '../../main/engine/tensor/tensor.ts'
import { ensureFloat32 } from '../../main/engine/weights/convertedWeights.ts'
import { openWeights } from '../../main/engine/weights/storedWeights.ts'
import { sd15ShapedCheckpoint } from './randomCheckpoint.ts'

const TOKENS = 77
const STEPS = 50
const { values } = parseArgs({
  options: { model: { type: 'string' }, size: { type: 'string', default: '512' }, runs: { type: 'string', default: '3' }, rows: { type: 'string', default: '3' }, child: { type: 'string' } },
})
const cache = path.resolve(import.meta.dirname, '..', '..', '.cache', 'bench')
const count = (text: string): number => {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0) return number
  process.stderr.write(`expected a whole number above 0, found ${JSON.stringify(text)}.\n`)
  process.exit(2)
}
const [size, runs, rowCount] = [count(values.size), count(values.runs), count(values.rows)]

async function measureHere(folder: string, isControlled: boolean): Promise<void> {
  const config = JSON.parse(fs.readFileSync(path.join(folder, 'unet', 'config.json'), 'utf8')) as Record<string, unknown>
  const weights = await ensureFloat32(openWeights(path.join(folder, 'unet', 'diffusion_pytorch_model.safetensors')), { dir: path.join(cache, 'weights'), maxBytes: 20 * 2 ** 30 })
  const [height, width] = [size / 8, size / 8]
  const plan = planUNet(config)
  const sites = listAttentionSites(plan, { height, width, tokens: TOKENS })
  const maps = crossMapSizes(sites).filter(([h]) => h === 16)
  const method = promptToPrompt({
    sites, rows: layOutRows(rowCount > 2, rowCount > 3), tokens: TOKENS, numSteps: STEPS, selfWindow: 0.6, observe: maps,
    edit: { kind: 'refine', mapper: refinementMapper([1, 2, 3, 4], [1, 2, 5, 4], TOKENS) }, crossTable: crossAttentionTable(STEPS, 0.4),
  })
  const graph = buildUNet2DCondition(config, weights, { batch: rowCount, height, width, fused: true, ...(isControlled ? { control: method.control } : {}) })
  const session = await openSession(graph, { device: 'cpu' })
  const generator = new TorchGenerator(1)
  const feeds: Record<string, Tensor> = {
    sample: generator.randn([rowCount, plan.inChannels, height, width]),
    timestep: { data: new Float32Array(rowCount).fill(501), dims: [rowCount] },
    encoder_hidden_states: generator.randn([rowCount, TOKENS, plan.crossAttentionDim]),
    ...(isControlled ? method.feedsAt({ stepIndex: 0, sigma: 10 }) : {}),
  }
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line === 'quit') break
    const started = performance.now()
    await session.run(feeds)
    const peak = Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1] ?? Number.NaN) / 1024
    process.stdout.write(`${JSON.stringify({ seconds: (performance.now() - started) / 1000, peak })}\n`)
  }
  await session.dispose()
  process.exit(0)
}

interface Measured { readonly seconds: number; readonly peak: number }

function start(folder: string, kind: string): { ask(): Promise<Measured>; quit(): void } {
  const child = spawn(process.execPath, [import.meta.filename, '--model', folder, '--size', String(size), '--rows', String(rowCount), '--child', kind], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async ask() {
      child.stdin.write('run\n')
      const { value, done } = await lines.next()
      if (done) throw new Error(`the ${kind} process ended without an answer`)
      return JSON.parse(value) as Measured
    },
    quit: () => child.stdin.end('quit\n'),
  }
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!

if (values.child !== undefined) {
  await measureHere(values.model!, values.child === 'controlled')
} else {
  const folder = values.model ? path.resolve(values.model) : sd15ShapedCheckpoint(cache, (line) => process.stderr.write(`${line}\n`))
  const [plain, controlled] = [start(folder, 'plain'), start(folder, 'controlled')]
  const pairs: [Measured, Measured][] = []
  try {
    for (let round = 0; round <= runs; round++) {
      const pair: [Measured, Measured] = [await plain.ask(), await controlled.ask()]
      if (round > 0) pairs.push(pair) // the first warms up
    }
  } finally {
    plain.quit()
    controlled.quit()
  }
  const ratio = median(pairs.map(([a, b]) => b.seconds / a.seconds))
  const [memoryA, memoryB] = [0, 1].map((side) => Math.max(...pairs.map((pair) => pair[side]!.peak))) as [number, number]
  process.stdout.write(`| UNet, ${rowCount} rows, ${size} px | seconds | peak MiB |\n| --- | ---: | ---: |\n`)
  for (const [side, name] of [[0, 'uncontrolled'], [1, 'prompt-to-prompt']] as const) {
    process.stdout.write(`| ${name} | ${median(pairs.map((pair) => pair[side].seconds)).toFixed(3)} | ${Math.round([memoryA, memoryB][side]!)} |\n`)
  }
  process.stdout.write(`| ratio (at most 1.25) | ${ratio.toFixed(3)} | ${(memoryB / memoryA).toFixed(3)} |\n`)
}
