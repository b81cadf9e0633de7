/** The frame of a dialog that does one thing: fields, Cancel and the one button. */
import { Button } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { tellProblem } from '../../stores/dialogStore.ts'
import { t } from '../../strings/t.ts'

/** See the file's head. The dialog stays open when `onDone` fails, so that nothing typed is lost. Focus begins in the field that asks for it (`data-autofocus`), else on the one button. */
export function DialogForm({ children, submit, disabled = false, close, onDone }: { readonly children: ReactNode; readonly submit: string; readonly disabled?: boolean; readonly close: () => void; readonly onDone: () => Promise<unknown> }) {
  const [busy, setBusy] = useState(false)
  const run = async (): Promise<void> => {
    setBusy(true)
    try {
      await onDone()
      close()
    } catch (error) {
      tellProblem(error, t('error.title'))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form className="dialog-form" onSubmit={(event) => { event.preventDefault(); void run() }}>
      {children}
      <div className="dialog-buttons">
        <Button variant="default" onClick={close}>{t('common.cancel')}</Button>
        <Button type="submit" data-autofocus loading={busy} disabled={disabled}>{submit}</Button>
      </div>
    </form>
  )
}
