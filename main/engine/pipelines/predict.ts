/**
 * What a run will need, before it starts: seconds and peak memory. And the ladder that is walked when the
 * machine cannot hold it.
 */
import { readFileSync } from 'node:fs'
import os from 'node:os'
import { badInput } from '../errors.ts'
import { graphCost, type GraphCost } from '../graph/cost.ts'
import { readPictureHeader } from '../image/codec.ts'
import { buildClipText } from '../nets/clipText.ts'
import { requestSchema, type EngineRequest, type EngineResult, type RequestOf } from '../requests.ts'
import { usesBlockedLayout, type DeviceName } from '../runtime/session.ts'
import { warn, type RunContext } from './context.ts'
import { KEEP_ALL_BELOW_BYTES, type LoadedCheckpoint } from './loadedCheckpoint.ts'
import { planPhases, type RunShape } from './plan.ts'
import { schedulerFor } from './sampling.ts'
import { TILED_FROM_PIXELS } from './vae.ts'

/** What is expected of a run. */
export interface Prediction {
  readonly seconds: number
  /** the engine process's largest resident size, mapped weights included */
  readonly peakBytes: number
}

/** How the VAE is run; rung 0 is the ordinary way. */
export interface Rung {
  readonly name: 'full' | 'tiled-vae' | 'small-tiles' | 'tiny-vae'
  /** sides from here on go through the VAE in tiles, pixels */
  readonly tiledFrom: number
  /** tile side in latent pixels */
  readonly tile: number
  readonly tiny: boolean
}

/** From the best result to the least memory. */
export const LADDER: readonly Rung[] = [
  { name: 'full', tiledFrom: TILED_FROM_PIXELS, tile: 64, tiny: false },
  { name: 'tiled-vae', tiledFrom: 513, tile: 64, tiny: false },
  { name: 'small-tiles', tiledFrom: 257, tile: 32, tiny: false },
  { name: 'tiny-vae', tiledFrom: 257, tile: 32, tiny: true },
]

/** Node, onnxruntime and sharp before any model is loaded, bytes. Measured on Linux x64. */
const BASE_BYTES = 150e6
/** Share of the free memory that a run may be expected to take. */
const USABLE_SHARE = 0.9
/** Copies of a picture's samples alive at once: source, result, encoded and decoded again for the proof. */
const PICTURE_COPIES = 5

/** Expected seconds and peak memory of a run of this shape. */
export async function predictRun(context: RunContext, loaded: LoadedCheckpoint, shape: RunShape, rung: Rung = LADDER[0]!, pictureBytes = 0): Promise<Prediction> {
  const phases = await planPhases(context, loaded, shape)
  const seconds = phases.reduce((sum, phase) => sum + phase.seconds, 0)
  const [height, width] = shape.latent
  const [vaeHeight, vaeWidth] = Math.max(height, width) * 8 < rung.tiledFrom ? [height, width] : [Math.min(height, rung.tile), Math.min(width, rung.tile)]
  const unet = graphCost(await loaded.unetGraph(height, width))
  const [encoder, decoder] = await loaded.vaeCosts(vaeHeight, vaeWidth)
  const text = graphCost(await loaded.graph('textEncoder', (config, weights, spec) => buildClipText(config, weights, { ...spec, batch: 1 })))
  const nets: GraphCost[] = [text, unet, encoder, decoder]
  const together = nets.reduce((sum, net) => sum + net.weightBytes, 0) <= KEEP_ALL_BELOW_BYTES
  const resident = nets.map((net) => residentBytes(net, loaded.device))
  const peak = together
    ? resident.reduce((sum, net) => sum + net.weights, 0) + Math.max(...resident.map((net) => net.activations))
    : Math.max(...resident.map((net) => net.weights + net.activations))
  return { seconds, peakBytes: BASE_BYTES + peak + pictureBytes * PICTURE_COPIES }
}

