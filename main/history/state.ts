/** The document as it stands after an operation, and the difference between two such states. */
import { type ReadableDb, row, rows } from './db.ts'
import type { BlobHash, DocumentId, LayerId, OperationId } from './ids.ts'
import { type Canvas, type Json, type JsonObject, type Layer, type Plane, type TilePlace, type TileRef, canvasSchema, layerSchema } from './model.ts'
import { treePath } from './tree.ts'

/** Canvas and layers of a document; layers in no particular order (see {@link Layer.parent} and `position`). */
export interface DocumentState {
  readonly canvas: Canvas
  readonly layers: ReadonlyMap<LayerId, Layer>
}

/** A tile where it differs; null is "no tile". */
export interface TileDifference extends TilePlace {
  readonly before: TileRef | null
  readonly after: TileRef | null
}

/** What differs between two states of one document: all that a canvas must redraw. */
export interface StateDifference {
  readonly canvas: { readonly before: Canvas | null; readonly after: Canvas | null } | null
  readonly layers: readonly { readonly layer: LayerId; readonly before: Layer | null; readonly after: Layer | null }[]
  readonly tiles: readonly TileDifference[]
}

interface LayerRow {
  readonly id: LayerId
  readonly document: DocumentId
  readonly kind: Layer['kind']
  readonly name: string
  readonly parent: LayerId | null
  readonly position: number
  readonly visible: number
  readonly locked: number
  readonly opacity: number
  readonly blend: Layer['blend']
  readonly pixels_hash: BlobHash | null
  readonly pixels_width: number | null
  readonly pixels_height: number | null
  readonly mask_hash: BlobHash | null
  readonly mask_width: number | null
  readonly mask_height: number | null
  readonly transform: string
  readonly extra: string
}

/** The values of a `layers` row. */
export function layerParameters(document: DocumentId, layer: Layer): Record<string, number | string | null> {
  return {
    id: layer.id, document, kind: layer.kind, name: layer.name, parent: layer.parent, position: layer.position,
    visible: layer.visible ? 1 : 0, locked: layer.locked ? 1 : 0, opacity: layer.opacity, blend: layer.blend,
    pixels_hash: layer.pixels?.hash ?? null, pixels_width: layer.pixels?.width ?? null, pixels_height: layer.pixels?.height ?? null,
    mask_hash: layer.mask?.hash ?? null, mask_width: layer.mask?.width ?? null, mask_height: layer.mask?.height ?? null,
    transform: JSON.stringify(layer.transform), extra: JSON.stringify(layer.extra),
  }
}

function layerOfRow(found: LayerRow): Layer {
  const picture = (hash: BlobHash | null, width: number | null, height: number | null): unknown => (hash === null ? null : { hash, width, height })
  return layerSchema.parse({
    id: found.id, kind: found.kind, name: found.name, parent: found.parent, position: found.position,
    visible: found.visible === 1, locked: found.locked === 1, opacity: found.opacity, blend: found.blend,
    pixels: picture(found.pixels_hash, found.pixels_width, found.pixels_height),
    mask: picture(found.mask_hash, found.mask_width, found.mask_height),
    transform: JSON.parse(found.transform) as unknown, extra: JSON.parse(found.extra) as unknown,
  })
}

/** The document at its head, from the rows kept for it; undefined when there is no such document. */
export function readHeadState(db: ReadableDb, document: DocumentId): DocumentState | undefined {
  const found = row<{ width: number; height: number; extra: string }>(db, 'SELECT width, height, extra FROM documents WHERE id = :document', { document })
  if (!found) return undefined
  const layers = rows<LayerRow>(db, 'SELECT * FROM layers WHERE document = :document', { document }).map(layerOfRow)
  const canvas = canvasSchema.parse({ width: found.width, height: found.height, extra: JSON.parse(found.extra) as unknown })
  return { canvas, layers: new Map(layers.map((layer) => [layer.id, layer])) }
}

/** Every tile of a document at its head, by place. */
export function readHeadTiles(db: ReadableDb, document: DocumentId): Map<string, TileDifference> {
  const found = rows<{ layer: LayerId; plane: Plane; x: number; y: number; pack: BlobHash; number: number }>(
    db, 'SELECT layer, plane, x, y, pack, number FROM layer_tiles WHERE document = :document', { document })
  return new Map(found.map((tile) => [
    tileKey(tile), { layer: tile.layer, plane: tile.plane, x: tile.x, y: tile.y, before: null, after: [tile.pack, tile.number] },
  ]))
}

/** A tile's place as a map key. */
export function tileKey(place: TilePlace): string {
  return `${place.layer}/${place.plane}/${place.x}/${place.y}`
}

