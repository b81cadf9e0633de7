/**
 * Whether a picture is unlike a model's world. A model that lists its vocabulary was taught a small world of flat
 * pictures; a photograph tells itself by its fine grain. Measured on the display tiles: the share of neighbouring
 * pixels that are exactly equal.
 */
import { TILE_EDGE } from '../../engine/document/tileFile.ts'
import type { LayerId } from '../../history/ids.ts'
import { paintingOrder } from '../../history/layers.ts'
import type { DocumentSession } from '../documents/documentSession.ts'
import { modelRows } from './modelRows.ts'

/** Below this share of equal neighbours a picture counts as grained. */
const FLAT_FROM = 0.25

/** True when the model knows few words and the document's lowest picture is grained like a photograph. */
export async function looksUnlikeModel(session: DocumentSession, model: string): Promise<boolean> {
  const row = (await modelRows(session.services)).find(({ id }) => id === model)
  if (!row?.vocabulary) return false
  const share = await flatShare(session)
  return share !== null && share < FLAT_FROM
}

/** Share of opaque pixels equal to their right neighbour, in the first tile of the lowest picture; null without one. */
export async function flatShare(session: DocumentSession): Promise<number | null> {
  const layer = paintingOrder(session.state).find(({ kind, pixels }) => kind === 'image' && pixels !== null)
  if (!layer?.pixels) return null
  const middle = { x: Math.floor(layer.pixels.width / 2 / TILE_EDGE), y: Math.floor(layer.pixels.height / 2 / TILE_EDGE) }
  const tile = await session.tiles.read(layer.id as LayerId, 'pixels', { level: 0, ...middle })
  if (!tile) return null
  let [pairs, equal] = [0, 0]
  for (let i = 0; i + 7 < tile.length; i += 4) {
    if (tile[i + 3] === 0 || tile[i + 7] === 0 || (i / 4) % TILE_EDGE === TILE_EDGE - 1) continue
    pairs += 1
    if (tile[i] === tile[i + 4] && tile[i + 1] === tile[i + 5] && tile[i + 2] === tile[i + 6]) equal += 1
  }
  return pairs === 0 ? null : equal / pairs
}
