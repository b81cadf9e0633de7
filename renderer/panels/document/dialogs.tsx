/** Dialogs about the document, loaded when they are first opened. */
import { lazy } from 'react'
import type { Dialog } from '../../stores/dialogStore.ts'
import { t } from '../../strings/t.ts'
import type { DialogRow } from '../../ui/dialogRow.ts'

type Table = { readonly [K in Exclude<Dialog['kind'], 'compare' | 'replay'>]: DialogRow<Extract<Dialog, { kind: K }>> }

/** Kind to dialog. */
export const DOCUMENT_DIALOGS: Table = {
  new: { title: () => t('document.new.title'), size: 26, component: lazy(() => import('./NewDialog.tsx').then((m) => ({ default: m.NewDialog }))) },
  export: { title: () => t('document.export.title'), size: 30, component: lazy(() => import('./ExportDialog.tsx').then((m) => ({ default: m.ExportDialog }))) },
  'image-size': { title: () => t('document.size.title'), size: 24, component: lazy(() => import('./SizeDialogs.tsx').then((m) => ({ default: m.ImageSizeDialog }))) },
  'canvas-size': { title: () => t('document.canvas.title'), size: 26, component: lazy(() => import('./SizeDialogs.tsx').then((m) => ({ default: m.CanvasSizeDialog }))) },
  straighten: { title: () => t('document.straighten.title'), size: 26, component: lazy(() => import('./StraightenDialog.tsx').then((m) => ({ default: m.StraightenDialog }))) },
  'mask-number': { title: ({ op }) => t(`document.mask.${op}.title`), size: 22, component: lazy(() => import('./MaskDialogs.tsx').then((m) => ({ default: m.MaskNumberDialog }))) },
  'mask-import': { title: () => t('document.mask.import.title'), size: 34, component: lazy(() => import('./MaskDialogs.tsx').then((m) => ({ default: m.MaskImportDialog }))) },
  'rename-project': { title: () => t('document.rename.title'), size: 24, component: lazy(() => import('./SmallDialogs.tsx').then((m) => ({ default: m.RenameProjectDialog }))) },
  problem: { title: ({ problem }) => problem.title, size: 28, component: lazy(() => import('./SmallDialogs.tsx').then((m) => ({ default: m.ProblemDialog }))) },
}
