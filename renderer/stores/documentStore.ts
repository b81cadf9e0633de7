/**
 * The open project and document. Changes go to the host one after another, each on the head that the one before left, and
 * what comes back replaces the view: the window never decides what a document is.
 */
import { createStore } from 'zustand/vanilla'
import type { DocumentChange, DocumentView, LayerView, ProjectRow, ProjectView } from '../../preload/contract/documents.ts'
import { type InputOf, type OutputOf } from '../../preload/contract/channels.ts'
import { AppError } from '../../preload/contract/result.ts'
import { call } from '../api/client.ts'
import { strokesStored } from './canvasPort.ts'

/** See {@link documentStore}. `pending` counts changes the host has not confirmed; `ref` opens the project again. */
export type DocumentState = {
  readonly project: ProjectView | null
  readonly document: DocumentView | null
  readonly projects: readonly ProjectRow[]
  readonly selected: readonly number[]
  readonly pending: number
  readonly reopen: InputOf<'projects.open'> | null
}

/** What is open. */
export const documentStore = createStore<DocumentState>(() => ({ project: null, document: null, projects: [], selected: [], pending: 0, reopen: null }))

/** The ids that most calls need, or null when nothing is open. */
export function place(): { project: string; document: number } | null {
  const { document } = documentStore.getState()
  return document && { project: document.project, document: document.document }
}

/** The open document. @throws Error when nothing is open: a command ran that should have been off */
export function openDocument(): DocumentView {
  const { document } = documentStore.getState()
  if (!document) throw new Error('no document is open')
  return document
}

/** The layer that layer commands act on: the last selected one that still exists. */
export function selectedLayer(state: DocumentState = documentStore.getState()): LayerView | null {
  const wanted = state.selected.at(-1)
  return state.document?.layers.find(({ id }) => id === wanted) ?? null
}

/** The mask in force. */
export function activeMask(state: DocumentState = documentStore.getState()): LayerView | null {
  return state.document?.layers.find(({ id }) => id === state.document?.activeMask) ?? null
}

/** Takes a view from the host unless a newer one of the same document is there already. */
export function takeView(view: DocumentView): void {
  documentStore.setState((state) => {
    const old = state.document
    if (old?.project === view.project && old.document === view.document && old.version > view.version) return state
    const same = old?.project === view.project && old.document === view.document
    const alive = new Set(view.layers.map(({ id }) => id))
    return { document: view, selected: same ? state.selected.filter((id) => alive.has(id)) : [] }
  })
}

/** Chooses layers by hand; the last one is the one that commands act on. */
export function selectLayers(ids: readonly number[]): void {
  documentStore.setState({ selected: ids })
}

let line: Promise<unknown> = Promise.resolve()

/** Runs one call that changes the document after those before it. Its view is taken; its error is the caller's. */
export function inTurn(task: () => Promise<DocumentView>): Promise<DocumentView> {
  documentStore.setState(({ pending }) => ({ pending: pending + 1 }))
  const turn = line.then(task).then((view) => {
    takeView(view)
    return view
  })
  line = turn.catch(() => null) // the caller hears of it; the line goes on
  return turn.finally(() => documentStore.setState(({ pending }) => ({ pending: pending - 1 })))
}

/** One change, one operation of the history. @throws AppError */
export function change(what: DocumentChange): Promise<DocumentView> {
  const attempt = (): Promise<DocumentView> => {
    const { project, document, head } = openDocument()
    return call('document.change', { project, document, base: head, change: what })
  }
  return inTurn(async () => {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'document/stale') throw error
      // something else changed the document in between: seen now, and meant for the newer one just as well
      takeView(await call('documents.open', place()!)) // the attempt had a document
      return attempt()
    }
  })
}

/** Takes back one operation; null when there is none. @throws AppError */
export async function undo(): Promise<DocumentView | null> {
  await strokesStored()
  return openDocument().undo === null ? null : inTurn(() => call('history.undo', place()!)) // openDocument has checked it
}

/** Does again what was taken back; null when there is nothing. @throws AppError */
export async function redo(): Promise<DocumentView | null> {
  await strokesStored()
  return openDocument().redo === null ? null : inTurn(() => call('history.redo', place()!)) // openDocument has checked it
}

/** Makes a mask layer the one that edits use, or none. @throws AppError */
export function setActiveMask(layer: number | null): Promise<DocumentView> {
  return inTurn(() => call('document.activeMask', { ...place()!, layer })) // callers have a document
}

/**
 * Makes a project the open one. The one that was open is closed in the host after that; the same one, opened again, was
 * counted twice there and goes on with one window less.
 */
export async function takeProject(project: OutputOf<'projects.open'>, reopen: InputOf<'projects.open'> | null): Promise<void> {
  const before = documentStore.getState().project
  documentStore.setState({ project, reopen })
  if (before) await call('projects.close', { project: before.project }).catch(() => null) // it may be gone with a restarted host
}

/** Reads the list of projects. @throws AppError */
export async function refreshProjects(): Promise<void> {
  documentStore.setState({ projects: (await call('projects.list', {})).projects })
}
