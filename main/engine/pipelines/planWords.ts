/** What editing with words will take: planned phases with the rows that its net runs hold. */
import type { RunContext } from './context.ts'
import type { ControlledPlan, NetSize } from './controlledUNet.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import { planPhases, rowSeconds, type RunShape } from './plan.ts'
import type { PlannedPhase } from './progress.ts'

/** Counts of one-row calls and of rows per step. */
export interface WordWork {
  /** one-row calls of the inversion; 0 without a picture */
  readonly invert: number
  /** decodings in the inversion's phase, to tell how faithful it is */
  readonly looks?: number
  /** steps of the edit, runs of its net at each (1 unless given), and rows of each run */
  readonly steps: number
  readonly runs?: number
  readonly rows: number
  /** decodings at the end; 1 unless given */
  readonly decodes?: number
  /** the nets of the inversion and of the edit where they are not the plain one */
  readonly invertNet?: ControlledPlan
  readonly net?: ControlledPlan
  readonly picturePixels?: number
}

/** The shape of an edit as planPhases reads it. */
export function editShape({ height, width }: NetSize, { invert, picturePixels, decodes = 1 }: WordWork): RunShape {
  const phases = ['load', ...(invert > 0 ? ['encode'] : []), 'sample', ...(decodes > 0 ? ['decode'] : []), 'write']
  return { latent: [height, width], calls: 0, guided: false, pictures: 1, vaeRuns: { encodes: 1, decodes: 1 }, phases, ...(picturePixels === undefined ? {} : { picturePixels }) }
}

/** Phases of an edit: load, encode, invert, sample, decode, write. */
export async function planEdit(context: RunContext, loaded: LoadedCheckpoint, size: NetSize, work: WordWork): Promise<PlannedPhase[]> {
  const { speed } = context
  const phases = await planPhases(context, loaded, editShape(size, work))
  const perRow = work.invertNet
    ? await speed.predict(work.invertNet.key, work.invertNet.cost, loaded.device)
    : await rowSeconds(context, loaded, size)
  const perRun = work.net ? await speed.predict(work.net.key, work.net.cost, loaded.device) : work.rows * perRow
  // the two nets take each other's place
  const open = work.net ? await loaded.openingSeconds('unet', work.net.cost, work.invert > 0 ? null : work.net.variant) : 0
  const openPlain = work.invertNet ? await loaded.openingSeconds('unet', work.invertNet.cost, work.invertNet.variant) : phases.find(({ phase }) => phase === 'sample')!.seconds // no calls are in it
  const look = (work.looks ?? 0) * (phases.find(({ phase }) => phase === 'decode')?.seconds ?? 0)
  return phases.flatMap((planned): PlannedPhase[] => {
    if (planned.phase === 'decode') return [{ ...planned, seconds: (work.decodes ?? 1) * planned.seconds }]
    if (planned.phase !== 'sample') return [planned]
    const sample = { phase: 'sample', steps: work.steps, seconds: open + work.steps * (work.runs ?? 1) * perRun }
    return work.invert === 0 ? [sample] : [{ phase: 'invert', steps: work.invert, seconds: openPlain + work.invert * perRow + look }, sample]
  })
}
