/** A picture as display tiles at every level, painted by the page itself. */
import { TILE_EDGE } from '../../../../preload/contract/documents.ts'

/** Size of the stand-in photograph. */
export const PICTURE = { width: 1536, height: 1024 } as const

/** The photograph, and what a fill of it looks like. */
export interface Pictures {
  readonly plain: OffscreenCanvas
  readonly filled: readonly OffscreenCanvas[]
}

/** Paints the pictures: an evening landscape, and three other skies for results. */
export async function openPicture(): Promise<Pictures> {
  return { plain: landscape(['#27436b', '#c98a63', '#f2cf9a'], null), filled: ['#f6e7b0', '#f09a8a', '#dfe8ff'].map((moon, index) => landscape(['#27436b', '#c98a63', '#f2cf9a'], { moon, at: 0.24 + 0.02 * index })) }
}

function landscape(sky: readonly [string, string, string], moon: { moon: string; at: number } | null): OffscreenCanvas {
  const { width, height } = PICTURE
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d')!
  const gradient = context.createLinearGradient(0, 0, 0, height * 0.72)
  gradient.addColorStop(0, sky[0])
  gradient.addColorStop(0.7, sky[1])
  gradient.addColorStop(1, sky[2])
  context.fillStyle = gradient
  context.fillRect(0, 0, width, height)
  if (moon) {
    context.fillStyle = moon.moon
    context.beginPath()
    context.arc(width * 0.68, height * moon.at, 96, 0, 7)
    context.fill()
  }
  const hills: readonly (readonly [string, number, number])[] = [['#6d6a7c', 0.6, 60], ['#4b5566', 0.68, 90], ['#2f3d43', 0.78, 70], ['#1d2a29', 0.88, 50]]
  for (const [colour, base, rise] of hills) {
    context.fillStyle = colour
    context.beginPath()
    context.moveTo(0, height)
    for (let x = 0; x <= width; x += 8) context.lineTo(x, height * base - rise * (Math.sin(x / 190 + base * 20) + 0.5 * Math.sin(x / 73 + base * 50)))
    context.lineTo(width, height)
    context.fill()
  }
  return canvas
}

/** One tile of a picture as RGBA; null beyond its edge. */
export function pictureTile(picture: OffscreenCanvas, level: number, x: number, y: number): Uint8Array<ArrayBuffer> | null {
  const span = TILE_EDGE * 2 ** level
  if (x < 0 || y < 0 || x * span >= picture.width || y * span >= picture.height) return null
  const tile = new OffscreenCanvas(TILE_EDGE, TILE_EDGE)
  const context = tile.getContext('2d')!
  context.imageSmoothingQuality = 'high'
  context.drawImage(picture, x * span, y * span, span, span, 0, 0, TILE_EDGE, TILE_EDGE)
  return new Uint8Array(context.getImageData(0, 0, TILE_EDGE, TILE_EDGE).data)
}

/** One tile of a soft-edged ellipse around the moon's place as a mask. */
export function maskTile(level: number, x: number, y: number): Uint8Array<ArrayBuffer> | null {
  const bytes = new Uint8Array(TILE_EDGE * TILE_EDGE)
  const step = 2 ** level
  let any = false
  for (let row = 0; row < TILE_EDGE; row++) {
    for (let column = 0; column < TILE_EDGE; column++) {
      const dx = ((x * TILE_EDGE + column) * step - PICTURE.width * 0.68) / 190
      const dy = ((y * TILE_EDGE + row) * step - PICTURE.height * 0.25) / 160
      const value = Math.max(0, Math.min(255, Math.round((1.06 - Math.hypot(dx, dy)) * 2200)))
      bytes[row * TILE_EDGE + column] = value
      any ||= value > 0
    }
  }
  return any ? bytes : null
}

/** A small picture as PNG bytes. */
export async function pngOf(picture: OffscreenCanvas, width: number): Promise<Uint8Array<ArrayBuffer>> {
  const small = new OffscreenCanvas(width, Math.round((width * picture.height) / picture.width))
  small.getContext('2d')!.drawImage(picture, 0, 0, small.width, small.height)
  return new Uint8Array(await (await small.convertToBlob()).arrayBuffer())
}
