/** Reads what a person typed into a checked request; every mistake becomes one sentence that names the option. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { ZodObject } from 'zod'
import { badInput } from '../engine/errors.ts'
import type { EngineError } from '../engine/errors.ts'
import { expectation } from './flags.ts'
import type { Flag } from './flags.ts'
import { likelyMeant, nearestFirst } from './suggest.ts'

/** Texts as typed, by the parameter's name; switches are booleans, repeatable options lists. */
export type TypedValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** What {@link readRequest} needs to know besides the texts. */
export interface Reading {
  readonly task: string
  readonly schema: ZodObject
  readonly flags: readonly Flag[]
  /** folder that relative paths start from */
  readonly callerFolder: string
  /** folder of the models that come with the program: their names win over folders of the same name */
  readonly bundledModels: string
}

/**
 * The request, with absolute paths and without the parameters left out (the engine fills in their defaults).
 * @throws EngineError input/missing or input/option (exit 2).
 */
export function readRequest(typed: TypedValues, reading: Reading): Record<string, unknown> {
  const missing = reading.flags.filter((flag) => flag.required && typed[flag.field] === undefined)
  if (missing.length > 0) throw missingOptions(reading.task, missing)
  const request: Record<string, unknown> = { task: reading.task }
  for (const flag of reading.flags) {
    const value = typed[flag.field] ?? flag.defaultValue
    if (value !== undefined) request[flag.field] = readValue(flag, value, reading)
  }
  const checked = reading.schema.safeParse(request)
  if (checked.success) return request
  const issue = checked.error.issues[0]
  const flag = reading.flags.find(({ field }) => field === issue?.path[0])
  if (flag) throw wrongValue(reading.task, flag, typed[flag.field])
  throw badInput('input/option', { thing: reading.task, expected: 'options that fit together', found: issue?.message ?? 'others' })
}

/** Resolves a path as the person meant it: from the folder the command was called in. */
export function fromCaller(callerFolder: string, file: string): string {
  return path.resolve(callerFolder, file)
}

function readValue(flag: Flag, value: unknown, reading: Reading): unknown {
  if (typeof value !== 'string') return value
  switch (flag.kind) {
    case 'integer':
    case 'number':
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value.trim()) ? Number(value) : value
    case 'size': {
      const sides = /^(\d{1,9})(?:\s*[x×*]\s*(\d{1,9}))?$/i.exec(value.trim())
      return sides ? { width: Number(sides[1]), height: Number(sides[2] ?? sides[1]) } : value
    }
    case 'inputPath':
    case 'outputPath':
      return value === '' ? value : fromCaller(reading.callerFolder, value)
    case 'model':
      return modelFromCaller(value, reading)
    default:
      return value
  }
}

/** An id stays as it is; what looks like a path, or is a checkpoint in the caller's folder, becomes an absolute one. */
export function modelFromCaller(value: string, { callerFolder, bundledModels }: Pick<Reading, 'callerFolder' | 'bundledModels'>): string {
  const absolute = fromCaller(callerFolder, value)
  if (/[\\/]/.test(value) || value === '.' || value === '..') return absolute
  if (/\.[a-z]{2,12}$/i.test(value) && existsSync(absolute)) return absolute
  if (existsSync(path.join(bundledModels, value, 'model.json'))) return value
  return ['model_index.json', 'model.json'].some((name) => existsSync(path.join(absolute, name))) ? absolute : value
}

function missingOptions(task: string, missing: readonly Flag[]): EngineError {
  const names = missing.map((flag) => (flag.placeholder && flag.name.startsWith('-') ? `${flag.name} ${flag.placeholder}` : flag.name))
  const list = names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names[0]
  return badInput('input/missing', { thing: task, expected: list ?? '', found: 'none given', todo: `see "palimpsest ${task} --help"` })
}

function wrongValue(task: string, flag: Flag, typed: unknown): EngineError {
  const thing = flag.name.startsWith('-') ? flag.name : `${task} ${flag.name}`
  const found = typeof typed === 'string' ? (typed === '' ? 'nothing' : `"${shorten(typed)}"`) : String(typed)
  if (flag.kind !== 'choice' || typeof typed !== 'string') return badInput('input/option', { thing, expected: expectation(flag), found })
  const known = flag.choices ?? []
  const meant = likelyMeant(typed, known)
  return badInput('input/unknown-name', {
    thing,
    expected: `one of ${nearestFirst(typed, known).join(', ')}`,
    found,
    ...(meant ? { todo: `perhaps ${meant} is meant` } : {}),
    details: { known },
  })
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
