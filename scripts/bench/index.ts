/**
 * `npm run bench`: speed, load times and peak memory of the nets, as Markdown tables, side by side with PyTorch.
 *
 * Runs of all contenders alternate within one round (A B C D, A B C D, ...), so that whatever else the machine is doing
 * hits them alike; ratios are medians of the rounds' own ratios.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { startOurs, startPeer } from './nets.ts'
import type { NetJob, NetName, NetProcess } from './nets.ts'
import { findPeerPython } from './peerPython.ts'
import type { PeerPython } from './peerPython.ts'
import { sd15ShapedCheckpoint } from './randomCheckpoint.ts'

const HELP = `npm run bench -- [options]

Times the UNet step, VAE encode and decode and the text encoder, their loads and their peak memory, for the starter
model (when models/starter exists) and for random weights of SD1.5's shape (written once below .cache/bench, 4.3 GB),
next to PyTorch + diffusers in fp32 and bf16 where a Python with both is found.

  --model LIST    starter, sd15 (default: both)
  --only LIST     unet, vae-decoder, vae-encoder, text-encoder (default: all)
  --size N        picture side in pixels (default: 512 for sd15, the model's own for starter)
  --runs N        measured rounds (default 3)
  --threads N     threads of every contender (default: the machine's cores, ${os.availableParallelism()} here)
  --contenders L  ours, fast, fp32, bf16 (default: all)
  --delete        remove the random weights afterwards`

const NETS: readonly NetName[] = ['unet', 'vae-decoder', 'vae-encoder', 'text-encoder']
/** Contenders that are compared run side by side, two at a time: four full UNets at once need 13 GB. */
const PAIRS: readonly (readonly Contender[])[] = [['ours', 'fp32'], ['fast', 'bf16']]
const CONTENDERS = { ours: 'ours fp32', fast: 'ours --fast', fp32: 'PyTorch fp32', bf16: 'PyTorch bf16' } as const
type Contender = keyof typeof CONTENDERS

interface Measured {
  readonly net: NetName
  readonly size: string
  /** Wall-clock and processor milliseconds of every round. */
  readonly times: Partial<Record<Contender, readonly number[]>>
  readonly processor: Partial<Record<Contender, readonly number[]>>
  readonly peaks: Partial<Record<Contender, number>>
  readonly loads: Partial<Record<Contender, readonly [first: number, second: number]>>
}

const root = path.resolve(import.meta.dirname, '../..')

/** A mistake in the command line. */
class UsageError extends Error {}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function oneOfEach<Word extends string>(option: string, list: string | undefined, known: readonly Word[]): Word[] {
  if (list === undefined) return [...known]
  return list.split(',').map((word) => {
    const found = known.find((candidate) => candidate === word)
    if (!found) throw new UsageError(`--${option}: expected any of ${known.join(', ')}, found ${word}.`)
    return found
  })
}

function positive(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new UsageError(`--${option}: expected a whole number above 0, found ${text}.`)
  return value
}

/** Component folder and weights file of a net in a checkpoint folder, or null when the checkpoint lacks it. */
function componentOf(checkpoint: string, net: NetName): { config: string; weights: string; folder: string } | null {
  const folder = path.join(checkpoint, net === 'unet' ? 'unet' : net === 'text-encoder' ? 'text_encoder' : 'vae')
  const config = path.join(folder, 'config.json')
  if (!fs.existsSync(config)) return null
  const weights = fs.readdirSync(folder).find((name) => name.endsWith('.safetensors'))
  return weights ? { config, weights: path.join(folder, weights), folder } : null
}

function levels(config: string, key: string): number {
  const { [key]: channels } = JSON.parse(fs.readFileSync(config, 'utf8')) as Record<string, unknown>
  return Array.isArray(channels) ? channels.length : 4
}

async function measure(job: NetJob, contenders: readonly Contender[], peer: PeerPython, runs: number, say: (line: string) => void): Promise<Measured> {
  const start = (contender: Contender): NetProcess | null => {
    if (contender === 'ours') return startOurs('ours', { ...job, fast: false })
    if (contender === 'fast') return job.net === 'unet' ? startOurs('ours --fast', { ...job, fast: true }) : null
    return 'missing' in peer ? null : startPeer(CONTENDERS[contender], peer.python, job, contender)
  }
  const result: Result = { net: job.net, size: `${job.width}x${job.height}`, times: {} as Record<Contender, number[]>, processor: {} as Record<Contender, number[]>, peaks: {} as Record<Contender, number>, loads: {} as Record<Contender, [number, number]> }
  for (const pair of PAIRS) await measurePair(pair.filter((contender) => contenders.includes(contender)), start, result, runs, say)
  return result
}

interface Result extends Measured {
  readonly times: Record<Contender, number[]>
  readonly processor: Record<Contender, number[]>
  readonly peaks: Record<Contender, number>
  readonly loads: Record<Contender, [number, number]>
}

