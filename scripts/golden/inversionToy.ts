/** Inversion goldens with the analytic net of toyUnet.ts. */
import { directOffsets, sourceSample } from '../../main/engine/methods/inversion/directInversion.ts'
import { invertDdim, sampleDdim } from '../../main/engine/methods/inversion/ddimInversion.ts'
import { EDICT_MIX, invertEdict, sampleEdict } from '../../main/engine/methods/inversion/edict.ts'
import { negativeEmbeds } from '../../main/engine/methods/inversion/negativePromptInversion.ts'
import { optimiseNullText } from '../../main/engine/methods/inversion/nullTextInversion.ts'
import { invertRenoise } from '../../main/engine/methods/inversion/renoise.ts'
import { stepDown } from '../../main/engine/methods/shared/ddimPath.ts'
import { combine } from '../../main/engine/tensor/elementwise.ts'
import type { Latents, PromptEmbeds } from '../../main/engine/tensor/tensor.ts'
import type { GoldenCase } from './check.ts'
import { Miss, expectClose, expectEqual, hasKeys } from './check.ts'
import { GUIDANCE, guided, promptMean, toyEpsilon, toyGradient, toyLatents, toyModel, toyPath, toyPrompt } from './toyUnet.ts'

const TOLERANCE = 1e-5
/** Fifty times ten Adam steps amplify the rounding of float32. */
const ADAM_TOLERANCE = 1e-3
/** EDICT's golden run: the paper's guidance and strength. */
const EDICT_GUIDANCE = 3
const EDICT_STRENGTH = 0.8

const [empty, source, target] = [0, 1, 2].map(toyPrompt) as [PromptEmbeds, PromptEmbeds, PromptEmbeds]
const sum = (values: Float32Array | Float64Array): number => (values as Float64Array).reduce((total, value) => total + value, 0)
const absolute = (value: Latents): number => value.data.reduce((total, element) => total + Math.abs(element), 0)

function meanSquare(a: Latents, b: Latents): number {
  return a.data.reduce((total, value, i) => total + (value - b.data[i]) ** 2, 0) / a.data.length
}

/** A mean square error agrees when its root does, in units of the latents (which lie within 1). */
function expectMeanSquare(what: string, actual: number, golden: number): void {
  const difference = Math.abs(Math.sqrt(actual) - Math.sqrt(golden))
  if (!(difference <= TOLERANCE * Math.max(1, Math.sqrt(golden)))) throw new Miss(`${what}: ${actual}, golden ${golden}`)
}

const inverted = (): ReturnType<typeof invertDdim> => invertDdim(toyPath, toyModel, toyLatents, source)

/** The cases inside `inversion_toy`; keys it does not know fail. */
export function inversionCases(value: unknown): GoldenCase[] {
  if (!hasKeys(value, 'zT_sum')) throw new Miss('inversion_toy: not of a known shape')
  const golden = value as Record<string, never>
  return Object.keys(golden)
    .filter((key) => key !== 'doc')
    .map((key) => ({
      name: `inversion_toy.${key}`,
      run: () => {
        const run = runners[key]
        if (!run) throw new Miss('not an inversion that is known here')
        return run(golden[key])
      },
    }))
}

const runners: Readonly<Record<string, (golden: never) => Promise<string>>> = {
  zT_sum: async (golden: number) => note(expectClose('sum', sum((await inverted()).at(-1)!.data), golden, TOLERANCE)),
  zT_abs: async (golden: number) => note(expectClose('sum', absolute((await inverted()).at(-1)!), golden, TOLERANCE)),
  zT_first4: async (golden: number[]) => note(expectClose('values', (await inverted()).at(-1)!.data.subarray(0, 4), golden, TOLERANCE)),
  'recon_w1_mse': async (golden: number) => {
    const result = meanSquare(await sampleDdim(toyPath, toyModel, (await inverted()).at(-1)!, source), toyLatents)
    return note(expectClose('mean square error', result, golden, TOLERANCE))
  },
  'recon_w7.5_mse': async (golden: number) => {
    const result = meanSquare(await sampleDdim(toyPath, guided(empty), (await inverted()).at(-1)!, source), toyLatents)
    return note(expectClose('mean square error', result, golden, TOLERANCE))
  },
  npi_recon_mse: async (golden: number) => {
    const model = guided(negativeEmbeds(source, empty))
    const result = meanSquare(await sampleDdim(toyPath, model, (await inverted()).at(-1)!, source), toyLatents)
    return note(expectClose('mean square error', result, golden, TOLERANCE))
  },
  nti: runNullText,
  direct: runDirect,
  renoise_k4: runRenoise,
  edict: runEdict,
}

