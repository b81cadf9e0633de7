/** Any repository of the hub by name: look at its files, choose, accept its licence, download. */
import { Button, Checkbox, TextInput } from '@mantine/core'
import { useState } from 'react'
import { sessionStore } from '../../stores/sessionStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { bytesText } from '../../app/format.ts'
import { LicenceDialog } from './Catalogue.tsx'
import { setLock } from './LockCard.tsx'
import { useModels } from './useModels.ts'

/** See the file's head. */
export function HubLookup() {
  const { hub, setHub, look, choose, download } = useModels((state) => state)
  const locked = useStore(sessionStore, (state) => state.network.locked)
  const [reading, setReading] = useState(false)
  const chosen = hub.answer?.files.filter(({ name }) => hub.chosen.has(name)) ?? []
  const size = chosen.reduce((sum, file) => sum + file.bytes, 0)
  const licence = hub.answer?.licence ?? null
  return (
    <section aria-labelledby="models-hub">
      <h3 id="models-hub">{t('models.hub')}</h3>
      <form className="models-hub" onSubmit={(event) => { event.preventDefault(); void look() }}>
        <TextInput aria-label={t('models.hub.name')} placeholder={t('models.hub.placeholder')} spellCheck={false} value={hub.repository} onChange={(event) => setHub({ repository: event.currentTarget.value })} />
        <TextInput aria-label={t('models.hub.revision')} className="models-revision" spellCheck={false} value={hub.revision} onChange={(event) => setHub({ revision: event.currentTarget.value })} />
        <Button type="submit" variant="default" loading={hub.busy} disabled={locked || hub.repository.trim() === ''}>{t('models.hub.look')}</Button>
      </form>
      {locked && <div className="models-locked"><span>{t('lock.needed')}</span><Button size="compact-sm" variant="default" onClick={() => void setLock(false)}>{t('lock.open')}</Button></div>}
      {hub.problem !== null && <p className="models-warning" role="alert">{hub.problem}</p>}
      {hub.answer && (hub.answer.files.length === 0 ? <p className="models-facts">{t('models.hub.none')}</p> : (
        <>
          <ul className="models-files">
            {hub.answer.files.map(({ name, bytes }) => (
              <li key={name}><Checkbox label={name} checked={hub.chosen.has(name)} onChange={(event) => choose(name, event.currentTarget.checked)} /><span>{bytesText(bytes)}</span></li>
            ))}
          </ul>
          <div className="models-buttons">
            <span className="models-facts">{t('models.hub.files', { n: chosen.length, size: bytesText(size) })}</span>
            <span className="models-spring" />
            <Button disabled={chosen.length === 0} onClick={() => setReading(true)}>{t('models.download')}</Button>
          </div>
        </>
      ))}
      {reading && (
        <LicenceDialog
          name={hub.repository} licence={licence === null ? null : { name: licence, text: '', url: '' }} onClose={() => setReading(false)}
          onAccept={() => { setReading(false); void download('hub', licence) }}
        />
      )}
    </section>
  )
}
