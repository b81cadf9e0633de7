/** Draws a drawing as RGBA: how much of each pixel a shape covers is summed over lines finer than a pixel. */
import type { Drawing, Shape } from './svg.ts'

/** Lines per pixel row; along a line coverage is exact. */
const LINES = 8

/** Draws at `side` x `side`; straight alpha, 8 bit. */
export function drawIcon({ size, shapes }: Drawing, side: number): Uint8Array {
  const picture = new Float64Array(side * side * 4) // premultiplied, 0..1
  const scale = side / size
  for (const shape of shapes) {
    const cover = coverage(shape, side, scale)
    for (let at = 0; at < cover.length; at++) {
      if (cover[at] === 0) continue
      const { r, g, b, a } = shape.paint(((at % side) + 0.5) / scale, (Math.floor(at / side) + 0.5) / scale)
      const alpha = a * Math.min(1, cover[at]!)
      const below = 1 - alpha
      for (const [channel, value] of [r / 255, g / 255, b / 255, 1].entries()) picture[4 * at + channel] = value * alpha + picture[4 * at + channel]! * below
    }
  }
  return Uint8Array.from(picture, (value, index) => {
    const alpha = picture[index - (index % 4) + 3]!
    return Math.round(255 * (index % 4 === 3 ? alpha : alpha === 0 ? 0 : Math.min(1, value / alpha)))
  })
}

function coverage({ outline }: Shape, side: number, scale: number): Float64Array {
  const cover = new Float64Array(side * side)
  for (let line = 0; line < side * LINES; line++) {
    const y = (line + 0.5) / LINES / scale
    const row = Math.floor(line / LINES) * side
    const crossings = outline.flatMap((from, index) => {
      const to = outline[(index + 1) % outline.length]!
      return from.y <= y !== to.y <= y ? [(from.x + ((y - from.y) * (to.x - from.x)) / (to.y - from.y)) * scale] : []
    }).sort((a, b) => a - b)
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) addSpan(cover, row, side, crossings[pair]!, crossings[pair + 1]!)
  }
  return cover
}

function addSpan(cover: Float64Array, row: number, side: number, left: number, right: number): void {
  const [from, to] = [Math.max(0, left), Math.min(side, right)]
  for (let x = Math.floor(from); x < to; x++) cover[row + x]! += (Math.min(to, x + 1) - Math.max(from, x)) / LINES
}
