/**
 * 3x3 convolutions by Winograd's minimal filtering F(4x4, 3x3): a 4x4 tile of the result from a 6x6 tile of the input
 * with 36 products per pair of channels instead of 144. On a CPU, whose matrix products already run at the processor's
 * limit, fewer products are the only way to be faster.
 *
 *   Y = A^T [ (G g G^T) . (B^T d B) ] A          (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks",
 *                                                 arXiv 1509.09308, eq. 8)
 *
 * Interpolation points 0, +-5/8, +-3/2 and infinity: measured against float64 they err by 2.7e-6 of the largest value where
 * the usual 0, +-1, +-2 err by 12e-6 and the direct sum by 0.5e-6 (512 channels).
 *
 * The weights are transformed anew in every run, group by group: kept transformed they would take four times their
 * memory, and the transform costs a tenth of the products.
 */
import type { Value } from './graph.ts'
import type { LowerContext } from './lowerings.ts'
import type { OpAttributes } from './ops.ts'
import { fixedDims } from './shapes.ts'

const TILE = 4
const SPAN = TILE + 2
const POINTS = [0, 5 / 8, -5 / 8, 3 / 2, -3 / 2] as const
/** Products per tile and pair of channels. */
const PRODUCTS = SPAN * SPAN

/** How far temporary tensors may grow. */
export interface WinogradLimits {
  /** Winograd's products also where the direct sum is faster; for tests. Default false. */
  readonly evenIfSlower?: boolean
  /** Most bytes of transformed input at a time; more is done in strips. Default 36 MiB, the widest layer of SD 1.5 at 512 px. */
  readonly mostInputBytes?: number
  /** Most bytes of transformed weights at a time; more is done in groups of output channels. Default 16 MiB. */
  readonly mostWeightBytes?: number
}

/** How a convolution is cut up. */
export interface WinogradPlan {
  /** Result rows per strip, a multiple of the tile. */
  readonly stripRows: number
  /** Output channels per group. */
  readonly groupChannels: number
  /** Expected time, as a part of the direct sum's. */
  readonly relativeTime: number
  /** Bytes of temporary tensors alive at once. */
  readonly scratchBytes: number
}

/** Tile transforms as matrices over flattened tiles: input 36x36, weights 36x9, result 16x36. */
export interface WinogradMatrices {
  readonly input: Float32Array
  readonly weight: Float32Array
  readonly result: Float32Array
}

/**
 * Nanoseconds of one core (AMD EPYC, Zen 4); only their ratios matter. Per multiply-add of the direct sum and of the
 * products, per weight pair of the transform, per transformed number of tiles going in or coming out.
 */
const COST = { direct: 2 / 90, product: 2 / 85, pair: 20, transformed: 1.5 } as const
/** Winograd's form is taken when it is expected to need less than this part of the direct time. */
const WORTHWHILE = 0.85

/** Whether and how to compute a convolution this way; null where the direct sum is about as fast or faster. */
export function planWinograd(inputs: readonly Value[], attributes: OpAttributes['conv2d'], output: Value, limits: WinogradLimits = {}): WinogradPlan | null {
  const [x, weight, bias] = inputs
  const { stride, dilation, groups, padding } = attributes
  const [dims, kernel, out] = [fixedDims(x!.dims), fixedDims(weight!.dims), fixedDims(output.dims)]
  if (!dims || !kernel || !out || kernel[2] !== 3 || kernel[3] !== 3) return null
  if ([...stride, ...dilation, groups].some((one) => one !== 1) || padding.some((amount) => amount > 1)) return null
  if (!isStored(weight!) || (bias && !isStored(bias))) return null
  const { evenIfSlower = false, mostInputBytes = 36 * 2 ** 20, mostWeightBytes = 16 * 2 ** 20 } = limits
  const [batch, channels] = dims as [number, number]
  const [, outChannels, height, width] = out as [number, number, number, number]
  const tileColumns = Math.ceil(width / TILE)
  const tileRows = Math.ceil(height / TILE)
  const tiles = tileRows * tileColumns * batch
  const pairs = channels * outChannels
  const strips = Math.ceil((4 * PRODUCTS * tiles * Math.max(channels, outChannels)) / mostInputBytes)
  const direct = COST.direct * 9 * height * width * batch * pairs
  const time = COST.product * PRODUCTS * tiles * pairs + COST.pair * pairs + COST.transformed * PRODUCTS * tiles * (channels + outChannels)
  if (time > WORTHWHILE * direct && !evenIfSlower) return null
  const stripTileRows = Math.max(1, Math.ceil(tileRows / strips))
  const groupCount = Math.ceil((4 * PRODUCTS * pairs) / mostWeightBytes)
  const groupChannels = Math.max(1, Math.ceil(outChannels / groupCount))
  const stripTiles = stripTileRows * tileColumns * batch
  const scratchBytes = 4 * (PRODUCTS * (stripTiles * (channels + groupChannels) + groupChannels * channels) + stripTiles * 16 * outChannels)
  return { stripRows: TILE * stripTileRows, groupChannels, relativeTime: time / direct, scratchBytes }
}

