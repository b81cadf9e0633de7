/** Mirror and proxy of downloads. */
import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { tellProblem } from '../../stores/dialogStore.ts'
import { changeSettings, sessionStore } from '../../stores/sessionStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { Field } from '../../ui/Field.tsx'

/** See the file's head. */
export function Connection() {
  return (
    <section aria-labelledby="models-connection" className="models-connection">
      <h3 id="models-connection">{t('models.connection')}</h3>
      <Address setting="mirror" label={t('models.mirror')} placeholder={t('models.mirror.placeholder')} />
      <Address setting="proxy" label={t('models.proxy')} placeholder={t('models.proxy.placeholder')} />
      <p className="models-facts">{t('models.mirror.hint')}</p>
    </section>
  )
}

/** An address, kept once it is left. */
export function Address({ setting, label, placeholder }: { readonly setting: 'mirror' | 'proxy'; readonly label: string; readonly placeholder: string }) {
  const kept = useStore(sessionStore, (state) => state.settings[setting])
  const [typed, setTyped] = useState<string | null>(null)
  const keep = (): void => {
    const wanted = typed?.trim()
    setTyped(null)
    if (wanted !== undefined && wanted !== kept) changeSettings({ [setting]: wanted }).catch((error: unknown) => tellProblem(error, t('error.title')))
  }
  return (
    <Field label={label}>
      <TextInput aria-label={label} placeholder={placeholder} spellCheck={false} value={typed ?? kept} onChange={(event) => setTyped(event.currentTarget.value)} onBlur={keep} onKeyDown={(event) => { if (event.key === 'Enter') keep() }} />
    </Field>
  )
}
