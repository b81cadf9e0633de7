/**
 * Growing, shrinking and softening of masks in a window. Values are bytes 0..255; pixels beyond the window
 * count as 0 for growing and as 255 for shrinking, so that the window's border itself moves nothing.
 */

/** A rectangle of mask values, row by row. */
export interface Plane {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/**
 * Grey dilation by a disc: each value becomes the largest within `radius` pixels (Euclidean).
 * Two-valued planes go through the exact distance transform, others row by row of the disc.
 */
export function dilate(plane: Plane, radius: number): Plane {
  if (radius <= 0) return { ...plane, data: plane.data.slice() }
  if (isBinary(plane.data)) {
    const distances = squaredDistances(plane)
    const limit = radius * radius
    const data = new Uint8Array(distances.length)
    for (let i = 0; i < data.length; i++) data[i] = distances[i]! <= limit ? 255 : 0
    return { ...plane, data }
  }
  return dilateGrey(plane, radius)
}

/** Grey erosion by a disc: the dual of {@link dilate}. */
export function erode(plane: Plane, radius: number): Plane {
  const inverted = { ...plane, data: plane.data.map((value) => 255 - value) }
  const grown = dilate(inverted, radius)
  return { ...grown, data: grown.data.map((value) => 255 - value) }
}

/**
 * Exact squared Euclidean distance of every pixel to the nearest non-zero pixel, 0 on it; a plane without one
 * gives 2^30 everywhere. Meijster, Roerdink, Hesselink 2000 (two linear passes, integers only).
 */
export function squaredDistances(plane: Plane): Int32Array {
  const { width, height, data } = plane
  const far = width + height
  const columns = new Int32Array(width * height)
  for (let x = 0; x < width; x++) {
    let distance = far
    for (let y = 0, at = x; y < height; y++, at += width) {
      distance = data[at]! > 0 ? 0 : distance + 1
      columns[at] = distance < far ? distance : far
    }
    distance = far
    for (let y = height - 1, at = x + (height - 1) * width; y >= 0; y--, at -= width) {
      distance = data[at]! > 0 ? 0 : distance + 1
      if (distance < columns[at]!) columns[at] = distance
    }
  }
  const apexes = new Int32Array(width)
  const starts = new Int32Array(width)
  const row = new Int32Array(width)
  for (let y = 0; y < height; y++) {
    const base = y * width
    const cost = (x: number, apex: number): number => (x - apex) * (x - apex) + columns[base + apex]! * columns[base + apex]!
    let last = 0
    apexes[0] = 0
    starts[0] = 0
    for (let u = 1; u < width; u++) {
      while (last >= 0 && cost(starts[last]!, apexes[last]!) > cost(starts[last]!, u)) last -= 1
      if (last < 0) {
        last = 0
        apexes[0] = u
        continue
      }
      const apex = apexes[last]!
      const [mine, its] = [columns[base + u]!, columns[base + apex]!]
      const crossing = 1 + Math.floor((u * u - apex * apex + mine * mine - its * its) / (2 * (u - apex)))
      if (crossing < width) {
        last += 1
        apexes[last] = u
        starts[last] = crossing
      }
    }
    for (let u = width - 1; u >= 0; u--) {
      const apex = apexes[last]!
      row[u] = columns[base + apex]! >= far ? 1 << 30 : cost(u, apex)
      if (u === starts[last]) last -= 1
    }
    columns.set(row, base)
  }
  return columns
}

/** Gaussian blur with the kernel cut off at `radius` (sigma = radius / 2) and renormalised; outside counts as 0. */
export function gaussian(plane: Plane, radius: number): Plane {
  const reach = Math.floor(radius)
  if (reach < 1) return { ...plane, data: plane.data.slice() }
  const sigma = radius / 2
  const kernel = Float32Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)))
  const sum = kernel.reduce((total, value) => total + value, 0)
  for (let i = 0; i < kernel.length; i++) kernel[i]! /= sum
  const { width, height, data } = plane
  const across = new Float32Array(width * height)
  const line = new Float32Array(Math.max(width, height) + 2 * reach)
  for (let y = 0; y < height; y++) {
    line.fill(0)
    for (let x = 0; x < width; x++) line[reach + x] = data[y * width + x]!
    for (let x = 0; x < width; x++) {
      let value = 0
      for (let t = 0; t < kernel.length; t++) value += kernel[t]! * line[x + t]!
      across[y * width + x] = value
    }
  }
  const result = new Uint8Array(width * height)
  for (let x = 0; x < width; x++) {
    line.fill(0)
    for (let y = 0; y < height; y++) line[reach + y] = across[y * width + x]!
    for (let y = 0; y < height; y++) {
      let value = 0
      for (let t = 0; t < kernel.length; t++) value += kernel[t]! * line[y + t]!
      result[y * width + x] = Math.round(value)
    }
  }
  return { width, height, data: result }
}