/** The raw rows of an operation's effect. */
export interface EffectRows {
  readonly changes: readonly { readonly layer: LayerId | null; readonly before: string | null; readonly after: string | null }[]
  readonly tiles: readonly TileDifference[]
}

/** What one operation did. */
export function readEffect(db: ReadableDb, operation: OperationId): EffectRows {
  const changes = rows<EffectRows['changes'][number]>(
    db, 'SELECT layer, before, after FROM operation_changes WHERE operation = :operation ORDER BY ordinal', { operation })
  const tiles = rows<{
    layer: LayerId; plane: Plane; x: number; y: number
    before_pack: BlobHash | null; before_number: number | null; after_pack: BlobHash | null; after_number: number | null
  }>(db, `SELECT layer, plane, x, y, before_pack, before_number, after_pack, after_number
    FROM operation_tiles WHERE operation = :operation`, { operation })
  return {
    changes,
    tiles: tiles.map(({ layer, plane, x, y, ...refs }) => ({
      layer, plane, x, y, before: tileRef(refs.before_pack, refs.before_number), after: tileRef(refs.after_pack, refs.after_number),
    })),
  }
}

function tileRef(pack: BlobHash | null, number: number | null): TileRef | null {
  return pack === null || number === null ? null : [pack, number]
}

/** Parses a canvas column; null stays null. */
export function parseCanvas(text: string | null): Canvas | null {
  return text === null ? null : canvasSchema.parse(JSON.parse(text))
}

/** Parses a layer column; null stays null. */
export function parseLayer(text: string | null): Layer | null {
  return text === null ? null : layerSchema.parse(JSON.parse(text))
}

/** The net difference between the document after `from` and after `to`; unchanged things are left out. */
export function differenceBetween(db: ReadableDb, from: OperationId, to: OperationId): StateDifference {
  const path = treePath(db, from, to)
  const texts = new Map<LayerId | null, { before: string | null; after: string | null }>()
  const tiles = new Map<string, TileDifference>()
  const step = (operation: OperationId, backwards: boolean): void => {
    const effect = readEffect(db, operation)
    for (const change of effect.changes) {
      const [before, after] = backwards ? [change.after, change.before] : [change.before, change.after]
      const known = texts.get(change.layer)
      if (known) known.after = after
      else texts.set(change.layer, { before, after })
    }
    for (const tile of effect.tiles) {
      const [before, after] = backwards ? [tile.after, tile.before] : [tile.before, tile.after]
      const key = tileKey(tile)
      tiles.set(key, { ...tile, before: tiles.get(key)?.before ?? (tiles.has(key) ? null : before), after })
    }
  }
  for (const operation of path.up) step(operation, true)
  for (const operation of path.down) step(operation, false)
  const canvas = texts.get(null)
  texts.delete(null)
  return {
    canvas: canvas && canvas.before !== canvas.after ? { before: parseCanvas(canvas.before), after: parseCanvas(canvas.after) } : null,
    layers: [...texts].filter(([, change]) => change.before !== change.after)
      .map(([layer, change]) => ({ layer: layer!, before: parseLayer(change.before), after: parseLayer(change.after) })), // null was taken out above
    tiles: [...tiles.values()].filter((tile) => !sameTile(tile.before, tile.after)),
  }
}

/** Whether two places in packs are the same. */
export function sameTile(a: TileRef | null, b: TileRef | null): boolean {
  return a === b || (a !== null && b !== null && a[0] === b[0] && a[1] === b[1])
}

/** A state with a difference applied. */
export function applyDifference(state: DocumentState, difference: StateDifference): DocumentState {
  const layers = new Map(state.layers)
  for (const change of difference.layers) {
    if (change.after) layers.set(change.layer, change.after)
    else layers.delete(change.layer)
  }
  return { canvas: difference.canvas?.after ?? state.canvas, layers }
}

/** The document as it stood after any operation of its tree. */
export function readStateAt(db: ReadableDb, document: DocumentId, operation: OperationId): DocumentState | undefined {
  const state = readHeadState(db, document)
  const head = row<{ head: OperationId | null }>(db, 'SELECT head FROM documents WHERE id = :document', { document })?.head
  if (!state || head === null || head === undefined || head === operation) return state
  return applyDifference(state, differenceBetween(db, head, operation))
}

/** Whether two JSON values are equal; key order does not matter. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, index) => sameJson(item as Json, b[index] as Json)) // Array.isArray forgets readonly
  const [left, right] = [a as JsonObject, b as JsonObject] // not null, not arrays
  const keys = Object.keys(left)
  return keys.length === Object.keys(right).length && keys.every((key) => key in right && sameJson(left[key], right[key]))
}
