/**
 * Recipes: one or more operations as readable JSON, without any picture, to be aimed at other pictures.
 *
 *     { "format": "palimpsest-recipe", "version": 1, "steps": [
 *       { "task": "inpaint", "aim": { "where": "attention(car) > 0.4" }, "prompt": "a red car", "model": "starter-inpaint" } ] }
 */
import { z } from 'zod'
import { type EngineError, badInput } from '../engine/errors.ts'
import { requestSchemas } from '../engine/requests.ts'
import { type Aim, aimSchema, parseWhere } from './aims.ts'
import type { JsonObject } from './model.ts'

/** Version written; a reader refuses a higher one. */
export const RECIPE_VERSION = 1
/** What a recipe says it is. */
export const RECIPE_FORMAT = 'palimpsest-recipe'

/** Tasks that edit a picture and so can be steps, and which aims make sense for each. */
export const RECIPE_TASKS = {
  inpaint: ['everything', 'mask', 'where', 'colour'],
  remove: ['mask', 'where', 'colour'],
  swap: ['everything', 'mask', 'where', 'colour'],
  img2img: ['everything'],
  outpaint: ['everything'],
} as const satisfies Partial<Record<keyof typeof requestSchemas, readonly AimKind[]>>

/** A task that can be a step. */
export type RecipeTask = keyof typeof RECIPE_TASKS
type AimKind = 'everything' | 'mask' | 'where' | 'colour'

/** A step: the task, where it acts, and the task's parameters with their defaults filled in. */
export interface RecipeStep {
  readonly task: RecipeTask
  readonly aim: Aim
  readonly params: JsonObject
}

/** A recipe, checked. */
export interface Recipe {
  readonly name: string
  readonly note: string
  readonly steps: readonly RecipeStep[]
}

/** Parameters that belong to one run on one machine: whoever runs the recipe supplies them. */
export const RUN_FIELDS: ReadonlySet<string> = new Set(['task', 'image', 'mask', 'out', 'quality', 'recipe', 'device', 'latents', 'trace', 'preview', 'sheet', 'trajectory', 'bias', 'biasStrength'])

/** The schema of one task's step: every parameter of the task but those of {@link RUN_FIELDS}, and nothing else. */
function stepSchema(task: RecipeTask) {
  const shape = Object.fromEntries(Object.entries(requestSchemas[task].shape).filter(([field]) => !RUN_FIELDS.has(field)))
  return z.strictObject({ task: z.literal(task), aim: aimSchema.default('everything'), ...shape })
}

const taskNames = Object.keys(RECIPE_TASKS) as RecipeTask[] // the keys of the table above
const stepSchemas = Object.fromEntries(taskNames.map((task) => [task, stepSchema(task)])) as Record<RecipeTask, ReturnType<typeof stepSchema>> // as built
const stepUnion = z.discriminatedUnion('task', taskNames.map((task) => stepSchemas[task]) as [ReturnType<typeof stepSchema>, ...ReturnType<typeof stepSchema>[]]) // the table is not empty

const recipeFileSchema = z.strictObject({
  format: z.literal(RECIPE_FORMAT).describe('says that this is a recipe'),
  version: z.literal(RECIPE_VERSION).describe('version of the format'),
  name: z.string().max(200).default('').describe('what the recipe is called'),
  note: z.string().max(10_000).default('').describe('anything worth knowing'),
  steps: z.array(stepUnion).min(1).max(1000).describe('the operations, first to last'),
})

/** The JSON Schema of a recipe file, for editors that check while one types. */
export function recipeJsonSchema(): JsonObject {
  return z.toJSONSchema(recipeFileSchema, { io: 'input' }) as JsonObject // a JSON Schema is a JSON object
}

/**
 * Parses the text of a recipe.
 * @param name how the file is called in a sentence
 * @throws EngineError recipe/... (exit 2): not JSON, no recipe, a future version, an unknown field (named), a value out of range
 */
export function parseRecipe(text: string, name: string): Recipe {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw badInput('recipe/not-json', { thing: name, expected: 'JSON', found: `something else (${(error as Error).message})`, cause: error })
  }
  const head = z.object({ format: z.unknown().optional(), version: z.unknown().optional() }).safeParse(value)
  if (!head.success || head.data.format !== RECIPE_FORMAT)
    throw badInput('recipe/not-a-recipe', { thing: name, expected: `"format": "${RECIPE_FORMAT}" at the top`, found: head.success && head.data.format !== undefined ? JSON.stringify(head.data.format) : 'no such field' })
  if (typeof head.data.version === 'number' && head.data.version > RECIPE_VERSION)
    throw badInput('recipe/from-the-future', { thing: name, expected: `version ${RECIPE_VERSION}`, found: `version ${head.data.version}, made by a newer Palimpsest`, todo: 'update Palimpsest to use it' })
  const parsed = recipeFileSchema.safeParse(value)
  if (!parsed.success) throw refusal(name, value, parsed.error.issues[0]!)
  const steps = parsed.data.steps.map(({ task, aim, ...params }, index) => {
    checkAim(name, index, task as RecipeTask, aim as Aim) // the union has checked both
    return { task: task as RecipeTask, aim: aim as Aim, params: params as JsonObject }
  })
  return { name: parsed.data.name, note: parsed.data.note, steps }
}

