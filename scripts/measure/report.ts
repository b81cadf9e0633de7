/** What a measurement found: figures against their targets, tables of detail, and where they were written. */

/** One figure and what it is held against. */
export interface Figure {
  readonly name: string
  readonly target: string
  readonly measured: string
  /** null where there is no target, or nothing could be measured */
  readonly met: boolean | null
}

/** The outcome of one measurement. */
export interface MeasureReport {
  readonly figures: readonly Figure[]
  /** Markdown: tables and sentences below the figures */
  readonly details: readonly string[]
}

/** A bound of a figure. */
export type Bound = { readonly atMost: number } | { readonly atLeast: number } | { readonly exactly: number }

/** Holds a number against its bound. `unit` stands behind both numbers. */
export function figure(name: string, bound: Bound, value: number, options: { readonly digits?: number; readonly unit?: string } = {}): Figure {
  const { digits = 2, unit = '' } = options
  const shown = (number: number): string => `${number.toFixed(digits)}${unit}`
  if ('atMost' in bound) return { name, target: `at most ${shown(bound.atMost)}`, measured: shown(value), met: value <= bound.atMost }
  if ('atLeast' in bound) return { name, target: `at least ${shown(bound.atLeast)}`, measured: shown(value), met: value >= bound.atLeast }
  return { name, target: shown(bound.exactly), measured: shown(value), met: value === bound.exactly }
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A report as Markdown: the figures first. */
export function renderReport(title: string, { figures, details }: MeasureReport): string {
  const verdict = (met: boolean | null): string => (met === null ? '' : met ? 'met' : '**missed**')
  const rows = figures.map(({ name, target, measured, met }) => [name, target, measured, verdict(met)])
  return [`## ${title}`, table(['figure', 'target', 'measured', ''], rows), ...details, ''].join('\n\n')
}

/** The mean of some numbers; NaN of none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
