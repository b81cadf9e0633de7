/** Values per picture from a table: `file,prompt,negative,seed,prompt.2`. */
import path from 'node:path'
import { badInput } from '../../engine/errors.ts'
import { requestSchemas } from '../../engine/requests.ts'
import type { Json, JsonObject } from '../../history/model.ts'
import { RUN_FIELDS, type RecipeStep } from '../../history/recipe.ts'
import { parseCsv } from './csv.ts'

/** What the table says of one picture. */
export interface PictureRow {
  /** parameters by place of the step, from 0 */
  readonly steps: readonly JsonObject[]
  /** what the picture shows, for aims by words */
  readonly description?: string
}

/** The table, read. */
export interface PromptTable {
  /** by the picture's path as the table writes it, with forward slashes */
  readonly rows: ReadonlyMap<string, PictureRow>
}

/** Columns that name the picture. */
const FILE_COLUMNS: readonly string[] = ['file', 'image', 'picture', 'name']

interface Column {
  readonly at: number
  readonly field: string
  /** steps it is for */
  readonly steps: readonly number[]
}

/**
 * Reads the table and checks every value against the steps it is for.
 * @throws EngineError batch/csv, batch/column, batch/value, batch/twice (exit 2), each naming line and column
 */
export function readPromptTable(text: string, name: string, steps: readonly RecipeStep[]): PromptTable {
  const table = parseCsv(text, name)
  const fileAt = table.columns.findIndex((column) => FILE_COLUMNS.includes(column.toLowerCase()))
  if (fileAt < 0) throw badInput('batch/column', { thing: name, expected: 'a column "file" with the names of the pictures', found: `the columns ${table.columns.join(', ')}` })
  const describesAt = table.columns.findIndex((column) => column.toLowerCase() === 'description')
  const columns = table.columns.flatMap((column, at) => (at === fileAt || at === describesAt ? [] : [columnOf(column, at, name, steps)]))
  const rows = new Map<string, PictureRow>()
  for (const { line, cells } of table.rows) {
    const file = (cells[fileAt] ?? '').trim().replaceAll('\\', '/').replace(/^\.\//, '')
    if (file === '') throw badInput('batch/csv', { thing: `${name}, line ${line}`, expected: 'the name of a picture', found: 'an empty cell' })
    if (rows.has(file)) throw badInput('batch/twice', { thing: `${name}, line ${line}`, expected: 'each picture once', found: `"${file}" again` })
    const params: Record<string, Json>[] = steps.map(() => ({}))
    for (const column of columns) {
      const cell = cells[column.at] ?? ''
      if (cell === '') continue
      for (const step of column.steps) params[step]![column.field] = valueOf(cell, column.field, steps[step]!, `${name}, line ${line}, column "${table.columns[column.at]}"`)
    }
    const description = cells[describesAt]
    rows.set(file, { steps: params, ...(description ? { description } : {}) })
  }
  return { rows }
}

/** The row of a picture: by its whole relative path, else by its name, with or without its ending. */
export function rowFor(table: PromptTable | undefined, key: string): { readonly row: PictureRow; readonly written: string } | undefined {
  for (const written of [key, path.posix.basename(key), path.posix.join(path.posix.dirname(key), path.posix.parse(key).name), path.posix.parse(key).name]) {
    const row = table?.rows.get(written)
    if (row) return { row, written }
  }
  return undefined
}

function fieldsOf(step: RecipeStep): string[] {
  return Object.keys(requestSchemas[step.task].shape).filter((field) => !RUN_FIELDS.has(field) && field !== 'size') // a size is no cell
}

function columnOf(column: string, at: number, name: string, steps: readonly RecipeStep[]): Column {
  const match = /^(.*?)(?:\.(\d+))?$/.exec(column)!
  const field = match[1]!
  const number = match[2] === undefined ? undefined : Number(match[2])
  if (number !== undefined && (number < 1 || number > steps.length))
    throw badInput('batch/column', { thing: `${name}, column "${column}"`, expected: `a step from 1 to ${steps.length}`, found: String(number) })
  const able = steps.flatMap((step, index) => ((number === undefined || number === index + 1) && fieldsOf(step).includes(field) ? [index] : []))
  if (able.length > 0) return { at, field, steps: able }
  const known = [...new Set(steps.flatMap(fieldsOf))]
  throw badInput('batch/column', { thing: `${name}, column "${column}"`, expected: `a parameter of the recipe's steps (${known.join(', ')})`, found: 'none of that name', todo: 'rename the column or take it out' })
}

/** A cell as the parameter's schema takes it: as text, as a number, as yes or no, or as a list with bars between. */
function valueOf(cell: string, field: string, step: RecipeStep, thing: string): Json {
  const shape: Readonly<Record<string, { safeParse(value: unknown): { success: boolean } }>> = requestSchemas[step.task].shape
  const candidates: Json[] = [cell, ...(cell.trim() !== '' && Number.isFinite(Number(cell)) ? [Number(cell)] : []), ...(/^(true|yes)$/i.test(cell) ? [true] : /^(false|no)$/i.test(cell) ? [false] : []), cell.split('|').map((part) => part.trim())]
  const value = candidates.find((candidate) => shape[field]!.safeParse(candidate).success)
  if (value !== undefined) return value
  throw badInput('batch/value', { thing, expected: `a value that "${field}" of ${step.task} can take`, found: `"${cell.slice(0, 60)}"` })
}
