/** How well the model gives the picture back, in plain words. */
import type { InversionResult } from '../../../preload/contract/edits.ts'

/** Faithful: details are kept. Fair: shapes are. Poor: what was not changed may change too. */
export type Fidelity = 'faithful' | 'fair' | 'poor'

/** dB from which shapes and colours are recognisably kept (the engine's own bar for "faithful" comes with the result). */
const FAIR_PSNR = 20
/** Ends of the meter, dB. */
const [LEAST, MOST] = [12, 36]

/** The grade of an inversion. */
export function gradeOf({ faithful, psnr }: Pick<InversionResult, 'faithful' | 'psnr'>): Fidelity {
  if (faithful) return 'faithful'
  return psnr >= FAIR_PSNR ? 'fair' : 'poor'
}

/** Where a PSNR stands on the meter, 0..1. */
export function meterShare(psnr: number): number {
  return Math.min(1, Math.max(0, (psnr - LEAST) / (MOST - LEAST)))
}
