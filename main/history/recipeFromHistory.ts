/** "Copy as recipe": operations of a history as steps of a recipe. */
import { badInput } from '../engine/errors.ts'
import type { Aim } from './aims.ts'
import type { Operation } from './documents.ts'
import type { BlobHash, OperationId } from './ids.ts'
import type { Json, MaskOrigin } from './model.ts'
import type { ProjectReader } from './projectReader.ts'
import { type Recipe, RECIPE_TASKS, RUN_FIELDS, type RecipeStep, type RecipeTask, formatRecipe, parseRecipe } from './recipe.ts'

/** A recipe with the mask files it aims by. */
export interface CopiedRecipe {
  readonly recipe: Recipe
  readonly text: string
  /** masks to write beside the recipe: file name and blob */
  readonly files: readonly { readonly file: string; readonly hash: BlobHash }[]
  /** operations that are no steps (strokes, layers), left out */
  readonly leftOut: readonly OperationId[]
}

/**
 * Makes a recipe of operations, in their order. A mask that was made from words or a colour becomes that aim; any
 * other becomes a file.
 * @throws EngineError recipe/nothing (exit 2) when none of them can be a step
 */
export function copyAsRecipe(project: ProjectReader, operations: readonly OperationId[], name = ''): CopiedRecipe {
  const files = new Map<BlobHash, string>()
  const leftOut: OperationId[] = []
  const steps: RecipeStep[] = []
  for (const operation of operations.map((id) => project.operation(id))) {
    if (!(operation.kind in RECIPE_TASKS)) {
      leftOut.push(operation.id)
      continue
    }
    const task = operation.kind as RecipeTask // the line above checks it
    steps.push({ task, aim: aimOf(project, operation, task, files), params: paramsOf(operation) })
  }
  if (steps.length === 0)
    throw badInput('recipe/nothing', { thing: 'These operations', expected: `at least one of ${Object.keys(RECIPE_TASKS).join(', ')}`, found: 'none', todo: 'choose steps that the engine ran' })
  const text = formatRecipe({ name, steps })
  return { recipe: parseRecipe(text, 'The recipe'), text, files: [...files].map(([hash, file]) => ({ file, hash })), leftOut }
}

function paramsOf(operation: Operation): Record<string, Json> {
  const params: Record<string, Json> = { ...(operation.model === null ? {} : { model: operation.model }), ...(operation.seed === null ? {} : { seed: operation.seed }) }
  for (const [field, value] of Object.entries(operation.params)) if (!RUN_FIELDS.has(field)) params[field] = value
  return params
}

function aimOf(project: ProjectReader, operation: Operation, task: RecipeTask, files: Map<BlobHash, string>): Aim {
  const mask = operation.inputs.find((input) => input.role === 'mask')
  const allowed: readonly string[] = RECIPE_TASKS[task]
  if (!mask || !allowed.includes('mask')) return 'everything'
  const origin = project.masks(operation.document).find((saved) => saved.hash === mask.hash)?.origin
  const aim = origin && aimOfOrigin(origin)
  if (aim) return aim
  const file = files.get(mask.hash) ?? `mask-${mask.hash.slice(0, 8)}.png`
  files.set(mask.hash, file)
  return { mask: file }
}

function aimOfOrigin(origin: MaskOrigin): Aim | undefined {
  if (origin.from === 'attention') return { where: origin.where }
  if (origin.from !== 'colour') return undefined
  const byte = (value: number): string => Math.round(Math.max(0, Math.min(255, value))).toString(16).padStart(2, '0')
  return { colour: `#${origin.colour.map(byte).join('')}`, tolerance: origin.tolerance }
}