function isBinary(data: Uint8Array): boolean {
  for (let i = 0; i < data.length; i++) if (data[i] !== 0 && data[i] !== 255) return false
  return true
}

/**
 * The disc as rows: for each vertical offset one horizontal running maximum (van Herk / Gil-Werman), taken only along
 * the runs of values between 0 and 255; what is 255 goes through the distance transform, which no grey value can beat.
 */
function dilateGrey(plane: Plane, radius: number): Plane {
  const { width, height, data } = plane
  const full = dilate({ width, height, data: data.map((value) => (value === 255 ? 255 : 0)) }, radius)
  const result = full.data
  const reach = Math.floor(radius)
  for (let y = 0; y < height; y++) {
    for (const { from, to } of greyRuns(data, y * width, width, 2 * reach)) {
      for (let dy = 0; dy <= reach; dy++) {
        const half = Math.floor(Math.sqrt(radius * radius - dy * dy))
        const start = Math.max(0, from - half)
        const widened = runningMaximum(data, y * width + from, to - from, from - start, Math.min(width, to + half) - start, half)
        if (y + dy < height) maximumInto(result, (y + dy) * width + start, widened)
        if (dy > 0 && y - dy >= 0) maximumInto(result, (y - dy) * width + start, widened)
      }
    }
  }
  return { width, height, data: result }
}

/** Runs of a row that hold grey values; runs closer than `gap` are one. */
function greyRuns(data: Uint8Array, at: number, width: number, gap: number): { readonly from: number; readonly to: number }[] {
  const runs: { from: number; to: number }[] = []
  for (let x = 0; x < width; x++) {
    const value = data[at + x]!
    if (value === 0 || value === 255) continue
    const last = runs.at(-1)
    if (last && x - last.to <= gap) last.to = x + 1
    else runs.push({ from: x, to: x + 1 })
  }
  return runs
}

function maximumInto(target: Uint8Array, at: number, values: Uint8Array): void {
  for (let x = 0; x < values.length; x++) if (values[x]! > target[at + x]!) target[at + x] = values[x]!
}

/**
 * The largest value within `half` of each of `count` places; place i lies over value i - lead of the run at `at`, and
 * beyond the run's `length` there is 0.
 */
function runningMaximum(data: Uint8Array, at: number, length: number, lead: number, count: number, half: number): Uint8Array {
  const size = 2 * half + 1
  const padded = Math.ceil((count + 2 * half) / size) * size
  const [forward, backward] = [new Uint8Array(padded), new Uint8Array(padded)]
  const first = half + lead
  const value = (i: number): number => (i < first || i >= first + length ? 0 : data[at + i - first]!)
  for (let i = 0; i < padded; i++) forward[i] = i % size === 0 ? value(i) : Math.max(forward[i - 1]!, value(i))
  for (let i = padded - 1; i >= 0; i--) backward[i] = i % size === size - 1 ? value(i) : Math.max(backward[i + 1]!, value(i))
  const out = new Uint8Array(count)
  for (let x = 0; x < count; x++) out[x] = Math.max(backward[x]!, forward[x + size - 1]!)
  return out
}
