/** The review wall: results as a grid, side by side or flipping between before and after; decided by keyboard. */
import { SegmentedControl } from '@mantine/core'
import { IconColumns2, IconFlipHorizontal, IconLayoutGrid } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import type { BatchItem, BatchView } from '../../../preload/contract/batch.ts'
import { WALL_FILTERS, type Wall, type WallFilter, onWall, wallKey } from '../../stores/batch/review.ts'
import { closePanel } from '../../stores/layoutStore.ts'
import { t } from '../../strings/t.ts'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { IconButton } from '../../ui/IconButton.tsx'
import { PairView } from './PairView.tsx'
import { WallGrid } from './WallGrid.tsx'
import { useBatch } from './useBatch.ts'

/** See the file's head. */
export function ReviewWall({ view }: { readonly view: BatchView }) {
  const { items, wall, setWall, judge } = useBatch((state) => state)
  const filter: WallFilter = view.state === 'planned' ? 'all' : wall.filter
  const shown = onWall(items, filter)
  const columns = useRef(1)
  const frame = useRef<HTMLDivElement>(null)
  const item = shown.find(({ index }) => index === wall.cursor) ?? null
  const mode = item ? wall.view : 'grid'
  const section = useRef<HTMLElement>(null)
  const before = useRef(mode)
  useEffect(() => {
    if (mode !== 'grid') frame.current?.focus()
    else if (before.current !== 'grid') section.current?.querySelector<HTMLElement>('[role="listbox"]')?.focus() // what had the keys is gone
    before.current = mode
  }, [mode])

  const keyDown = (event: React.KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || isControl(event.target)) return
    const act = wallKey({ ...wall, filter, view: mode }, shown, event.key, columns.current)
    if (!act) return
    event.preventDefault()
    event.stopPropagation()
    if (act.do === 'go') setWall({ cursor: act.cursor })
    else if (act.do === 'judge' && item) void judge(item.index, act.verdict)
    else if (act.do === 'view') setWall({ view: act.view, side: 'after' })
    else if (act.do === 'side') setWall({ side: act.side })
    else if (act.do === 'leave') closePanel('screen')
  }
  return (
    <section ref={section} className="batch-wall" aria-label={t('batch.wall')} onKeyDown={keyDown}>
      {view.state !== 'planned' && <div className="batch-wall-bar">
        <SegmentedControl fullWidth={false} aria-label={t('batch.wall.filter')} value={filter} data={filterData(items)} onChange={(value) => setWall({ filter: value as WallFilter, cursor: null, view: 'grid' })} />
        <span className="batch-spring" />
        <span className="batch-dim batch-keys" aria-hidden>{t('batch.wall.help')}</span>
        <ViewButtons mode={mode} enabled={item !== null} onView={(next) => setWall({ view: next, side: 'after' })} />
      </div>}
      {shown.length === 0 ? <EmptyState title={t('batch.wall.empty')}><p>{t('batch.wall.empty.body')}</p></EmptyState>
        : mode === 'grid' || !item ? <WallGrid items={shown} cursor={wall.cursor} columns={columns} onStand={(index) => setWall({ cursor: index })} onOpen={() => setWall({ view: 'pair' })} />
        : <div ref={frame} tabIndex={-1} className="batch-pair-frame"><PairView batch={view.batch} item={item} place={[shown.indexOf(item) + 1, shown.length]} flip={mode === 'flip'} side={wall.side} onSide={(side) => setWall({ side })} onJudge={(verdict) => void judge(item.index, verdict)} /></div>}
    </section>
  )
}

/** Buttons and fields keep their own keys. */
function isControl(target: EventTarget): boolean {
  return target instanceof HTMLElement && target.closest('button, input, textarea, select') !== null
}

function filterData(items: readonly BatchItem[]): { value: WallFilter; label: string }[] {
  return WALL_FILTERS.map((value) => ({ value, label: `${t(`batch.wall.${value}`)} ${onWall(items, value).length}` }))
}

const VIEWS = [{ view: 'grid', icon: IconLayoutGrid }, { view: 'pair', icon: IconColumns2 }, { view: 'flip', icon: IconFlipHorizontal }] as const

function ViewButtons({ mode, enabled, onView }: { readonly mode: Wall['view']; readonly enabled: boolean; readonly onView: (view: Wall['view']) => void }) {
  return (
    <span className="batch-views" role="group" aria-label={t('batch.wall.view')}>
      {VIEWS.map(({ view, icon }) => <IconButton key={view} icon={icon} label={t(`batch.wall.${view}`)} pressed={mode === view} disabled={view !== 'grid' && !enabled} onClick={() => onView(view)} />)}
    </span>
  )
}
