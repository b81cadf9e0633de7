/** The ways to guide, by name. A new one is one file and one row here. */
import { failed } from '../errors.ts'
import { classifierFree } from './classifierFree.ts'
import type { Guidance } from './guidance.ts'
import { instructPix2Pix } from './instructPix2Pix.ts'

/** Every way to guide. */
export const guidances: readonly Guidance[] = [classifierFree, instructPix2Pix]

/** @throws EngineError guidance/unknown naming what there is. */
export function findGuidance(name: string): Guidance {
  const found = guidances.find((guidance) => guidance.name === name)
  if (found) return found
  throw failed('guidance/unknown', `Guidance "${name}": expected one of ${guidances.map((guidance) => guidance.name).join(', ')}.`)
}
