/** The list of families; a new one is a file beside this one and a row here. */
import type { FamilyId } from './checkpoint.ts'
import type { Family } from './family.ts'
import { sd1 } from './sd1.ts'
import { sd2 } from './sd2.ts'

/** Every family by its id. */
export const FAMILIES: Readonly<Record<FamilyId, Family>> = { sd1, sd2 }

/** The family whose text states have this many features; undefined when there is none. */
export function familyOfCrossAttentionDim(dim: unknown): Family | undefined {
  return Object.values(FAMILIES).find((family) => family.crossAttentionDim === dim)
}
