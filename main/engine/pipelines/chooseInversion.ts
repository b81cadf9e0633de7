/**
 * `--inversion auto`: the cheapest inversion whose noise still holds the picture.
 *
 * The edited branch starts from the inverted noise and is left to itself, so what counts is how well that noise alone
 * gives the picture back under its own description. For the inversion that ddim, npi and direct share, this is told
 * from the predictions that the inversion itself made (methods/inversion/replay.ts): no further run of the net. Dearer
 * ways are tried only when that falls short, and their measured fidelity is kept beside the trajectory.
 */
import { replayedReconstruction } from '../methods/inversion/replay.ts'
import { sampleDdim } from '../methods/inversion/ddimInversion.ts'
import type { InversionMethod } from '../requests.ts'
import type { Latents } from '../tensor/tensor.ts'
import { warn, type RunContext } from './context.ts'
import { countedPredictor, type NetSize, type UNetWork } from './controlledUNet.ts'
import { psnr } from './fidelity.ts'
import { epsilonModel, invertPicture, keepTrajectory, type InversionChoices, type InversionSource, type Inverted } from './inversion.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import type { Vae } from './vae.ts'
import type { WordPicture } from './wordPicture.ts'

/** What `auto` tries, cheapest first: rows of the UNet to invert and edit with S steps are 4 S, 6 S (and S to look at it), 12.8 S. */
export const AUTO_ORDER = ['direct', 'renoise', 'edict'] as const satisfies readonly InversionMethod[]

/** A way of inversion and what its noise gives back. */
export interface TriedInversion {
  readonly inversion: InversionMethod
  /** PSNR in dB of the picture as it comes back from the noise alone */
  readonly psnr: number
}

/** The inversion that an edit goes by. */
export interface ChosenInversion {
  readonly inversion: InversionMethod
  readonly inverted: Inverted
  /** in the order tried, the chosen one last unless all fell short; empty when the person named the method */
  readonly tried: readonly TriedInversion[]
}

/** One choice to be made. */
export interface ChoiceRun {
  readonly loaded: LoadedCheckpoint
  readonly vae: Vae
  readonly seen: WordPicture
  readonly source: InversionSource
  readonly choices: InversionChoices
  /** PSNR in dB that the picture must come back with */
  readonly fidelity: number
  readonly size: NetSize
  readonly work: UNetWork
  readonly file?: string | undefined
  readonly onCall: () => void
}

/**
 * Tries the methods of {@link AUTO_ORDER} until one is faithful enough; else takes the most faithful and says so.
 * A picture that the autoencoder itself holds worse than asked gets the cheapest: nothing dearer could help.
 */
export async function chooseInversion(context: RunContext, run: ChoiceRun): Promise<ChosenInversion> {
  const { seen, fidelity } = run
  if (seen.vaePsnr < fidelity) {
    warn(
      context,
      'swap/fidelity',
      `The model's autoencoder keeps ${seen.vaePsnr.toFixed(1)} dB of this picture, less than the ${fidelity} dB asked with --fidelity, and no inversion can do better: expect a changed background where the result is not composited.`,
    )
    return { inversion: AUTO_ORDER[0], inverted: await invertBy(context, run, AUTO_ORDER[0]), tried: [] }
  }
  const tried: TriedInversion[] = []
  let best: { inversion: InversionMethod; inverted: Inverted; psnr: number } | null = null
  // a trajectory that the person made is of one method: the one that `invert` and `auto` begin with
  for (const inversion of run.file === undefined ? AUTO_ORDER : AUTO_ORDER.slice(0, 1)) {
    const inverted = await invertBy(context, run, inversion)
    const found = await fidelityOf(context, run, inversion, inverted)
    tried.push({ inversion, psnr: found })
    if (found >= fidelity) return { inversion, inverted, tried }
    if (!best || found > best.psnr) best = { inversion, inverted, psnr: found }
  }
  const { inversion, inverted, psnr: reached } = best!
  warn(
    context,
    'swap/fidelity',
    `No inversion gives this picture back with the ${fidelity} dB asked with --fidelity; ${inversion} comes nearest with ${reached.toFixed(1)} dB and is used: describe the picture more exactly, use more --steps, or confine the edit with --mask.`,
  )
  return { inversion, inverted, tried }
}

function invertBy(context: RunContext, { loaded, source, choices, work, size, file, onCall }: ChoiceRun, method: InversionMethod): Promise<Inverted> {
  return invertPicture(context, loaded, source, { ...choices, method }, { work, size, file, onCall })
}

/** PSNR in dB of the picture as it comes back from the inverted noise alone. */
async function fidelityOf(context: RunContext, run: ChoiceRun, inversion: InversionMethod, inverted: Inverted): Promise<number> {
  const { trajectory, path } = inverted
  // coupled latents come back exactly: what is lost is what the autoencoder loses
  if (inversion === 'edict') return run.seen.vaePsnr
  if (inversion === 'direct') return pictureFidelity(run, replayedReconstruction(path, trajectory.latents))
  if (trajectory.fidelity !== undefined) return trajectory.fidelity
  const { loaded, size, work, source, onCall } = run
  const model = epsilonModel(await countedPredictor(loaded, size, work), path, loaded.checkpoint.predictionType, context.signal, onCall)
  const found = await pictureFidelity(run, await sampleDdim(path, model, trajectory.latents.at(-1)!, source.states.source))
  keepTrajectory(context, inverted, found)
  return found
}

async function pictureFidelity({ vae, seen }: ChoiceRun, latents: Latents): Promise<number> {
  return psnr(seen.pixels, await vae.decode(latents))
}
