/** Sinusoidal timesteps and the small perceptron behind them: diffusers' Timesteps and TimestepEmbedding. */
import type { GraphBuilder } from '../../graph/builder.ts'
import type { Value } from '../../graph/graph.ts'
import type { UNetPlan } from '../unetPlan.ts'
import { activate, linear } from './modules.ts'

const MAX_PERIOD = 10000

/**
 * Frequencies 10000^(-i / (half - shift)), i = 0..half-1, rounded to float32 after every operation as PyTorch rounds:
 * an angle may reach 999 radians, where one unit in the last place of a frequency already shows in the sine.
 */
export function timestepFrequencies(width: number, freqShift: number): Float32Array {
  const half = Math.floor(width / 2)
  const logPeriod = Math.fround(-Math.log(MAX_PERIOD))
  return Float32Array.from({ length: half }, (_, i) => Math.exp(Math.fround(Math.fround(logPeriod * i) / Math.fround(half - freqShift))))
}

/** timestep [B] f32 -> [B, width]: cosines then sines when flipped, otherwise sines then cosines; an odd width ends in 0. */
export function sinusoidalTimesteps(b: GraphBuilder, timestep: Value, width: number, o: { flipSinToCos: boolean; freqShift: number }): Value {
  const frequencies = timestepFrequencies(width, o.freqShift)
  const angles = b.mul(b.reshape(timestep, [timestep.dims[0]!, 1]), b.constant(frequencies, [1, frequencies.length])) // [B, width/2]
  const sine = b.sin(angles)
  const cosine = b.cos(angles)
  const joined = b.concat(o.flipSinToCos ? [cosine, sine] : [sine, cosine], 1)
  return width % 2 === 1 ? b.pad(joined, [[0, 0], [0, 1]]) : joined // [B, width]
}

/**
 * The time embedding of a UNet: timestep [B] -> [B, timeChannels], with the activation that every resnet would apply
 * first already applied (it is the same for all of them).
 * @param condition the `timestep_cond` input [B, conditionChannels], or null
 */
export function timeEmbedding(b: GraphBuilder, plan: UNetPlan, timestep: Value, condition: Value | null): Value {
  const { time } = plan
  let sample = b.scope('time_proj', () => sinusoidalTimesteps(b, timestep, plan.baseChannels, time))
  const embedding = b.scope('time_embedding', () => {
    if (condition) sample = b.add(sample, linear(b, 'cond_proj', condition))
    const hidden = activate(b, time.activation, linear(b, 'linear_1', sample))
    const out = linear(b, 'linear_2', hidden)
    return time.postActivation ? activate(b, time.postActivation, out) : out
  })
  const forBlocks = time.blockActivation ? activate(b, time.blockActivation, embedding) : embedding
  return b.scope('time_embedding', () => activate(b, plan.resnet.activation, forBlocks)) // [B, timeChannels]
}
