/** The pixels of the stand-in document: a photograph and paint layers, made as they are asked for, the same at every level. */
import { TILE_EDGE, type TilePlace } from '../../../preload/contract/documents.ts'

/** What the document is like. */
export interface PageDocument {
  readonly width: number
  readonly height: number
  /** paint layers over the photograph, each painted on about this share of its tiles */
  readonly paintLayers: number
  readonly paintedShare: number
  readonly mask: boolean
  readonly latencyMs: number
  /** bytes that the canvas may hold; its own choice when left out */
  readonly budget?: { readonly tiles: number; readonly composed: number }
}

/** Colour of the stand-in photograph at a pixel: squares of 64 with soft shades, so that shifts and seams show. */
export function photographAt(x: number, y: number): readonly [number, number, number] {
  const square = ((x >> 6) + (y >> 6)) & 1
  const shade = 40 * Math.sin(x / 310) + 40 * Math.cos(y / 270)
  return square ? [150 + shade, 140 + shade / 2, 120] : [90, 120 + shade / 2, 150 + shade]
}

/** A tile of the photograph. */
export function photograph({ level, x, y }: TilePlace, { width, height }: PageDocument): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(TILE_EDGE * TILE_EDGE * 4)
  const words = new Uint32Array(bytes.buffer)
  for (let py = 0; py < TILE_EDGE; py++) {
    for (let px = 0; px < TILE_EDGE; px++) {
      const [fx, fy] = [(x * TILE_EDGE + px) << level, (y * TILE_EDGE + py) << level]
      if (fx >= width || fy >= height) continue
      const [red, green, blue] = photographAt(fx, fy)
      words[py * TILE_EDGE + px] = (255 << 24) | ((blue & 255) << 16) | ((green & 255) << 8) | (red & 255)
    }
  }
  return bytes
}

/** Blobs of colour; which full-size tiles have one is a hash, so that every level agrees. */
export function paint({ layer, level, x, y }: TilePlace, share: number): Uint8Array<ArrayBuffer> | null {
  const bytes = new Uint8Array(TILE_EDGE * TILE_EDGE * 4)
  const words = new Uint32Array(bytes.buffer)
  const colour = [0x2040e0, 0x20c060, 0xe08020, 0xc020c0, 0x40c0e0][layer % 5]
  let any = false
  for (let py = 0; py < TILE_EDGE; py++) {
    for (let px = 0; px < TILE_EDGE; px++) {
      const [fx, fy] = [(x * TILE_EDGE + px) << level, (y * TILE_EDGE + py) << level]
      if (hash(layer, fx >> 8, fy >> 8) >= share) continue
      const far = Math.hypot((fx & 255) - 128, (fy & 255) - 128)
      if (far >= 110) continue
      any = true
      words[py * TILE_EDGE + px] = (Math.round(180 * (1 - far / 110)) << 24) | colour
    }
  }
  return any ? bytes : null
}

function hash(layer: number, x: number, y: number): number {
  let value = Math.imul(layer + 1, 0x9e3779b1) ^ Math.imul(x + 17, 0x85ebca6b) ^ Math.imul(y + 31, 0xc2b2ae35)
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d)
  return ((value ^ (value >>> 12)) >>> 0) / 2 ** 32
}