/**
 * What a net keeps in memory and what it needs on top while it runs. Convolutions in the processor's blocked layout copy
 * their weights, and their inputs and results pass through a reordered copy: both count twice (measured on the starter
 * from 128 to 768 px: within 10 % of the peak; once, 41 % below it).
 */
function residentBytes({ work, weightBytes, peakActivationBytes }: GraphCost, device: DeviceName): { readonly weights: number; readonly activations: number } {
  const copies = work.conv > 0 && usesBlockedLayout(device, weightBytes) ? 2 : 1
  return { weights: copies * weightBytes, activations: copies * peakActivationBytes }
}

/** Bytes that this machine could give to a run now. */
export function availableBytes(): number {
  try {
    const match = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))
    if (match) return Number(match[1]) * 1024
  } catch {
    return os.freemem() // not Linux
  }
  return os.freemem()
}

/** The first rung whose peak fits the machine; says so when it is not the first of all. */
export async function chooseRung(context: RunContext, loaded: LoadedCheckpoint, shape: RunShape, pictureBytes = 0, available = availableBytes()): Promise<Rung> {
  const rungs = LADDER.filter((rung) => !rung.tiny || loaded.has('tinyVae'))
  for (const rung of rungs) {
    const { peakBytes } = await predictRun(context, loaded, shape, rung, pictureBytes)
    if (peakBytes > available * USABLE_SHARE && rung !== rungs.at(-1)) continue
    if (rung.name !== 'full') {
      warn(context, 'memory/rung', `The whole run would not fit this machine's ${gigabytes(available)} of free memory, so the picture is decoded in the way called ${rung.name} (about ${gigabytes(peakBytes)}).`)
    }
    return rung
  }
  return rungs[0]!
}

/** `predict`: expected seconds and peak of another request, without running it. */
export async function predict(context: RunContext, request: RequestOf<'predict'>): Promise<EngineResult> {
  const parsed = requestSchema.safeParse(request.request)
  if (!parsed.success) throw badInput('input/request', { thing: 'request', expected: 'a request that the engine can run', found: parsed.error.issues[0]?.message ?? 'another' })
  const inner = parsed.data
  if (inner.task !== 'txt2img' && inner.task !== 'img2img' && inner.task !== 'inpaint' && inner.task !== 'outpaint') {
    throw badInput('input/request', { thing: 'request', expected: 'txt2img, img2img, inpaint or outpaint', found: inner.task })
  }
  const loaded = await context.checkpoint(inner.model, inner)
  const pictureBytes = inner.task === 'txt2img' ? 0 : await decodedBytes(inner.image)
  const { seconds, peakBytes } = await predictRun(context, loaded, shapeOf(inner, loaded), LADDER[0]!, pictureBytes)
  const available = availableBytes()
  return { seconds: Math.round(seconds * 100) / 100, peakBytes: Math.round(peakBytes), availableBytes: available, fits: peakBytes <= available * USABLE_SHARE, device: loaded.device }
}

/** Bytes of a picture's samples in memory. */
export async function decodedBytes(file: string): Promise<number> {
  const header = await readPictureHeader(file)
  return header.width * header.height * header.channels * (header.depth / 8)
}

type Sampled = Extract<EngineRequest, { task: 'txt2img' | 'img2img' | 'inpaint' | 'outpaint' }>

function shapeOf(request: Sampled, loaded: LoadedCheckpoint): RunShape {
  const native = loaded.checkpoint.size
  const size = (request.task === 'txt2img' || request.task === 'img2img' ? request.size : undefined) ?? { width: native, height: native }
  const strength = request.task === 'img2img' || request.task === 'inpaint' ? request.strength : 1
  return {
    latent: [Math.ceil(size.height / 8), Math.ceil(size.width / 8)],
    calls: schedulerFor(request, loaded, strength).timesteps.length,
    guided: request.guidance > 1,
    pictures: request.task === 'txt2img' ? request.count : 1,
    phases: request.task === 'txt2img' ? ['load', 'sample', 'decode', 'write'] : ['load', 'encode', 'sample', 'decode', 'write'],
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`
}
