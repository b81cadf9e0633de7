/**
 * ReNoise (Garibi et al. 2024, "ReNoise: Real Image Inversion Through Iterative Noising", arXiv 2403.14602).
 *
 * A step of inversion wants the noise at the point it arrives at, and only knows the one it leaves from. It is
 * repeated from each arrival point; the last predictions are averaged.
 */
import { combine } from '../../tensor/elementwise.ts'
import type { Latents, PromptEmbeds } from '../../tensor/tensor.ts'
import type { DdimPath, EpsilonModel } from '../shared/ddimPath.ts'
import { stepUp } from '../shared/ddimPath.ts'
import type { InversionTrajectory } from './ddimInversion.ts'

/** How often a step is repeated and which predictions count. */
export interface RenoiseOptions {
  /** repetitions after the first prediction, R */
  readonly renoisingSteps: number
  /** predictions averaged for the step's result, counted from 0: [from, to), to at most R + 1 */
  readonly average: readonly [from: number, to: number]
  /** brings a prediction closer to noise (noiseRegularisers.ts); absent: none */
  readonly regularise?: (epsilon: Latents, timestep: number) => Latents
}

/** Inverts clean latents; R + 1 calls of the model per step. */
export async function invertRenoise(
  path: DdimPath,
  model: EpsilonModel,
  clean: Latents,
  promptEmbeds: PromptEmbeds,
  options: RenoiseOptions,
): Promise<InversionTrajectory> {
  const { renoisingSteps, average, regularise = (epsilon: Latents) => epsilon } = options
  const trajectory = [clean]
  for (const timestep of [...path.timesteps].reverse()) {
    const start = trajectory[trajectory.length - 1]
    const kept: Latents[] = []
    let arrival = start
    for (let k = 0; k <= renoisingSteps; k++) {
      const epsilon = await model(arrival, timestep, promptEmbeds)
      if (k >= average[0] && k < average[1]) kept.push(epsilon)
      arrival = stepUp(path, start, k >= average[0] ? regularise(epsilon, timestep) : epsilon, timestep)
    }
    const mean = combine(...kept.map((epsilon) => [1 / kept.length, epsilon] as const))
    trajectory.push(stepUp(path, start, regularise(mean, timestep), timestep))
  }
  return trajectory
}
