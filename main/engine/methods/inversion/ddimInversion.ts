/**
 * DDIM inversion: the sampler's ODE run from the picture to noise (Song et al. 2021, arXiv 2010.02502, section
 * 4.3), under the source prompt and without guidance, since guidance makes the two directions disagree.
 */
import type { Latents, PromptEmbeds } from '../../tensor/tensor.ts'
import type { DdimPath, EpsilonModel } from '../shared/ddimPath.ts'
import { stepDown, stepUp } from '../shared/ddimPath.ts'

/** The latents at every level of the path, from the clean ones (index 0) to the noisiest. */
export type InversionTrajectory = readonly Latents[]

/** Inverts clean latents along the path; one call of the model per step. */
export async function invertDdim(
  path: DdimPath,
  model: EpsilonModel,
  clean: Latents,
  promptEmbeds: PromptEmbeds,
): Promise<InversionTrajectory> {
  const trajectory = [clean]
  for (const timestep of [...path.timesteps].reverse()) {
    const sample = trajectory[trajectory.length - 1]
    trajectory.push(stepUp(path, sample, await model(sample, timestep, promptEmbeds), timestep))
  }
  return trajectory
}

/** Samples from noise back to clean latents; `model` is guided or not, as the caller made it. */
export async function sampleDdim(path: DdimPath, model: EpsilonModel, noise: Latents, promptEmbeds: PromptEmbeds): Promise<Latents> {
  let sample = noise
  for (const timestep of path.timesteps) sample = stepDown(path, sample, await model(sample, timestep, promptEmbeds), timestep)
  return sample
}
