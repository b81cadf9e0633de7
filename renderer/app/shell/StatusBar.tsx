/** The last line: device, memory, the run and the time it still takes, the network lock, notices. */
import { Popover, Progress, Tooltip, UnstyledButton } from '@mantine/core'
import { IconBell, IconCpu, IconLock, IconLockOpen2, IconPlugConnectedX, IconDatabase } from '@tabler/icons-react'
import { documentStore } from '../../stores/documentStore.ts'
import { isActive, jobsStore, runningJob } from '../../stores/jobsStore.ts'
import { sessionStore } from '../../stores/sessionStore.ts'
import { useShallowStore, useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { runCommand } from '../commands/registry.ts'
import { bytesText, timeText } from '../format.ts'
import { NoticeList } from './Notices.tsx'
import { Queue } from './Queue.tsx'

/** See the file's head. */
export function StatusBar() {
  const connected = useStore(sessionStore, (state) => state.connected)
  return (
    <footer className="status" aria-label={t('shell.status')}>
      {!connected && <span className="status-item status-bad" role="alert"><IconPlugConnectedX size="0.875rem" aria-hidden />{t('status.disconnected')}</span>}
      <Device />
      <Memory />
      <span className="status-gap" />
      <Run />
      <span className="status-gap" />
      <Saved />
      <NetworkLock />
      <NoticeButton />
    </footer>
  )
}

function Device() {
  const name = useStore(sessionStore, ({ info }) => info?.devices.find(({ chosen }) => chosen)?.name ?? null)
  return name && <span className="status-item"><IconCpu size="0.875rem" aria-hidden />{name}</span>
}

function Memory() {
  const memory = useStore(sessionStore, (state) => state.memory)
  if (!memory) return <span className="status-item status-dim"><IconDatabase size="0.875rem" aria-hidden />{t('status.memory.idle')}</span>
  return (
    <Tooltip label={t('status.memory.tip', { used: bytesText(memory.rssBytes), peak: bytesText(memory.peakRssBytes) })}>
      <UnstyledButton className="status-item number" onClick={() => void runCommand('engine.unload')}><IconDatabase size="0.875rem" aria-hidden />{t('status.memory', { used: bytesText(memory.rssBytes) })}</UnstyledButton>
    </Tooltip>
  )
}

function Run() {
  const job = useStore(jobsStore, runningJob)
  const waiting = useStore(jobsStore, ({ jobs }) => jobs.filter((one) => isActive(one)).length - (runningJob({ jobs, preview: null }) ? 1 : 0))
  return (
    <Popover position="top" width={380} withinPortal>
      <Popover.Target>
        <UnstyledButton className="status-item status-run" aria-haspopup="dialog">
          {job ? (
            <>
              <Progress value={job.steps > 0 ? (100 * job.step) / job.steps : 100} animated={job.steps === 0} size="sm" className="status-progress" aria-label={job.title} />
              <span className="status-title">{job.title}</span>
              {job.etaSeconds !== null && <span className="number">{t('queue.left', { time: timeText(job.etaSeconds) })}</span>}
            </>
          ) : <span className="status-dim">{t('status.queue.none')}</span>}
          {waiting > 0 && <span className="number status-dim">{t('status.queue.waiting', { n: waiting })}</span>}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown p={0}><Queue /></Popover.Dropdown>
    </Popover>
  )
}

function Saved() {
  const { pending, why, open } = useShallowStore(documentStore, ({ pending: count, project }) => ({ pending: count, why: project?.readOnly ?? null, open: project !== null }))
  if (!open) return null
  if (why !== null) return <Tooltip label={t('document.readonly', { why })}><span className="status-item status-warn">{t('status.readonly')}</span></Tooltip>
  return <span className="status-item status-dim" aria-live="polite">{pending > 0 ? t('status.saving') : t('status.saved')}</span>
}

function NetworkLock() {
  const network = useStore(sessionStore, (state) => state.network)
  const tip = network.locked ? t('status.locked.tip', { refused: network.refused }) : t('status.unlocked.tip', { n: network.requests, last: network.last ?? t('common.none') })
  const Icon = network.locked ? IconLock : IconLockOpen2
  return (
    <Tooltip label={tip} multiline w={280}>
      <UnstyledButton className={`status-item number ${network.locked ? '' : 'status-warn'}`} aria-pressed={network.locked} onClick={() => void runCommand('window.lock')}>
        <Icon size="0.875rem" aria-hidden />
        {network.locked ? t('status.locked', { n: network.requests }) : t('status.unlocked', { n: network.requests })}
      </UnstyledButton>
    </Tooltip>
  )
}

function NoticeButton() {
  const count = useStore(sessionStore, ({ notices }) => notices.length)
  return (
    <Popover position="top-end" width={360} withinPortal>
      <Popover.Target>
        <UnstyledButton className="status-item number" aria-label={count > 0 ? `${count} ${t('status.notices')}` : t('status.notices')}><IconBell size="0.875rem" aria-hidden />{count > 0 && count}</UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown p={0}><NoticeList /></Popover.Dropdown>
    </Popover>
  )
}