const note = (error: number): string => `within ${error.toExponential(1)}`

async function runNullText(golden: { inner_iters: number[]; last_loss: number[]; final_recon_mse: number; final_u_mean: number }): Promise<string> {
  const result = await optimiseNullText(toyPath, toyModel, toyGradient, await inverted(), { source, empty }, { guidanceScale: GUIDANCE })
  expectEqual('inner iterations', result.innerIterations, golden.inner_iters)
  expectClose('last losses', result.lastLosses, golden.last_loss, ADAM_TOLERANCE)
  expectClose('reconstruction error', meanSquare(result.reconstruction, toyLatents), golden.final_recon_mse, ADAM_TOLERANCE)
  return note(expectClose('mean of the last embedding', promptMean(result.embeds.at(-1)!), golden.final_u_mean, ADAM_TOLERANCE))
}

interface Direct { offset_abs_sum_first3: number[]; offset_abs_total: number; recon_mse: number; target_sum: number; source_mse: number }

async function runDirect(golden: Direct): Promise<string> {
  const trajectory = await inverted()
  const offsets = await directOffsets(toyPath, guided(empty), trajectory, source)
  expectClose('first offsets', offsets.slice(0, 3).map(absolute), golden.offset_abs_sum_first3, TOLERANCE)
  expectClose('offsets', offsets.reduce((total, offset) => total + absolute(offset), 0), golden.offset_abs_total, TOLERANCE)
  let [kept, edited] = [trajectory.at(-1)!, trajectory.at(-1)!]
  for (const [i, timestep] of toyPath.timesteps.entries()) {
    kept = combine([1, stepDown(toyPath, kept, await guided(empty)(kept, timestep, source), timestep)], [1, offsets[i]])
    edited = stepDown(toyPath, edited, await guided(empty)(edited, timestep, target), timestep)
    expectMeanSquare(`source branch after step ${i}`, meanSquare(kept, sourceSample(trajectory, i)), 0)
  }
  expectMeanSquare('source branch', meanSquare(kept, toyLatents), golden.source_mse)
  expectMeanSquare('reconstruction', meanSquare(sourceSample(trajectory, offsets.length - 1), toyLatents), golden.recon_mse)
  return note(expectClose('target branch', sum(edited.data), golden.target_sum, TOLERANCE))
}

/** Five predictions per step, the last four averaged, no regulariser. */
async function runRenoise(golden: { zT_sum: number; recon_mse: number }): Promise<string> {
  const trajectory = await invertRenoise(toyPath, toyModel, toyLatents, source, { renoisingSteps: 4, average: [1, 5] })
  const noise = trajectory.at(-1)!
  expectMeanSquare('reconstruction', meanSquare(await sampleDdim(toyPath, toyModel, noise, source), toyLatents), golden.recon_mse)
  return note(expectClose('sum', sum(noise.data), golden.zT_sum, TOLERANCE))
}

async function runEdict(golden: { noise_sums: number[]; recon_max_abs_err: number[] }): Promise<string> {
  const [sourceMean, emptyMean] = [promptMean(source), promptMean(empty)]
  const model = async (sample: Float64Array, timestep: number): Promise<Float64Array> =>
    sample.map((x) => {
      const unconditional = toyEpsilon(x, timestep, emptyMean)
      return unconditional + EDICT_GUIDANCE * (toyEpsilon(x, timestep, sourceMean) - unconditional)
    })
  const clean = Float64Array.from(toyLatents.data)
  const timesteps = toyPath.timesteps.slice(Math.round(toyPath.timesteps.length * (1 - EDICT_STRENGTH)))
  const noise = await invertEdict(toyPath, model, { x: clean, y: clean }, timesteps, EDICT_MIX)
  const back = await sampleEdict(toyPath, model, noise, timesteps, EDICT_MIX)
  const error = expectClose('noise', [sum(noise.x), sum(noise.y)], golden.noise_sums, TOLERANCE)
  const worst = [back.x, back.y].map((values) => values.reduce((max, value, i) => Math.max(max, Math.abs(value - clean[i])), 0))
  // both are a few units in the last place of double precision; which few is chance
  worst.forEach((value, i) => {
    if (!(value <= Math.max(10 * golden.recon_max_abs_err[i], 1e-13))) throw new Miss(`round trip: error ${value}, golden ${golden.recon_max_abs_err[i]}`)
  })
  return `${note(error)}, round trip ${worst.map((value) => value.toExponential(1)).join(' and ')}`
}
