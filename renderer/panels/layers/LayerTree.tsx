/** The list of layers, or of masks: choose, drag to reorder and into groups. */
import { useState } from 'react'
import { attempt } from '../../app/actions/attempt.ts'
import { useMask } from '../../app/actions/masks.ts'
import { change, documentStore, selectLayers } from '../../stores/documentStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { LayerRowView } from './LayerRowView.tsx'
import { type Drop, type LayerRow, dropAt, layerRows, placeOf } from './order.ts'

/** See the file's head. */
export function LayerTree({ masks }: { readonly masks: boolean }) {
  const layers = useStore(documentStore, ({ document }) => document?.layers ?? NONE)
  const selected = useStore(documentStore, (state) => state.selected)
  const active = useStore(documentStore, ({ document }) => document?.activeMask ?? null)
  const [folded, setFolded] = useState<ReadonlySet<number>>(new Set())
  const [dragged, setDragged] = useState<number | null>(null)
  const [drop, setDrop] = useState<Drop | null>(null)
  const rows = layerRows(layers, masks, folded)
  const fold = (id: number): void => setFolded((now) => (now.has(id) ? new Set([...now].filter((one) => one !== id)) : new Set([...now, id])))
  const choose = (row: LayerRow, event: React.MouseEvent | React.KeyboardEvent): void => {
    const many = event.ctrlKey || event.metaKey
    selectLayers(many ? (selected.includes(row.layer.id) ? selected.filter((id) => id !== row.layer.id) : [...selected, row.layer.id]) : event.shiftKey ? between(rows, selected.at(-1), row.layer.id) : [row.layer.id])
    if (masks && !many && !event.shiftKey) attempt(useMask(row.layer.id))
  }
  const put = (): void => {
    const place = dragged !== null && drop ? placeOf(layers, dragged, drop) : null
    if (place) attempt(change({ change: 'layer.place', layer: dragged!, ...place }))
    setDragged(null)
    setDrop(null)
  }
  return (
    <div className="layers" role="tree" aria-label={masks ? t('layers.masks') : t('layers.list')} aria-multiselectable onKeyDown={(event) => walk(event, rows)}>
      {rows.map((row, index) => (
        <LayerRowView
          key={row.layer.id} row={row} selected={selected.includes(row.layer.id)} active={row.layer.id === active} folded={folded.has(row.layer.id)} focusable={row.layer.id === (selected.at(-1) ?? rows[0]?.layer.id) || (index === 0 && !rows.some(({ layer }) => layer.id === selected.at(-1)))}
          drop={drop?.on === row.layer.id && dragged !== row.layer.id ? drop.where : null} onChoose={(event) => choose(row, event)} onFold={() => fold(row.layer.id)}
          onDragStart={() => setDragged(row.layer.id)} onDragEnd={() => { setDragged(null); setDrop(null) }} onDrop={put}
          onDragOver={(share) => dragged !== null && setDrop({ on: row.layer.id, where: dropAt(row.layer, share) })}
        />
      ))}
    </div>
  )
}

const NONE: readonly never[] = []

/** Everything between two rows. */
function between(rows: readonly LayerRow[], from: number | undefined, to: number): number[] {
  const ids = rows.map(({ layer }) => layer.id)
  const [a, b] = [ids.indexOf(from ?? to), ids.indexOf(to)].toSorted((one, other) => one - other)
  return ids.slice(Math.max(0, a!), b! + 1)
}

/** Arrow keys move the choice, as in any tree. */
function walk(event: React.KeyboardEvent<HTMLElement>, rows: readonly LayerRow[]): void {
  const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role="treeitem"]')]
  const at = items.indexOf(event.target as HTMLElement) // -1 when the focus is in a control of the row
  if (by === 0 || at < 0) return
  const next = Math.min(rows.length - 1, Math.max(0, at + by))
  event.preventDefault()
  event.stopPropagation()
  items[next]?.focus()
  selectLayers([rows[next]!.layer.id])
}
