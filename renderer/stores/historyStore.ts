/**
 * The tree of operations. Rows are read a page at a time and appended as operations come, so that a document with ten
 * thousand of them is read once and drawn a screenful at a time.
 */
import { createStore } from 'zustand/vanilla'
import type { OperationRow } from '../../preload/contract/history.ts'
import { call } from '../api/client.ts'
import { strokesStored } from './canvasPort.ts'
import { inTurn, place } from './documentStore.ts'

const PAGE = 5000
/** rows behind the newest that are looked at for pictures that are still to come */
const RECENT = 40

/** See {@link historyStore}. Rows in order of their making; `marked` are the two (at most) chosen for comparing. */
export type HistoryState = { readonly rows: readonly OperationRow[]; readonly head: number | null; readonly marked: readonly number[]; readonly starredOnly: boolean; readonly loading: boolean }

/** The history of the open document. */
export const historyStore = createStore<HistoryState>(() => ({ rows: [], head: null, marked: [], starredOnly: false, loading: false }))

/** Rows by id. */
export function rowsById(rows: readonly OperationRow[]): ReadonlyMap<number, OperationRow> {
  return new Map(rows.map((row) => [row.id, row]))
}

/** The operations from the first to the head: the branch that the picture shows. */
export function currentBranch(rows: readonly OperationRow[], head: number | null): ReadonlySet<number> {
  const byId = rowsById(rows)
  const branch = new Set<number>()
  for (let at = head === null ? undefined : byId.get(head); at; at = at.parent === null ? undefined : byId.get(at.parent)) branch.add(at.id)
  return branch
}

/** What the panel lists, newest first: staged and turned-down edits are the strip's and the trash's. */
export function listedRows(state: Pick<HistoryState, 'rows' | 'starredOnly'>): OperationRow[] {
  return state.rows.filter((row) => row.state === 'applied' && (!state.starredOnly || row.starred)).toReversed()
}

/** Merges newly read rows into those that are there, by id. */
export function mergeRows(old: readonly OperationRow[], fresh: readonly OperationRow[]): OperationRow[] {
  const merged = new Map(old.map((row) => [row.id, row]))
  for (const row of fresh) merged.set(row.id, row)
  return [...merged.values()].toSorted((a, b) => a.id - b.id)
}

let reading = 0

/** The rows whose pictures the host may have made since: from the first of the last few that lacks one. */
export function settledRows(rows: readonly OperationRow[]): readonly OperationRow[] {
  const bare = rows.findIndex(({ thumbnail }, index) => thumbnail === null && index >= rows.length - RECENT)
  return bare < 0 ? rows : rows.slice(0, bare)
}

/**
 * Reads the history: `all` of it, what came after the rows that are there (`new`), or also the latest rows once more
 * (`pictures`: the host makes thumbnails when nobody draws). @throws AppError
 */
export async function refreshHistory(what: 'all' | 'new' | 'pictures'): Promise<void> {
  const where = place()
  const turn = ++reading
  if (!where) return historyStore.setState({ rows: [], head: null, marked: [] })
  historyStore.setState({ loading: true })
  const known = what === 'all' ? [] : historyStore.getState().rows
  let rows = known
  let after = (what === 'pictures' ? settledRows(known) : known).at(-1)?.id
  for (;;) {
    const page = await call('history.list', { ...where, limit: PAGE, ...(after !== undefined && { after }) })
    if (turn !== reading) return
    rows = mergeRows(rows, page.operations)
    after = page.operations.at(-1)?.id ?? after
    historyStore.setState({ rows, head: page.head, loading: page.more })
    if (!page.more || page.operations.length === 0) break
  }
  historyStore.setState({ loading: false })
  if (what !== 'all' && lanesMoved(known, rows)) await refreshHistory('all')
}

/** Whether new rows grew elsewhere than on the newest one: the host lays the branch one stands on to the left, so others moved. */
export function lanesMoved(known: readonly OperationRow[], rows: readonly OperationRow[]): boolean {
  const newest = known.at(-1)
  if (!newest) return false
  const byId = new Map(known.map((row) => [row.id, row]))
  return rows.some(({ id, parent, lane }) => {
    const on = id > newest.id && parent !== null ? byId.get(parent) : undefined
    return on !== undefined && (on.id !== newest.id || on.lane !== lane)
  })
}

/** Makes an operation the head: the picture is as it was after it. @throws AppError */
export async function goTo(operation: number): Promise<void> {
  await strokesStored()
  const where = place()
  if (where) await inTurn(() => call('history.goTo', { ...where, operation }))
}

/** Names or stars an operation. @throws AppError */
export async function labelOperation(operation: number, label: { readonly name?: string | null; readonly starred?: boolean }): Promise<void> {
  const where = place()
  if (!where) return
  const row = await call('history.label', { project: where.project, operation, ...label })
  historyStore.setState(({ rows }) => ({ rows: mergeRows(rows, [row]) }))
}

/** Marks an operation for comparing; the older of two marks gives way. */
export function toggleMarked(operation: number): void {
  historyStore.setState(({ marked }) => ({ marked: marked.includes(operation) ? marked.filter((one) => one !== operation) : [...marked, operation].slice(-2) }))
}
