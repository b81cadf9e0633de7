/**
 * Noise levels in k-diffusion's form, sigma = s / a, and the ways to space them
 * (Karras et al. 2022, "Elucidating the Design Space of Diffusion-Based Generative Models", arXiv 2206.00364).
 *
 * Tables are ascending float32; spaced lists are descending doubles, as in numpy.
 */
import { linspace } from './timestepSpacing.ts'

/** Exponent of Karras' spacing; eq. 5 and table 1. */
const RHO = 7

/** Both ends of a spaced list. */
export interface SigmaRange {
  readonly sigmaMin: number
  readonly sigmaMax: number
}

/** `numpy.interp(positions, 0..length-1, table)`: linear between entries, flat beyond the ends. */
export function interpolate(table: Float32Array, position: number): number {
  const last = table.length - 1
  if (position <= 0) return table[0]
  if (position >= last) return table[last]
  const below = Math.floor(position)
  return (table[below + 1] - table[below]) * (position - below) + table[below]
}

/** sigma_i = (max^(1/rho) + i/(n-1) (min^(1/rho) - max^(1/rho)))^rho, i = 0..n-1; eq. 5. */
export function karrasSigmas({ sigmaMin, sigmaMax }: SigmaRange, count: number): number[] {
  const low = sigmaMin ** (1 / RHO)
  const high = sigmaMax ** (1 / RHO)
  return linspace(0, 1, count).map((ramp) => (high + ramp * (low - high)) ** RHO)
}

/** Evenly spaced in ln sigma. */
export function exponentialSigmas({ sigmaMin, sigmaMax }: SigmaRange, count: number): number[] {
  return linspace(Math.log(sigmaMax), Math.log(sigmaMin), count).map(Math.exp)
}

/** ln of every entry, rounded to float32 as numpy does for a float32 table. */
export function logTable(sigmas: Float32Array): Float32Array {
  return sigmas.map((sigma) => Math.log(sigma))
}

/**
 * The (fractional) timestep whose sigma is `sigma`, by linear interpolation in ln sigma.
 * @param logSigmas ascending ln sigma of every training timestep
 */
export function sigmaToTimestep(sigma: number, logSigmas: Float32Array): number {
  const logSigma = Math.log(Math.max(sigma, 1e-10))
  let below = 0
  for (let t = 0; t < logSigmas.length; t++) if (logSigma >= logSigmas[t]) below = t
  below = Math.min(below, logSigmas.length - 2)
  const low = logSigmas[below]
  const weight = (low - logSigma) / (low - logSigmas[below + 1])
  const limited = Math.min(Math.max(weight, 0), 1)
  return (1 - limited) * below + limited * (below + 1)
}
