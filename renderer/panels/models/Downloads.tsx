/** Downloads with their progress; they go on where they stopped. */
import { IconPlayerPause, IconPlayerPlay, IconRefresh, IconX } from '@tabler/icons-react'
import type { Download } from '../../../preload/contract/models.ts'
import { t } from '../../strings/t.ts'
import { bytesText, timeText } from '../../app/format.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import { Bar } from './ModelItem.tsx'
import { useModels } from './useModels.ts'

/** See the file's head. Finished ones are in the list of models. */
export function Downloads() {
  const downloads = useModels((state) => state.downloads).filter(({ state }) => state !== 'done')
  if (downloads.length === 0) return null
  return (
    <section aria-labelledby="models-downloads">
      <h3 id="models-downloads">{t('models.downloads')}</h3>
      <ul className="models-downloads">{downloads.map((one) => <DownloadItem key={one.download} one={one} />)}</ul>
      <p className="models-facts">{t('models.download.keeps')}</p>
    </section>
  )
}

/** How far a download is, in words. */
export function progressText({ state, received, total, bytesPerSecond, etaSeconds }: Download): string {
  if (state !== 'running') return state === 'paused' ? t('models.download.paused', { received: bytesText(received) }) : t(`models.download.${state}`)
  const far = t('models.download.running', { received: bytesText(received), total: total === null ? '?' : bytesText(total) })
  return bytesPerSecond === null || etaSeconds === null ? far : `${far} · ${t('models.download.speed', { speed: `${bytesText(bytesPerSecond)}/s`, time: timeText(etaSeconds) })}`
}

function DownloadItem({ one }: { readonly one: Download }) {
  const steer = useModels((state) => state.steer)
  const { download, name, state, received, total, error } = one
  const running = state === 'running' || state === 'waiting'
  return (
    <li>
      <div className="models-item-title">
        <strong>{name}</strong>
        <span className="models-spring" />
        {running && <IconButton icon={IconPlayerPause} label={t('models.download.pause', { name })} onClick={() => void steer(download, 'pause')} />}
        {state === 'paused' && <IconButton icon={IconPlayerPlay} label={t('models.download.resume', { name })} onClick={() => void steer(download, 'resume')} />}
        {state === 'failed' && <IconButton icon={IconRefresh} label={t('models.download.retry', { name })} onClick={() => void steer(download, 'resume')} />}
        {state !== 'checking' && <IconButton icon={IconX} label={t('models.download.cancel', { name })} onClick={() => void steer(download, 'cancel')} />}
      </div>
      <Bar label={name} share={total ? received / total : state === 'failed' ? 0 : null} tone={state === 'failed' ? 'bad' : state === 'paused' ? 'paused' : undefined} />
      <p className="models-facts">{progressText(one)}</p>
      {error && <p className="models-warning" role="alert">{error.message}</p>}
    </li>
  )
}
