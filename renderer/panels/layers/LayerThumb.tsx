/** A layer as a small picture: drawn from the coarsest display tile that holds all of it. */
import { type ComponentType, useEffect, useRef } from 'react'
import { type LayerView, TILE_EDGE } from '../../../preload/contract/documents.ts'
import { call } from '../../api/client.ts'
import { documentStore, place } from '../../stores/documentStore.ts'
import { useShallowStore, useStore } from '../../stores/useStore.ts'

const EDGE = 64
const SETTLED_MS = 250

/** See the file's head. Groups and empty layers show their kind. */
export function LayerThumb({ layer, icon: Icon }: { readonly layer: LayerView; readonly icon: ComponentType<{ size?: number | string; stroke?: number }> }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const version = useStore(documentStore, ({ document }) => document?.version ?? 0)
  const shown = useShallowStore(documentStore, ({ document }) => shownBox(layer, document?.canvas ?? null))
  const { id, kind } = layer
  const wide = Math.max(shown.x + shown.width, shown.y + shown.height)
  useEffect(() => {
    if (wide <= 0 || kind === 'group') return
    const timer = setTimeout(() => void draw(canvas.current, id, kind === 'mask', shown).catch(() => null), SETTLED_MS) // a picture of its kind stands in
    return () => clearTimeout(timer)
  }, [id, kind, wide, shown, version])
  if (wide <= 0 || kind === 'group') return <span className="layer-thumb layer-thumb-kind" aria-hidden><Icon size="1rem" stroke={1.5} /></span>
  return <canvas ref={canvas} width={EDGE} height={EDGE} className="layer-thumb" aria-hidden />
}

type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

/** What of a layer is shown: all of a mask's place on the canvas, else what the layer holds right of and below its corner. */
function shownBox(layer: LayerView, canvas: { readonly width: number; readonly height: number } | null): Box {
  const { extent } = layer
  if (!extent) return { x: 0, y: 0, width: 0, height: 0 }
  if (layer.kind === 'mask' && canvas) return { x: 0, y: 0, ...canvas }
  const [x, y] = [Math.max(0, extent.x), Math.max(0, extent.y)]
  return { x, y, width: Math.max(0, extent.x + extent.width - x), height: Math.max(0, extent.y + extent.height - y) }
}

async function draw(canvas: HTMLCanvasElement | null, layer: number, mask: boolean, box: Box): Promise<void> {
  const where = place()
  const context = canvas?.getContext('2d')
  if (!where || !context) return
  const level = Math.max(0, Math.ceil(Math.log2(Math.max(box.x + box.width, box.y + box.height) / TILE_EDGE)))
  const { tiles } = await call('tiles.read', { ...where, tiles: [{ layer, plane: 'pixels', level, x: 0, y: 0 }] })
  const bytes = tiles[0]?.bytes
  context.clearRect(0, 0, EDGE, EDGE)
  if (!bytes) return
  const rgba = mask ? greyToRgba(bytes) : new Uint8ClampedArray(bytes)
  const picture = await createImageBitmap(new ImageData(rgba as Uint8ClampedArray<ArrayBuffer>, TILE_EDGE, TILE_EDGE)) // both were made just now
  const [down, fit] = [2 ** level, EDGE / Math.max(box.width, box.height)]
  const [width, height] = [box.width * fit, box.height * fit]
  context.drawImage(picture, box.x / down, box.y / down, box.width / down, box.height / down, (EDGE - width) / 2, (EDGE - height) / 2, width, height)
  picture.close()
}

function greyToRgba(grey: Uint8Array): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray(4 * grey.length)
  for (const [index, value] of grey.entries()) rgba.set([value, value, value, 255], 4 * index)
  return rgba
}
