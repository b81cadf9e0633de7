/** Damaged pictures and masks, many of them, under the watchdog of checkpoints.ts; see pictureCases.ts. */
import path from 'node:path'
import { fuzzCheckpoints, type FuzzOptions, type FuzzReport } from './checkpoints.ts'

/** Runs the cases; a failure's number repeats it with `count: 1`. */
export function fuzzPictures(options: Omit<FuzzOptions, 'child'>): Promise<FuzzReport> {
  return fuzzCheckpoints({ ...options, child: path.join(import.meta.dirname, 'picturesChild.ts') })
}
