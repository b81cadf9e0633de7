/** Notices: toasts at the corner; those that stay until they are over are kept in a list behind the bell too. */
import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconAlertTriangle, IconInfoCircle, IconX } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import type { Notice } from '../../../preload/contract/app.ts'
import { dismissNotice, sessionStore } from '../../stores/sessionStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { IconButton } from '../../ui/IconButton.tsx'
import { runCommand } from '../commands/registry.ts'

const SHOWN_MS = 5000

/** Shows what came and hides what is over. */
export function Notices() {
  const notices = useStore(sessionStore, (state) => state.notices)
  const shown = useRef(new Map<string, Notice>())
  useEffect(() => {
    const now = new Map(notices.map((notice) => [notice.id, notice]))
    for (const id of shown.current.keys()) if (!now.has(id)) notifications.hide(id)
    for (const [id, notice] of now) {
      if (shown.current.get(id) === notice) continue
      const look = {
        id, message: <NoticeBody notice={notice} />, color: COLOURS[notice.level], autoClose: notice.sticky ? (false as const) : SHOWN_MS, withCloseButton: true, className: 'notice', closeButtonProps: { 'aria-label': t('notice.close') },
        onClose: () => dismissNotice(id), role: notice.level === 'error' ? 'alert' : 'status',
      }
      if (shown.current.has(id)) notifications.update(look)
      else notifications.show(look)
    }
    shown.current = now
  }, [notices])
  return null
}

const COLOURS = { info: 'iris', warning: 'yellow', error: 'red' } as const

function NoticeBody({ notice }: { readonly notice: Notice }) {
  const { action } = notice
  return (
    <div className="notice-body">
      <span>{notice.message}</span>
      {action && <Button size="compact-xs" variant="default" onClick={() => { dismissNotice(notice.id); void runCommand(action.command, action.payload) }}>{action.label}</Button>}
    </div>
  )
}

/** The list behind the bell. */
export function NoticeList() {
  const notices = useStore(sessionStore, (state) => state.notices)
  if (notices.length === 0) return <EmptyState title={t('notice.none')} />
  return (
    <ul className="notice-list" aria-label={t('status.notices')}>
      {notices.toReversed().map((notice) => (
        <li key={notice.id} data-level={notice.level}>
          {notice.level === 'info' ? <IconInfoCircle size="1rem" aria-hidden /> : <IconAlertTriangle size="1rem" aria-hidden />}
          <NoticeBody notice={notice} />
          <IconButton icon={IconX} label={t('notice.close')} onClick={() => dismissNotice(notice.id)} />
        </li>
      ))}
    </ul>
  )
}
