/** Changes of masks: the engine works them out in canvas pixels; the history keeps the tiles that differ. */
import path from 'node:path'
import type { DocumentChange, MaskEdit, MaskSource } from '../../../preload/contract/documents.ts'
import { TILE_EDGE, TileFileWriter } from '../../engine/document/tileFile.ts'
import { badInput } from '../../engine/errors.ts'
import { newLayer } from '../../history/layers.ts'
import type { Layer } from '../../history/model.ts'
import type { TileEdit } from '../../history/operationDraft.ts'
import { IDENTITY } from '../documents/affine.ts'
import type { DocumentSession } from '../documents/documentSession.ts'
import { hasMask } from '../documents/documentView.ts'
import type { SentTile } from '../documents/strokes.ts'
import { inspectPicture } from '../documents/importPicture.ts'
import { isPlain } from '../documents/tileMath.ts'
import { maskOutside } from '../documents/tileService.ts'
import { type WorkedOut, placeAbove } from './layerChanges.ts'
import type { MapSets } from '../edits/mapSets.ts'

type Change<Name extends DocumentChange['change']> = Extract<DocumentChange, { readonly change: Name }>
const EDIT_TITLES: Readonly<Record<MaskEdit['op'], string>> = { invert: 'Invert mask', clear: 'Clear mask', all: 'Select all', grow: 'Grow mask', shrink: 'Shrink mask', feather: 'Feather mask' }
const SOURCE_TITLES: Readonly<Record<MaskSource['from'], string>> = {
  'layer-alpha': 'Mask from layer', 'layer-mask': 'Mask from layer mask', saved: 'Load mask', file: 'Import mask', wand: 'Select by colour', scribble: 'Smart select', attention: 'Mask from word',
}

/** Inverts, clears, fills, grows, shrinks or softens a mask layer. */
export async function editMask(session: DocumentSession, { layer: id, edit }: Change<'mask.edit'>): Promise<WorkedOut> {
  const layer = maskLayer(session, id)
  const { op, ...rest } = edit
  const params = { ...rest }
  if (op === 'clear') return { draft: { kind: 'mask', title: EDIT_TITLES.clear, layers: atRest(layer), tiles: cleared(session, layer) }, activeMask: layer.id }
  return session.services.scratch.within(async (folder) => {
    const { width, height } = session.state.canvas
    const out = path.join(folder, 'mask.png')
    const mask = op === 'all' ? null : await session.pixels.canvasMask(layer, 'pixels', path.join(folder, 'before.png'))
    await session.services.pixels.run({ task: 'mask-edit', mask, width, height, operations: [op === 'all' ? { op: 'invert' } : { op, ...params }], out })
    return { draft: { kind: 'mask', title: EDIT_TITLES[op], params, layers: atRest(layer), tiles: await session.pixels.maskTiles(out, layer.id, 'pixels') }, activeMask: layer.id }
  })
}

/** Makes a selection and joins it with a mask layer; the mask in force, or a new one, when no layer is named. */
export async function selectMask(session: DocumentSession, maps: MapSets, { layer: id, source, mode }: Change<'mask.select'>): Promise<WorkedOut> {
  const found = id === null ? session.activeMask() : maskLayer(session, id)
  const layer = found ?? newLayer({ id: session.project.newLayerId(), kind: 'mask', name: 'Mask' })
  return session.services.scratch.within(async (folder) => {
    const { width, height } = session.state.canvas
    let mask = await selection(session, maps, source, folder)
    if (mode !== 'replace') {
      const before = found ? await session.pixels.canvasMask(found, 'pixels', path.join(folder, 'before.png')) : null
      const joined = path.join(folder, 'joined.png')
      await session.services.pixels.run({ task: 'mask-edit', mask: before, width, height, operations: [{ op: 'combine', mask, how: mode }], out: joined })
      mask = joined
    }
    const tiles = await session.pixels.maskTiles(mask, layer.id, 'pixels')
    return {
      draft: { kind: 'mask', title: SOURCE_TITLES[source.from], params: { from: source.from, mode }, tiles, layers: found ? atRest(found) : placeAbove(session.state, layer, null) },
      activeMask: layer.id,
    }
  })
}

