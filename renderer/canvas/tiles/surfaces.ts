/**
 * Off-screen pictures: the only door to OffscreenCanvas, so that everything above runs in tests without a browser.
 */
import { TILE_EDGE } from '../../../preload/contract/documents.ts'
import type { Edges } from '../geometry/boxes.ts'

/** What can be drawn: a canvas of the window's or off screen. */
export type Drawable = OffscreenCanvas | HTMLCanvasElement | ImageBitmap
/** The 2D context of either. */
export type Context2D = OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D

/** An off-screen picture. */
export interface Surface {
  readonly width: number
  readonly height: number
  readonly picture: Drawable
  readonly context: Context2D
  /**
   * Replaces a part by pixels.
   * @param pixels RGBA8 straight, or one byte a pixel; of the whole surface
   * @param part whole edges inside the surface
   * @param ramp colours of the 256 values of one byte, as little-endian RGBA words; without it white with that alpha
   */
  put(pixels: Uint8Array | Uint8ClampedArray, part: Edges, ramp?: Uint32Array): void
}

/** Makes surfaces. */
export type MakeSurface = (width: number, height: number) => Surface

/** Bytes that a surface takes. */
export function surfaceBytes({ width, height }: { readonly width: number; readonly height: number }): number {
  return width * height * 4
}

/** A surface on an OffscreenCanvas. */
export function offscreenSurface(width: number, height: number): Surface {
  const picture = new OffscreenCanvas(width, height)
  const context = picture.getContext('2d')
  if (!context) throw new Error('the browser gave no 2D canvas; it may be out of memory')
  return { width, height, picture, context, put: (pixels, part, ramp) => putPixels(context, pixels, width, height, part, ramp ?? WHITE_BY_ALPHA) }
}

const WHITE_BY_ALPHA = Uint32Array.from({ length: 256 }, (_, value) => ((value << 24) | 0xffffff) >>> 0)
let scratch: ImageData | null = null

function putPixels(context: Context2D, pixels: Uint8Array | Uint8ClampedArray, width: number, height: number, part: Edges, ramp: Uint32Array): void {
  const [wide, high] = [part.right - part.left, part.bottom - part.top]
  if (wide <= 0 || high <= 0) return
  if (pixels.length === width * height * 4) {
    const view = new Uint8ClampedArray(pixels.buffer as ArrayBuffer, pixels.byteOffset, pixels.length) // never a shared buffer
    context.putImageData(new ImageData(view, width, height), 0, 0, part.left, part.top, wide, high)
    return
  }
  scratch ??= new ImageData(TILE_EDGE, TILE_EDGE)
  const image = wide <= TILE_EDGE && high <= TILE_EDGE ? scratch : new ImageData(wide, high)
  const words = new Uint32Array(image.data.buffer)
  for (let y = 0; y < high; y++) {
    let from = (part.top + y) * width + part.left
    let at = y * image.width
    for (let x = 0; x < wide; x++) words[at++] = ramp[pixels[from++]]
  }
  context.putImageData(image, part.left, part.top, 0, 0, wide, high)
}
