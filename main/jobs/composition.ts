/** A document of a project as the engine takes it: canvas, layers, files. */
import fs from 'node:fs'
import path from 'node:path'
import type { DocumentInput, DocumentLayer } from '../engine/requests.ts'
import { type OperationId, isBlobHash } from '../history/ids.ts'
import { childLayers } from '../history/layers.ts'
import type { Layer, Plane } from '../history/model.ts'
import type { ProjectReader } from '../history/projectReader.ts'
import type { DocumentState, TileDifference } from '../history/state.ts'
import { type PlacedPixels, writeTileFile } from './tileFile.ts'

/**
 * The document as it stood after an operation, to be handed to `compose`, `thumbnail` or `select`. Painted tiles are
 * written into `work`; pictures and masks are the project's own files, which no request writes to.
 * @param work an existing folder for files that may go when the request is done
 */
export function documentInput(project: ProjectReader, at: OperationId, work: string): DocumentInput {
  const { document } = project.operation(at)
  const state = project.state(document, at)
  const root = project.ancestry(at)[0]!
  const tiles = at === root ? [] : project.difference(root, at).tiles.filter(({ after, layer }) => after !== null && state.layers.has(layer))
  return documentOf(project, state, (layer, plane) => tileFile(project, layer, plane, tiles, work))
}

/**
 * A state of a document as the engine takes it.
 * @param painted the `.tiles` file with the painted tiles of a layer; null when there are none
 * @param keep which layers take part; all when absent
 */
export function documentOf(
  project: ProjectReader,
  state: DocumentState,
  painted: (layer: Layer, plane: Plane) => string | null,
  keep: (layer: Layer) => boolean = () => true,
): DocumentInput {
  const { width, height, extra } = state.canvas
  const background = typeof extra['background'] === 'string' && /^#[0-9a-fA-F]{6}$/.test(extra['background']) ? extra['background'] : null
  return { canvas: { width, height, background }, base: basePicture(project, state), layers: layersBelow(project, state, null, painted, keep) }
}

/** The picture that lends its profile, depth and metadata: the one the document was opened from, else its lowest image. */
function basePicture(project: ProjectReader, state: DocumentState): string | null {
  const opened = state.canvas.extra['base']
  if (typeof opened === 'string' && isBlobHash(opened)) return project.blobs.path(opened)
  const lowest = [...state.layers.values()].filter(({ kind, pixels }) => kind === 'image' && pixels !== null).sort((a, b) => a.id - b.id)[0]
  return lowest?.pixels ? project.blobs.path(lowest.pixels.hash) : null
}

function layersBelow(project: ProjectReader, state: DocumentState, parent: Layer['id'] | null, painted: (layer: Layer, plane: Plane) => string | null, keep: (layer: Layer) => boolean): DocumentLayer[] {
  // selections never show, so their tiles need not be written
  return childLayers(state.layers.values(), parent).filter((layer) => layer.kind !== 'mask' && keep(layer)).map((layer): DocumentLayer => {
    const { kind, name, transform, opacity, blend, visible, extra } = layer
    const outside = extra['maskOutside']
    return {
      kind, name, transform, opacity, blend, visible,
      picture: layer.pixels && project.blobs.path(layer.pixels.hash),
      mask: layer.mask && project.blobs.path(layer.mask.hash),
      tiles: painted(layer, 'pixels'),
      maskTiles: painted(layer, 'mask'),
      maskOutside: typeof outside === 'number' && outside >= 0 && outside <= 255 ? Math.round(outside) : 0,
      children: layersBelow(project, state, layer.id, painted, keep),
    }
  })
}

function tileFile(project: ProjectReader, layer: Layer, plane: Plane, tiles: readonly TileDifference[], work: string): string | null {
  const own = tiles.flatMap((tile): PlacedPixels[] => (tile.layer === layer.id && tile.plane === plane && tile.after ? [{ x: tile.x, y: tile.y, pixels: project.tile(tile.after) }] : []))
  if (own.length === 0) return null
  fs.mkdirSync(work, { recursive: true })
  const file = path.join(work, `layer-${layer.id}-${plane}.tiles`)
  writeTileFile(file, own)
  return file
}
