/** sRGB planes as OKLab planes, for measuring how far colours are apart. */
import { decodeSrgb } from '../image/colour.ts'
import { okLabOfLight } from '../image/colourRange.ts'

/** Linear light of sRGB values in steps of 1/8192: far finer than what a distance of colours is used for. */
const STEPS = 8192
const LIGHT = Float64Array.from({ length: STEPS + 1 }, (_, i) => decodeSrgb(i / STEPS))

/** @param srgb [3,count], 0..1 @returns [3,count]: L 0..1, a and b about -0.3..0.3 */
export function okLabPlanes(srgb: Float32Array): Float32Array {
  const count = srgb.length / 3
  const light = (value: number): number => LIGHT[Math.round(STEPS * Math.min(1, Math.max(0, value)))]!
  const result = new Float32Array(srgb.length)
  for (let i = 0; i < count; i++) {
    const [l, a, b] = okLabOfLight(light(srgb[i]!), light(srgb[count + i]!), light(srgb[2 * count + i]!))
    result[i] = l
    result[count + i] = a
    result[2 * count + i] = b
  }
  return result
}
