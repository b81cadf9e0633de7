/**
 * Direct inversion (Ju et al. 2023, "PnP Inversion", arXiv 2310.01506): the guided path strays from the inverted
 * one; the difference is measured at every step and added back to the source branch, which then reconstructs the
 * picture exactly, while the target branch is left to the edit.
 */
import { combine } from '../../tensor/elementwise.ts'
import type { Latents, PromptEmbeds } from '../../tensor/tensor.ts'
import type { DdimPath, EpsilonModel } from '../shared/ddimPath.ts'
import { stepDown } from '../shared/ddimPath.ts'
import type { InversionTrajectory } from './ddimInversion.ts'

/**
 * What each sampling step of the source branch misses: z_(next) minus the guided step from z, in order of
 * sampling (noisiest first). Adding it after step i puts the source branch back on the inverted path; before any
 * local blend.
 *
 * @param guided the model with the guidance that the edit will use
 */
export async function directOffsets(
  path: DdimPath,
  guided: EpsilonModel,
  trajectory: InversionTrajectory,
  promptEmbeds: PromptEmbeds,
): Promise<Latents[]> {
  const offsets: Latents[] = []
  for (const [i, timestep] of path.timesteps.entries()) {
    const sample = trajectory[trajectory.length - 1 - i]
    const stepped = stepDown(path, sample, await guided(sample, timestep, promptEmbeds), timestep)
    offsets.push(combine([1, trajectory[trajectory.length - 2 - i]], [-1, stepped]))
  }
  return offsets
}

/**
 * The source branch's sample after sampling step `stepIndex`, without any call of the model: the inverted path's
 * own latents. It equals step plus offset, because the offset was defined so; direct inversion then costs nothing
 * beyond the inversion itself.
 */
export function sourceSample(trajectory: InversionTrajectory, stepIndex: number): Latents {
  return trajectory[trajectory.length - 2 - stepIndex]
}
