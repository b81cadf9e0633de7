/** Comma-separated tables as spreadsheets write them (RFC 4180; also semicolons and tabs, which they use elsewhere). */
import { badInput } from '../../engine/errors.ts'

/** A table: names of its columns and its rows; `line` is where a row begins in the file, from 1. */
export interface CsvTable {
  readonly columns: readonly string[]
  readonly rows: readonly { readonly line: number; readonly cells: readonly string[] }[]
}

/**
 * Parses a table with a heading. The separator is whichever of comma, semicolon and tab the heading holds most of.
 * @throws EngineError batch/csv (exit 2): no heading, a quote that never ends, a row with too many cells
 */
export function parseCsv(text: string, name: string): CsvTable {
  const content = text.replace(/^\uFEFF/, '')
  const records = splitRecords(content, separatorOf(content), name).filter(({ cells }) => cells.some((cell) => cell !== ''))
  const [head, ...rows] = records
  if (!head) throw badInput('batch/csv', { thing: name, expected: 'a heading like file,prompt', found: 'an empty file' })
  const long = rows.find(({ cells }) => cells.length > head.cells.length)
  if (long) throw badInput('batch/csv', { thing: `${name}, line ${long.line}`, expected: `${head.cells.length} cells`, found: String(long.cells.length), todo: 'put a text with separators between quotes' })
  return { columns: head.cells.map((cell) => cell.trim()), rows }
}

function separatorOf(text: string): string {
  const head = text.split(/\r?\n/, 1)[0]!
  const count = (sign: string): number => head.split(sign).length
  return [',', ';', '\t'].reduce((best, sign) => (count(sign) > count(best) ? sign : best))
}

function splitRecords(text: string, separator: string, name: string): { line: number; cells: string[] }[] {
  const records: { line: number; cells: string[] }[] = []
  let [cells, line, start]: [string[], number, number] = [[], 1, 1]
  let at = 0
  while (at < text.length) {
    let cell = ''
    if (text[at] === '"') {
      const opened = line
      for (at += 1; ; at += 1) {
        if (at >= text.length) throw badInput('batch/csv', { thing: `${name}, line ${opened}`, expected: 'a closing quote', found: 'the end of the file' })
        if (text[at] === '"' && text[at + 1] !== '"') break
        if (text[at] === '"') at += 1
        if (text[at] === '\n') line += 1
        cell += text[at]!
      }
      at += 1
    }
    while (at < text.length && text[at] !== separator && text[at] !== '\n' && text[at] !== '\r') cell += text[at++]!
    cells.push(cell)
    if (text[at] === separator) {
      at += 1
      if (at < text.length && text[at] !== '\n' && text[at] !== '\r') continue
      cells.push('')
    }
    if (text[at] === '\r') at += 1
    if (text[at] === '\n') at += 1
    records.push({ line: start, cells })
    ;[cells, line] = [[], line + 1]
    start = line
  }
  return records
}
