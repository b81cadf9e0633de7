/**
 * Separable resampling. Kernels are widened when scaling down (as Pillow and torch's antialias do), so one
 * function serves both directions; sample centres sit at half-integers; borders repeat the edge.
 */
import type { Box } from './geometry.ts'

/** Kernels: `lanczos` (a = 3) for pictures, `area` (box) and `bilinear` for masks. */
export type ResizeKernel = 'lanczos' | 'bilinear' | 'area'

/** Weights of one axis: for output i, `taps` weights from `weights[i*taps]` on source indices `indices[i*taps...]`. */
interface AxisWeights {
  readonly taps: number
  readonly indices: Int32Array
  readonly weights: Float32Array
}

const SUPPORT: Readonly<Record<ResizeKernel, number>> = { lanczos: 3, bilinear: 1, area: 0.5 }

function kernelValue(kernel: ResizeKernel, x: number): number {
  const distance = Math.abs(x)
  switch (kernel) {
    case 'area':
      return x >= -0.5 && x < 0.5 ? 1 : 0
    case 'bilinear':
      return Math.max(0, 1 - distance)
    case 'lanczos': {
      if (distance < 1e-8) return 1
      if (distance >= 3) return 0
      const angle = Math.PI * distance
      return (3 * Math.sin(angle) * Math.sin(angle / 3)) / (angle * angle)
    }
  }
}

/**
 * @param from first source coordinate covered (may be negative: the edge repeats)
 * @param span source pixels covered by the `to` outputs
 * @param limit source pixels there are
 */
function axisWeights(kernel: ResizeKernel, from: number, span: number, limit: number, to: number): AxisWeights {
  const scale = span / to
  const widening = Math.max(1, scale)
  const support = SUPPORT[kernel] * widening
  const taps = Math.ceil(support * 2) + 1
  const indices = new Int32Array(to * taps)
  const weights = new Float32Array(to * taps)
  for (let i = 0; i < to; i++) {
    const centre = from + (i + 0.5) * scale
    const first = Math.floor(centre - support)
    let sum = 0
    for (let t = 0; t < taps; t++) {
      const source = first + t
      // area: the exact overlap of the pixel with the output's footprint, so that no phase is favoured
      const weight =
        kernel === 'area'
          ? Math.max(0, Math.min(source + 1, centre + support) - Math.max(source, centre - support))
          : kernelValue(kernel, (source + 0.5 - centre) / widening)
      indices[i * taps + t] = Math.min(limit - 1, Math.max(0, source))
      weights[i * taps + t] = weight
      sum += weight
    }
    for (let t = 0; t < taps; t++) weights[i * taps + t]! /= sum
  }
  return { taps, indices, weights }
}

/**
 * Resizes planes [channels,h,w] -> [channels,outHeight,outWidth]. Same size copies, bit for bit.
 * Lanczos overshoots a little at edges; the caller clamps where it matters.
 */
export function resizePlanes(
  planes: Float32Array,
  size: { width: number; height: number; channels: number },
  out: { width: number; height: number },
  kernel: ResizeKernel = 'lanczos',
): Float32Array {
  const { width, height, channels } = size
  if (out.width === width && out.height === height) return planes.slice()
  const horizontal = axisWeights(kernel, 0, width, width, out.width)
  const narrow = new Float32Array(channels * height * out.width)
  for (let row = 0; row < channels * height; row++) {
    resampleRow(planes, row * width, 1, horizontal, narrow, row * out.width, out.width)
  }
  return resampleColumns(narrow, channels, height, out.width, axisWeights(kernel, 0, height, height, out.height), out.height)
}

/**
 * Cuts `box` out of interleaved integer samples and resizes it to planes [taken,outHeight,outWidth] with values
 * 0..1; only one row at a time becomes floating point before it has been narrowed. The box may reach outside
 * the picture, where the edge repeats.
 *
 * @param taken channels to take, from the first on (3 of RGBA leaves the alpha)
 */