/** Writes a convolution by plan. */
export function emitWinograd(context: LowerContext, inputs: readonly Value[], attributes: OpAttributes['conv2d'], output: Value, plan: WinogradPlan): void {
  const writer = new WinogradWriter(context, inputs, attributes, output, plan)
  writer.write()
}

/** Writes one convolution; the steps share its sizes and the tensors that hide shapes. */
class WinogradWriter {
  readonly #context: LowerContext
  readonly #x: Value
  readonly #weight: Value
  readonly #bias: Value | undefined
  readonly #plan: WinogradPlan
  readonly #padding: OpAttributes['conv2d']['padding']
  /** Sizes of the result. */
  readonly #out: { readonly batch: number; readonly channels: number; readonly height: number; readonly width: number }
  readonly #columns: number
  readonly #matrices = winogradMatrices()
  /** A zero that only the run knows. */
  readonly #zero: string

  constructor(context: LowerContext, inputs: readonly Value[], attributes: OpAttributes['conv2d'], output: Value, plan: WinogradPlan) {
    const [batch, channels, height, width] = output.dims as readonly [number, number, number, number]
    this.#context = context
    this.#x = inputs[0]!
    this.#weight = inputs[1]!
    this.#bias = inputs[2]
    this.#plan = plan
    this.#padding = attributes.padding
    this.#out = { batch, channels, height, width }
    this.#columns = Math.ceil(width / TILE)
    this.#zero = this.#runtimeZero()
  }

  write(): void {
    const { height, width, channels } = this.#out
    const groups = this.#transformWeights()
    const strips: string[] = []
    for (let firstRow = 0; firstRow < height; firstRow += this.#plan.stripRows) {
      const rows = Math.ceil(Math.min(this.#plan.stripRows, height - firstRow) / TILE)
      const tiles = this.#transformInput(firstRow, rows)
      const parts = groups.map(({ count, transformed }) => this.#multiply(transformed, tiles, count, rows))
      strips.push(parts.length === 1 ? parts[0]! : this.#context.emit('Concat', parts, { attributes: { axis: { int: 1 } } }))
    }
    // strips below each other, what the last tiles have too much cut off, and the bias
    const to = this.#context.results
    let result = strips.length === 1 ? strips[0]! : this.#context.emit('Concat', strips, { attributes: { axis: { int: 2 } } })
    const isCut = height % TILE !== 0 || width % TILE !== 0
    if (isCut) result = this.#context.emit('Slice', [result, this.#ints([0, 0]), this.#ints([height, width]), this.#ints([2, 3])], this.#bias ? {} : { to })
    if (this.#bias) this.#context.emit('Add', [result, this.#context.view(this.#bias, [channels, 1, 1])], { to })
    else if (!isCut) this.#context.emit('Identity', [result], { to })
  }

  /** G g G^T per group of output channels: [36, group, channels]. */
  #transformWeights(): { readonly count: number; readonly transformed: string }[] {
    const channels = this.#x.dims[1] as number
    // With the zero onnxruntime cannot do this once and for all, nor before the layer's turn.
    const matrix = this.#hide(this.#context.emit('Add', [this.#matrix(this.#matrices.weight, [PRODUCTS, 9]), this.#cast(this.#zero)]), [PRODUCTS, 9])
    const groups: { readonly count: number; readonly transformed: string }[] = []
    for (let start = 0; start < this.#out.channels; start += this.#plan.groupChannels) {
      const count = Math.min(this.#plan.groupChannels, this.#out.channels - start)
      // three axes: onnxruntime packs constant matrices when it loads a net, which would copy every weight
      const flat = this.#matmul(matrix, this.#context.rows(this.#weight, start, count, [1, count * channels, 9]), ['transB'])
      groups.push({ count, transformed: this.#reshape(flat, [-1, count, channels]) })
    }
    return groups
  }

  /** B^T d B of every tile of a strip, [channels, 36, tiles]: a convolution of each channel by itself. */
  #transformInput(firstRow: number, rows: number): string {
    const [batch, channels, inHeight, inWidth] = this.#x.dims as readonly [number, number, number, number]
    const [top, left] = this.#padding
    const columns = this.#columns
    const from = Math.max(0, firstRow - top)
    const to = Math.min(inHeight, firstRow - top + rows * TILE + 2)
    const isWhole = from === 0 && to === inHeight
    const strip = isWhole ? this.#context.ref(this.#x) : this.#context.emit('Slice', [this.#context.ref(this.#x), this.#ints([from]), this.#ints([to]), this.#ints([2])])
    const planes = this.#hide(strip, [batch * channels, 1, to - from, inWidth])
    const above = from - (firstRow - top)
    const transformed = this.#context.emit('Conv', [planes, this.#matrix(this.#matrices.input, [PRODUCTS, 1, SPAN, SPAN])], {
      attributes: {
        kernel_shape: { ints: [SPAN, SPAN] },
        strides: { ints: [TILE, TILE] },
        pads: { ints: [above, left, rows * TILE + 2 - above - (to - from), columns * TILE + 2 - left - inWidth] },
      },
    })
    if (batch === 1) return this.#reshape(transformed, [channels, PRODUCTS, -1])
    const batchInside = this.#context.emit('Transpose', [this.#reshape(transformed, [batch, channels, PRODUCTS, -1])], { attributes: { perm: { ints: [1, 2, 0, 3] } } })
    return this.#reshape(batchInside, [channels, PRODUCTS, -1])
  }

  /** The products, and A^T m A: [16, group, batch tiles], then tiles laid out as rows and columns of [batch, group, rows, columns]. */
  #multiply(weights: string, tiles: string, count: number, rows: number): string {
    const { batch } = this.#out
    const products = this.#reshape(this.#matmul(weights, tiles, ['transBatchB']), [PRODUCTS, -1])
    const results = this.#context.emit('MatMul', [this.#matrix(this.#matrices.result, [TILE * TILE, PRODUCTS]), products])
    const depth = TILE * TILE * count
    const batchFirst = () => this.#context.emit('Transpose', [this.#reshape(results, [depth, batch, -1])], { attributes: { perm: { ints: [1, 0, 2] } } })
    const planes = this.#reshape(batch === 1 ? results : batchFirst(), [batch, depth, rows, this.#columns])
    return this.#context.emit('DepthToSpace', [planes], { attributes: { blocksize: { int: TILE }, mode: { text: 'DCR' } } })
  }

  /** The place of the largest of one number of the input: always 0, which onnxruntime does not see. */
  #runtimeZero(): string {
    const flat = this.#reshape(this.#context.ref(this.#x), [-1])
    const first = this.#context.emit('Slice', [flat, this.#ints([0]), this.#ints([1])])
    return this.#context.emit('ArgMax', [first], { attributes: { axis: { int: 0 }, keepdims: { int: 1 } } })
  }

  /**
   * A reshape whose result's shape onnxruntime cannot tell beforehand. What follows from it is then freed after its last
   * use; tensors of known shapes share buffers with later ones, which keeps large buffers alive across the whole net.
   */
  #hide(value: string, dims: readonly number[]): string {
    return this.#context.emit('Reshape', [value, this.#context.emit('Add', [this.#ints(dims), this.#zero])])
  }

  #cast(value: string): string {
    return this.#context.emit('Cast', [value], { attributes: { to: { int: 1 } } })
  }

