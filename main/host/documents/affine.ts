/** Affine maps [a b c d e f]: x' = a x + c y + e, y' = b x + d y + f. */
import type { Layer } from '../../history/model.ts'

/** See the file's head. */
export type Affine = Layer['transform']

/** The map that changes nothing. */
export const IDENTITY: Affine = [1, 0, 0, 1, 0, 0]

/** First `inner`, then `outer`. */
export function compose(outer: Affine, inner: Affine): Affine {
  const [a, b, c, d, e, f] = outer
  const [A, B, C, D, E, F] = inner
  return [a * A + c * B, b * A + d * B, a * C + c * D, b * C + d * D, a * E + c * F + e, b * E + d * F + f].map(settled) as unknown as Affine // six numbers in, six out
}

/** Whether a map changes nothing. */
export function isIdentity(map: Affine): boolean {
  return map.every((value, index) => value === IDENTITY[index])
}

/** The way back. The map must not be flat: no layer may be. */
export function invert([a, b, c, d, e, f]: Affine): Affine {
  const determinant = a * d - b * c
  return compose([d / determinant, -b / determinant, -c / determinant, a / determinant, 0, 0], [1, 0, 0, 1, -e, -f])
}

/** From a layer's pixels to the canvas, the groups around it included. */
export function toCanvas(layers: ReadonlyMap<Layer['id'], Layer>, { parent, transform }: Layer): Affine {
  const group = parent === null ? undefined : layers.get(parent)
  return compose(group ? toCanvas(layers, group) : IDENTITY, transform)
}

/** Moves by whole or broken pixels. */
export function move(x: number, y: number): Affine {
  return [1, 0, 0, 1, x, y]
}

/** Turns clockwise (y points down) about a point. */
export function rotateAbout(degrees: number, x: number, y: number): Affine {
  const angle = (degrees * Math.PI) / 180
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  return compose(move(x, y), compose([cos, sin, -sin, cos, 0, 0], move(-x, -y)))
}

/** Takes the dust off numbers that are whole: 1 - 1e-16 after four quarter turns would cost every sample its exactness. */
function settled(value: number): number {
  const whole = Math.round(value)
  return Math.abs(value - whole) < 1e-9 ? whole + 0 : value
}
