/** The reports of a batch, written beside its results. */
import path from 'node:path'
import { writeDurably } from '../../history/durableFiles.ts'
import { contactSheet } from './contactSheet.ts'
import type { BatchSummary } from './summary.ts'

/** Writes `batch-report.json` and, when asked, the contact sheet `batch-report.html`; gives back the summary that names them. */
export function writeReports(summary: BatchSummary, withSheet: boolean): BatchSummary {
  const base = path.join(summary.out, summary.shard === 'all' ? 'batch-report' : `batch-report.${summary.shard}`)
  const complete: BatchSummary = { ...summary, reports: [`${base}.json`, ...(withSheet ? [`${base}.html`] : [])] }
  writeDurably(`${base}.json`, `${JSON.stringify(complete, null, 2)}\n`)
  if (withSheet) writeDurably(`${base}.html`, contactSheet(complete))
  return complete
}
