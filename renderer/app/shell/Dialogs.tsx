/** Shows the dialogs that are open, and the dialog panels of the registry. */
import { Modal } from '@mantine/core'
import { type ReactNode, Suspense, useEffect, useRef } from 'react'
import { panelById } from '../../panels/registry.ts'
import { DOCUMENT_DIALOGS } from '../../panels/document/dialogs.tsx'
import { HISTORY_DIALOGS } from '../../panels/history/dialogs.tsx'
import { type Dialog, closeDialog, dialogStore } from '../../stores/dialogStore.ts'
import { closePanel, layoutStore } from '../../stores/layoutStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import type { DialogRow } from '../../ui/dialogRow.ts'
import { PanelBoundary } from './PanelBoundary.tsx'

const rows: { readonly [K in Dialog['kind']]: DialogRow<Extract<Dialog, { kind: K }>> } = { ...DOCUMENT_DIALOGS, ...HISTORY_DIALOGS }

/** See the file's head. */
export function Dialogs() {
  const open = useStore(dialogStore, (state) => state.open)
  return (
    <>
      <PanelDialog />
      {open.map((dialog, index) => <OneDialog key={dialog.kind} dialog={dialog} depth={index} />)}
    </>
  )
}

function OneDialog({ dialog, depth }: { readonly dialog: Dialog; readonly depth: number }) {
  const { title, size, component: Body } = rows[dialog.kind] as unknown as DialogRow<Dialog> // the table has the row for this very kind
  return (
    <Modal opened onClose={() => closeDialog(dialog.kind)} title={title(dialog)} size={`${size}rem`} zIndex={300 + depth} className="dialog">
      <PanelBoundary><Suspense fallback={null}><FirstFocus><Body dialog={dialog} close={() => closeDialog(dialog.kind)} /></FirstFocus></Suspense></PanelBoundary>
    </Modal>
  )
}

/** The dialog's own first field, which was not loaded yet when the modal looked for one. */
function FirstFocus({ children }: { readonly children: ReactNode }) {
  const frame = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const timer = setTimeout(() => frame.current?.querySelector<HTMLElement>('[data-autofocus]')?.focus(), 20) // after the modal's own try
    return () => clearTimeout(timer)
  }, [])
  return <div ref={frame}>{children}</div>
}

function PanelDialog() {
  const id = useStore(layoutStore, ({ dialog }) => dialog)
  const panel = id === null ? undefined : panelById(id)
  if (!panel) return null
  const { component: Content, title, size = 40 } = panel
  return (
    <Modal opened onClose={() => closePanel('dialog')} title={t(title)} size={`${size}rem`} className="dialog">
      <PanelBoundary><Suspense fallback={null}><Content /></Suspense></PanelBoundary>
    </Modal>
  )
}
