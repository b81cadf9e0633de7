/** sRGB planes as OKLab planes, for measuring how far colours are apart. */
import { okLab } from '../image/colourRange.ts'

/** @param srgb [3,count], 0..1 @returns [3,count]: L 0..1, a and b about -0.3..0.3 */
export function okLabPlanes(srgb: Float32Array): Float32Array {
  const count = srgb.length / 3
  const result = new Float32Array(srgb.length)
  for (let i = 0; i < count; i++) {
    const [l, a, b] = okLab(255 * srgb[i]!, 255 * srgb[count + i]!, 255 * srgb[2 * count + i]!)
    result[i] = l
    result[count + i] = a
    result[2 * count + i] = b
  }
  return result
}