/** Loads the contenders one after another, then lets their runs alternate. */
async function measurePair(contenders: readonly Contender[], start: (contender: Contender) => NetProcess | null, result: Result, runs: number, say: (line: string) => void): Promise<void> {
  const processes: [Contender, NetProcess][] = []
  try {
    for (const contender of contenders) {
      // A first process takes the first load (and fills the page cache); the one that is measured loads warm.
      const first = start(contender)
      if (!first) continue
      const { ms: firstLoad } = await first.ask('load')
      await first.quit()
      const kept = start(contender)!
      processes.push([contender, kept])
      result.loads[contender] = [firstLoad, (await kept.ask('load')).ms]
      result.times[contender] = []
      result.processor[contender] = []
      await kept.ask('run') // warm-up
      result.peaks[contender] = (await kept.ask('memory')).peakMiB
    }
    for (let round = 0; round < runs; round++) {
      for (const [contender, running] of processes) {
        const { ms, cpuMs } = await running.ask('run')
        result.times[contender].push(ms)
        result.processor[contender].push(cpuMs)
      }
      say(`${result.net} ${result.size} round ${round + 1}: ${processes.map(([contender]) => `${CONTENDERS[contender]} ${(result.times[contender].at(-1)! / 1000).toFixed(3)} s`).join(', ')}`)
    }
  } finally {
    for (const [, running] of processes) await running.quit()
  }
}

function ratio(measured: Measured['times'], ours: Contender, theirs: Contender): string {
  const a = measured[ours]
  const b = measured[theirs]
  return a && b && a.length > 0 ? median(a.map((time, round) => time / b[round]!)).toFixed(2) : '-'
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

function report(name: string, measured: readonly Measured[], contenders: readonly Contender[]): string {
  const names = contenders.map((contender) => CONTENDERS[contender])
  const cell = (values: readonly number[] | undefined) => (values && values.length > 0 ? (median(values) / 1000).toFixed(3) : '-')
  const speed = table(
    ['net', 'pixels', ...names.map((label) => `${label}, s`), 'ours / PyTorch fp32', '--fast / PyTorch bf16'],
    measured.map((one) => [one.net, one.size, ...contenders.map((contender) => cell(one.times[contender])), ratio(one.times, 'ours', 'fp32'), ratio(one.times, 'fast', 'bf16')]),
  )
  const processor = table(
    ['net', ...names.map((label) => `${label}, processor s`), 'ours / PyTorch fp32', '--fast / PyTorch bf16'],
    measured.map((one) => [one.net, ...contenders.map((contender) => cell(one.processor[contender])), ratio(one.processor, 'ours', 'fp32'), ratio(one.processor, 'fast', 'bf16')]),
  )
  const loads = table(
    ['net', ...names.map((label) => `${label}: first / second load, s`), ...names.map((label) => `${label}: peak, MiB`)],
    measured.map((one) => [
      one.net,
      ...contenders.map((contender) => one.loads[contender]?.map((ms) => (ms / 1000).toFixed(2)).join(' / ') ?? '-'),
      ...contenders.map((contender) => one.peaks[contender]?.toFixed(0) ?? '-'),
    ]),
  )
  return `## ${name}\n\nTime of one run (median):\n\n${speed}\n\nProcessor time of all threads, steadier on a busy machine:\n\n${processor}\n\nLoads (the second with a warm page cache) and peak resident memory of a fresh process, mapped weights included:\n\n${loads}`
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string' }, only: { type: 'string' }, size: { type: 'string' }, runs: { type: 'string' }, threads: { type: 'string' },
      contenders: { type: 'string' }, delete: { type: 'boolean' }, help: { type: 'boolean' },
    },
  })
  if (values.help) return console.log(HELP)
  const say = (line: string) => process.stderr.write(line + '\n')
  const nets = oneOfEach('only', values.only, NETS)
  const models = oneOfEach('model', values.model, ['starter', 'sd15'] as const)
  const contenders = oneOfEach('contenders', values.contenders, Object.keys(CONTENDERS) as Contender[])
  const runs = positive('runs', values.runs) ?? 3
  const threads = positive('threads', values.threads) ?? os.availableParallelism()
  const wanted = positive('size', values.size)
  const peer = findPeerPython(root)
  console.log(`# Benchmark\n\n${os.cpus()[0]?.model ?? 'unknown processor'}, ${threads} threads, Node ${process.versions.node}, ${runs} alternating rounds.`)
  console.log('missing' in peer ? `\n${peer.missing}` : `\nPeer: PyTorch ${peer.torch}, diffusers ${peer.diffusers}.`)

  for (const model of models) {
    const cache = path.join(root, '.cache', 'bench')
    const checkpoint = model === 'starter' ? path.join(root, 'models', 'starter') : sd15ShapedCheckpoint(cache, say)
    if (!fs.existsSync(checkpoint)) {
      console.log(`\n## starter\n\nmodels/starter is not there; skipped.`)
      continue
    }
    const measured: Measured[] = []
    for (const net of nets) {
      const component = componentOf(checkpoint, net)
      if (!component) {
        say(`${model} has no ${net} with a config.json; skipped.`)
        continue
      }
      const vae = componentOf(checkpoint, 'vae-decoder')
      const factor = vae ? 2 ** (levels(vae.config, 'block_out_channels') - 1) : 8
      const native = model === 'sd15' ? 512 : factor * ((JSON.parse(fs.readFileSync(path.join(checkpoint, 'unet', 'config.json'), 'utf8')) as { sample_size?: number }).sample_size ?? 64)
      const side = wanted ?? native
      const job: NetJob = { net, config: component.config, weights: component.weights, height: side, width: side, factor, threads, fast: false, cache: { dir: path.join(cache, 'weights'), maxBytes: 20e9 } }
      measured.push(await measure(job, contenders, peer, runs, say))
    }
    console.log('\n' + report(model === 'starter' ? 'Starter model' : 'Random weights of the shape of SD1.5', measured, contenders))
    if (values.delete && model === 'sd15') fs.rmSync(checkpoint, { recursive: true, force: true })
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = error instanceof UsageError || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') ? 2 : 1
})
