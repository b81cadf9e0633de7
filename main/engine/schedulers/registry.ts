/**
 * The samplers by name: the command line's, and diffusers' class names as a checkpoint's
 * `scheduler_config.json` gives them. A new sampler is one file and one row here.
 */
import { badInput } from '../errors.ts'
import { DdimScheduler } from './ddim.ts'
import { DdimInverseScheduler } from './ddimInverse.ts'
import { DdpmScheduler } from './ddpm.ts'
import { DpmSolverMultistepScheduler } from './dpmSolverMultistep.ts'
import { EulerAncestralScheduler } from './eulerAncestral.ts'
import { EulerDiscreteScheduler } from './eulerDiscrete.ts'
import { LcmScheduler } from './lcm.ts'
import { PndmScheduler } from './pndm.ts'
import type { Scheduler } from './scheduler.ts'
import type { SchedulerFile } from './schedulerConfig.ts'

/** One row: a sampler a person can ask for. */
export interface SchedulerEntry {
  /** the command line's name */
  readonly name: string
  /** diffusers' class */
  readonly className: string
  /** one line for lists and help */
  readonly description: string
  /** keys the name itself fixes, over whatever the file says */
  readonly overrides?: SchedulerFile
}

type SchedulerClass = new (file: SchedulerFile) => Scheduler

const classes: Readonly<Record<string, SchedulerClass>> = {
  DDIMScheduler: DdimScheduler,
  DDIMInverseScheduler: DdimInverseScheduler,
  DDPMScheduler: DdpmScheduler,
  DPMSolverMultistepScheduler: DpmSolverMultistepScheduler,
  EulerAncestralDiscreteScheduler: EulerAncestralScheduler,
  EulerDiscreteScheduler: EulerDiscreteScheduler,
  LCMScheduler: LcmScheduler,
  PNDMScheduler: PndmScheduler,
}

const dpm = 'DPMSolverMultistepScheduler'

/** Every sampler of the command line, in the order that help lists them. */
export const schedulerEntries: readonly SchedulerEntry[] = [
  { name: 'ddim', className: 'DDIMScheduler', description: 'deterministic, 20 to 50 steps' },
  { name: 'euler', className: 'EulerDiscreteScheduler', description: 'deterministic, 20 to 30 steps' },
  { name: 'euler-a', className: 'EulerAncestralDiscreteScheduler', description: 'adds noise at each step, 20 to 40 steps' },
  { name: 'dpmpp2m', className: dpm, description: 'DPM-Solver++ of second order, 15 to 25 steps' },
  { name: 'dpmpp2m-karras', className: dpm, description: 'the same with Karras sigmas', overrides: { use_karras_sigmas: true } },
  { name: 'dpmpp2m-sde', className: dpm, description: 'the same with noise', overrides: { algorithm_type: 'sde-dpmsolver++' } },
  { name: 'pndm', className: 'PNDMScheduler', description: 'multistep, 30 to 50 steps, one extra call' },
  { name: 'ddpm', className: 'DDPMScheduler', description: 'ancestral, many steps' },
  { name: 'lcm', className: 'LCMScheduler', description: 'for consistency models, 2 to 8 steps' },
]

/** The command line's names. */
export const schedulerNames: readonly string[] = schedulerEntries.map((entry) => entry.name)

/**
 * Makes a sampler for one run: equals diffusers' `X.from_config(file)` for X the named class.
 *
 * @param name one of {@link schedulerNames} or a diffusers class name
 * @param file the checkpoint's scheduler configuration as read from disk; `{}` for X's defaults
 * @throws EngineError scheduler/unknown naming what there is, nearest first; scheduler/config for a bad value.
 */
export function createScheduler(name: string, file: SchedulerFile): Scheduler {
  const entry = schedulerEntries.find((candidate) => candidate.name === name)
  const Class = Object.hasOwn(classes, entry?.className ?? name) ? classes[entry?.className ?? name] : undefined
  if (!Class) throw unknownScheduler(name)
  return new Class({ ...file, ...entry?.overrides })
}

/**
 * The checkpoint's own sampler: the class its file names.
 * @throws EngineError scheduler/unknown when the file names none, or one that is not built in.
 */
export function createOwnScheduler(file: SchedulerFile): Scheduler {
  const className = file['_class_name']
  if (typeof className === 'string') return createScheduler(className, file)
  throw badInput('scheduler/unknown', {
    thing: 'The checkpoint\'s scheduler configuration',
    expected: '"_class_name" to name a sampler',
    found: JSON.stringify(className ?? null),
    todo: 'choose one with --scheduler',
  })
}

function unknownScheduler(name: string): Error {
  const nearest = [...schedulerNames].sort((a, b) => editDistance(name, a) - editDistance(name, b))
  return badInput('scheduler/unknown', {
    thing: 'The sampler',
    expected: `one of ${nearest.join(', ')}`,
    found: JSON.stringify(name),
    todo: 'choose one with --scheduler',
  })
}

/** Levenshtein's distance: insertions, deletions and replacements that turn a into b. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]
}
