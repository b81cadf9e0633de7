/** Results as people read them. A field that a result does not have is left out, never guessed. */
import path from 'node:path'
import { duration } from './progressLine.ts'
import type { CommandResult } from './commandSpec.ts'

/** "Wrote cat.png (512 x 512), seed 42, in 12 s." and what was checked outside the mask. */
export function reportPicture(result: CommandResult): string {
  const pictures = Array.isArray(result['pictures']) ? (result['pictures'] as unknown[]).filter(isObject) : [result]
  const size = isNumber(result['width']) && isNumber(result['height']) ? ` (${result['width']} x ${result['height']})` : ''
  const seconds = totalSeconds(result['seconds'])
  const time = seconds === undefined ? '' : `, in ${duration(seconds)}`
  const lines = pictures.map((picture, index) => {
    const file = typeof picture['out'] === 'string' ? shortest(picture['out']) : 'nothing'
    const seed = isNumber(picture['seed']) ? `, seed ${picture['seed']}` : ''
    return `Wrote ${file}${size}${seed}${index === pictures.length - 1 ? time : ''}.`
  })
  for (const also of ['sheet', 'trace']) if (typeof result[also] === 'string') lines.push(`Wrote ${shortest(result[also])}.`)
  if (isNumber(result['changedOutside'])) lines.push(outside(result['changedOutside'], result['codec'], result['format']))
  return lines.join('\n')
}

/** The engine reports seconds as one number or by phase; this is their sum. */
export function totalSeconds(seconds: unknown): number | undefined {
  if (isNumber(seconds)) return seconds
  return isObject(seconds) ? Object.values(seconds).filter(isNumber).reduce((sum, value) => sum + value, 0) : undefined
}

function outside(changed: number, codec: unknown, format: unknown): string {
  const start = `Samples changed outside the mask: ${changed}`
  if (!isObject(codec) || codec['lossless'] !== false) return `${start}.`
  const name = format === 'webp' ? 'WebP' : typeof format === 'string' ? format.toUpperCase() : 'lossy'
  return `${start} before encoding; the ${name} codec itself changed ${String(codec['changedSamples'])} samples of the whole picture by at most ${String(codec['largestChange'])}.`
}

/** "About 12 s and 1.2 GB of memory on cpu; 20 GB are free." */
export function reportPrediction(result: CommandResult): string {
  const { seconds, peakBytes, availableBytes, fits, device } = result
  const needs = `About ${duration(Number(seconds))} and ${fileSize(Number(peakBytes))} of memory on ${String(device)}`
  return `${needs}; ${fileSize(Number(availableBytes))} are free here${fits === false ? ', which is too little' : ''}.`
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
