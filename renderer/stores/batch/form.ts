/** What a person fills in to start a batch, and what is made of it. */
import type { BatchPlan } from '../../../preload/contract/batch.ts'
import type { InputOf } from '../../../preload/contract/channels.ts'
import type { FileInfo } from '../../../preload/contract/files.ts'

/** See the head of this file. Lengths and names as in the contract; null is "not chosen". */
export interface BatchForm {
  readonly recipe: string
  readonly inputs: FileInfo | null
  readonly outputs: FileInfo | null
  readonly masks: FileInfo | null
  readonly prompts: FileInfo | null
  readonly glob: string
  readonly maskSuffix: string
  readonly existing: BatchPlan['existing']
  readonly name: string
  readonly format: BatchPlan['format']
  /** dB below which a result waits for review; null reviews none */
  readonly gate: number | null
  readonly jobs: number
}

/** The form as it is at first. */
export const EMPTY_BATCH: BatchForm = {
  recipe: '', inputs: null, outputs: null, masks: null, prompts: null, glob: '*', maskSuffix: '', existing: 'skip', name: '{name}', format: 'same', gate: null, jobs: 1,
}

/** What is missing before a plan can be made, in the order a person fills it in. */
export type BatchLack = 'recipe' | 'inputs' | 'outputs' | 'name'

/** What the form lacks. */
export function lacksOf(form: BatchForm): BatchLack[] {
  const lacks: BatchLack[] = []
  if (form.recipe.trim() === '') lacks.push('recipe')
  if (!form.inputs) lacks.push('inputs')
  if (!form.outputs) lacks.push('outputs')
  if (exampleName(form, 'photo.jpg', 'recipe') === null) lacks.push('name')
  return lacks
}

/** The plan that the form asks for; null while it lacks something. */
export function planOf(form: BatchForm): InputOf<'batch.plan'> | null {
  if (lacksOf(form).length > 0) return null
  return {
    recipe: form.recipe, inputs: form.inputs!.file, outputs: form.outputs!.file, // lacksOf has looked
    ...(form.masks ? { masks: form.masks.file } : {}), ...(form.prompts ? { prompts: form.prompts.file } : {}),
    glob: form.glob.trim() === '' ? '*' : form.glob.trim(), maskSuffix: form.maskSuffix.trim(), existing: form.existing,
    name: form.name.trim(), format: form.format, ...(form.gate === null ? {} : { gate: form.gate }), jobs: form.jobs,
  }
}

const ENDINGS: Readonly<Record<Exclude<BatchPlan['format'], 'same'>, string>> = { png: 'png', jpeg: 'jpg', webp: 'webp', tiff: 'tif' }
/** Words that a name may hold in braces. */
export const NAME_WORDS = ['dir', 'name', 'ext', 'recipe', 'seed'] as const

/**
 * How the result of a picture would be called; null when the template names a word that there is not, leads out of the
 * folder, or is empty.
 * @param picture name of a picture, with its ending
 */
export function exampleName({ name, format }: Pick<BatchForm, 'name' | 'format'>, picture: string, recipe: string): string | null {
  const dot = picture.lastIndexOf('.')
  const ending = format === 'same' ? picture.slice(dot + 1) : ENDINGS[format]
  const template = name.trim().includes('{ext}') ? name.trim() : `${name.trim()}.{ext}` // as the host completes it
  const words: Readonly<Record<string, string>> = { dir: '', name: picture.slice(0, dot), ext: ending, recipe: recipe.trim().replaceAll(/[^\p{L}\p{N}._-]+/gu, '-') || 'recipe', seed: '17' }
  let unknown = false
  const filled = template.replace(/\{(\w*)\}/g, (whole, word: string) => {
    if (!Object.hasOwn(words, word)) unknown = true
    return words[word] ?? whole
  }).replaceAll('\\', '/').replace(/^\/+/, '')
  const file = filled.split('/').at(-1)!
  if (unknown || name.trim() === '' || file.startsWith('.') || filled.split('/').includes('..')) return null
  return /\.(png|jpe?g|webp|tiff?)$/i.test(filled) ? filled : null
}
