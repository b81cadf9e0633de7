/**
 * Which training timesteps a run of n steps visits (Lin et al. 2023, arXiv 2305.08891, table 2), with numpy's
 * arithmetic: rounding is half-to-even and ranges accumulate as numpy's do, because a timestep that is off
 * by one is a different picture.
 */
import { badInput } from '../errors.ts'
import type { TimestepSpacing } from './schedulerConfig.ts'

/** What spacing needs to know. */
export interface SpacingOptions {
  /** n */
  readonly numInferenceSteps: number
  /** N */
  readonly numTrainTimesteps: number
  /** added by leading spacing */
  readonly stepsOffset: number
}

/** Rounds to the nearest integer, halves to the even one: Python's and numpy's `round`. */
export function roundHalfToEven(value: number): number {
  const below = Math.floor(value)
  const fraction = value - below
  if (fraction < 0.5) return below
  if (fraction > 0.5) return below + 1
  return below % 2 === 0 ? below : below + 1
}

/** `numpy.linspace(start, stop, count)`: both ends included. */
export function linspace(start: number, stop: number, count: number): number[] {
  const step = (stop - start) / (count - 1)
  return Array.from({ length: count }, (_, i) => (i > 0 && i === count - 1 ? stop : i === 0 ? start : i * step + start))
}

/** `numpy.arange(from, 0, -ratio)` rounded, minus 1. */
function trailing(from: number, ratio: number): number[] {
  const delta = from - ratio - from
  return Array.from({ length: Math.ceil(-from / -ratio) }, (_, i) => roundHalfToEven(from + i * delta) - 1)
}

/**
 * Timesteps of the one-step samplers (DDIM, DDPM, PNDM, Euler), from the most noise to the least.
 *
 * leading: i floor(N/n) + offset; trailing: round(N - i N/n) - 1; linspace: round(i (N-1)/(n-1)).
 * With `fractional`, linspace is left unrounded (in float32), as Euler's continuous time wants it.
 */
export function spacedTimesteps(spacing: TimestepSpacing, options: SpacingOptions & { readonly fractional?: boolean }): number[] {
  const { numInferenceSteps: n, numTrainTimesteps: total, stepsOffset } = options
  switch (spacing) {
    case 'leading': {
      const ratio = Math.floor(total / n)
      return Array.from({ length: n }, (_, i) => i * ratio + stepsOffset).reverse()
    }
    case 'trailing':
      return trailing(total, total / n)
    case 'linspace':
      return linspace(0, total - 1, n)
        .map(options.fractional ? Math.fround : roundHalfToEven)
        .reverse()
  }
}

/**
 * Timesteps of the multistep solver: as above, but leading and linspace spread n + 1 nodes and drop the last,
 * which is where the final sigma takes over.
 * @param lastTimestep number of timesteps in use; below N when small log-SNRs are clipped
 */
export function multistepTimesteps(spacing: TimestepSpacing, options: SpacingOptions & { readonly lastTimestep: number }): number[] {
  const { numInferenceSteps: n, lastTimestep, stepsOffset } = options
  switch (spacing) {
    case 'leading': {
      const ratio = Math.floor(lastTimestep / (n + 1))
      return Array.from({ length: n }, (_, i) => (n - i) * ratio + stepsOffset)
    }
    case 'trailing':
      return trailing(lastTimestep, options.numTrainTimesteps / n)
    case 'linspace':
      return linspace(0, lastTimestep - 1, n + 1).map(roundHalfToEven).reverse().slice(0, n)
  }
}

/**
 * Index of the first step that image-to-image of a given strength runs: n - min(int(n s), n)
 * (SDEdit, Meng et al. 2022, arXiv 2108.01073).
 *
 * @param strength 0..1; 1 starts from pure noise
 * @throws EngineError input/strength when no step would be left.
 */
export function beginIndexForStrength(numInferenceSteps: number, strength: number): number {
  checkStrength(strength)
  const run = Math.min(Math.trunc(numInferenceSteps * strength), numInferenceSteps)
  if (run < 1) {
    throw badInput('input/strength', {
      thing: `Strength ${strength}`,
      expected: `at least one of ${numInferenceSteps} steps to run`,
      found: 'none',
      todo: 'raise --strength or --steps',
    })
  }
  return numInferenceSteps - run
}

/** @throws EngineError input/strength unless the strength is a number from 0 to 1. */
export function checkStrength(strength: number): void {
  if (strength >= 0 && strength <= 1) return
  throw badInput('input/strength', { thing: 'The strength', expected: 'a number from 0 to 1', found: String(strength) })
}
