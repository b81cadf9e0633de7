/** The offline lock: a switch, what it means, and how many requests have left this machine. */
import { Switch } from '@mantine/core'
import { IconLock, IconLockOpen2 } from '@tabler/icons-react'
import { call } from '../../api/client.ts'
import { tellProblem } from '../../stores/dialogStore.ts'
import { sessionStore } from '../../stores/sessionStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'

/** Locks or unlocks; the host's answer counts. */
export async function setLock(locked: boolean): Promise<void> {
  try {
    sessionStore.setState({ network: await call('network.lock', { locked }) })
  } catch (error) {
    tellProblem(error, t('error.title'))
  }
}

/** See the file's head. */
export function LockCard() {
  const { locked, requests, refused, last } = useStore(sessionStore, (state) => state.network)
  const Icon = locked ? IconLock : IconLockOpen2
  return (
    <section className="models-lock" data-locked={locked} aria-label={t('lock.title')}>
      <div className="models-lock-head">
        <Icon size="1.125rem" stroke={1.5} aria-hidden />
        <div><strong>{t('lock.title')}</strong><p className="models-facts">{t(locked ? 'lock.on' : 'lock.off')}</p></div>
        <Switch aria-label={t('lock.title')} checked={locked} onChange={(event) => void setLock(event.currentTarget.checked)} />
      </div>
      <p className="models-count"><output>{requests}</output><span>{t('lock.count', { n: requests }).replace(/^\S+\s/, '')}{refused > 0 && ` · ${t('lock.refused', { n: refused })}`}</span></p>
      {last !== null && <p className="models-facts">{t('lock.last', { last })}</p>}
      <p className="models-facts">{t('lock.body')}</p>
    </section>
  )
}
