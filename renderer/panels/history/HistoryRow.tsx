/** One step of the history. */
import { Menu, TextInput } from '@mantine/core'
import { IconArrowsDiff, IconDots, IconStar, IconStarFilled } from '@tabler/icons-react'
import { memo, useState } from 'react'
import type { OperationRow } from '../../../preload/contract/history.ts'
import { call } from '../../api/client.ts'
import { attempt } from '../../app/actions/attempt.ts'
import { beginPictureDrag, endPictureDrag, leaveRest, restOn } from '../../app/actions/dragPictures.ts'
import { useMedia } from '../../app/useMedia.ts'
import { openDialog } from '../../stores/dialogStore.ts'
import { place } from '../../stores/documentStore.ts'
import { goTo, labelOperation, refreshHistory, toggleMarked } from '../../stores/historyStore.ts'
import { t } from '../../strings/t.ts'
import { PlainIcon } from '../../ui/PlainIcon.tsx'
import { Picture } from '../../ui/Picture.tsx'
import type { LaneLines } from './lanes.ts'
import { copyRecipe } from './recipes.ts'

type RowProps = { readonly row: OperationRow; readonly lines: LaneLines; readonly here: boolean; readonly onBranch: boolean; readonly marked: boolean; readonly renaming: boolean; readonly onRename: (operation: number | null) => void }

/** Made once: a formatter costs more than the rest of the row. */
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })

/** See the file's head. A row that stays the same is not drawn again while the list scrolls; `onRename` must stay the same for it. */
export const HistoryRow = memo(function HistoryRow({ row, lines, here, onBranch, marked, renaming, onRename }: RowProps) {
  const thumbnail = useMedia(row.thumbnail)
  const name = row.name ?? row.title
  const picture = { of: { what: 'step', operation: row.id }, name } as const
  return (
    <div className="step" data-here={here || undefined} data-off={!onBranch || undefined} data-marked={marked || undefined}>
      <Lanes lines={lines} here={here} />
      <button type="button" {...(here && { 'aria-current': 'step' as const })} className="step-main" onClick={() => !renaming && attempt(goTo(row.id))}>
        <span draggable={!renaming} title={t('document.drag.thumb')} className="step-drag" onPointerEnter={() => restOn(picture)} onPointerLeave={leaveRest} onDragStart={(event) => beginPictureDrag(event, picture)} onDragEnd={endPictureDrag}>
          <Picture src={thumbnail} alt="" className="step-thumb" />
        </span>
        {!renaming && (
          <span className="step-text">
            <span className="step-name">{name}</span>
            <small>{CLOCK.format(new Date(row.createdAt))}{row.name !== null && ` · ${row.title}`}</small>
          </span>
        )}
      </button>
      {renaming && <Rename row={row} done={() => onRename(null)} />}
      {marked && <IconArrowsDiff size="0.875rem" className="step-mark" aria-hidden />}
      <PlainIcon icon={row.starred ? IconStarFilled : IconStar} size={0.875} className={row.starred ? 'step-starred' : 'layer-quiet'} label={t(row.starred ? 'history.unstar' : 'history.star', { name })} onClick={() => attempt(labelOperation(row.id, { starred: !row.starred }))} />
      <RowMenu row={row} marked={marked} onRename={() => onRename(row.id)} />
    </div>
  )
})

function RowMenu({ row, marked, onRename }: { readonly row: OperationRow; readonly marked: boolean; readonly onRename: () => void }) {
  const name = row.name ?? row.title
  const [open, setOpen] = useState(false)
  // a menu costs as much as the rest of the row: it is made when it is asked for
  if (!open) return <PlainIcon icon={IconDots} className="layer-quiet" label={t('history.more', { name })} aria-haspopup="menu" onClick={() => setOpen(true)} />
  const trash = async (): Promise<void> => {
    const where = place()
    if (!where) return
    await call('history.trash', { project: where.project, operation: row.id, trashed: true })
    await refreshHistory('all')
  }
  return (
    <Menu position="bottom-end" width={250} opened onChange={setOpen}>
      <Menu.Target><PlainIcon icon={IconDots} data-open label={t('history.more', { name })} /></Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={onRename}>{t('history.rename')}</Menu.Item>
        <Menu.Item onClick={() => toggleMarked(row.id)}>{t(marked ? 'history.unmark' : 'history.mark')}</Menu.Item>
        <Menu.Divider />
        <Menu.Item disabled={!row.replayable} onClick={() => openDialog({ kind: 'replay', operation: row.id })}>{t('history.replay')}</Menu.Item>
        <Menu.Item onClick={() => attempt(copyRecipe([row.id]))}>{t('history.recipe')}</Menu.Item>
        <Menu.Divider />
        <Menu.Item disabled={row.parent === null} onClick={() => attempt(trash())}>{t('history.trash')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

const LANE = 11
const MIDDLE = 22

/** The lines of the tree; a bent one is a branch that grew from here. */
function Lanes({ lines, here }: { readonly lines: LaneLines; readonly here: boolean }) {
  const { lane, through, above, below, bends } = lines
  const x = (one: number): number => 9 + one * LANE
  const width = x(Math.max(lane, ...through, ...bends)) + 9
  return (
    <svg className="lanes" width={width} height={2 * MIDDLE} viewBox={`0 0 ${width} ${2 * MIDDLE}`} aria-hidden>
      {through.map((one) => <path key={one} d={`M${x(one)} 0V${2 * MIDDLE}`} className="lane-line" />)}
      {above && <path d={`M${x(lane)} 0V${MIDDLE}`} className="lane-line" />}
      {below && <path d={`M${x(lane)} ${MIDDLE}V${2 * MIDDLE}`} className="lane-line" />}
      {bends.map((one) => <path key={one} d={`M${x(one)} 0C${x(one)} ${MIDDLE * 0.8} ${x(lane)} ${MIDDLE * 0.4} ${x(lane)} ${MIDDLE}`} className="lane-line" />)}
      <circle cx={x(lane)} cy={MIDDLE} r={here ? 5 : 3.5} className={here ? 'lane-here' : 'lane-dot'} />
    </svg>
  )
}

function Rename({ row, done }: { readonly row: OperationRow; readonly done: () => void }) {
  const [name, setName] = useState(row.name ?? row.title)
  const keep = (): void => {
    const wanted = name.trim()
    if (wanted !== (row.name ?? row.title)) attempt(labelOperation(row.id, { name: wanted === '' ? null : wanted }))
    done()
  }
  return (
    <TextInput
      className="step-rename" autoFocus aria-label={t('history.rename.label', { name: row.title })} value={name} maxLength={200} onFocus={(event) => event.currentTarget.select()} onChange={(event) => setName(event.currentTarget.value)} onBlur={keep}
      onKeyDown={(event) => {
        event.stopPropagation()
        if (event.key === 'Enter') keep()
        if (event.key === 'Escape') done()
      }}
    />
  )
}