/** Gives a layer a mask of its own, takes it away, or turns it round. */
export async function setLayerMask(session: DocumentSession, { layer: id, set }: Change<'layer.mask'>): Promise<WorkedOut> {
  const layer = session.layer(id)
  if (layer.kind === 'mask') throw badInput('layer/mask', { thing: `"${layer.name}"`, expected: 'a layer with pixels', found: 'a mask', todo: 'choose another layer' })
  const wasWhite = [...session.tiles.placed(layer.id, 'mask').keys()].map((key) => emptyTile(layer, 'mask', key))
  const bare = withoutMask(layer)
  if (set === 'remove') return { draft: { kind: 'layer', title: `Remove mask of ${layer.name}`, layers: [bare], tiles: wasWhite } }
  const masked = (outside: 0 | 255): Layer => ({ ...bare, extra: { ...bare.extra, hasMask: true, maskOutside: outside } })
  if (set === 'add') return { draft: { kind: 'layer', title: `Add mask to ${layer.name}`, layers: [masked(255)], tiles: wasWhite } }
  if (set === 'invert') {
    if (!hasMask(layer)) throw badInput('layer/no-mask', { thing: `"${layer.name}"`, expected: 'a layer with a mask', found: 'one without', todo: 'add a mask first' })
    return { draft: { kind: 'layer', title: `Invert mask of ${layer.name}`, layers: [masked(maskOutside(layer) === 255 ? 0 : 255)], tiles: await inverted(session, layer) } }
  }
  const active = session.activeMask()
  if (!active) throw badInput('mask/none', { thing: 'The mask in force', expected: 'one', found: 'none', todo: 'draw or choose a mask first' })
  return session.services.scratch.within(async (folder) => {
    const canvas = await session.pixels.canvasMask(active, 'pixels', path.join(folder, 'mask.png'))
    const own = await session.pixels.toLayer(canvas, layer, path.join(folder, 'own.png'))
    return { draft: { kind: 'layer', title: `Mask ${layer.name}`, layers: [masked(0)], tiles: await session.pixels.maskTiles(own, layer.id, 'mask') } }
  })
}

/** A selection as a grey picture of the canvas's size. */
async function selection(session: DocumentSession, maps: MapSets, source: MaskSource, folder: string): Promise<string> {
  const out = path.join(folder, 'selected.png')
  const run = (request: Record<string, unknown>): Promise<unknown> => session.services.pixels.run({ ...request, out })
  const { width, height } = session.state.canvas
  switch (source.from) {
    case 'layer-alpha':
      return session.pixels.layerAlpha(session.layer(source.layer), out)
    case 'layer-mask':
      return session.pixels.canvasMask(session.layer(source.layer), 'mask', out)
    case 'saved': {
      const saved = session.opened.reader.masks(session.document).find((mask) => mask.id === source.mask)
      if (!saved) throw badInput('mask/unknown', { thing: 'This mask', expected: 'a saved one', found: 'none of this number', todo: 'look at the list again' })
      await run({ task: 'mask-edit', mask: session.opened.reader.blobs.path(saved.hash), width: saved.width, height: saved.height, operations: [{ op: 'resize', width, height }] })
      return out
    }
    case 'file': {
      const file = session.services.files.plainFile(source.file)
      const size = source.resize ? await inspectPicture(session.services, file) : { width, height }
      const operations = [...(source.resize ? [{ op: 'resize', width, height }] : []), ...(source.invert ? [{ op: 'invert' }] : [])]
      await run({ task: 'mask-edit', mask: file, width: size.width, height: size.height, operations })
      return out
    }
    case 'wand': {
      const { x, y, tolerance, contiguous, layer } = source
      const only = layer === null ? undefined : session.layer(layer).id
      const document = await session.pixels.document(undefined, only === undefined ? undefined : (other) => other.id === only || other.kind === 'group')
      await run({ task: 'select', kind: 'wand', document, point: { x: Math.floor(x), y: Math.floor(y) }, tolerance, contiguous })
      return out
    }
    case 'scribble': {
      const [foreground, background] = await Promise.all([scribble(session, source.foreground, folder, 'foreground'), scribble(session, source.background, folder, 'background')])
      await run({ task: 'select', kind: 'scribble', document: await session.pixels.document(), foreground, background, ...(source.box ? { box: source.box } : {}) })
      return out
    }
    case 'attention': {
      const { file } = maps.get(source.maps)
      const { file: image } = await session.pixels.composite(folder)
      await run({ task: 'mask', image, where: source.where, maps: file })
      if (source.feather === 0) return out
      const soft = path.join(folder, 'soft.png')
      await session.services.pixels.run({ task: 'mask-edit', mask: out, width, height, operations: [{ op: 'feather', pixels: source.feather }], out: soft })
      return soft
    }
  }
}

