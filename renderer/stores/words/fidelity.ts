/** How well the model gives the picture back, in plain words. */
import type { InversionResult, StagedEdit } from '../../../preload/contract/edits.ts'

/** Faithful: details are kept. Fair: shapes are. Poor: what was not changed may change too. */
export type Fidelity = 'faithful' | 'fair' | 'poor'

/** The engine's own bar, dB: an inversion comes with its verdict, a swap only with the figure. */
const FAITHFUL_PSNR = 24
/** dB from which shapes and colours are recognisably kept. */
const FAIR_PSNR = 20
/** Ends of the meter, dB. */
const [LEAST, MOST] = [12, 36]

/** The grade of an inversion. */
export function gradeOf({ faithful, psnr }: Pick<InversionResult, 'faithful' | 'psnr'>): Fidelity {
  if (faithful) return 'faithful'
  return psnr >= FAIR_PSNR ? 'fair' : 'poor'
}

/** What the newest of a document's swaps has measured on its way; null when none did. */
export function measuredBy(edits: readonly StagedEdit[]): Pick<InversionResult, 'faithful' | 'psnr'> | null {
  const psnr = edits.findLast(({ kind }) => kind === 'swap')?.results[0]?.metrics['fidelityPsnr']
  return typeof psnr === 'number' ? { psnr, faithful: psnr >= FAITHFUL_PSNR } : null
}

/** Where a PSNR stands on the meter, 0..1. */
export function meterShare(psnr: number): number {
  return Math.min(1, Math.max(0, (psnr - LEAST) / (MOST - LEAST)))
}
