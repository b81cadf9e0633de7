/** What a run will take: its phases with expected seconds, before anything is loaded. */
import type { GraphCost } from '../graph/cost.ts'
import type { RunContext } from './context.ts'
import { FLOAT_FROM, type LoadedCheckpoint, type NetName, type RunCounts } from './loadedCheckpoint.ts'
import { textCost, unetCost, vaeCosts } from './netCosts.ts'
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
  /** runs of the VAE in the phase `encode`; without it those of an edit within a mask, see {@link regionVaeRuns} */
  readonly vaeRuns?: VaeRuns
  /** pixels of the picture that is cut, stitched and written; without one those of the latents */
  readonly picturePixels?: number
}

/** How often a picture goes into the VAE and out of it. */
export interface VaeRuns {
  readonly encodes: number
  readonly decodes: number
}

/** Seconds of cutting, stitching and writing: at least, and per megapixel. A first guess, corrected by real runs. */
const WRITE_SECONDS = { least: 0.02, perMegapixel: 0.3 }
/** What tells a run that edits a picture from one that draws one, in the speed book. */
const WRITE_KEYS = { edit: 'write edit', draw: 'write' } as const

/** Seconds that each kind of phase takes, once. */
interface PhaseSeconds {
  readonly load: number
  readonly encode: number
  /** opening the UNet, where that is not part of loading */
  readonly openUNet: number
  readonly decode: number
  readonly write: number
}

/** The planned phases of a run with the seconds each is expected to take on this machine. */
export async function planPhases(context: RunContext, loaded: LoadedCheckpoint, shape: RunShape): Promise<PlannedPhase[]> {
  const [height, width] = shape.latent
  const unet = await unetCost(loaded, height, width)
  const perCall = (await rowSeconds(context, loaded, { height, width })) * (shape.guided ? 2 : 1)
  const once = await phaseSeconds(context, loaded, shape, { net: unet, variant: `${height}x${width}` })
  const seconds: Readonly<Record<string, { steps: number; seconds: number }>> = {
    load: { steps: 0, seconds: once.load },
    encode: { steps: 0, seconds: once.encode },
    sample: { steps: shape.calls, seconds: once.openUNet + shape.calls * perCall },
    refine: { steps: shape.refineCalls ?? 0, seconds: (shape.refineCalls ?? 0) * perCall },
    decode: { steps: 0, seconds: once.decode },
    write: { steps: 0, seconds: once.write },
  }
  const isOnce = (phase: string): boolean => phase === 'load' || phase === 'encode'
  const repeated = shape.phases.filter((phase) => !isOnce(phase))
  const names = [...shape.phases.filter(isOnce), ...Array.from({ length: shape.pictures }, () => repeated).flat()]
  return names.map((phase) => ({ phase, ...(seconds[phase] ?? { steps: 0, seconds: once.write }) }))
}

/** Seconds of one row through the plain UNet; of an int8 one with its share of float steps. */
export async function rowSeconds({ speed }: RunContext, loaded: LoadedCheckpoint, { height, width, tokens }: { readonly height: number; readonly width: number; readonly tokens?: number }): Promise<number> {
  const of = async (net: 'unet' | 'unetFloat'): Promise<number> => speed.predict(loaded.speedKey(net, height, width), await unetCost(loaded, height, width, tokens, net), loaded.device)
  return loaded.fast ? FLOAT_FROM * (await of('unet')) + (1 - FLOAT_FROM) * (await of('unetFloat')) : of('unet')
}

/** Seconds of opening nets, of the VAE and of writing. A net that is open costs nothing to open; the decoder is opened where it is first used. */
async function phaseSeconds(context: RunContext, loaded: LoadedCheckpoint, shape: RunShape, unet: { readonly net: GraphCost; readonly variant: string }): Promise<PhaseSeconds> {
  const [height, width] = shape.latent
  const [encoder, decoder] = await vaeCosts(loaded, height, width)
  const vae = (net: NetName, cost: GraphCost): Promise<number> => context.speed.predict(loaded.speedKey(net, height, width), cost, loaded.device)
  const [encode, decode] = [await vae('vaeEncoder', encoder), await vae('vaeDecoder', decoder)]
  const openDecoder = await loaded.openingSeconds('vaeDecoder', decoder, `${height}x${width}`)
  const openUNet = await loaded.openingSeconds('unet', unet.net, unet.variant)
  const runs = shape.phases.includes('encode') ? (shape.vaeRuns ?? regionVaeRuns(loaded)) : { encodes: 0, decodes: 0 }
  const isOpened = runs.decodes > 0
  return {
    load: (await loaded.openingSeconds('textEncoder', await textCost(loaded))) + (runs.encodes > 0 ? 0 : openUNet),
    encode: (await loaded.openingSeconds('vaeEncoder', encoder, `${height * 8}x${width * 8}`)) + (isOpened ? openDecoder : 0) + runs.encodes * encode + runs.decodes * decode,
    openUNet: runs.encodes > 0 ? openUNet : 0,
    decode: decode + (isOpened ? 0 : openDecoder),
    write: await context.speed.predictSeconds(writeKey(shape), writeGuess(shape), loaded.device),
  }
}

/** Edits within a mask: the picture, for an inpaint checkpoint the masked picture, and a round trip where a model's world is looked at. */
export function regionVaeRuns({ checkpoint }: LoadedCheckpoint): VaeRuns {
  return { encodes: checkpoint.kind === 'inpaint' ? 2 : 1, decodes: checkpoint.card?.vocabulary === undefined ? 0 : 1 }
}

/** Notes what writing really took, once a run has ended. @param seconds of the phase `write`, over all pictures */
export function noteWriting(loaded: RunCounts, shape: RunShape, seconds: number | undefined): void {
  if (seconds !== undefined) loaded.times.note(writeKey(shape), writeGuess(shape), seconds / shape.pictures)
}

function writeKey({ phases }: RunShape): string {
  return phases.includes('encode') ? WRITE_KEYS.edit : WRITE_KEYS.draw
}

function writeGuess({ latent: [height, width], picturePixels = height * width * 64 }: RunShape): number {
  return WRITE_SECONDS.least + (WRITE_SECONDS.perMegapixel * picturePixels) / 1e6
}
