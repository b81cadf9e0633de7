/** A picture with the statistics of a photograph: shaded ground, soft things, noise of a sensor. */
import sharp from 'sharp'

/** Side lengths of {@link photograph}. */
export const PHOTO = { width: 640, height: 420 } as const

/** The picture as JPEG bytes. The same bytes every time. */
export function photograph(): Promise<Buffer> {
  const { width, height } = PHOTO
  const pixels = Buffer.alloc(width * height * 3)
  let seed = 1
  const noise = (): number => {
    seed = (seed * 48271) % 0x7fffffff
    return (seed / 0x7fffffff - 0.5) * 14
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const ball = Math.max(0, 1 - Math.hypot(x - 430, y - 200) / 60)
      const wall = 150 + 50 * Math.sin(x / 140) + 30 * Math.cos(y / 90)
      const place = 3 * (y * width + x)
      pixels[place] = wall * (1 - ball) + 230 * ball + noise()
      pixels[place + 1] = (wall - 20) * (1 - ball) + 60 * ball + noise()
      pixels[place + 2] = (wall - 50) * (1 - ball) + 50 * ball + noise()
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } }).jpeg({ quality: 92 }).toBuffer()
}
