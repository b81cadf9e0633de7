/** Results as people read them. A field that a result does not have is left out, never guessed. */
import path from 'node:path'
import { duration } from './progressLine.ts'
import type { CommandResult } from './commandSpec.ts'

/** "Wrote cat.png (512 x 512), seed 42, in 12 s." and what else the result has to say. */
export function reportPicture(result: CommandResult): string {
  const files = filesOf(result)
  const size = isNumber(result['width']) && isNumber(result['height']) ? ` (${result['width']} x ${result['height']})` : ''
  const seed = isNumber(result['seed']) ? `, seed ${result['seed']}` : ''
  const seconds = isNumber(result['seconds']) ? `, in ${duration(result['seconds'])}` : ''
  const written = files.length > 0 ? files.map(shortest).join(', ') : 'nothing'
  const lines = [`Wrote ${written}${size}${seed}${seconds}.`]
  if (isNumber(result['changedOutside'])) lines.push(`Samples changed outside the mask: ${result['changedOutside']}.`)
  return lines.join('\n')
}

function filesOf(result: CommandResult): string[] {
  const files = ['files', 'outputs', 'out', 'sheet', 'trace'].flatMap((key) => result[key] ?? [])
  return [...new Set(files.filter((file): file is string => typeof file === 'string'))]
}

/** A file's path as the person would write it: relative to where they are when that is shorter. */
export function shortest(file: string): string {
  const relative = path.relative(process.cwd(), file)
  return relative !== '' && relative.length < file.length && !relative.startsWith('..') ? relative : file
}

/** Nested plain JSON as indented "name: value" lines. */
export function reportTree(value: unknown, indent = ''): string {
  if (Array.isArray(value)) {
    if (value.every((item) => !isObject(item))) return `${indent}${value.map(scalar).join(', ') || 'none'}`
    return value.map((item) => reportTree(item, `${indent}  `).replace(/^\s*/, `${indent}- `)).join('\n')
  }
  if (!isObject(value)) return `${indent}${scalar(value)}`
  return Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .map(([name, inner]) => {
      const nested = isObject(inner) ? Object.keys(inner).length > 0 : Array.isArray(inner) && inner.some(isObject)
      return nested ? `${indent}${words(name)}:\n${reportTree(inner, `${indent}  `)}` : `${indent}${words(name)}: ${reportTree(inner)}`
    })
    .join('\n')
}

/** Rows under headings, columns aligned. */
export function reportTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[]): string => cells.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd()
  return [line(headings), ...rows.map(line)].join('\n')
}

/** Byte counts for people. */
export function fileSize(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

function scalar(value: unknown): string {
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Number(value.toPrecision(6)))
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return isObject(value) || Array.isArray(value) ? JSON.stringify(value) : String(value ?? 'none')
}

function words(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}
