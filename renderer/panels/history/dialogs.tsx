/** Dialogs of the history, loaded when they are first opened. */
import { lazy } from 'react'
import type { Dialog } from '../../stores/dialogStore.ts'
import { t } from '../../strings/t.ts'
import type { DialogRow } from '../../ui/dialogRow.ts'

type Of<K extends Dialog['kind']> = DialogRow<Extract<Dialog, { kind: K }>>

/** Kind to dialog. */
export const HISTORY_DIALOGS: { readonly compare: Of<'compare'>; readonly replay: Of<'replay'> } = {
  compare: { title: () => t('history.compare.title'), size: 60, component: lazy(() => import('./CompareDialog.tsx').then((m) => ({ default: m.CompareDialog }))) },
  replay: { title: () => t('history.replay.title'), size: 32, component: lazy(() => import('./ReplayDialog.tsx').then((m) => ({ default: m.ReplayDialog }))) },
}