export function cutPlanes(
  samples: Uint8Array | Uint16Array,
  size: { width: number; height: number; channels: number },
  box: Box,
  out: { width: number; height: number },
  taken: number,
): Float32Array {
  const { width, height, channels } = size
  const scale = samples instanceof Uint16Array ? 1 / 65535 : 1 / 255
  const same = out.width === box.width && out.height === box.height
  const horizontal = same ? null : axisWeights('lanczos', box.x, box.width, width, out.width)
  // rows that any output row can see; rows beyond the picture repeat its edge and are not stored
  const reach = Math.ceil(3 * Math.max(1, box.height / out.height)) + 2
  const firstRow = Math.min(height - 1, Math.max(0, box.y - reach))
  const lastRow = Math.min(height - 1, Math.max(0, box.y + box.height + reach))
  const rows = lastRow - firstRow + 1
  if (same) return cutExactly(samples, size, box, taken, scale)
  const narrow = new Float32Array(taken * rows * out.width)
  const line = new Float32Array(width)
  for (let y = firstRow; y <= lastRow; y++) {
    for (let c = 0; c < taken; c++) {
      for (let x = 0, at = y * width * channels + c; x < width; x++, at += channels) line[x] = samples[at]! * scale
      resampleRow(line, 0, 1, horizontal!, narrow, (c * rows + y - firstRow) * out.width, out.width)
    }
  }
  return resampleColumns(narrow, taken, rows, out.width, axisWeights('lanczos', box.y - firstRow, box.height, rows, out.height), out.height)
}

function cutExactly(samples: Uint8Array | Uint16Array, size: { width: number; height: number; channels: number }, box: Box, taken: number, scale: number): Float32Array {
  const plane = box.width * box.height
  const result = new Float32Array(taken * plane)
  for (let y = 0; y < box.height; y++) {
    const row = Math.min(size.height - 1, Math.max(0, box.y + y)) * size.width
    for (let x = 0; x < box.width; x++) {
      const at = (row + Math.min(size.width - 1, Math.max(0, box.x + x))) * size.channels
      for (let c = 0; c < taken; c++) result[c * plane + y * box.width + x] = samples[at + c]! * scale
    }
  }
  return result
}

function resampleRow(source: Float32Array, start: number, stride: number, axis: AxisWeights, target: Float32Array, at: number, count: number): void {
  const { taps, indices, weights } = axis
  for (let i = 0; i < count; i++) {
    let sum = 0
    const base = i * taps
    for (let t = 0; t < taps; t++) sum += weights[base + t]! * source[start + indices[base + t]! * stride]!
    target[at + i] = sum
  }
}

/** Vertical pass: whole rows are added up, which reads memory in order. */
function resampleColumns(source: Float32Array, channels: number, height: number, width: number, axis: AxisWeights, outHeight: number): Float32Array {
  const { taps, indices, weights } = axis
  const result = new Float32Array(channels * outHeight * width)
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < outHeight; y++) {
      const to = (c * outHeight + y) * width
      for (let t = 0; t < taps; t++) {
        const weight = weights[y * taps + t]!
        if (weight === 0) continue
        const from = (c * height + indices[y * taps + t]!) * width
        for (let x = 0; x < width; x++) result[to + x]! += weight * source[from + x]!
      }
    }
  }
  return result
}

/** Nearest neighbour as torch's `nearest`: source index = floor(i * in / out), so 8x down takes the top-left pixel. */
export function resizeNearest(plane: Float32Array, size: { width: number; height: number }, out: { width: number; height: number }): Float32Array {
  const result = new Float32Array(out.width * out.height)
  for (let y = 0; y < out.height; y++) {
    const row = Math.min(size.height - 1, Math.floor((y * size.height) / out.height)) * size.width
    for (let x = 0; x < out.width; x++) result[y * out.width + x] = plane[row + Math.min(size.width - 1, Math.floor((x * size.width) / out.width))]!
  }
  return result
}
