/** Copying out of a document: a part of it as a picture, the colour of one pixel. */
import path from 'node:path'
import { TILE_EDGE } from '../../engine/document/tileFile.ts'
import { badInput } from '../../engine/errors.ts'
import type { LayerId } from '../../history/ids.ts'
import { aloneWith, paintingOrder } from '../../history/layers.ts'
import type { Layer } from '../../history/model.ts'
import type { DocumentState } from '../../history/state.ts'
import { invert, toCanvas } from './affine.ts'
import type { DocumentSession } from './documentSession.ts'
import { takeFile } from './importPicture.ts'

/** What to copy. */
export interface CopyOrder {
  /** only this layer; a mask layer is copied as a mask */
  readonly layer: number | null
  /** only this part of the canvas */
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number } | null
  /** only what the mask in force covers */
  readonly masked: boolean
}

/** A part of the document as a PNG. @throws EngineError copy/outside, mask/none (exit 2) */
export async function copyPixels(session: DocumentSession, { layer: id, box, masked }: CopyOrder): Promise<{ bytes: Uint8Array; media: string }> {
  const { services, state } = session
  const layer = id === null ? null : session.layer(id)
  return services.scratch.within(async (folder) => {
    const out = path.join(folder, 'copy.png')
    if (layer?.kind === 'mask') return { bytes: takeFile(await session.pixels.canvasMask(layer, 'pixels', out)), media: 'image/png' }
    const alone = layer && aloneWith(state, layer.id)
    const document = await session.pixels.document(undefined, alone ? (other) => alone.has(other.id) : undefined)
    const mask = masked ? session.activeMask() : null
    if (masked && !mask) throw badInput('mask/none', { thing: 'The mask', expected: 'one that says what to copy', found: 'none', todo: 'draw a mask first' })
    const layers = mask
      ? [{ kind: 'group', mask: await session.pixels.canvasMask(mask, 'pixels', path.join(folder, 'mask.png')), children: document.layers }]
      : document.layers
    const bare = layer !== null || mask !== null
    const part = box && clipped(box, state.canvas)
    await services.pixels.run({ task: 'compose', ...document, layers, ...(bare ? { canvas: { ...document.canvas, background: null } } : {}), ...(part ? { box: part } : {}), out })
    return { bytes: takeFile(out), media: 'image/png' }
  })
}

function clipped(box: NonNullable<CopyOrder['box']>, canvas: { readonly width: number; readonly height: number }): NonNullable<CopyOrder['box']> {
  const [x, y] = [Math.max(0, box.x), Math.max(0, box.y)]
  const [right, bottom] = [Math.min(canvas.width, box.x + box.width), Math.min(canvas.height, box.y + box.height)]
  if (right <= x || bottom <= y) throw badInput('copy/outside', { thing: 'The part to copy', expected: 'one on the canvas', found: 'one beside it', todo: 'select another' })
  return { x, y, width: right - x, height: bottom - y }
}

/**
 * The colour that is seen at a place of the canvas, from the topmost layer that is opaque there. Colours are those of the
 * display; `samples` are its 8-bit values.
 */
export async function pickColour(session: DocumentSession, x: number, y: number): Promise<{ colour: string | null; samples: number[]; depth: number }> {
  const layers = paintingOrder(session.state).filter((layer) => layer.kind !== 'mask' && layer.kind !== 'group' && isSeen(session.state.layers, layer)).reverse()
  for (const layer of layers) {
    const [a, b, c, d, e, f] = invert(toCanvas(session.state.layers, layer))
    const [middleX, middleY] = [Math.floor(x) + 0.5, Math.floor(y) + 0.5] // of the pixel
    const [px, py] = [Math.floor(a * middleX + c * middleY + e), Math.floor(b * middleX + d * middleY + f)]
    const place = { level: 0, x: Math.floor(px / TILE_EDGE), y: Math.floor(py / TILE_EDGE) }
    const at = (py - place.y * TILE_EDGE) * TILE_EDGE + px - place.x * TILE_EDGE
    if (layer.mask && ((await session.tiles.read(layer.id as LayerId, 'mask', place))?.[at] ?? 0) < 128) continue
    const tile = await session.tiles.read(layer.id as LayerId, 'pixels', place)
    const samples = tile ? [...tile.subarray(at * 4, at * 4 + 4)] : []
    if ((samples[3] ?? 0) < 128) continue
    return { colour: `#${samples.slice(0, 3).map((value) => value.toString(16).padStart(2, '0')).join('')}`, samples, depth: 8 }
  }
  return { colour: null, samples: [], depth: 8 }
}

/** Whether neither a layer nor a group around it is hidden. */
function isSeen(layers: DocumentState['layers'], layer: Layer): boolean {
  const group = layer.parent === null ? undefined : layers.get(layer.parent)
  return layer.visible && layer.opacity > 0 && (group === undefined || isSeen(layers, group))
}
