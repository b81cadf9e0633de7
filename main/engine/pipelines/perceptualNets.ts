/** The nets that `evaluate` measures with when a person has them: LPIPS and DINO, each one safetensors file. */
import { cropPixels } from '../image/cropStitch.ts'
import { wholeBox } from '../image/geometry.ts'
import type { Picture } from '../image/picture.ts'
import { badInput } from '../errors.ts'
import { buildStructureDistance, planDino } from '../nets/dinoVit.ts'
import { buildLpips, LPIPS_LEAST_SIDE, lpipsNetOf } from '../nets/lpips.ts'
import { openSession, type NetSession } from '../runtime/session.ts'
import type { Pixels, Tensor } from '../tensor/tensor.ts'
import { ensureFloat32, type WeightCache } from '../weights/convertedWeights.ts'
import { openWeights } from '../weights/storedWeights.ts'
import type { PixelMask } from './metrics.ts'

/** Mean and deviation of ImageNet's pictures in 0..1. */
const IMAGENET_MEAN = [0.485, 0.456, 0.406]
const IMAGENET_DEVIATION = [0.229, 0.224, 0.225]

/** A measure between two pictures of one size, and what its numbers depend on. */
export interface PerceptualMeasure {
  /** sentence for the table's notes */
  readonly note: string
  /** hash of the weights */
  readonly hash: string
  between(a: Picture, b: Picture, mask?: PixelMask): Promise<number>
  dispose(): Promise<void>
}

/**
 * LPIPS of two pictures, where a mask is 1; outside it both are black, as PIE-Bench has it.
 * @throws EngineError of the file: weights/..., nets/lpips (exit 2)
 */
export async function openLpips(file: string, cache: WeightCache): Promise<PerceptualMeasure> {
  const stored = openWeights(file)
  const net = lpipsNetOf(stored, file)
  const weights = await ensureFloat32(stored, cache)
  const sessions = new Map<string, Promise<NetSession>>()
  const sessionFor = (width: number, height: number): Promise<NetSession> => {
    const key = `${width}x${height}`
    const known = sessions.get(key)
    if (known) return known
    if (Math.min(width, height) < LPIPS_LEAST_SIDE) throw badInput('evaluate/lpips', { thing: '--lpips', expected: `pictures of at least ${LPIPS_LEAST_SIDE} pixels a side`, found: key })
    const opening = openSession(buildLpips(net, weights, { width, height }), { device: 'cpu' })
    sessions.set(key, opening)
    return opening
  }
  return {
    note: `LPIPS ${net} of the background, both pictures times the background mask.`,
    hash: stored.contentHash,
    async between(a, b, mask) {
      const session = await sessionFor(a.width, a.height)
      const [one, other] = await Promise.all([a, b].map(async (picture) => blackened(await cropPixels(picture, wholeBox(picture), picture), mask)))
      return single(await session.run({ a: one!, b: other! }))
    },
    async dispose() {
      for (const opening of sessions.values()) await (await opening.catch(() => null))?.dispose()
      sessions.clear()
    },
  }
}

/**
 * The structure distance of two whole pictures.
 * @throws EngineError of the file: weights/..., nets/dino (exit 2)
 */
export async function openStructureDistance(file: string, cache: WeightCache): Promise<PerceptualMeasure> {
  const stored = openWeights(file)
  const plan = planDino(stored, file)
  const session = await openSession(buildStructureDistance(plan, await ensureFloat32(stored, cache)), { device: 'cpu' })
  return {
    note: `Structure distance by the keys of layer ${plan.layers} of a ViT of ${plan.width} features and ${plan.patch} px patches. As PIE-Bench's code does, pictures enter the normalisation as 0 to 255.`,
    hash: stored.contentHash,
    async between(a, b) {
      const inputs = await Promise.all([a, b].map(async (picture) => imagenetInput(await cropPixels(picture, wholeBox(picture), { width: plan.side, height: plan.side }))))
      return single(await session.run({ a: inputs[0]!, b: inputs[1]! }))
    },
    dispose: () => session.dispose(),
  }
}

/** Black (-1) where the mask is 0. */
function blackened({ data, dims }: Pixels, mask: PixelMask | undefined): Pixels {
  if (!mask) return { data, dims }
  const plane = data.length / 3
  return { data: data.map((value, i) => (mask[i % plane] ? Math.min(1, Math.max(-1, value)) : -1)), dims }
}

function imagenetInput({ data, dims }: Pixels): Tensor {
  const plane = data.length / 3
  const to255 = (value: number): number => 255 * Math.min(1, Math.max(0, value / 2 + 0.5))
  return { data: data.map((value, i) => (to255(value) - IMAGENET_MEAN[Math.floor(i / plane)]!) / IMAGENET_DEVIATION[Math.floor(i / plane)]!), dims }
}

function single(outputs: Readonly<Record<string, Tensor>>): number {
  return outputs['distance']!.data[0]!
}
