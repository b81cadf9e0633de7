/**
 * A scheduler's configuration: the fields of diffusers' `scheduler_config.json`, in camelCase.
 *
 * The rule is that of `X.from_config` on the file as read from disk: a key the file holds is kept whatever
 * class wrote it, a key it lacks takes X's own default, a key X does not know is ignored.
 */
import { badInput } from '../errors.ts'

/** The parsed `scheduler_config.json`, or what stands in for it; keys in snake_case as in the file. */
export type SchedulerFile = Readonly<Record<string, unknown>>

/** What a network's output means: the noise, the velocity v = a eps - s x_0, or the clean sample. */
export type PredictionType = 'epsilon' | 'v_prediction' | 'sample'

/** Which of the training timesteps a shorter run visits. */
export type TimestepSpacing = 'leading' | 'trailing' | 'linspace'

/** Fields that every scheduler here has; each class adds its own and its own default values. */
export interface CommonConfig {
  /** N, the number of training timesteps */
  readonly numTrainTimesteps: number
  /** beta of timestep 0 */
  readonly betaStart: number
  /** beta of timestep N - 1 */
  readonly betaEnd: number
  /** how beta runs between the two; see noiseSchedule.ts */
  readonly betaSchedule: string
  /** betas given one by one; replaces the three fields above */
  readonly trainedBetas: readonly number[] | null
  readonly predictionType: string
  readonly timestepSpacing: string
  /** added to every timestep by leading spacing; SD checkpoints were sampled with 1 */
  readonly stepsOffset: number
}

/** Defaults that diffusers' classes share unless they say otherwise. */
export const commonDefaults: CommonConfig = {
  numTrainTimesteps: 1000,
  betaStart: 0.0001,
  betaEnd: 0.02,
  betaSchedule: 'linear',
  trainedBetas: null,
  predictionType: 'epsilon',
  timestepSpacing: 'leading',
  stepsOffset: 0,
}

/**
 * Reads the fields named by `defaults` from a scheduler file.
 *
 * @param owner the class's name, for messages
 * @throws EngineError scheduler/config naming the key when a value has another type than its default.
 */
export function resolveConfig<Config extends object>(owner: string, defaults: Config, file: SchedulerFile): Config {
  const read: Record<string, unknown> = {}
  for (const [field, fallback] of Object.entries(defaults)) {
    const key = snakeCase(field)
    const value = file[key]
    if (value === undefined || value === null) continue
    if (!fits(field, value, fallback)) {
      throw badInput('scheduler/config', {
        thing: `"${key}" in the scheduler's configuration`,
        expected: `a value for ${owner} like ${JSON.stringify(fallback)}`,
        found: JSON.stringify(value),
        todo: 'correct scheduler_config.json',
      })
    }
    read[field] = value
  }
  return { ...defaults, ...(read as Partial<Config>) }
}

/**
 * Picks one of a closed list of words.
 * @throws EngineError scheduler/config listing what the class knows.
 */
export function oneOf<Word extends string>(owner: string, key: string, value: string, known: readonly Word[]): Word {
  const word = known.find((candidate) => candidate === value)
  if (word !== undefined) return word
  throw badInput('scheduler/config', {
    thing: `"${key}" in the scheduler's configuration`,
    expected: `one of ${known.join(', ')} for ${owner}`,
    found: JSON.stringify(value),
    todo: 'choose another sampler with --scheduler or correct scheduler_config.json',
  })
}

function fits(field: string, value: unknown, fallback: unknown): boolean {
  if (field === 'trainedBetas') return Array.isArray(value) && value.every((beta) => typeof beta === 'number')
  // null stands for "not set"; the only such fields left are numbers
  if (fallback === null) return typeof value === 'number'
  return typeof value === typeof fallback
}

function snakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
