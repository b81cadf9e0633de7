/**
 * Null-text inversion (Mokady et al. 2023, arXiv 2211.09794): at every step the negative prompt's embedding is
 * optimised until the guided step lands on the inverted path.
 *
 * L(u) = mean((z' - DDIM(eps_u + g (eps_c - eps_u)))^2), minimised by Adam (Kingma and Ba 2015, arXiv 1412.6980)
 * started afresh at every step, from the embedding of the step before.
 */
import { combine, scale } from '../../tensor/elementwise.ts'
import type { Latents, PromptEmbeds } from '../../tensor/tensor.ts'
import type { DdimPath, EpsilonModel } from '../shared/ddimPath.ts'
import { stepDown, transferWeights } from '../shared/ddimPath.ts'
import type { InversionTrajectory } from './ddimInversion.ts'

/** The derivative of sum(upstream x eps(x, t, u)) with respect to u: the model's backward pass. */
export type EpsilonGradient = (sample: Latents, timestep: number, promptEmbeds: PromptEmbeds, upstream: Latents) => Promise<PromptEmbeds>

/** Choices of the optimisation; the defaults are the paper's. */
export interface NullTextOptions {
  readonly guidanceScale: number
  /** Adam steps per timestep at most; default 10 */
  readonly innerSteps?: number
  /** stop early below this loss, plus 2e-5 per timestep; default 1e-5 */
  readonly tolerance?: number
}

/** One optimised embedding per step of sampling, and how the optimisation went. */
export interface NullTextResult {
  readonly embeds: readonly PromptEmbeds[]
  readonly innerIterations: readonly number[]
  readonly lastLosses: readonly number[]
  /** where sampling with these embeddings ends */
  readonly reconstruction: Latents
}

/** Optimises the negative embeddings along an inverted path. */
export async function optimiseNullText(
  path: DdimPath,
  model: EpsilonModel,
  gradient: EpsilonGradient,
  trajectory: InversionTrajectory,
  prompts: { readonly source: PromptEmbeds; readonly empty: PromptEmbeds },
  options: NullTextOptions,
): Promise<NullTextResult> {
  const { guidanceScale, innerSteps = 10, tolerance = 1e-5 } = options
  const embeds: PromptEmbeds[] = []
  const innerIterations: number[] = []
  const lastLosses: number[] = []
  let negative = prompts.empty
  let sample = trajectory[trajectory.length - 1]
  for (const [i, timestep] of path.timesteps.entries()) {
    const wanted = trajectory[trajectory.length - 2 - i]
    const conditional = await model(sample, timestep, prompts.source)
    const guidedStep = async (): Promise<Latents> => {
      const unconditional = await model(sample, timestep, negative)
      return stepDown(path, sample, combine([1 - guidanceScale, unconditional], [guidanceScale, conditional]), timestep)
    }
    const weights = transferWeights(path.alphaAt(timestep), path.alphaAt(path.below(timestep)))
    const adam = new Adam(negative.data.length, 0.01 * (1 - i / 100))
    let [loss, iterations] = [0, 0]
    while (iterations < innerSteps) {
      const miss = combine([1, await guidedStep()], [-1, wanted])
      loss = miss.data.reduce((sum, value) => sum + value ** 2, 0) / miss.data.length
      const upstream = scale(miss, (2 / miss.data.length) * weights.epsilon * (1 - guidanceScale))
      negative = adam.step(negative, await gradient(sample, timestep, negative, upstream))
      iterations += 1
      if (loss < tolerance + i * 2e-5) break
    }
    embeds.push(negative)
    innerIterations.push(iterations)
    lastLosses.push(loss)
    sample = await guidedStep()
  }
  return { embeds, innerIterations, lastLosses, reconstruction: sample }
}

/** Adam with torch's constants, on one tensor. */
class Adam {
  private readonly mean: Float64Array
  private readonly square: Float64Array
  private readonly rate: number
  private steps = 0

  constructor(size: number, rate: number) {
    this.mean = new Float64Array(size)
    this.square = new Float64Array(size)
    this.rate = rate
  }

  step(value: PromptEmbeds, gradient: PromptEmbeds): PromptEmbeds {
    this.steps += 1
    const meanCorrection = 1 - 0.9 ** this.steps
    const squareCorrection = 1 - 0.999 ** this.steps
    const data = value.data.map((element, i) => {
      this.mean[i] = 0.9 * this.mean[i] + 0.1 * gradient.data[i]
      this.square[i] = 0.999 * this.square[i] + 0.001 * gradient.data[i] ** 2
      return element - ((this.rate / meanCorrection) * this.mean[i]) / (Math.sqrt(this.square[i] / squareCorrection) + 1e-8)
    })
    return { data, dims: value.dims }
  }
}
