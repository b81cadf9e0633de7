/** Runs requests in fresh engine processes, so that peaks are each case's own. */
import { execFileSync } from 'node:child_process'
import path from 'node:path'

/** What one case took. */
export interface CaseReport {
  readonly result: Readonly<Record<string, unknown>>
  /** VmHWM of the process, bytes */
  readonly peakBytes: number
  /** wall seconds of the request */
  readonly seconds: number
}

/** Runs one request; `warm` runs it once before, uncounted, in the same process. */
export function measureCase(request: Readonly<Record<string, unknown>>, warm = false): CaseReport {
  const entry = path.join(import.meta.dirname, 'engineCase.ts')
  const text = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', entry, JSON.stringify(request), ...(warm ? ['warm'] : [])], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return JSON.parse(text.trim().split('\n').at(-1)!) as CaseReport
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
