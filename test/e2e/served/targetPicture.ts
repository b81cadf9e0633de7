/** A picture in 16 bits with a profile of its own, made of things that tools can be judged by. */
import sharp from 'sharp'

/** Its side lengths, and what lies where: a red disc, a flat blue field below a line, a grey ramp elsewhere. */
export const TARGET = { width: 420, height: 300, disc: { x: 120, y: 110, radius: 50 }, field: 220 } as const

/** The picture as PNG bytes: 16 bits, Display P3, texture in the low bits, so that 8 bits on the way would show. */
export function targetPicture(): Promise<Buffer> {
  const { width, height, disc, field } = TARGET
  const samples = new Uint16Array(width * height * 3)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const low = (x * 7 + y * 13) % 251
      const ramp = 20_000 + x * 60 + low
      const pixel = Math.hypot(x - disc.x, y - disc.y) <= disc.radius ? [56_000 + low, 9000, 8000] : y >= field ? [6000, 12_000, 48_000 + low] : [ramp, ramp, ramp]
      samples.set(pixel, 3 * (y * width + x))
    }
  }
  return sharp(samples, { raw: { width, height, channels: 3 } }).toColourspace('rgb16').withIccProfile('p3', { attach: true }).png().toBuffer()
}
