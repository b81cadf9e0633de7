/** Turns a task's zod schema into command-line options: names, placeholders, help texts, defaults, limits. */
import { z } from 'zod'
import type { ZodObject } from 'zod'

/** How an option's text is read. */
export type FlagKind = 'text' | 'list' | 'commaList' | 'integer' | 'number' | 'choice' | 'switch' | 'size' | 'inputPath' | 'outputPath' | 'model'

/** One parameter of a task as an option or a positional argument of its command. */
export interface Flag {
  /** name of the parameter in the schema */
  readonly field: string
  /** as a person writes it: "--guidance-rescale" */
  readonly name: string
  readonly kind: FlagKind
  /** "<n>", empty for a switch */
  readonly placeholder: string
  readonly description: string
  readonly required: boolean
  readonly group: string
  readonly defaultValue?: unknown
  readonly choices?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
}

/** Parameters that are no options: `task` is the command's name, previews are for windows. */
const HIDDEN_FIELDS: ReadonlySet<string> = new Set(['task', 'preview'])

/** Where the option's name is not the parameter's name in kebab case. */
const NAMES: Readonly<Record<string, string>> = { configDir: '--config' }

const INPUT_PATHS: ReadonlySet<string> = new Set(['image', 'mask', 'latents', 'in', 'configDir', 'bench', 'lpips', 'dino', 'clip'])
const OUTPUT_PATHS: ReadonlySet<string> = new Set(['out', 'trace', 'sheet', 'trajectory'])

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  model: '<id|path>', prompt: '<text>', negative: '<text>', target: '<text>', strength: '<0..1>', grow: '<px>', feather: '<px>', ring: '<px>',
  left: '<px>', right: '<px>', top: '<px>', bottom: '<px>', padding: '<share>', configDir: '<folder>', bench: '<folder>', clip: '<folder>', swap: '<a=>b>', add: '<words>',
  remove: '<words>', weight: '<word=x>', bias: '<word=file>',
}

/** Lists of single words: "--blend-words cat,hat" as well as the option given twice. */
const COMMA_LISTS: ReadonlySet<string> = new Set(['blendWords', 'methods', 'kinds'])

/** Headings of the help and what stands below them; anything else stands under the first. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  'What to make:': ['prompt', 'target', 'swap', 'add', 'remove', 'weight', 'negative', 'image', 'bench', 'mask', 'model', 'configDir', 'size', 'count', 'strength', 'left', 'right', 'top', 'bottom'],
  'The edit:': ['method', 'methods', 'align', 'cross', 'self', 'selfPixels', 'blendWords', 'localBlend', 'blendThreshold', 'blendStart', 'bias', 'biasStrength', 'startStep', 'startLayer', 'referenceExact'],
  'The inversion:': ['inversion', 'fidelity', 'trajectory', 'renoiseSteps', 'proximal', 'proximalQuantile', 'proximalGuide', 'proximalUntil', 'proximalRate', 'proximalDilate', 'emptyShare', 'inversionCache'],
  'Sampling:': ['steps', 'guidance', 'guidanceRescale', 'scheduler', 'seed', 'clipSkip', 'longPrompt', 'latents', 'trace'],
  'Mask and seam:': ['grow', 'feather', 'ring', 'padding', 'soft', 'resizeMask', 'colourMatch', 'composite'],
  'Where and how fast:': ['device', 'fast'],
  'Output:': ['out', 'quality', 'recipe', 'sheet'],
}

/** The heading of options that every command has. */
export const OUTPUT_GROUP = 'Output:'

interface JsonProperty {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly items?: JsonProperty
  readonly properties?: Readonly<Record<string, JsonProperty>>
}

/** What a command knows of its options beyond their schema; a command itself fits. */
export interface FlagHints {
  /** the command's own (the model, say), which count as given when a person leaves the option out */
  readonly defaults?: Readonly<Record<string, unknown>>
  /** files it reads whose parameter elsewhere names a result */
  readonly inputPaths?: readonly string[]
  /** what stands for an option's value in the help */
  readonly placeholders?: Readonly<Record<string, string>>
}

/** The options of a schema in help order. */
export function flagsOf(schema: ZodObject, { defaults = {}, inputPaths = [], placeholders = {} }: FlagHints = {}): Flag[] {
  const described = z.toJSONSchema(schema, { io: 'input' }) as { properties?: Record<string, JsonProperty>; required?: string[] }
  const required = new Set(described.required)
  const order = Object.values(GROUPS).flat()
  const place = (field: string): number => (order.includes(field) ? order.indexOf(field) : -1)
  return Object.entries(described.properties ?? {})
    .filter(([field]) => !HIDDEN_FIELDS.has(field))
    .map(([field, property]) => flagOf(field, property, required.has(field) && !(field in defaults), defaults[field] ?? property.default))
    .map((flag) => (inputPaths.includes(flag.field) ? { ...flag, kind: 'inputPath' as const } : flag))
    .map((flag) => (flag.field in placeholders ? { ...flag, placeholder: placeholders[flag.field]! } : flag))
    .sort((a, b) => place(a.field) - place(b.field))
}

