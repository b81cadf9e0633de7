/**
 * What a run will need, before it starts: seconds and peak memory. And the ladder that is walked when the
 * machine cannot hold it.
 */
import { readFileSync } from 'node:fs'
import os from 'node:os'
import { badInput } from '../errors.ts'
import { readPictureHeader, type PictureHeader } from '../image/codec.ts'
import { planWhole } from '../image/cropPlan.ts'
import { requestSchema, type EngineRequest, type EngineResult, type RequestOf } from '../requests.ts'
import { warn, type RunContext } from './context.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import { unetCost } from './netCosts.ts'
import { decodedBytes, LADDER, predictPeak, type Prediction, type Rung } from './peakMemory.ts'
import { planPhases, type RunShape } from './plan.ts'
import { isOfWords, predictWords } from './predictWords.ts'
import { schedulerFor } from './sampling.ts'

/** Share of the free memory that a run may be expected to take. */
const USABLE_SHARE = 0.9

/** Expected seconds and peak memory of a run of this shape. */
export async function predictRun(context: RunContext, loaded: LoadedCheckpoint, shape: RunShape, rung: Rung = LADDER[0]!, pictureBytes = 0): Promise<Prediction> {
  const phases = await planPhases(context, loaded, shape)
  const [height, width] = shape.latent
  return { phases, peakBytes: await predictPeak(loaded, shape.latent, { unet: await unetCost(loaded, height, width, undefined, loaded.fast ? 'unetFloat' : 'unet'), rung, pictureBytes }) }
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
  const { loaded, phases, peakBytes } = isOfWords(inner) ? await predictWords(context, inner) : await predictSampling(context, inner)
  const available = availableBytes()
  return {
    seconds: hundredths(phases.reduce((sum, phase) => sum + phase.seconds, 0)),
    phases: phases.map(({ phase, seconds }) => ({ phase, seconds: hundredths(seconds) })),
    peakBytes: Math.round(peakBytes), availableBytes: available, fits: peakBytes <= available * USABLE_SHARE, device: loaded.device,
  }
}

async function predictSampling(context: RunContext, request: EngineRequest): Promise<Prediction & { loaded: LoadedCheckpoint }> {
  if (request.task !== 'txt2img' && request.task !== 'img2img' && request.task !== 'inpaint' && request.task !== 'outpaint') {
    throw badInput('input/request', { thing: 'request', expected: 'txt2img, img2img, inpaint, outpaint, swap, invert or attention', found: request.task })
  }
  const loaded = await context.checkpoint(request.model, request)
  const picture = request.task === 'txt2img' ? null : await readPictureHeader(request.image)
  return { loaded, ...(await predictRun(context, loaded, shapeOf(request, loaded, picture), LADDER[0]!, picture ? decodedBytes(picture) : 0)) }
}

function hundredths(seconds: number): number {
  return Math.round(seconds * 100) / 100
}

type Sampled = Extract<EngineRequest, { task: 'txt2img' | 'img2img' | 'inpaint' | 'outpaint' }>

function shapeOf(request: Sampled, loaded: LoadedCheckpoint, picture: PictureHeader | null): RunShape {
  const native = loaded.checkpoint.size
  const own = request.task === 'txt2img' || request.task === 'img2img' ? request.size : undefined
  const size = request.task === 'img2img' && picture ? planWhole(picture, { modelSize: native, ...(own ? { size: own } : {}) }).model : (own ?? { width: native, height: native })
  const strength = request.task === 'img2img' || request.task === 'inpaint' ? request.strength : 1
  return {
    latent: [Math.ceil(size.height / 8), Math.ceil(size.width / 8)],
    calls: schedulerFor(request, loaded, strength).timesteps.length,
    guided: request.guidance > 1,
    pictures: roundsOf(request),
    ...(request.task === 'img2img' ? { vaeRuns: { encodes: 1, decodes: 0 } } : {}),
    ...(picture && request.task !== 'img2img' ? { picturePixels: picture.width * picture.height } : {}),
    phases: request.task === 'txt2img' ? ['load', 'sample', 'decode', 'write'] : ['load', 'encode', 'sample', 'decode', 'write'],
  }
}

/** How often a request goes through sampling: pictures that are drawn, sides that are added one after the other. */
function roundsOf(request: Sampled): number {
  if (request.task === 'txt2img') return request.count
  return request.task === 'outpaint' ? [request.left, request.right, request.top, request.bottom].filter((side) => side > 0).length : 1
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`
}
