/** Ways through the tree of operations. */
import { failed } from '../engine/errors.ts'
import { type ReadableDb, row, rows } from './db.ts'
import type { DocumentId, OperationId } from './ids.ts'

/** The steps from one place in a tree to another: undo `up` in order, then do `down` in order. */
export interface TreePath {
  readonly up: readonly OperationId[]
  readonly down: readonly OperationId[]
  /** the operation both ends come from */
  readonly meeting: OperationId
}

interface Node {
  readonly id: OperationId
  readonly parent: OperationId | null
  readonly depth: number
  readonly document: DocumentId
}

function node(db: ReadableDb, id: OperationId): Node {
  const found = row<Node>(db, 'SELECT id, parent, depth, document FROM operations WHERE id = :id', { id })
  if (!found) throw failed('project/no-such-operation', `There is no operation ${id} in this project.`)
  return found
}

/**
 * The way from one operation to another of the same document; costs as many look-ups as it has steps.
 * @throws EngineError project/no-such-operation, project/other-document
 */
export function treePath(db: ReadableDb, from: OperationId, to: OperationId): TreePath {
  let a = node(db, from)
  let b = node(db, to)
  if (a.document !== b.document)
    throw failed('project/other-document', `Operation ${to} belongs to another document than operation ${from}; please report it.`)
  const up: OperationId[] = []
  const down: OperationId[] = []
  while (a.id !== b.id) {
    if (a.depth >= b.depth) {
      up.push(a.id)
      a = node(db, parentOf(a))
    } else {
      down.push(b.id)
      b = node(db, parentOf(b))
    }
  }
  return { up, down: down.reverse(), meeting: a.id }
}

function parentOf(of: Node): OperationId {
  if (of.parent !== null) return of.parent
  throw failed('project/tree', `Operation ${of.id} has no common ancestor with the place it is compared with; run "palimpsest project check".`)
}

/** An operation and everything it stands on, from the document's first operation to it. */
export function ancestry(db: ReadableDb, id: OperationId): OperationId[] {
  const chain: OperationId[] = []
  for (let at: Node | undefined = node(db, id); at; at = at.parent === null ? undefined : node(db, at.parent)) chain.push(at.id)
  return chain.reverse()
}

/** An operation and everything that follows from it, parents before children. */
export function descendants(db: ReadableDb, id: OperationId): OperationId[] {
  node(db, id)
  return rows<{ id: OperationId }>(db, `
    WITH RECURSIVE below (id, depth) AS (
      SELECT id, depth FROM operations WHERE id = :id
      UNION ALL
      SELECT o.id, o.depth FROM operations o JOIN below ON o.parent = below.id
    )
    SELECT id FROM below ORDER BY depth, id`, { id }).map((found) => found.id)
}

/** Whether the first operation is the second or one of its ancestors. */
export function isAncestor(db: ReadableDb, ancestor: OperationId, of: OperationId): boolean {
  const top = node(db, ancestor)
  let at = node(db, of)
  while (at.depth > top.depth) at = node(db, parentOf(at))
  return at.id === top.id
}

/** What {@link layoutTree} needs to know of an operation. */
export interface LayoutInput {
  readonly id: OperationId
  readonly parent: OperationId | null
}

/** Where the history panel draws an operation. */
export interface LayoutRow {
  readonly id: OperationId
  readonly parent: OperationId | null
  /** row from the top, oldest first */
  readonly row: number
  /** column: 0 holds the line that leads to the head, side branches lie to the right */
  readonly lane: number
  /** whether it lies between the first operation and the head */
  readonly onPath: boolean
  /** how many operations follow directly from it */
  readonly children: number
}

/**
 * Places a tree in rows (in order of making) and lanes, so that no two branches share a lane at the same height.
 * Linear in the number of operations; 10,000 take a few milliseconds.
 * @param operations in order of their ids
 */
export function layoutTree(operations: readonly LayoutInput[], head: OperationId | null): LayoutRow[] {
  const parentOfId = new Map(operations.map((operation) => [operation.id, operation.parent]))
  const children = new Map<OperationId, OperationId[]>()
  for (const { id, parent } of operations) {
    if (parent === null) continue
    const siblings = children.get(parent)
    if (siblings) siblings.push(id)
    else children.set(parent, [id])
  }
  const onPath = new Set<OperationId>()
  for (let at = head; at !== null && at !== undefined; at = parentOfId.get(at) ?? null) onPath.add(at)
  // The last row each branch reaches, known before lanes are given out.
  const rowOf = new Map(operations.map((operation, row) => [operation.id, row]))
  const lanes = new Map<OperationId, number>()
  const busyUntil: number[] = [] // by lane: the row up to which a branch occupies it
  const reach = branchReach(operations, children, onPath, rowOf)
  return operations.map(({ id, parent }, row) => {
    const heir = parent !== null && continues(parent, id, children, onPath)
    let lane = onPath.has(id) ? 0 : heir ? lanes.get(parent) : undefined
    if (lane === undefined) {
      const from = parent === null ? row : (rowOf.get(parent) ?? row)
      lane = 1
      while ((busyUntil[lane] ?? -1) >= from) lane++
      busyUntil[lane] = reach.get(id) ?? row
    }
    lanes.set(id, lane)
    return { id, parent, row, lane, onPath: onPath.has(id), children: children.get(id)?.length ?? 0 }
  })
}

/** Whether a child goes on in its parent's lane: the first child does, unless the path to the head takes the lane. */
function continues(parent: OperationId, id: OperationId, children: Map<OperationId, OperationId[]>, onPath: Set<OperationId>): boolean {
  if (onPath.has(parent)) return onPath.has(id)
  return children.get(parent)?.[0] === id
}

function branchReach(
  operations: readonly LayoutInput[],
  children: Map<OperationId, OperationId[]>,
  onPath: Set<OperationId>,
  rowOf: Map<OperationId, number>,
): Map<OperationId, number> {
  const reach = new Map<OperationId, number>()
  for (let index = operations.length - 1; index >= 0; index--) {
    const { id } = operations[index]!
    let last = rowOf.get(id)!
    for (const child of children.get(id) ?? [])
      // A child's own lane starts at its parent's row, so a side branch's fork line needs no room here.
      if (continues(id, child, children, onPath)) last = Math.max(last, reach.get(child) ?? 0)
    reach.set(id, last)
  }
  return reach
}
