/** The History panel: the tree of steps, newest first, of which only those on the screen exist. */
import { Button, Menu } from '@mantine/core'
import { IconArrowsDiff, IconDots, IconStar, IconStarFilled } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { attempt } from '../../app/actions/attempt.ts'
import { openDialog } from '../../stores/dialogStore.ts'
import { sessionStore } from '../../stores/sessionStore.ts'
import { currentBranch, goTo, historyStore, listedRows } from '../../stores/historyStore.ts'
import { useShallowStore, useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { IconButton } from '../../ui/IconButton.tsx'
import { VirtualList } from '../../ui/VirtualList.tsx'
import { HistoryRow } from './HistoryRow.tsx'
import { copyRecipe, saveRecipe } from './recipes.ts'
import { laneLines } from './lanes.ts'

const ROW_HEIGHT = 44

/** See the file's head. */
export function HistoryPanel() {
  const { rows, head, marked, starredOnly } = useShallowStore(historyStore, (state) => state)
  const zoom = useStore(sessionStore, ({ settings }) => settings.textZoom)
  const [renaming, setRenaming] = useState<number | null>(null)
  const shown = useMemo(() => listedRows({ rows, starredOnly }), [rows, starredOnly])
  const branch = useMemo(() => currentBranch(rows, head), [rows, head])
  const lines = useMemo(() => laneLines(shown), [shown])
  const current = shown.findIndex(({ id }) => id === head)
  const step = (event: React.KeyboardEvent): void => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    const next = shown[current + by]
    if (by === 0 || !next || event.target !== event.currentTarget) return
    event.preventDefault()
    event.stopPropagation()
    attempt(goTo(next.id))
  }
  return (
    <div className="panel">
      <div className="history-head">
        <span className="number">{t('history.count', { n: shown.length })}</span>
        <IconButton icon={starredOnly ? IconStarFilled : IconStar} size={0.9375} label={t(starredOnly ? 'history.all' : 'history.starred')} pressed={starredOnly} onClick={() => historyStore.setState({ starredOnly: !starredOnly })} />
        <BranchMenu branch={[...branch].toReversed()} />
      </div>
      {shown.length === 0 && <EmptyState title={t(starredOnly ? 'history.empty.starred' : 'history.empty')} />}
      <VirtualList
        rows={shown} rowHeight={ROW_HEIGHT * zoom} current={current} label={t('history.list')} keyOf={({ id }) => id} onKeyDown={step}
        render={(row, index) => (
          <HistoryRow row={row} lines={lines[index]!} here={row.id === head} onBranch={branch.has(row.id)} marked={marked.includes(row.id)} renaming={renaming === row.id} onRename={setRenaming} />
        )}
      />
      <CompareFoot marked={marked} head={head} />
    </div>
  )
}

/** Recipes of everything that led to the picture as it is. */
function BranchMenu({ branch }: { readonly branch: readonly number[] }) {
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target><IconButton icon={IconDots} size={0.9375} label={t('common.more')} /></Menu.Target>
      <Menu.Dropdown>
        <Menu.Item disabled={branch.length === 0} onClick={() => attempt(copyRecipe(branch))}>{t('history.recipe')}</Menu.Item>
        <Menu.Item disabled={branch.length === 0} onClick={() => attempt(saveRecipe(branch))}>{t('history.recipe.file')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function CompareFoot({ marked, head }: { readonly marked: readonly number[]; readonly head: number | null }) {
  const [a, b] = marked
  const other = b ?? head
  if (a === undefined) return null
  const ready = other !== null && other !== a
  return (
    <div className="history-foot">
      <Button fullWidth variant="default" disabled={!ready} leftSection={<IconArrowsDiff size="1rem" />} onClick={() => ready && openDialog({ kind: 'compare', a: Math.min(a, other), b: Math.max(a, other) })}>
        {t(b !== undefined ? 'history.compare' : ready ? 'history.compare.head' : 'history.compare.one')}
      </Button>
    </div>
  )
}
