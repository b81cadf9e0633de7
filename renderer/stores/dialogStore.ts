/** Dialogs about the document, and the one plain dialog that tells an error. */
import { createStore } from 'zustand/vanilla'
import type { FileInfo } from '../../preload/contract/files.ts'
import { AppError } from '../../preload/contract/result.ts'

/** What an error dialog shows. `code` and `details` are for the curious, below a fold. */
export type Problem = {
  readonly title: string
  readonly message: string
  readonly code: string | null
  readonly details: string | null
  /** one way on, beside OK */
  readonly action: { readonly label: string; readonly run: () => void } | null
}

/** An open dialog. */
export type Dialog =
  | { readonly kind: 'new' }
  | { readonly kind: 'export' }
  | { readonly kind: 'image-size' }
  | { readonly kind: 'canvas-size' }
  | { readonly kind: 'straighten' }
  | { readonly kind: 'mask-number'; readonly op: 'grow' | 'shrink' | 'feather' }
  | { readonly kind: 'mask-import'; readonly file: FileInfo }
  | { readonly kind: 'compare'; readonly a: number; readonly b: number }
  | { readonly kind: 'replay'; readonly operation: number }
  | { readonly kind: 'rename-project' }
  | { readonly kind: 'problem'; readonly problem: Problem }

/** See {@link dialogStore}: the last one is on top. */
export type DialogState = { readonly open: readonly Dialog[] }

/** Open dialogs. */
export const dialogStore = createStore<DialogState>(() => ({ open: [] }))

/** Opens a dialog; one of the same kind is replaced. */
export function openDialog(dialog: Dialog): void {
  dialogStore.setState(({ open }) => ({ open: [...open.filter(({ kind }) => kind !== dialog.kind), dialog] }))
}

/** Closes the dialog of a kind. */
export function closeDialog(kind: Dialog['kind']): void {
  dialogStore.setState(({ open }) => ({ open: open.filter((dialog) => dialog.kind !== kind) }))
}

/** Tells an error in one plain dialog. A cancelled run is no error and says nothing. */
export function tellProblem(error: unknown, title: string, action: Problem['action'] = null): void {
  const data = error instanceof AppError ? error.data : null
  if (data?.exitCode === 130) return
  const message = error instanceof Error ? error.message : String(error)
  const details = data && Object.keys(data.details).length > 0 ? JSON.stringify(data.details, null, 2) : null
  openDialog({ kind: 'problem', problem: { title, message, code: data?.code ?? null, details, action } })
}
