/**
 * Dabs: the round prints that a brush is made of, as 8-bit coverage.
 *
 * With r the radius, h the hardness and d the distance of a pixel's centre from the dab's:
 *   inner = min(h r, r - 1/2), outer = max(r, inner + 1), coverage = 1 - smoothstep((d - inner) / (outer - inner))
 * A hard brush so has an edge one pixel wide, a soft one falls off over its whole radius.
 */

/** One print: coverage in a square, row by row. Its centre is at `reach` plus the fraction it was made for. */
export interface Dab {
  /** side of the square */
  readonly side: number
  /** whole pixels from the square's corner to the pixel that holds the centre */
  readonly reach: number
  readonly coverage: Uint8Array
}

/** Largest brush, pixels across. */
export const BRUSH_SIZE = { least: 1, most: 2000 } as const

/** Coverage 0..1 of a pixel at a distance from the centre, pixels. */
export function coverageAt(distance: number, radius: number, hardness: number): number {
  const inner = Math.max(0, Math.min(hardness * radius, radius - 0.5))
  const outer = Math.max(radius, inner + 1)
  if (distance <= inner) return 1
  if (distance >= outer) return 0
  const t = (distance - inner) / (outer - inner)
  return 1 - t * t * (3 - 2 * t)
}

/** Makes a dab whose centre lies at a fraction, 0..1, of its middle pixel. */
export function makeDab(radius: number, hardness: number, fractionX: number, fractionY: number): Dab {
  const reach = Math.ceil(radius + 1)
  const side = 2 * reach + 1
  const coverage = new Uint8Array(side * side)
  for (let y = 0; y < side; y++) {
    const dy = y + 0.5 - reach - fractionY
    for (let x = 0; x < side; x++) {
      const dx = x + 0.5 - reach - fractionX
      coverage[y * side + x] = Math.round(255 * coverageAt(Math.sqrt(dx * dx + dy * dy), radius, hardness))
    }
  }
  return { side, reach, coverage }
}

const KEPT_DABS = 48
const KEPT_BYTES = 24 * 2 ** 20

/**
 * Dabs made before. Radii and fractions are rounded to steps that no eye tells apart: 1/8 of a pixel below 16 pixels
 * across, in proportion above.
 */
export class DabCache {
  readonly #dabs = new Map<string, Dab>()
  #bytes = 0

  /** The dab for a centre, in pixels of any grid. */
  dab(radius: number, hardness: number, x: number, y: number): Dab {
    const step = radius < 8 ? 1 / 8 : radius < 64 ? 1 / 4 : radius / 128
    const size = Math.max(0.5, Math.round(radius / step) * step)
    const parts = radius < 8 ? 8 : radius < 32 ? 4 : radius < 96 ? 2 : 1
    const [fractionX, fractionY] = [fractionOf(x, parts), fractionOf(y, parts)]
    const key = `${size}/${hardness}/${fractionX}/${fractionY}`
    const found = this.#dabs.get(key)
    if (found) {
      this.#dabs.delete(key) // to the end: what was used last goes last
      this.#dabs.set(key, found)
      return found
    }
    const made = makeDab(size, hardness, fractionX, fractionY)
    this.#dabs.set(key, made)
    this.#bytes += made.coverage.length
    for (const [old, dab] of this.#dabs) {
      if ((this.#dabs.size <= KEPT_DABS && this.#bytes <= KEPT_BYTES) || old === key) break
      this.#dabs.delete(old)
      this.#bytes -= dab.coverage.length
    }
    return made
  }
}

/** The middle of the nearest of so many equal parts of a pixel. */
function fractionOf(value: number, parts: number): number {
  const fraction = value - Math.floor(value)
  return (Math.min(parts - 1, Math.floor(fraction * parts)) + 0.5) / parts
}