  #reshape(value: string, dims: readonly number[]): string {
    return this.#context.emit('Reshape', [value, this.#ints(dims)])
  }

  #matmul(a: string, b: string, flags: readonly string[]): string {
    return this.#context.emit('FusedMatMul', [a, b], { domain: 'com.microsoft', attributes: Object.fromEntries(flags.map((flag) => [flag, { int: 1 }])) })
  }

  #matrix(data: Float32Array, dims: readonly number[]): string {
    return this.#context.constant({ data, dims })
  }

  #ints(values: readonly number[]): string {
    return this.#context.constant({ data: BigInt64Array.from(values, BigInt), dims: [values.length] })
  }
}

/** The transforms for {@link POINTS} and infinity, by Lagrange interpolation (Toom and Cook's construction). */
export function winogradMatrices(): WinogradMatrices {
  const scale = POINTS.map((point, i) => POINTS.reduce((product, other, j) => (j === i ? product : product * (point - other)), 1))
  const weight = [...POINTS.map((point, i) => [1, point, point ** 2].map((power) => power / scale[i]!)), [0, 0, 1]]
  const result = Array.from({ length: TILE }, (_, power) => [...POINTS.map((point) => point ** power), power === TILE - 1 ? 1 : 0])
  const rootsExcept = (skip: number) => POINTS.reduce<number[]>((polynomial, point, i) => (i === skip ? polynomial : timesRoot(polynomial, point)), [1])
  const input = [...POINTS.map((_, i) => rootsExcept(i)), rootsExcept(-1)].map((row) => [...row, ...new Array<number>(SPAN - row.length).fill(0)])
  return { input: kronecker(input), weight: kronecker(weight), result: kronecker(result) }
}

/** polynomial (x - root), coefficients from the constant term up. */
function timesRoot(polynomial: readonly number[], root: number): number[] {
  return [...polynomial, 0].map((coefficient, power) => (polynomial[power - 1] ?? 0) - root * (power < polynomial.length ? coefficient : 0))
}

/** The matrix that applies `matrix` to rows and to columns of a flattened square. */
function kronecker(matrix: readonly (readonly number[])[]): Float32Array {
  return Float32Array.from(matrix.flatMap((outer) => matrix.flatMap((inner) => outer.flatMap((a) => inner.map((b) => a * b)))))
}

function isStored(value: Value): boolean {
  return value.origin === 'weight' || value.origin === 'constant'
}
