/**
 * What a batch is going to do, worked out before anything runs: which pictures, with which masks and words, into which
 * files. Making a plan reads names and tables, never pictures, and writes nothing.
 */
import fs from 'node:fs'
import path from 'node:path'
import { createHash } from 'node:crypto'
import { badInput } from '../../engine/errors.ts'
import { requestSchemas, wordsOf, parseWhere } from '../../engine/requests.ts'
import type { JsonObject } from '../../history/model.ts'
import { type Recipe, type RecipeStep, formatRecipe, parseRecipe } from '../../history/recipe.ts'
import { BATCH_FOLDER, REJECTED_FOLDER, REVIEW_FOLDER, findPictures } from './findPictures.ts'
import { type MaskFolder, USUAL_RULES, findMask, openMaskFolder } from './masks.ts'
import { resultName } from './naming.ts'
import { type PictureRow, readPromptTable, rowFor } from './promptTable.ts'
import type { BatchSettings } from './settings.ts'
import { type Shard, inShard, parseShard } from './shards.ts'

/** Where a step acts on one picture. Paths are absolute. */
export type PlannedAim =
  | { readonly by: 'everything' }
  | { readonly by: 'mask'; readonly file: string }
  | { readonly by: 'where'; readonly where: string; readonly description: string; readonly model: string }
  | { readonly by: 'colour'; readonly colour: string; readonly tolerance: number }

/** A step as it runs on one picture: `params` is the engine's request without paths. */
export interface PlannedStep {
  readonly task: RecipeStep['task']
  readonly aim: PlannedAim
  readonly params: JsonObject
}

/** A picture of the batch. */
export interface BatchItem {
  /** the picture's path relative to the folder of pictures, with forward slashes: what it is called everywhere */
  readonly key: string
  readonly steps: readonly PlannedStep[]
  /** the result's path relative to the folder of results, before any policy */
  readonly out: string
  /** digest of everything that decides about the result but the picture itself */
  readonly wish: string
  /** why it cannot be done, a sentence */
  readonly noMask?: string
}

/** A batch, worked out. */
export interface BatchPlan {
  readonly settings: BatchSettings
  readonly recipe: Recipe
  readonly shard: Shard
  /** the pictures of this shard, sorted by key */
  readonly items: readonly BatchItem[]
  /** pictures of all shards together */
  readonly total: number
  /** what a person should know before it starts, whole sentences */
  readonly notes: readonly string[]
}

/**
 * Works out a batch.
 * @param settings with absolute paths
 * @throws EngineError batch/... or recipe/... (exit 2) for whatever is wrong with all of it; what is wrong with one
 *   picture is told with that picture
 */
export function planBatch(settings: BatchSettings): BatchPlan {
  const shard = parseShard(settings.shard)
  const name = path.basename(settings.recipe)
  const recipe = parseRecipe(readText(settings.recipe, 'batch/recipe', 'a recipe file'), name)
  const same = sameFolder(settings.in, settings.out)
  if (same && settings.suffix === '' && settings.name.replace('{suffix}', '') === '{name}.{ext}')
    throw badInput('batch/same-folder', { thing: `--out ${settings.out}`, expected: 'another folder than the pictures are in', found: 'the same', todo: 'name another folder, or add --suffix _edited to write beside the pictures' })
  if (fs.statSync(settings.out, { throwIfNoEntry: false })?.isDirectory() === false)
    throw badInput('batch/out', { thing: `--out ${settings.out}`, expected: 'a folder, or a name that is still free', found: 'a file', todo: 'name another' })
  const table = settings.prompts === undefined ? undefined : readPromptTable(readText(settings.prompts, 'batch/prompts', 'a CSV file'), path.basename(settings.prompts), recipe.steps)
  const found = findPictures(settings.in, settings.files, same ? [REVIEW_FOLDER, REJECTED_FOLDER].map((name) => path.join(settings.in, name)) : [settings.out])
  const masks = needsMaskFiles(recipe) ? maskFolder(settings) : undefined
  const notes: string[] = []
  if (found.others > 0) notes.push(`${found.others} ${found.others === 1 ? 'file in the folder is' : 'files in the folder are'} no pictures by their endings and ${found.others === 1 ? 'is' : 'are'} left alone.`)
  const used = new Set<string>()
  const all = found.pictures.map((key) => {
    const row = rowFor(table, key)
    if (row) used.add(row.written)
    return planItem(key, settings, recipe, masks, row?.row)
  })
  const unused = [...(table?.rows.keys() ?? [])].filter((file) => !used.has(file))
  if (unused.length > 0) notes.push(`${path.basename(settings.prompts!)} names ${unused.length} pictures that are not in the folder, such as "${unused[0]}".`)
  const items = withoutOwnResults(all, settings, same, masks)
  refuseSameNames(items)
  if (items.length === 0) throw badInput('batch/nothing', { thing: settings.in, expected: 'pictures', found: 'none', todo: settings.files.length > 0 ? `check --files ${settings.files.join(' ')}` : 'use --files "**/*" to look into its folders' })
  return { settings, recipe, shard, items: items.filter(({ key }) => inShard(key, shard)), total: items.length, notes }
}

function readText(file: string, code: string, expected: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code
    throw badInput(code, { thing: file, expected, found: why === 'ENOENT' ? 'nothing at that path' : why === 'EISDIR' ? 'a folder' : `one that cannot be read (${String(why)})`, cause: error })
  }
}

function needsMaskFiles(recipe: Recipe): boolean {
  return recipe.steps.some(({ aim }) => typeof aim === 'object' && 'mask' in aim)
}

