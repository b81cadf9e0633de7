/** Adding a model one has: drop or choose it, read what was found in it, decide. The file is never moved. */
import { Button } from '@mantine/core'
import { IconFileImport } from '@tabler/icons-react'
import { useState } from 'react'
import { bridge } from '../../api/client.ts'
import type { Adding } from '../../stores/models.ts'
import { t } from '../../strings/t.ts'
import { bytesText } from '../../app/format.ts'
import { kindName } from './ModelItem.tsx'
import { useModels } from './useModels.ts'

/** See the file's head. */
export function AddModels() {
  const adding = useModels((state) => state.adding)
  const offer = useModels((state) => state.offer)
  const [over, setOver] = useState(false)
  const pick = async (kind: 'model' | 'folder'): Promise<void> => offer(await bridge().pickFiles({ kind, multiple: kind === 'model' }))
  return (
    <section aria-labelledby="models-add" className="models-add">
      <h2 id="models-add">{t('models.add.title')}</h2>
      {adding.map((one) => <Offer key={one.file.file} one={one} />)}
      <div
        className="models-drop" data-over={over || undefined}
        onDragOver={(event) => { event.preventDefault(); event.stopPropagation(); setOver(true) }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault()
          event.stopPropagation()
          setOver(false)
          void bridge().takeFiles([...event.dataTransfer.files]).then(offer)
        }}
      >
        <IconFileImport size="1.5rem" stroke={1.3} aria-hidden />
        <div>
          <strong>{over ? t('models.add.over') : t('models.add.drop')}</strong>
          <p>{t('models.add.stays')}</p>
        </div>
        <div className="models-drop-buttons">
          <Button variant="default" onClick={() => void pick('model')}>{t('models.add.file')}</Button>
          <Button variant="default" onClick={() => void pick('folder')}>{t('models.add.folder')}</Button>
        </div>
      </div>
    </section>
  )
}

/** What a configuration can help to read. */
const WEIGHTS = /\.safetensors$/i

/** A file that waits for the person's decision. */
function Offer({ one }: { readonly one: Adding }) {
  const { add, dismiss, setConfig } = useModels((state) => state)
  const { file, found, config, busy, problem } = one
  // a pickle or a file of another kind stays what it is, whatever a person knows about it
  const open = found !== null && (found.usable || file.folder || WEIGHTS.test(file.name))
  const pickConfig = async (): Promise<void> => {
    const [folder] = await bridge().pickFiles({ kind: 'folder', multiple: false })
    if (folder) setConfig(file.file, folder)
  }
  return (
    <div className="models-offer" aria-busy={busy}>
      <div className="models-item-title"><strong>{file.name}</strong>{!file.folder && <span className="models-facts">{bytesText(file.bytes)}</span>}</div>
      {busy && !found && <p className="models-facts">{t('models.add.looking')}</p>}
      {found && <p className="models-plain">{t('models.add.found', { found: found.found })}{found.kind && <span className="models-facts"> · {kindName(found.kind)}</span>}</p>}
      {found?.notes.map((note) => <p key={note} className="models-facts">{note}</p>)}
      {found && !found.usable && open && <p className="models-warning">{t('models.add.unusable')}</p>}
      {problem !== null && <p className="models-warning" role="alert">{problem}</p>}
      <div className="models-buttons">
        {config
          ? <Button variant="subtle" size="compact-sm" title={t('models.add.config.clear')} onClick={() => setConfig(file.file, null)}>{t('models.add.config.chosen', { name: config.name })} ×</Button>
          : open && <Button variant="subtle" size="compact-sm" onClick={() => void pickConfig()}>{t('models.add.config')}</Button>}
        <span className="models-spring" />
        <Button variant="default" onClick={() => dismiss(file.file)}>{t('models.add.dismiss')}</Button>
        {open && <Button loading={busy} variant={found.usable || config ? 'filled' : 'default'} onClick={() => void add(file.file)}>{t(found.usable || config ? 'models.add.add' : 'models.add.anyway')}</Button>}
      </div>
    </div>
  )
}
