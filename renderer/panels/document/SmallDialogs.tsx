/** Rename, and the one plain dialog that tells an error. */
import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import type { Dialog } from '../../stores/dialogStore.ts'
import { documentStore } from '../../stores/documentStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { DialogForm } from './DialogForm.tsx'

/** The project's name. */
export function RenameProjectDialog({ close }: { readonly close: () => void }) {
  const project = useStore(documentStore, (state) => state.project)
  const [name, setName] = useState(project?.name ?? '')
  const rename = async (): Promise<void> => {
    if (project) documentStore.setState({ project: await call('projects.rename', { project: project.project, name: name.trim() }) })
  }
  return (
    <DialogForm submit={t('common.rename')} disabled={name.trim() === ''} close={close} onDone={rename}>
      <TextInput data-autofocus label={t('document.new.name')} value={name} maxLength={200} onFocus={(event) => event.currentTarget.select()} onChange={(event) => setName(event.currentTarget.value)} />
    </DialogForm>
  )
}

/** One sentence, that nothing was lost, and one way on. */
export function ProblemDialog({ dialog: { problem }, close }: { readonly dialog: Extract<Dialog, { kind: 'problem' }>; readonly close: () => void }) {
  const open = useStore(documentStore, ({ document }) => document !== null)
  return (
    <div className="dialog-form" role="alert">
      <p className="problem-text">{problem.message}</p>
      {open && <p className="dialog-about">{t('error.nothing.lost')}</p>}
      {problem.details !== null && <details className="problem-details"><summary>{t('error.details')}</summary><pre>{problem.code}{'\n'}{problem.details}</pre></details>}
      <div className="dialog-buttons">
        {problem.action && <Button variant="default" onClick={() => { close(); problem.action?.run() }}>{problem.action.label}</Button>}
        <Button data-autofocus onClick={close}>{t('error.ok')}</Button>
      </div>
    </div>
  )
}
