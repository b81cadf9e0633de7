/** Pixels <-> latents, tiled where a whole picture would need too much memory. */
import type { Latents, Pixels, Tensor } from '../tensor/tensor.ts'
import { firstNonFinite } from '../tensor/tensor.ts'
import { nonFinite } from './nonFinite.ts'
import { cutWindow, spans, spanWeights, WindowBlender, type Span } from './tiles.ts'

/** Pictures whose longer side reaches this many pixels go through the VAE in tiles. */
export const TILED_FROM_PIXELS = 1024
/** Tile side and overlap in latent pixels (512 and 192 px of picture). */
const TILE = 64
const OVERLAP = 24

/** A VAE as the pipelines use it: whole pictures of any size that is a multiple of 8. */
export interface Vae {
  /** pixels [1,3,H,W] in [-1,1] -> posterior mean times the scaling factor [1,4,H/8,W/8] */
  encode(pixels: Pixels): Promise<Latents>
  /** latents [1,4,h,w] -> pixels [1,3,8h,8w], about [-1,1], not clamped */
  decode(latents: Latents): Promise<Pixels>
}

/** One fixed-size call into the VAE; latents here carry the scaling factor. */
export interface VaeCalls {
  /** the checkpoint as the person named it */
  readonly source?: string
  encode(pixels: Pixels): Promise<Latents>
  decode(latents: Latents): Promise<Pixels>
}

/**
 * Tiles `calls` from {@link TILED_FROM_PIXELS} on. Tiles overlap by 192 px and are blended with raised
 * cosines, wide enough that the seam is below one 8-bit level on ordinary pictures.
 */
export function tiledVae(calls: VaeCalls, tiledFrom: number = TILED_FROM_PIXELS, tile: number = TILE): Vae {
  return {
    async encode(pixels) {
      const [, , height, width] = pixels.dims as [number, number, number, number]
      if (Math.max(height, width) < tiledFrom) return finite(await calls.encode(pixels), 'VAE encoder', calls.source)
      const latentDims = [1, 4, height / 8, width / 8] as const
      return byTiles(latentDims, tile, async (y, x) =>
        finite(await calls.encode(cutWindow(pixels, scaled(y, 8), scaled(x, 8)) as Pixels), 'VAE encoder', calls.source),
      )
    },
    async decode(latents) {
      const [, , h, w] = latents.dims as [number, number, number, number]
      if (Math.max(h, w) * 8 < tiledFrom) return finite(await calls.decode(latents), 'VAE decoder', calls.source)
      const [ySpans, xSpans] = [spans(h, tile, OVERLAP), spans(w, tile, OVERLAP)]
      const blender = new WindowBlender([1, 3, h * 8, w * 8])
      for (const y of ySpans) {
        for (const x of xSpans) {
          const pixels = finite(await calls.decode(cutWindow(latents, y, x) as Latents), 'VAE decoder', calls.source)
          const [Y, X] = [scaled(y, 8), scaled(x, 8)]
          blender.add(pixels, Y, X, spanWeights(Y, h * 8, OVERLAP * 8), spanWeights(X, w * 8, OVERLAP * 8))
        }
      }
      return blender.finish() as Pixels
    },
  }
}

async function byTiles(dims: readonly [number, number, number, number], tile: number, run: (y: Span, x: Span) => Promise<Tensor>): Promise<Latents> {
  const [, , height, width] = dims
  const blender = new WindowBlender(dims)
  for (const y of spans(height, tile, OVERLAP)) {
    for (const x of spans(width, tile, OVERLAP)) {
      blender.add(await run(y, x), y, x, spanWeights(y, height, OVERLAP), spanWeights(x, width, OVERLAP))
    }
  }
  return blender.finish() as Latents
}

function scaled(span: Span, factor: number): Span {
  return { start: span.start * factor, length: span.length * factor }
}

function finite<T extends Tensor>(result: T, net: string, source: string | undefined): T {
  const index = firstNonFinite(result)
  if (index >= 0) throw nonFinite(source, net, result.data[index]!)
  return result
}