function flagOf(field: string, property: JsonProperty, required: boolean, defaultValue: unknown): Flag {
  const kind = kindOf(field, property)
  const limits = kind === 'size' ? (property.properties?.['width'] ?? {}) : property
  const base = NAMES[field] ?? `--${kebab(field)}`
  return {
    field,
    kind,
    name: kind === 'switch' && defaultValue === true ? `--no-${base.slice(2)}` : base,
    placeholder: placeholderOf(field, kind, property),
    description: property.description ?? '',
    required,
    group: Object.entries(GROUPS).find(([, fields]) => fields.includes(field))?.[0] ?? 'What to make:',
    ...(defaultValue === undefined ? {} : { defaultValue }),
    ...(property.enum ? { choices: property.enum } : {}),
    ...(limits.minimum === undefined ? {} : { minimum: limits.minimum }),
    ...(limits.maximum === undefined || limits.maximum >= Number.MAX_SAFE_INTEGER ? {} : { maximum: limits.maximum }),
    ...(property.maxLength === undefined ? {} : { maxLength: property.maxLength }),
  }
}

function kindOf(field: string, property: JsonProperty): FlagKind {
  if (property.enum) return 'choice'
  if (property.type === 'array') return COMMA_LISTS.has(field) ? 'commaList' : 'list'
  if (property.type === 'boolean') return 'switch'
  if (property.type === 'integer') return 'integer'
  if (property.type === 'number') return 'number'
  if (property.type === 'object' && property.properties?.['width']) return 'size'
  if (field === 'model') return 'model'
  if (INPUT_PATHS.has(field)) return 'inputPath'
  return OUTPUT_PATHS.has(field) ? 'outputPath' : 'text'
}

function placeholderOf(field: string, kind: FlagKind, property: JsonProperty): string {
  if (kind === 'switch') return ''
  if (PLACEHOLDERS[field]) return PLACEHOLDERS[field]
  if (kind === 'commaList') return '<a,b>'
  if (kind === 'choice') return (property.enum ?? []).length <= 3 ? `<${property.enum?.join('|')}>` : `<${field}>`
  if (kind === 'size') return '<WxH>'
  if (kind === 'inputPath' || kind === 'outputPath') return '<file>'
  return kind === 'integer' || kind === 'number' ? '<n>' : '<text>'
}

/** The help line of an option: what it does, its choices or limits, its default. */
export function helpText(flag: Flag): string {
  const notes: string[] = []
  if (flag.choices && flag.choices.length > 3) notes.push(flag.choices.join(' | '))
  // A description that already names the largest value has said the range.
  if (flag.minimum !== undefined && flag.maximum !== undefined && !mentions(flag, flag.maximum)) notes.push(`${flag.minimum} to ${flag.maximum}`)
  if (flag.required) notes.push('required')
  else if (flag.kind !== 'switch' && shownDefault(flag) !== '') notes.push(`default: ${shownDefault(flag)}`)
  const start = flag.kind === 'switch' && flag.defaultValue === true ? `do not ${flag.description}` : flag.description
  return notes.length > 0 ? `${start} (${notes.join('; ')})` : start
}

/** The default as a person would type it; empty when there is none, or when it is nothing. */
export function shownDefault({ defaultValue }: Flag): string {
  return defaultValue === undefined ? '' : String(defaultValue)
}

function mentions(flag: Flag, value: number): boolean {
  return new RegExp(`(^|[^\\d.])${String(value).replace('.', '\\.')}([^\\d.]|$)`).test(flag.description) || flag.placeholder.includes(`..${value}`)
}

/** What an option accepts, as a noun phrase for "expected ...". */
export function expectation(flag: Flag): string {
  const range = flag.minimum === undefined ? '' : flag.maximum === undefined ? ` of at least ${flag.minimum}` : ` from ${flag.minimum} to ${flag.maximum}`
  switch (flag.kind) {
    case 'integer':
      return `a whole number${range}`
    case 'number':
      return `a number${range}`
    case 'size':
      return `a size as WxH with sides${range} pixels`
    case 'choice':
      return `one of ${(flag.choices ?? []).join(', ')}`
    case 'inputPath':
    case 'outputPath':
      return 'a file name'
    case 'model':
      return 'a model id or a path'
    default:
      return flag.maxLength === undefined ? 'text' : `text of at most ${flag.maxLength} characters`
  }
}

function kebab(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
