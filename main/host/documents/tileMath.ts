/** Arithmetic on display tiles: laying painted tiles over a picture, halving for the lower levels, finding what a stroke painted. */
import { TILE_EDGE } from '../../engine/document/tileFile.ts'
import type { TilePixels } from '../../history/tilePacks.ts'

/** Pixels of a tile. */
export const TILE_PIXELS = TILE_EDGE * TILE_EDGE

/** A tile as a display shows it: 8 bits a sample, 4 channels for pixels, 1 for masks. 16-bit samples are rounded. */
export function displayBytes({ format, bytes }: TilePixels): Uint8Array {
  if (format === 'rgba8' || format === 'grey8') return bytes
  const out = new Uint8Array(bytes.length / 2)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let i = 0; i < out.length; i++) out[i] = Math.round(view.getUint16(2 * i, true) / 257)
  return out
}

/** A painted tile over a picture's tile (source-over, straight alpha), as the engine composes it; new bytes. */
export function paintOver(below: Uint8Array, painted: Uint8Array): Uint8Array {
  const out = Uint8Array.from(below)
  for (let i = 0; i < out.length; i += 4) {
    const alpha = painted[i + 3]!
    if (alpha === 0) continue
    const base = out[i + 3]!
    if (alpha === 255 || base === 0) {
      out.set(painted.subarray(i, i + 4), i)
      continue
    }
    const all = alpha + (base * (255 - alpha)) / 255
    const share = alpha / all
    for (let c = i; c < i + 3; c++) out[c] = Math.round(out[c]! + share * (painted[c]! - out[c]!))
    out[i + 3] = Math.round(all)
  }
  return out
}

/**
 * What must be painted over a picture so that a layer's tile looks as wanted: pixels that look as before keep what was
 * painted on them, the others take the wanted colour. So the picture's own samples stay wherever nothing was drawn.
 * A picture cannot be made more transparent by painting over it; where that is wanted, its own alpha stays.
 * @param wanted the tile as it shall look, RGBA8
 * @param shown the tile as it looks now
 * @param picture the picture's tile alone
 * @param painted what was painted before; null = nothing
 */
export function overlayFor(wanted: Uint8Array, shown: Uint8Array, picture: Uint8Array, painted: Uint8Array | null): Uint8Array {
  const out = painted ? Uint8Array.from(painted) : new Uint8Array(wanted.length)
  for (let i = 0; i < wanted.length; i += 4) {
    const alpha = wanted[i + 3]!
    const same = alpha === shown[i + 3] && (alpha === 0 || (wanted[i] === shown[i] && wanted[i + 1] === shown[i + 1] && wanted[i + 2] === shown[i + 2]))
    if (same) continue
    out.set(coat(wanted, picture, i), i)
  }
  return out
}

/**
 * The coat that makes one pixel of a picture look as wanted: colour o and cover v with wanted = o + (picture - o) rest / all.
 * A coat too thin to change the colour so much (o beyond 0..255) is made thicker: the pixel becomes a little more opaque.
 */
function coat(wanted: Uint8Array, picture: Uint8Array, at: number): [number, number, number, number] {
  const [alpha, base] = [wanted[at + 3]!, picture[at + 3]!]
  if (alpha < base) return [0, 0, 0, 0]
  let over = base === 255 || alpha === 255 ? 255 : Math.round((255 * (alpha - base)) / (255 - base))
  for (let c = at; c < at + 3; c++) {
    const step = wanted[c]! - picture[c]!
    if (step === 0) continue
    // how much of the picture may show beside each part of the coat; one level beyond the ends is rounded off anyway
    const most = step > 0 ? (256 - wanted[c]!) / step : (wanted[c]! + 1) / -step
    over = Math.max(over, Math.ceil((255 * base) / (base + 255 * most)))
  }
  const rest = (base * (255 - over)) / 255
  const colour = (c: number): number => (over === 0 ? 0 : Math.max(0, Math.min(255, Math.round(wanted[c]! + ((wanted[c]! - picture[c]!) * rest) / over))))
  return [colour(at), colour(at + 1), colour(at + 2), over]
}

/** Whether every byte has one value. */
export function isPlain(bytes: Uint8Array, value: number): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== value) return false
  return true
}

/**
 * A tile of the next level from the four below it; null = empty. Colours are averaged by their alpha.
 * @param four top left, top right, bottom left, bottom right
 */
export function halve(four: readonly (Uint8Array | null)[], channels: 1 | 4): Uint8Array | null {
  if (four.every((tile) => tile === null)) return null
  const out = new Uint8Array(TILE_PIXELS * channels)
  const half = TILE_EDGE / 2
  four.forEach((tile, index) => {
    if (tile) halveInto(out, tile, channels, (index % 2) * half, Math.floor(index / 2) * half)
  })
  return out
}

function halveInto(out: Uint8Array, tile: Uint8Array, channels: 1 | 4, left: number, top: number): void {
  const row = TILE_EDGE * channels
  for (let y = 0; y < TILE_EDGE / 2; y++) {
    for (let x = 0; x < TILE_EDGE / 2; x++) {
      const from = 2 * y * row + 2 * x * channels
      const at = ((top + y) * TILE_EDGE + left + x) * channels
      if (channels === 1) out[at] = (tile[from]! + tile[from + 1]! + tile[from + row]! + tile[from + row + 1]! + 2) >> 2
      else averageColour(out, at, tile, from, row)
    }
  }
}

function averageColour(out: Uint8Array, at: number, tile: Uint8Array, from: number, row: number): void {
  const [a, b, c, d] = [tile[from + 3]!, tile[from + 7]!, tile[from + row + 3]!, tile[from + row + 7]!]
  const alpha = a + b + c + d
  if (alpha === 0) return
  for (let i = 0; i < 3; i++) {
    const sum = tile[from + i]! * a + tile[from + 4 + i]! * b + tile[from + row + i]! * c + tile[from + row + 4 + i]! * d
    out[at + i] = Math.round(sum / alpha)
  }
  out[at + 3] = (alpha + 2) >> 2
}
