/** The drawing of the tree beside the list: which lanes pass each row, and where one bends to its parent. */
import type { OperationRow } from '../../../preload/contract/history.ts'

/**
 * What is drawn in one row. `through` are lanes that pass it, `above` whether the row's own lane goes on upwards (a newer
 * step grew from here in the same lane), `below` whether it goes down to its parent, `bends` lanes that come down from
 * newer rows and join here.
 */
export type LaneLines = { readonly lane: number; readonly through: readonly number[]; readonly above: boolean; readonly below: boolean; readonly bends: readonly number[] }

/** Most lanes that are drawn; branches beyond share the last. */
export const MOST_LANES = 6

/** Lines for rows given newest first. One pass, so that ten thousand rows are no matter. */
export function laneLines(rows: readonly OperationRow[]): LaneLines[] {
  const index = new Map(rows.map((row, at) => [row.id, at]))
  const lanes = rows.map(({ lane }) => Math.min(MOST_LANES - 1, lane))
  /** lanes that are on their way down, by the row they end at */
  const open = new Map<number, Set<number>>()
  const result: LaneLines[] = []
  for (const [at, row] of rows.entries()) {
    const lane = lanes[at]!
    const arriving = [...(open.get(at) ?? [])]
    open.delete(at)
    const parent = row.parent === null ? undefined : index.get(row.parent)
    const passing = new Set([...open.values()].flatMap((set) => [...set]))
    passing.delete(lane)
    result.push({ lane, through: [...passing].toSorted((a, b) => a - b), above: arriving.includes(lane), below: parent !== undefined, bends: arriving.filter((one) => one !== lane).toSorted((a, b) => a - b) })
    if (parent !== undefined && parent > at) open.set(parent, (open.get(parent) ?? new Set()).add(lane))
  }
  return result
}
