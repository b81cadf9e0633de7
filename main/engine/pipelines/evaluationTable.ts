/** The table of an evaluation: means per method and per kind of edit, as Markdown and as plain data. */
import { EDIT_KINDS } from './benchmark.ts'

/** What was measured of one edit. Null where the benchmark or the checkpoint cannot tell. */
export interface CaseResult {
  readonly method: string
  readonly id: string
  readonly kind: number
  /** structure distance to the original (DINO), whole picture */
  readonly structure: number | null
  /** LPIPS outside the mask, against the original */
  readonly backgroundLpips: number | null
  /** outside the mask, against the original: PSNR in dB, mean squared error and SSIM of pictures in 0..1 */
  readonly backgroundPsnr: number | null
  readonly backgroundMse: number | null
  readonly backgroundSsim: number | null
  /** against the true result, whole picture */
  readonly truthPsnr: number | null
  readonly truthSsim: number | null
  readonly clipWhole: number | null
  readonly clipEdited: number | null
  /** the probe sees what was asked for (objects that should go included) */
  readonly asked: boolean | null
  /** the probe sees the asked object (kind 1) or colour (kind 6), whatever else */
  readonly askedMain: boolean | null
  /** PSNR in dB of the reconstructed original */
  readonly fidelity: number | null
  readonly rowForwards: number
  readonly unetCalls: number
  readonly secondsInversion: number
  readonly seconds: number
}

/** Means over some cases. */
export interface MethodSummary {
  readonly method: string
  readonly cases: number
  readonly means: Readonly<Record<string, number | null>>
}

interface Column {
  readonly title: string
  readonly digits: number
  readonly value: (result: CaseResult) => number | null
}

const percent = (value: boolean | null): number | null => (value === null ? null : value ? 100 : 0)
const times = (value: number | null, factor: number): number | null => (value === null ? null : value * factor)

/** Columns of the main table, in PIE-Bench's units. */
const COLUMNS: Readonly<Record<string, Column>> = {
  structure: { title: 'structure distance x10^3', digits: 2, value: (r) => times(r.structure, 1e3) },
  backgroundPsnr: { title: 'background PSNR dB', digits: 2, value: (r) => r.backgroundPsnr },
  backgroundLpips: { title: 'LPIPS x10^3', digits: 2, value: (r) => times(r.backgroundLpips, 1e3) },
  backgroundMse: { title: 'MSE x10^4', digits: 2, value: (r) => times(r.backgroundMse, 1e4) },
  backgroundSsim: { title: 'SSIM x10^2', digits: 2, value: (r) => times(r.backgroundSsim, 100) },
  truthPsnr: { title: 'truth PSNR dB', digits: 2, value: (r) => r.truthPsnr },
  truthSsim: { title: 'truth SSIM x10^2', digits: 2, value: (r) => times(r.truthSsim, 100) },
  clipWhole: { title: 'CLIP whole', digits: 2, value: (r) => r.clipWhole },
  clipEdited: { title: 'CLIP edited', digits: 2, value: (r) => r.clipEdited },
  asked: { title: 'asked seen %', digits: 1, value: (r) => percent(r.asked) },
  askedMain: { title: 'object or colour seen % (kinds 1, 6)', digits: 1, value: (r) => percent(r.askedMain) },
  fidelity: { title: 'reconstruction dB', digits: 2, value: (r) => r.fidelity },
  rowForwards: { title: 'UNet rows', digits: 0, value: (r) => r.rowForwards },
  seconds: { title: 'seconds', digits: 1, value: (r) => r.seconds + r.secondsInversion },
}

/** Means of every column, over the cases where it is known. */
export function summarise(results: readonly CaseResult[], method: string): MethodSummary {
  const own = results.filter((result) => result.method === method)
  const means = Object.fromEntries(
    Object.entries(COLUMNS).map(([key, { value }]) => {
      const known = own.map(value).filter((number): number is number => number !== null && Number.isFinite(number))
      return [key, known.length > 0 ? known.reduce((sum, number) => sum + number, 0) / known.length : null]
    }),
  )
  return { method, cases: own.length, means }
}

/** The tables as Markdown: all cases, then background PSNR and what was asked by kind. */
export function markdownTables(results: readonly CaseResult[], methods: readonly string[], notes: readonly string[]): string {
  const shown = Object.entries(COLUMNS).filter(([, { value }]) => results.some((result) => value(result) !== null))
  const cell = (value: number | null | undefined, digits: number): string => (value === null || value === undefined ? '–' : value.toFixed(digits))
  const rows = methods.map((method) => {
    const { cases, means } = summarise(results, method)
    return [method, String(cases), ...shown.map(([key, { digits }]) => cell(means[key], digits))]
  })
  const main = table(['method', 'edits', ...shown.map(([, { title }]) => title)], rows)
  const kinds = [...new Set(results.map(({ kind }) => kind))].sort((a, b) => a - b)
  const byKind = (key: string): string =>
    table(
      ['kind', ...methods],
      kinds.map((kind) => [
        `${kind} ${EDIT_KINDS[kind] ?? ''}`.trim(),
        ...methods.map((method) => cell(summarise(results.filter((result) => result.kind === kind), method).means[key], COLUMNS[key]!.digits)),
      ]),
    )
  const parts = ['## All edits', main, '## Background PSNR in dB by kind of edit', byKind('backgroundPsnr')]
  if (results.some(({ asked }) => asked !== null)) parts.push('## What was asked for is seen, %, by kind of edit', byKind('asked'))
  return [...parts, ...notes.map((note) => `- ${note}`)].join('\n\n').replaceAll('\n\n- ', '\n- ') + '\n'
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(headings), line(headings.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}
