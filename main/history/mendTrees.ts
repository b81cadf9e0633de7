/**
 * Makes the trees of operations consistent after some operations were lost: what each one found is set to what those
 * before it left, so that undo and redo lead through the tree without a jump.
 */
import { type WritableDb, change, rows, writeTransaction } from './db.ts'
import type { DocumentId, LayerId, OperationId } from './ids.ts'
import type { TileRef } from './model.ts'
import { layerParameters, parseCanvas, parseLayer, readEffect, sameTile, tileKey } from './state.ts'

interface Walk {
  canvas: string | null
  readonly layers: Map<LayerId, string>
  readonly tiles: Map<string, TileRef>
}

/** Mends the tree of every document and builds the rows kept for its head anew. */
export function mendTrees(db: WritableDb): void {
  for (const { id, head } of rows<{ id: DocumentId; head: OperationId }>(db, 'SELECT id, head FROM documents WHERE head IS NOT NULL'))
    writeTransaction(db, () => mendTree(db, id, head))
}

function mendTree(db: WritableDb, document: DocumentId, head: OperationId): void {
  const children = new Map<OperationId | null, OperationId[]>()
  for (const { id, parent } of rows<{ id: OperationId; parent: OperationId | null }>(db, 'SELECT id, parent FROM operations WHERE document = :document ORDER BY id', { document })) {
    const siblings = children.get(parent)
    if (siblings) siblings.push(id)
    else children.set(parent, [id])
  }
  // Everything hangs on one first operation: a second one can only come from a loss.
  const [first, ...strays] = children.get(null) ?? []
  if (first === undefined) return
  for (const id of strays) change(db, 'UPDATE operations SET parent = :first, depth = 1 WHERE id = :id', { first, id })
  children.set(first, [...(children.get(first) ?? []), ...strays])
  const walk: Walk = { canvas: null, layers: new Map(), tiles: new Map() }
  const stack: { id: OperationId; depth: number; leave: boolean }[] = [{ id: first, depth: 0, leave: false }]
  while (stack.length > 0) {
    const { id, depth, leave } = stack.pop()!
    if (leave) {
      undo(db, walk, id)
      continue
    }
    change(db, 'UPDATE operations SET depth = :depth WHERE id = :id AND depth <> :depth', { id, depth })
    redo(db, walk, id)
    if (id === head) keepHead(db, document, walk)
    stack.push({ id, depth, leave: true })
    for (const child of children.get(id) ?? []) stack.push({ id: child, depth: depth + 1, leave: false })
  }
}

/** Applies an operation, setting what it found to what is there. */
function redo(db: WritableDb, walk: Walk, operation: OperationId): void {
  const effect = readEffect(db, operation)
  const made = new Set(effect.changes.filter((entry) => entry.after !== null).map((entry) => entry.layer))
  effect.changes.forEach(({ layer, before, after: recorded }, ordinal) => {
    const now = layer === null ? walk.canvas : (walk.layers.get(layer) ?? null)
    const after = layer === null ? recorded : withKnownParent(walk, made, recorded)
    if (now !== before || after !== recorded)
      change(db, 'UPDATE operation_changes SET before = :now, after = :after WHERE operation = :operation AND ordinal = :ordinal', { operation, ordinal, now, after })
    if (layer === null) walk.canvas = after
    else if (after === null) walk.layers.delete(layer)
    else walk.layers.set(layer, after)
  })
  for (const tile of effect.tiles) {
    const key = tileKey(tile)
    const now = walk.tiles.get(key) ?? null
    if (!sameTile(now, tile.before)) change(db, `UPDATE operation_tiles SET before_pack = :pack, before_number = :number
      WHERE operation = :operation AND layer = :layer AND plane = :plane AND x = :x AND y = :y`,
      { operation, layer: tile.layer, plane: tile.plane, x: tile.x, y: tile.y, pack: now?.[0] ?? null, number: now?.[1] ?? null })
    if (now) change(db, 'INSERT INTO operation_blobs VALUES (:operation, :hash) ON CONFLICT DO NOTHING', { operation, hash: now[0] })
    if (tile.after === null) walk.tiles.delete(key)
    else walk.tiles.set(key, tile.after)
  }
}

/** A layer whose group was lost comes out of it. */
function withKnownParent(walk: Walk, made: ReadonlySet<LayerId | null>, text: string | null): string | null {
  const layer = parseLayer(text)
  if (layer === null || layer.parent === null || walk.layers.has(layer.parent) || made.has(layer.parent)) return text
  return JSON.stringify({ ...layer, parent: null })
}

function undo(db: WritableDb, walk: Walk, operation: OperationId): void {
  const effect = readEffect(db, operation)
  for (const { layer, before } of effect.changes) {
    if (layer === null) walk.canvas = before
    else if (before === null) walk.layers.delete(layer)
    else walk.layers.set(layer, before)
  }
  for (const tile of effect.tiles) {
    if (tile.before === null) walk.tiles.delete(tileKey(tile))
    else walk.tiles.set(tileKey(tile), tile.before)
  }
}

function keepHead(db: WritableDb, document: DocumentId, walk: Walk): void {
  const canvas = parseCanvas(walk.canvas)
  if (canvas) change(db, 'UPDATE documents SET width = :width, height = :height, extra = :extra WHERE id = :document',
    { document, width: canvas.width, height: canvas.height, extra: JSON.stringify(canvas.extra) })
  change(db, 'DELETE FROM layers WHERE document = :document', { document })
  change(db, 'DELETE FROM layer_tiles WHERE document = :document', { document })
  for (const text of walk.layers.values()) change(db, `INSERT INTO layers VALUES (:id, :document, :kind, :name, :parent, :position, :visible, :locked,
    :opacity, :blend, :pixels_hash, :pixels_width, :pixels_height, :mask_hash, :mask_width, :mask_height, :transform, :extra)`, layerParameters(document, parseLayer(text)!)) // texts of layers only
  for (const [key, [pack, number]] of walk.tiles) {
    const [layer, plane, x, y] = key.split('/')
    change(db, 'INSERT INTO layer_tiles VALUES (:layer, :plane, :x, :y, :document, :pack, :number)',
      { layer: Number(layer), plane: plane!, x: Number(x), y: Number(y), document, pack, number })
  }
}
