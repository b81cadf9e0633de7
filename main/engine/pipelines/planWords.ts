/** What editing with words will take: planned phases with the rows that its net runs hold. */
import type { RunContext } from './context.ts'
import type { NetSize } from './controlledUNet.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import { planPhases } from './plan.ts'
import type { PlannedPhase } from './progress.ts'

/** Counts of one-row calls and of rows per step. */
export interface WordWork {
  /** one-row calls of the inversion; 0 without a picture */
  readonly invert: number
  /** scheduler steps of the edit, and rows of the net at each */
  readonly steps: number
  readonly rows: number
}

/** Phases of an edit: load, encode, invert, sample, decode, write. */
export async function planEdit(context: RunContext, loaded: LoadedCheckpoint, size: NetSize, work: WordWork): Promise<PlannedPhase[]> {
  const shape = { latent: [size.height, size.width] as const, calls: 1, guided: false, pictures: 1, phases: ['load', 'encode', 'sample', 'decode', 'write'] }
  const phases = await planPhases(context, loaded, shape)
  const perRow = phases.find(({ phase }) => phase === 'sample')?.seconds ?? 0
  return phases.flatMap((planned): PlannedPhase[] => {
    if (planned.phase === 'encode' && work.invert === 0) return []
    if (planned.phase !== 'sample') return [planned]
    const sample = { phase: 'sample', steps: work.steps, seconds: work.steps * work.rows * perRow }
    return work.invert === 0 ? [sample] : [{ phase: 'invert', steps: work.invert, seconds: work.invert * perRow }, sample]
  })
}

/** Phases of an inversion and its reconstruction. */
export function planInversion(context: RunContext, loaded: LoadedCheckpoint, size: NetSize, calls: { readonly invert: number; readonly back: number }): Promise<PlannedPhase[]> {
  return planEdit(context, loaded, size, { invert: calls.invert, steps: calls.back, rows: 1 })
}
