/** Results that wait to be accepted: which one is shown, and how the arrows walk through them. */
import { createStore } from 'zustand/vanilla'
import type { StagedEdit } from '../../preload/contract/edits.ts'
import { call } from '../api/client.ts'
import { strokesStored } from './canvasPort.ts'
import { documentStore, inTurn, place, selectLayers } from './documentStore.ts'

/** One result of one staged edit. */
export type ResultPlace = { readonly operation: number; readonly ordinal: number }

/** See {@link stagingStore}. `kept` are ordinals of the current edit to be accepted together. */
export type StagingState = { readonly edits: readonly StagedEdit[]; readonly current: ResultPlace | null; readonly kept: readonly number[] }

/** The staging strip. */
export const stagingStore = createStore<StagingState>(() => ({ edits: [], current: null, kept: [] }))

/** Every result in the order of the strip. */
export function resultPlaces(edits: readonly StagedEdit[]): ResultPlace[] {
  return edits.flatMap(({ operation, results }) => results.map(({ ordinal }) => ({ operation, ordinal })))
}

/** The result `by` places further; it goes round at the ends. */
export function stepFrom(edits: readonly StagedEdit[], current: ResultPlace | null, by: number): ResultPlace | null {
  const places = resultPlaces(edits)
  if (places.length === 0) return null
  const at = places.findIndex((one) => one.operation === current?.operation && one.ordinal === current.ordinal)
  if (at < 0) return places[by < 0 ? places.length - 1 : 0]!
  return places[(((at + by) % places.length) + places.length) % places.length]!
}

/**
 * What is shown when the list of edits has changed: results of a new edit at once, else the one that was shown, else its
 * nearest neighbour.
 */
export function currentAfter(before: readonly StagedEdit[], after: readonly StagedEdit[], current: ResultPlace | null): ResultPlace | null {
  const known = new Set(before.map(({ operation }) => operation))
  const fresh = after.find(({ operation, results }) => !known.has(operation) && results.length > 0)
  if (fresh) return { operation: fresh.operation, ordinal: fresh.results[0]!.ordinal }
  const places = resultPlaces(after)
  if (current && places.some((one) => one.operation === current.operation && one.ordinal === current.ordinal)) return current
  if (!current || places.length === 0) return places[0] ?? null
  const index = resultPlaces(before).findIndex((one) => one.operation === current.operation)
  return places[Math.max(0, Math.min(index, places.length - 1))]!
}

/** Takes the host's list. */
export function takeStaged(edits: readonly StagedEdit[]): void {
  stagingStore.setState((state) => {
    const current = currentAfter(state.edits, edits, state.current)
    return { edits, current, kept: current?.operation === state.current?.operation ? state.kept : [] }
  })
}

/** Shows the next (1) or the previous (-1) result. */
export function flip(by: number): void {
  stagingStore.setState(({ edits, current, kept }) => {
    const next = stepFrom(edits, current, by)
    return { current: next, kept: next?.operation === current?.operation ? kept : [] }
  })
}

/** Shows one result. */
export function showResult(next: ResultPlace): void {
  stagingStore.setState(({ current, kept }) => ({ current: next, kept: next.operation === current?.operation ? kept : [] }))
}

/** Marks a result of the current edit to be kept together with others, or takes the mark away. */
export function toggleKept(ordinal: number): void {
  stagingStore.setState(({ kept }) => ({ kept: kept.includes(ordinal) ? kept.filter((one) => one !== ordinal) : [...kept, ordinal].toSorted((a, b) => a - b) }))
}

/** The edit that is shown and its result. */
export function shownResult(state: StagingState): { readonly edit: StagedEdit; readonly result: StagedEdit['results'][number] } | null {
  const edit = state.edits.find(({ operation }) => operation === state.current?.operation)
  const result = edit?.results.find(({ ordinal }) => ordinal === state.current?.ordinal)
  return edit && result ? { edit, result } : null
}

/** Keeps the marked results, or the one that is shown, as new layers. @throws AppError */
export async function acceptShown(): Promise<void> {
  const { current, kept } = stagingStore.getState()
  const where = place()
  if (!current || !where) return
  await strokesStored()
  const before = new Set(documentStore.getState().document?.layers.map(({ id }) => id))
  const view = await inTurn(() => call('staging.accept', { ...where, operation: current.operation, ordinals: kept.length > 0 ? [...kept] : [current.ordinal] }))
  selectLayers(view.layers.filter(({ id, kind }) => kind !== 'mask' && !before.has(id)).map(({ id }) => id))
  await refreshStaged()
}

/** Turns the whole edit down; its results stay in the history's trash. @throws AppError */
export async function rejectShown(): Promise<void> {
  const { current } = stagingStore.getState()
  const where = place()
  if (!current || !where) return
  await strokesStored()
  await inTurn(() => call('staging.reject', { ...where, operation: current.operation }))
  await refreshStaged()
}

/** Reads the staged edits of the open document. @throws AppError */
export async function refreshStaged(): Promise<void> {
  const where = place()
  takeStaged(where ? (await call('staging.list', where)).edits : [])
}
