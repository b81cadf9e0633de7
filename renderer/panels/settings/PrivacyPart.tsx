/** The offline lock with its count, and how downloads reach the network when it is open. */
import { t } from '../../strings/t.ts'
import { Address } from '../models/Connection.tsx'
import { LockCard } from '../models/LockCard.tsx'

/** See the file's head. */
export function PrivacyPart() {
  return (
    <>
      <LockCard />
      <h3>{t('models.connection')}</h3>
      <Address setting="mirror" label={t('models.mirror')} placeholder={t('models.mirror.placeholder')} />
      <Address setting="proxy" label={t('models.proxy')} placeholder={t('models.proxy.placeholder')} />
      <p className="settings-hint">{t('models.mirror.hint')}</p>
    </>
  )
}
