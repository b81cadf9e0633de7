/**
 * EDICT (Wallace, Gokul and Naik 2023, "EDICT: Exact Diffusion Inversion via Coupled Transformations",
 * arXiv 2211.12446): two copies of the latents, each stepped by the noise predicted at the other, so that every
 * step can be undone exactly.
 *
 * | symbol | meaning |
 * |---|---|
 * | x, y | the coupled latents, equal at the start |
 * | q = sqrt(alpha-bar_t / alpha-bar_p) | from the level above, t, to the one below, p |
 * | p | mixing: x <- p x + (1 - p) y after each step keeps the two together, eq. 15 |
 *
 * The states are held in double precision: undoing the mixing divides by p at every step, and float32 would grow
 * a visible error.
 */
import type { DdimPath } from '../shared/ddimPath.ts'

/** A state of the coupled pair. */
export interface CoupledLatents {
  readonly x: Float64Array
  readonly y: Float64Array
}

/** The (guided) noise predicted for one of the two at a timestep. */
export type CoupledModel = (sample: Float64Array, timestep: number) => Promise<Float64Array>

/** Mixing weight of the paper. */
export const EDICT_MIX = 0.93

/**
 * Sampling: from noise to clean latents, two calls of the model per step.
 * @param timesteps those of `path` that the run visits, descending (all, or the last part for a strength below 1)
 * @param afterStep may replace the pair after each step (a local blend)
 */
export async function sampleEdict(
  path: DdimPath,
  model: CoupledModel,
  start: CoupledLatents,
  timesteps = path.timesteps,
  mix = EDICT_MIX,
  afterStep?: (state: CoupledLatents, stepIndex: number) => CoupledLatents | Promise<CoupledLatents>,
): Promise<CoupledLatents> {
  let { x, y } = start
  for (const [i, timestep] of timesteps.entries()) {
    const { q, above, below } = levels(path, timestep)
    const move = async (value: Float64Array, other: Float64Array): Promise<Float64Array> => {
      const epsilon = await model(other, timestep)
      return value.map((element, k) => element / q + (below - above / q) * epsilon[k])
    }
    if (yFirst(i)) {
      y = await move(y, x)
      x = await move(x, y)
    } else {
      x = await move(x, y)
      y = await move(y, x)
    }
    const mixed = x.map((element, k) => mix * element + (1 - mix) * y[k])
    y = y.map((element, k) => mix * element + (1 - mix) * mixed[k])
    x = mixed
    if (afterStep) ({ x, y } = await afterStep({ x, y }, i))
  }
  return { x, y }
}

/** Inversion: from clean latents to noise, the exact inverse of {@link sampleEdict} under the same model. */
export async function invertEdict(path: DdimPath, model: CoupledModel, clean: CoupledLatents, timesteps = path.timesteps, mix = EDICT_MIX): Promise<CoupledLatents> {
  let { x, y } = clean
  for (let i = timesteps.length - 1; i >= 0; i--) {
    const timestep = timesteps[i]
    const unmixed = y.map((element, k) => (element - (1 - mix) * x[k]) / mix)
    x = x.map((element, k) => (element - (1 - mix) * unmixed[k]) / mix)
    y = unmixed
    const { q, above, below } = levels(path, timestep)
    const undo = async (value: Float64Array, other: Float64Array): Promise<Float64Array> => {
      const epsilon = await model(other, timestep)
      return value.map((element, k) => q * element + (above - q * below) * epsilon[k])
    }
    if (yFirst(i)) {
      x = await undo(x, y)
      y = await undo(y, x)
    } else {
      y = await undo(y, x)
      x = await undo(x, y)
    }
  }
  return { x, y }
}

/** The two take turns in going first, so that neither falls behind. */
function yFirst(stepIndex: number): boolean {
  return stepIndex % 2 === 1
}

function levels(path: DdimPath, timestep: number): { q: number; above: number; below: number } {
  const alpha = path.alphaAt(timestep)
  const prevAlpha = path.alphaAt(path.below(timestep))
  return { q: Math.sqrt(alpha / prevAlpha), above: Math.sqrt(1 - alpha), below: Math.sqrt(1 - prevAlpha) }
}
