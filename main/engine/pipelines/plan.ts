/** What a run will take: its phases with expected seconds, before anything is loaded. */
import { graphCost } from '../graph/cost.ts'
import type { RunContext } from './context.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import type { PlannedPhase } from './progress.ts'

/** The shape of a run. */
export interface RunShape {
  /** latent rows and columns */
  readonly latent: readonly [number, number]
  /** scheduler calls per picture */
  readonly calls: number
  readonly guided: boolean
  readonly pictures: number
  /** scheduler calls of the refinement of tiles, 0 without */
  readonly refineCalls?: number
  /** names of the phases in order; sample, decode and write repeat per picture */
  readonly phases: readonly string[]
}

/** Seconds that loading a net takes per gigabyte of weights, and at least. Corrected by nothing: loads are short. */
const LOAD_SECONDS_PER_GB = 0.4
const LOAD_SECONDS_LEAST = 0.2
/** Seconds for cutting, stitching and writing a picture of ordinary size. */
const WRITE_SECONDS = 0.3

/** The planned phases of a run with the seconds each is expected to take on this machine. */
export async function planPhases(context: RunContext, loaded: LoadedCheckpoint, shape: RunShape): Promise<PlannedPhase[]> {
  const [height, width] = shape.latent
  const unet = graphCost(await loaded.unetGraph(height, width))
  const perCall = (await context.speed.predict(loaded.speedKey('unet', height, width), unet, loaded.device)) * (shape.guided ? 2 : 1)
  const [encoder, decoder] = await loaded.vaeCosts(height, width)
  const [encode, decode] = await Promise.all([
    context.speed.predict(loaded.speedKey('vaeEncoder', height, width), encoder, loaded.device),
    context.speed.predict(loaded.speedKey('vaeDecoder', height, width), decoder, loaded.device),
  ])
  const seconds: Readonly<Record<string, { steps: number; seconds: number }>> = {
    load: { steps: 0, seconds: Math.max(LOAD_SECONDS_LEAST, (unet.weightBytes / 1e9) * LOAD_SECONDS_PER_GB) },
    // the picture, the masked picture, and the round trip that tells how well the model can hold it
    encode: { steps: 0, seconds: 2 * encode + decode },
    sample: { steps: shape.calls, seconds: shape.calls * perCall },
    refine: { steps: shape.refineCalls ?? 0, seconds: (shape.refineCalls ?? 0) * perCall },
    decode: { steps: 0, seconds: decode },
    write: { steps: 0, seconds: WRITE_SECONDS },
  }
  const isOnce = (phase: string): boolean => phase === 'load' || phase === 'encode'
  const once = shape.phases.filter(isOnce)
  const repeated = shape.phases.filter((phase) => !isOnce(phase))
  const names = [...once, ...Array.from({ length: shape.pictures }, () => repeated).flat()]
  return names.map((phase) => ({ phase, ...(seconds[phase] ?? { steps: 0, seconds: WRITE_SECONDS }) }))
}