/** Tiles in canvas pixels as a mask picture; undefined when there are none. */
async function scribble(session: DocumentSession, tiles: readonly SentTile[], folder: string, name: string): Promise<string | undefined> {
  if (tiles.length === 0) return undefined
  return tilesAsMask(session, tiles, path.join(folder, `${name}.png`))
}

/** Writes grey tiles in canvas pixels as a mask picture of the canvas's size. @throws EngineError tiles/tile */
export async function tilesAsMask(session: DocumentSession, tiles: readonly SentTile[], out: string): Promise<string> {
  const painted = `${out}.tiles`
  const writer = new TileFileWriter(painted)
  try {
    for (const { x, y, bytes } of tiles) writer.add({ level: 0, x, y }, { format: 'grey8', bytes }, true)
    writer.finish()
  } finally {
    writer.abort()
  }
  const { width, height } = session.state.canvas
  await session.services.pixels.run({ task: 'mask-edit', mask: null, maskTiles: painted, width, height, operations: [], out })
  return out
}

function maskLayer(session: DocumentSession, id: number): Layer {
  const layer = session.layer(id)
  if (layer.kind === 'mask') return layer
  throw badInput('document/not-a-mask', { thing: `Layer "${layer.name}"`, expected: 'a mask layer', found: `one of the kind ${layer.kind}`, todo: 'choose a mask' })
}

/** A mask that was worked out in canvas pixels lies as they do; nothing when it does already. */
function atRest(layer: Layer): Layer[] {
  const still = layer.transform.every((value, index) => value === IDENTITY[index]) && layer.pixels === null
  return still ? [] : [{ ...layer, transform: IDENTITY, pixels: null }]
}

function cleared(session: DocumentSession, layer: Layer): TileEdit[] {
  return [...session.tiles.placed(layer.id, 'pixels').keys()].map((key) => emptyTile(layer, 'pixels', key))
}

function emptyTile(layer: Layer, plane: 'pixels' | 'mask', key: string): TileEdit {
  const [x, y] = key.split('/').map(Number) as [number, number]
  return { layer: layer.id, plane, x, y, pixels: null }
}

function withoutMask(layer: Layer): Layer {
  const { hasMask: _, maskOutside: __, ...extra } = layer.extra
  return { ...layer, mask: null, extra }
}

/** Every tile of a layer's mask the other way round; what was outside is told by the layer. */
async function inverted(session: DocumentSession, layer: Layer): Promise<TileEdit[]> {
  const places = new Set(session.tiles.placed(layer.id, 'mask').keys())
  if (layer.mask) for (let y = 0; y * TILE_EDGE < layer.mask.height; y++) for (let x = 0; x * TILE_EDGE < layer.mask.width; x++) places.add(`${x}/${y}`)
  const outside = maskOutside(layer) === 255 ? 0 : 255
  return Promise.all([...places].map(async (key): Promise<TileEdit> => {
    const edit = emptyTile(layer, 'mask', key)
    const before = await session.tiles.read(layer.id, 'mask', { level: 0, x: edit.x, y: edit.y })
    const bytes = before ? before.map((value) => 255 - value) : new Uint8Array(TILE_EDGE * TILE_EDGE).fill(255)
    return { ...edit, pixels: isPlain(bytes, outside) ? null : { format: 'grey8', bytes } }
  }))
}
