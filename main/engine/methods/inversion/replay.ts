/**
 * How far an inverted path lies from the path back, without running the net again.
 *
 * Inversion steps from level j - 1 to j along eps_j = eps(x_(j-1), t_j); sampling steps back along eps(x_j, t_j), which
 * nobody has computed. Its two neighbours are known, eps_j and eps_(j+1) = eps(x_j, t_(j+1)): from one to the other
 * first the sample moves, then the timestep, each about half of the way, so their mean stands for it.
 */
import { combine } from '../../tensor/elementwise.ts'
import type { Latents } from '../../tensor/tensor.ts'
import type { DdimPath } from '../shared/ddimPath.ts'
import { stepDown, transferWeights } from '../shared/ddimPath.ts'
import type { InversionTrajectory } from './ddimInversion.ts'

/**
 * Clean latents as sampling from the trajectory's noise, under the same prompt and without guidance, would about reach
 * them. No call of the model.
 *
 * @param trajectory of plain DDIM inversion along `path`, clean latents first
 */
export function replayedReconstruction(path: DdimPath, trajectory: InversionTrajectory): Latents {
  const ascending = [...path.timesteps].reverse()
  const last = trajectory.length - 1
  let sample = trajectory[last]!
  for (let level = last; level >= 1; level--) {
    const own = predictionOf(path, trajectory, ascending[level - 1]!, level)
    if (!own) continue // two levels of the same noise: the step goes nowhere
    const next = level === last ? null : predictionOf(path, trajectory, ascending[level]!, level + 1)
    sample = stepDown(path, sample, next ? combine([0.5, own], [0.5, next]) : own, ascending[level - 1]!)
  }
  return sample
}

/** The noise that the step of inversion up to `level` went by: the step solved for it; null for a step that goes nowhere. */
function predictionOf(path: DdimPath, trajectory: InversionTrajectory, timestep: number, level: number): Latents | null {
  const weights = transferWeights(path.alphaAt(path.below(timestep)), path.alphaAt(timestep))
  if (weights.epsilon === 0) return null
  return combine([1 / weights.epsilon, trajectory[level]!], [-weights.sample / weights.epsilon, trajectory[level - 1]!])
}
