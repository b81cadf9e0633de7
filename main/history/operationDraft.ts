/** From what a caller wants to commit to the record that says it. */
import { failed } from '../engine/errors.ts'
import type { BlobHash, LayerId, OperationId, StrokeId } from './ids.ts'
import { type Canvas, type JsonObject, type Layer, type OperationInput, type OperationResult, type Provenance, type StateChange, type TileChange, type TilePlace, type TileRef, canvasSchema, layerSchema, operationInputSchema, operationResultSchema, provenanceSchema } from './model.ts'
import { checkLayers } from './layers.ts'
import { type DocumentState, sameTile, tileKey } from './state.ts'
import { type DeflatedTile, type TilePixels, encodeTilePack, packTile } from './tilePacks.ts'

/** A tile's new pixels; null takes the tile away. */
export interface TileEdit extends TilePlace {
  readonly pixels: TilePixels | null
}

/** Tiles of an earlier operation used again as they are, for a replay. */
export interface TileReuse extends TilePlace {
  readonly ref: TileRef | null
}

/** What an operation does to its document. Everything left out stays as it is. */
export interface EffectDraft {
  /** new and changed layers, each complete */
  readonly layers?: readonly Layer[]
  readonly removedLayers?: readonly LayerId[]
  readonly canvas?: Canvas
  readonly tiles?: readonly TileEdit[]
  readonly reusedTiles?: readonly TileReuse[]
  /** an autosaved stroke that this operation finishes: its saved tiles are used where `tiles` has none */
  readonly stroke?: StrokeId
}

/** An operation to commit. Blobs it names must have been added to the project before. */
export interface OperationDraft extends EffectDraft {
  readonly kind: string
  /** the words of the history panel */
  readonly title: string
  readonly engineVersion?: string
  readonly model?: string
  readonly modelHash?: string
  readonly device?: string
  readonly seed?: number
  /** every parameter but paths */
  readonly params?: JsonObject
  readonly durationMs?: number
  readonly replayOf?: OperationId
  readonly inputs?: readonly OperationInput[]
  readonly results?: readonly (Pick<OperationResult, 'role' | 'hash'> & Partial<OperationResult>)[]
  /** results the document uses, by place in `results`; all when absent */
  readonly chosen?: readonly number[]
  readonly thumbnail?: BlobHash
  readonly name?: string
  readonly starred?: boolean
  /** the operation this one follows; where the document stands when absent */
  readonly parent?: OperationId
  /** whether the document goes there; true unless `parent` is given */
  readonly moveHead?: boolean
}

/** The part of a draft that says how the operation was made, complete and checked. */
export function provenanceOf(draft: OperationDraft): Provenance {
  return provenanceSchema.parse({
    kind: draft.kind, title: draft.title, engineVersion: draft.engineVersion ?? null, model: draft.model ?? null, modelHash: draft.modelHash ?? null,
    device: draft.device ?? null, seed: draft.seed ?? null, params: draft.params ?? {}, durationMs: draft.durationMs ?? null, replayOf: draft.replayOf ?? null,
  })
}

/** A draft's inputs, checked. */
export function inputsOf(draft: OperationDraft): OperationInput[] {
  const inputs = (draft.inputs ?? []).map((input) => operationInputSchema.parse(input))
  if (new Set(inputs.map((input) => input.role)).size < inputs.length) throw failed('project/inputs', 'Two inputs of one operation have the same role; please report it.')
  return inputs
}

/** A draft's results, completed and checked. */
export function resultsOf(draft: OperationDraft): OperationResult[] {
  return (draft.results ?? []).map((result) => operationResultSchema.parse({ width: 0, height: 0, seed: null, metrics: {}, ...result }))
}

/** The canvas and layer changes of a draft against the state it starts from; what does not change is left out. */
export function stateChanges(draft: EffectDraft, base: DocumentState): StateChange[] {
  const changes: StateChange[] = []
  if (draft.canvas) {
    const after = canvasSchema.parse(draft.canvas)
    if (JSON.stringify(after) !== JSON.stringify(base.canvas)) changes.push({ what: 'canvas', before: base.canvas, after })
  }
  const layers = new Map(base.layers)
  for (const id of draft.removedLayers ?? []) {
    const before = layers.get(id)
    if (!before) throw failed('project/no-such-layer', `Layer ${id}, which should be removed, is not in the document; please report it.`)
    layers.delete(id)
    changes.push({ what: 'layer', layer: id, before, after: null })
  }
  for (const draftLayer of draft.layers ?? []) {
    const after = layerSchema.parse(draftLayer)
    const before = base.layers.get(after.id) ?? null
    if (changes.some((change) => change.what === 'layer' && change.layer === after.id)) throw failed('project/layers', `Layer "${after.name}" is changed twice by one operation; please report it.`)
    layers.set(after.id, after)
    if (before === null || JSON.stringify(before) !== JSON.stringify(after)) changes.push({ what: 'layer', layer: after.id, before, after })
  }
  checkLayers({ canvas: base.canvas, layers })
  return changes
}

/** A draft's tiles as one pack and the changes that point into it. */
export interface PackedTiles {
  /** the pack's bytes; null when no tile has new pixels */
  readonly pack: Buffer | null
  /** the changes, once the pack's hash is known */
  readonly changes: (pack: BlobHash | null) => TileChange[]
  /** raw pixels by number in the pack, for the memory cache; those of a stroke are left out */
  readonly raw: ReadonlyMap<number, TilePixels>
}

/**
 * Packs the tiles of a draft.
 * @param fromStroke the autosaved tiles of the stroke that the draft finishes
 * @param before the tile at a place before the operation
 */
export function packTiles(
  draft: EffectDraft,
  fromStroke: readonly (DeflatedTile & TilePlace)[],
  before: (place: TilePlace) => TileRef | null,
): PackedTiles {
  const edits = new Map<string, { place: TilePlace; packed: DeflatedTile | null; raw?: TilePixels; reuse?: TileRef | null }>()
  const place = ({ layer, plane, x, y }: TilePlace): TilePlace => ({ layer, plane, x, y })
  for (const tile of fromStroke) edits.set(tileKey(tile), { place: place(tile), packed: tile })
  for (const tile of draft.reusedTiles ?? []) edits.set(tileKey(tile), { place: place(tile), packed: null, reuse: tile.ref })
  for (const tile of draft.tiles ?? [])
    edits.set(tileKey(tile), { place: place(tile), packed: tile.pixels && packTile(tile.pixels), ...(tile.pixels ? { raw: tile.pixels } : {}) })
  const packed: DeflatedTile[] = []
  const raw = new Map<number, TilePixels>()
  const numbered = [...edits.values()].map((edit) => {
    if (edit.packed === null) return { edit, number: null }
    if (edit.raw) raw.set(packed.length, edit.raw)
    return { edit, number: packed.push(edit.packed) - 1 }
  })
  return {
    pack: packed.length > 0 ? encodeTilePack(packed) : null,
    raw,
    changes: (hash) => numbered.map(({ edit, number }) => {
      const after: TileRef | null = number !== null && hash !== null ? [hash, number] : (edit.reuse ?? null)
      return { ...edit.place, before: before(edit.place), after }
    }).filter((tile) => !sameTile(tile.before, tile.after)),
  }
}