/** The text of a recipe file: two spaces, a line per field, parameters in the order of the task. */
export function formatRecipe(recipe: { readonly name?: string; readonly note?: string; readonly steps: readonly RecipeStep[] }): string {
  const { name, note, steps } = recipe
  return `${JSON.stringify({
    format: RECIPE_FORMAT, version: RECIPE_VERSION, ...(name ? { name } : {}), ...(note ? { note } : {}),
    steps: steps.map(({ task, aim, params }) => ({ task, aim, ...params })),
  }, null, 2)}\n`
}

/** The kind of an aim, as {@link RECIPE_TASKS} names them. */
export function aimKind(aim: Aim): AimKind {
  if (aim === 'everything') return 'everything'
  return 'mask' in aim ? 'mask' : 'where' in aim ? 'where' : 'colour'
}

function checkAim(name: string, index: number, task: RecipeTask, aim: Aim): void {
  const allowed: readonly AimKind[] = RECIPE_TASKS[task]
  if (!allowed.includes(aimKind(aim)))
    throw badInput('recipe/aim', { thing: `${name}, step ${index + 1}`, expected: `an aim of "${task}" by ${allowed.join(', ')}`, found: aimKind(aim) })
  if (typeof aim === 'object' && 'where' in aim) parseWhere(aim.where)
}

/** The sentence for the first thing wrong with a recipe. */
function refusal(name: string, value: unknown, issue: z.core.$ZodIssue): EngineError {
  const path = [...issue.path]
  const step = path[0] === 'steps' && typeof path[1] === 'number' ? path[1] : undefined
  const field = path.slice(step === undefined ? 0 : 2).join('.')
  const thing = [name, step === undefined ? '' : `step ${step + 1}`, field].filter((part) => part !== '').join(', ')
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!
    const task = step === undefined ? undefined : ((value as { steps?: { task?: string }[] }).steps?.[step]?.task as RecipeTask | undefined) // only looked up in a table
    const known = field !== '' ? [] : task && task in stepSchemas ? Object.keys(stepSchemas[task].shape) : Object.keys(recipeFileSchema.shape)
    const near = known.find((other) => other.toLowerCase() === key.toLowerCase()) ?? known.filter((other) => distance(other, key) <= 2).sort((a, b) => distance(a, key) - distance(b, key))[0]
    const why = RUN_FIELDS.has(key) ? 'which belongs to a run and not to a recipe; take it out' : near ? `did you mean "${near}"?` : 'take it out'
    return badInput('recipe/unknown-field', { thing, expected: 'only known fields', found: `"${key}"`, todo: why, details: { field: key } })
  }
  let found: unknown = value
  for (const key of path) found = (found as Record<PropertyKey, unknown> | null | undefined)?.[key]
  return badInput('recipe/value', { thing, expected: expectation(issue), found: found === undefined ? 'nothing' : Array.isArray(found) && found.length === 0 ? 'none' : (JSON.stringify(found) ?? 'nothing').slice(0, 80), details: { field } })
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type': return issue.expected === 'int' ? 'a whole number' : `a ${issue.expected}`
    case 'too_small': return `at least ${String(issue.minimum)}${unitOf(issue.origin)}`
    case 'too_big': return `at most ${String(issue.maximum)}${unitOf(issue.origin)}`
    case 'invalid_value': return `one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`
    case 'invalid_union': return issue.path.at(-1) === 'task' ? `one of ${taskNames.map((task) => `"${task}"`).join(', ')}` : '"everything", {"mask": ...}, {"where": ...} or {"colour": ...}'
    case 'invalid_format': case 'custom': return issue.message
    default: return issue.message
  }
}

/** What a limit counts where it is no plain number. */
function unitOf(origin: string): string {
  return origin === 'array' ? ' in the list' : origin === 'string' ? ' characters' : ''
}

/** Levenshtein distance, for names of a few letters. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    previous = current
  }
  return previous[b.length]!
}
