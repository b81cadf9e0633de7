/** The review wall as a small machine: where one stands, which side is seen, what a key means. */
import type { BatchItem, BatchView } from '../../../preload/contract/batch.ts'

/** Which pictures are on the wall. */
export const WALL_FILTERS = ['results', 'review', 'rejected', 'failed', 'all'] as const
/** One of {@link WALL_FILTERS}. */
export type WallFilter = (typeof WALL_FILTERS)[number]
/** What a person decides. */
export type Verdict = 'accept' | 'reject' | 'retry'

/** See the head of this file. `cursor` is a picture's index in the batch; null when the wall is empty. */
export interface Wall {
  readonly filter: WallFilter
  readonly cursor: number | null
  readonly view: 'grid' | 'pair' | 'flip'
  /** in flip: the side that is seen */
  readonly side: 'before' | 'after'
}

/** A wall at first. */
export const NEW_WALL: Wall = { filter: 'results', cursor: null, view: 'grid', side: 'after' }

const SHOWN: Readonly<Record<WallFilter, readonly BatchItem['state'][] | null>> = {
  results: ['done', 'review', 'accepted', 'rejected'], review: ['review'], rejected: ['rejected'], failed: ['failed'], all: null,
}

/** The pictures that a filter shows, in the order of the batch. */
export function onWall(items: readonly BatchItem[], filter: WallFilter): BatchItem[] {
  const states = SHOWN[filter]
  return states === null ? [...items] : items.filter(({ state }) => states.includes(state))
}

/** Whether a verdict means something for a picture now. */
export function canJudge(item: BatchItem | undefined, verdict: Verdict): boolean {
  if (!item) return false
  switch (verdict) {
    case 'accept': return item.state === 'done' || item.state === 'review' || item.state === 'rejected'
    case 'reject': return item.state === 'done' || item.state === 'review' || item.state === 'accepted'
    case 'retry': return item.state !== 'waiting' && item.state !== 'running'
  }
}

/** Whether a picture still waits for a decision. */
export function isOpen(item: BatchItem): boolean {
  return item.state === 'review' || item.state === 'done'
}

/** What a key does on the wall. */
export type WallAct = { readonly do: 'go'; readonly cursor: number } | { readonly do: 'judge'; readonly verdict: Verdict } | { readonly do: 'view'; readonly view: Wall['view'] } | { readonly do: 'side'; readonly side: Wall['side'] } | { readonly do: 'leave' }

/**
 * What a key does; null when it does nothing here.
 * @param key as `KeyboardEvent.key` tells it; presses with Ctrl, Alt or Meta do not belong here
 * @param columns of the grid as it is drawn
 */
export function wallKey(wall: Wall, shown: readonly BatchItem[], key: string, columns: number): WallAct | null {
  const at = shown.findIndex(({ index }) => index === wall.cursor)
  const go = (to: number): WallAct | null => {
    const item = shown[Math.min(shown.length - 1, Math.max(0, to))]
    return item && item.index !== wall.cursor ? { do: 'go', cursor: item.index } : null
  }
  const judge = (verdict: Verdict): WallAct | null => (canJudge(shown[at], verdict) ? { do: 'judge', verdict } : null)
  const row = wall.view === 'grid' ? Math.max(1, columns) : 1
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case 'ArrowRight': return go(at + 1)
    case 'ArrowLeft': return go(at < 0 ? 0 : at - 1)
    case 'ArrowDown': return go(at < 0 ? 0 : at + row > shown.length - 1 && wall.view === 'grid' ? at : at + row)
    case 'ArrowUp': return go(at - row < 0 && wall.view === 'grid' ? Math.max(at, 0) : at - row)
    case 'Home': return go(0)
    case 'End': return go(shown.length - 1)
    case 'Enter': return judge('accept')
    case 'x': return judge('reject')
    case 'r': return judge('retry')
    case ' ': return wall.view === 'flip' ? { do: 'side', side: wall.side === 'after' ? 'before' : 'after' } : at < 0 ? null : { do: 'view', view: wall.view === 'grid' ? 'pair' : 'grid' }
    case 'f': return at < 0 ? null : { do: 'view', view: wall.view === 'flip' ? 'pair' : 'flip' }
    case 'Escape': return wall.view === 'grid' ? { do: 'leave' } : { do: 'view', view: 'grid' }
    default: return null
  }
}

/** Where to stand after a picture was decided: the next that waits for a decision, else the one behind, else the last. */
export function afterVerdict(shown: readonly BatchItem[], judged: number): number | null {
  const at = shown.findIndex(({ index }) => index === judged)
  const behind = shown.slice(at + 1)
  return (behind.find(isOpen) ?? shown.slice(0, Math.max(0, at)).find(isOpen) ?? behind[0] ?? shown.at(-1))?.index ?? null
}

/** Pictures of a run that need nothing more of the engine. */
export function settled({ done, failed, review, skipped }: Pick<BatchView, 'done' | 'failed' | 'review' | 'skipped'>): number {
  return done + failed + review + skipped
}
