/** The catalogue, and the licence that is read and accepted before anything is downloaded. */
import { Button, Checkbox, Modal, ScrollArea } from '@mantine/core'
import { IconCircleCheck, IconDownload } from '@tabler/icons-react'
import { useState } from 'react'
import type { CatalogueEntry } from '../../../preload/contract/models.ts'
import { sessionStore } from '../../stores/sessionStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { bytesText } from '../../app/format.ts'
import { setLock } from './LockCard.tsx'
import { kindName } from './ModelItem.tsx'
import { useModels } from './useModels.ts'

/** See the file's head. */
export function Catalogue() {
  const { catalogue, downloads, download } = useModels((state) => state)
  const [reading, setReading] = useState<CatalogueEntry | null>(null)
  return (
    <section aria-labelledby="models-catalogue">
      <h3 id="models-catalogue">{t('models.catalogue')}</h3>
      <ul className="models-catalogue">
        {catalogue.map((entry) => {
          const running = downloads.some((one) => one.name === entry.name && one.state !== 'done' && one.state !== 'failed')
          return (
            <li key={entry.id}>
              <div className="models-item-title"><strong>{entry.name}</strong>{entry.installed
                ? <span className="models-good"><IconCircleCheck size="0.875rem" aria-hidden />{t('models.installed')}</span>
                : <Button size="compact-sm" variant="default" disabled={running} leftSection={<IconDownload size="0.875rem" />} aria-label={`${t('models.download')} ${entry.name}`} onClick={() => setReading(entry)}>{t('models.download')}</Button>}
              </div>
              <p className="models-plain">{entry.about}</p>
              <p className="models-facts">{[kindName(entry.kind), entry.bytes > 0 ? bytesText(entry.bytes) : t('models.bytes.unknown'), entry.licence.name].join(' · ')}</p>
            </li>
          )
        })}
      </ul>
      {reading && (
        <LicenceDialog
          name={reading.name} licence={reading.licence} onClose={() => setReading(null)}
          onAccept={() => { setReading(null); void download({ entry: reading.id }, reading.licence.id) }}
        />
      )}
    </section>
  )
}

/** What a licence dialog shows; all null for a repository that names none. */
export type ShownLicence = { readonly name: string; readonly text: string; readonly url: string } | null

/** A licence, read before a download. With the lock on, the way to open it is here. */
export function LicenceDialog({ name, licence, onAccept, onClose }: { readonly name: string; readonly licence: ShownLicence; readonly onAccept: () => void; readonly onClose: () => void }) {
  const [accepted, setAccepted] = useState(false)
  const locked = useStore(sessionStore, (state) => state.network.locked)
  return (
    <Modal opened onClose={onClose} title={t('models.licence.title', { name })} size="38rem">
      <div className="models-licence">
        {licence ? (
          <>
            <p className="models-plain"><strong>{licence.name}</strong></p>
            <p className="models-facts">{t('models.licence.body')}</p>
            {licence.url !== '' && <p className="models-facts models-url">{t('models.licence.read', { url: licence.url })}</p>}
            {licence.text.trim() !== '' && <ScrollArea.Autosize mah="18rem" type="auto" className="models-licence-text" viewportProps={{ tabIndex: 0, role: 'document', 'aria-label': licence.name }}><pre>{licence.text}</pre></ScrollArea.Autosize>}
          </>
        ) : <p className="models-warning">{t('models.licence.unknown')}</p>}
        <Checkbox label={t('models.licence.accept')} checked={accepted} onChange={(event) => setAccepted(event.currentTarget.checked)} />
        {locked && <div className="models-locked"><span>{t('lock.needed')}</span><Button size="compact-sm" variant="default" onClick={() => void setLock(false)}>{t('lock.open')}</Button></div>}
        <div className="models-buttons">
          <Button variant="default" onClick={onClose}>{t('common.cancel')}</Button>
          <Button disabled={!accepted || locked} onClick={onAccept}>{t('models.licence.download')}</Button>
        </div>
      </div>
    </Modal>
  )
}