function maskFolder(settings: BatchSettings): MaskFolder {
  const folder = settings.masks ?? (settings.maskRule.length > 0 ? settings.in : path.dirname(settings.recipe))
  return openMaskFolder(folder, [settings.out].filter((out) => !sameFolder(out, folder)))
}

/** Whether two paths are one folder, links and letters of a forgiving file system included. */
function sameFolder(a: string, b: string): boolean {
  if (path.resolve(a) === path.resolve(b)) return true
  const [one, other] = [a, b].map((folder) => fs.statSync(folder, { throwIfNoEntry: false }))
  return one !== undefined && other !== undefined && one.ino !== 0 && one.dev === other.dev && one.ino === other.ino
}

function planItem(key: string, settings: BatchSettings, recipe: Recipe, masks: MaskFolder | undefined, row: PictureRow | undefined): BatchItem {
  let noMask: string | undefined
  const steps = recipe.steps.map((step, index): PlannedStep => {
    const own = row?.steps[index] ?? {}
    const params = runParams(step, { ...step.params, ...own }, settings, key, index)
    const aim = planAim(step, settings, masks, key, row, params)
    if ('sentence' in aim) {
      noMask ??= aim.sentence
      return { task: step.task, aim: { by: 'everything' }, params }
    }
    return { task: step.task, aim, params }
  })
  const seed = steps.at(-1)!.params['seed']
  const out = resultName({
    key, template: settings.name, suffix: settings.suffix, format: settings.format,
    recipe: recipe.name || path.parse(settings.recipe).name, seed: typeof seed === 'number' ? seed : undefined,
  })
  return { key, steps, out, wish: wishOf(steps, settings, recipe), ...(noMask === undefined ? {} : { noMask }) }
}

/** The engine's parameters of a step: the recipe's, the table's, and those that belong to this run. */
function runParams(step: RecipeStep, given: JsonObject, settings: BatchSettings, key: string, index: number): JsonObject {
  const shape: object = requestSchemas[step.task].shape
  return {
    ...given,
    ...('seed' in shape && given['seed'] === undefined ? { seed: seedFor(settings.seed, key, index) } : {}),
    ...('device' in shape ? { device: settings.device } : {}),
    recipe: settings.embedRecipe,
    quality: settings.quality,
  }
}

/** A seed that a picture keeps on every machine and in every run: 32 bits of a digest of its name. */
export function seedFor(base: number, key: string, step: number): number {
  return createHash('sha256').update(`${base}\n${step}\n${key}`).digest().readUInt32BE(0)
}

function planAim(step: RecipeStep, settings: BatchSettings, masks: MaskFolder | undefined, key: string, row: PictureRow | undefined, params: JsonObject): PlannedAim | { sentence: string } {
  const { aim } = step
  if (aim === 'everything') return { by: 'everything' }
  if ('colour' in aim) return { by: 'colour', colour: aim.colour, tolerance: aim.tolerance }
  if ('where' in aim) return { by: 'where', where: aim.where, description: describe(aim.where, step, row, params), model: step.task === 'swap' ? String(params['model']) : settings.attentionModel }
  const rules = settings.maskRule.length > 0 ? settings.maskRule : [aim.mask, ...(settings.masks === undefined ? [] : USUAL_RULES)]
  const found = findMask(masks!, rules, key, path.join(settings.in, key))
  return 'file' in found ? { by: 'mask', file: path.join(masks!.folder, ...found.file.split('/')) } : found
}

/**
 * The words that attention is looked at for: what the table, or a swap's own prompt, says of the picture when every
 * word of the condition is in it; else the words themselves.
 */
function describe(where: string, step: RecipeStep, row: PictureRow | undefined, params: JsonObject): string {
  const words = wordsOf(parseWhere(where))
  const has = (text: string): boolean => words.every((word) => word.toLowerCase().split(/\s+/).every((part) => text.toLowerCase().split(/[^\p{L}\p{N}'-]+/u).includes(part)))
  const said = [row?.description, step.task === 'swap' ? params['prompt'] : undefined].find((text) => typeof text === 'string' && has(text))
  return typeof said === 'string' ? said : words.join(' and ')
}

function wishOf(steps: readonly PlannedStep[], settings: BatchSettings, recipe: Recipe): string {
  const machineless = steps.map(({ task, aim, params }) => ({ task, aim: aim.by === 'mask' ? { by: 'mask' } : aim, params: { ...params, device: null } }))
  return createHash('sha256').update(JSON.stringify([formatRecipe({ steps: recipe.steps }), machineless, settings.format ?? null])).digest('hex').slice(0, 32)
}

/** Where results lie beside the pictures, what another picture's result or mask is called is no picture of the batch. */
function withoutOwnResults(items: readonly BatchItem[], settings: BatchSettings, same: boolean, masks: MaskFolder | undefined): BatchItem[] {
  const taken = new Set<string>()
  if (same) for (const item of items) if (item.out !== item.key) taken.add(item.out)
  if (masks) {
    for (const { steps } of items) for (const { aim } of steps) if (aim.by === 'mask') taken.add(path.relative(settings.in, aim.file).split(path.sep).join('/'))
  }
  return items.filter(({ key }) => !taken.has(key) && !key.split('/').includes(BATCH_FOLDER))
}

function refuseSameNames(items: readonly BatchItem[]): void {
  const seen = new Map<string, string>()
  for (const { key, out } of items) {
    const folded = out.toLowerCase() // two names that differ in letters' case are one file on some disks
    const other = seen.get(folded)
    if (other !== undefined) throw badInput('batch/same-name', { thing: `The results of ${other} and ${key}`, expected: 'names of their own', found: `"${out}" for both`, todo: 'put {name}.{ext} or {dir} into --name, or leave --format out' })
    seen.set(folded, key)
  }
}
