/** A layer as a small picture: drawn from the coarsest display tile that holds all of it. */
import { type ComponentType, useEffect, useRef } from 'react'
import { type LayerView, TILE_EDGE } from '../../../preload/contract/documents.ts'
import { call } from '../../api/client.ts'
import { documentStore, place } from '../../stores/documentStore.ts'
import { useStore } from '../../stores/useStore.ts'

const EDGE = 64
const SETTLED_MS = 250

/** See the file's head. Groups and empty layers show their kind. */
export function LayerThumb({ layer, icon: Icon }: { readonly layer: LayerView; readonly icon: ComponentType<{ size?: number | string; stroke?: number }> }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const version = useStore(documentStore, ({ document }) => document?.version ?? 0)
  const { id, kind, extent } = layer
  const wide = extent ? Math.max(extent.x + extent.width, extent.y + extent.height) : 0
  useEffect(() => {
    if (wide <= 0 || kind === 'group') return
    const timer = setTimeout(() => void draw(canvas.current, id, kind === 'mask', wide).catch(() => null), SETTLED_MS) // a picture of its kind stands in
    return () => clearTimeout(timer)
  }, [id, kind, wide, version])
  if (wide <= 0 || kind === 'group') return <span className="layer-thumb layer-thumb-kind" aria-hidden><Icon size="1rem" stroke={1.5} /></span>
  return <canvas ref={canvas} width={EDGE} height={EDGE} className="layer-thumb" aria-hidden />
}

async function draw(canvas: HTMLCanvasElement | null, layer: number, mask: boolean, wide: number): Promise<void> {
  const where = place()
  const context = canvas?.getContext('2d')
  if (!where || !context) return
  const level = Math.max(0, Math.ceil(Math.log2(wide / TILE_EDGE)))
  const { tiles } = await call('tiles.read', { ...where, tiles: [{ layer, plane: 'pixels', level, x: 0, y: 0 }] })
  const bytes = tiles[0]?.bytes
  context.clearRect(0, 0, EDGE, EDGE)
  if (!bytes) return
  const rgba = mask ? greyToRgba(bytes) : new Uint8ClampedArray(bytes)
  const picture = await createImageBitmap(new ImageData(rgba as Uint8ClampedArray<ArrayBuffer>, TILE_EDGE, TILE_EDGE)) // both were made just now
  const side = wide / 2 ** level
  context.drawImage(picture, 0, 0, side, side, 0, 0, EDGE, EDGE)
  picture.close()
}

function greyToRgba(grey: Uint8Array): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray(4 * grey.length)
  for (const [index, value] of grey.entries()) rgba.set([value, value, value, 255], 4 * index)
  return rgba
}
