import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { GraphBuilder } from '../../../../../main/engine/graph/builder.ts'
import { decodeModel } from '../../../../../main/engine/graph/onnxProto.ts'
import { serialize } from '../../../../../main/engine/graph/serialize.ts'
import { winogradMatrices } from '../../../../../main/engine/graph/winograd.ts'
import { normals, normalTensor, withWeights } from '../../../../support/graphs.ts'

describe('Winograd transforms', () => {
  it('compute a 3x3 correlation of a 6x6 tile', () => {
    const { input, weight, result } = winogradMatrices()
    const [tile, kernel] = [normals(36, 1), normals(9, 2)]
    const times = (matrix: Float32Array, vector: ArrayLike<number>) =>
      Array.from({ length: matrix.length / vector.length }, (_, row) => Array.from(vector).reduce((sum, element, column) => sum + matrix[row * vector.length + column]! * element, 0))
    const transformedKernel = times(weight, kernel)
    const actual = times(result, times(input, tile).map((element, index) => element * transformedKernel[index]!))
    for (let row = 0; row < 4; row++) {
      for (let column = 0; column < 4; column++) {
        let sum = 0
        for (let i = 0; i < 9; i++) sum += kernel[i]! * tile[(row + Math.floor(i / 3)) * 6 + column + (i % 3)]!
        expect(actual[row * 4 + column]).toBeCloseTo(sum, 4)
      }
    }
  })
})

describe('convolutions written as Winograd products', () => {
  const same: readonly [number, number, number, number] = [1, 1, 1, 1]
  it.each([
    { label: 'whole tiles', dims: [1, 16, 16, 12], out: 24, padding: same },
    { label: 'a batch, and sizes that are no multiple of the tile', dims: [2, 12, 13, 18], out: 20, padding: same },
    { label: 'padding on two sides only', dims: [1, 8, 17, 11], out: 8, padding: [0, 0, 1, 1] as const },
    { label: 'no padding', dims: [1, 8, 10, 10], out: 8, padding: [0, 0, 0, 0] as const },
    { label: 'strips', dims: [1, 16, 50, 24], out: 12, padding: same, mostInputBytes: 40_000 },
    { label: 'groups of output channels', dims: [1, 24, 12, 12], out: 20, padding: same, mostWeightBytes: 20_000 },
    { label: 'strips and groups of a batch', dims: [2, 24, 30, 21], out: 20, padding: same, mostInputBytes: 30_000, mostWeightBytes: 30_000 },
  ])('equal the direct sum: $label', async ({ dims, out, padding, mostInputBytes = 1e9, mostWeightBytes = 1e9 }) => {
    const weight = normalTensor([out, dims[1]!, 3, 3], 3)
    await withWeights({ w: weight, b: normalTensor([out], 4) }, async (weights) => {
      const b = new GraphBuilder('conv', weights)
      b.output('y', b.conv2d(b.input('x', 'f32', dims), b.weight('w'), b.weight('b'), { padding }))
      const graph = b.build()
      const x = new OrtTensor('float32', normalTensor(dims, 5).data, dims)
      const [direct, fast] = await Promise.all(
        ([false, { evenIfSlower: true, mostInputBytes, mostWeightBytes }] as const).map(async (winograd) => {
          const { bytes, root, outputNames } = serialize(graph, { winograd })
          expect(decodeModel(bytes).graph.node.some((node) => node.opType === 'DepthToSpace')).toBe(winograd !== false)
          const session = await InferenceSession.create(bytes, { extra: { session: { model_external_initializers_file_folder_path: root! } } })
          const y = (await session.run({ x }))[outputNames['y']!]!
          await session.release()
          return y
        }),
      )
      expect(fast!.dims).toEqual(direct!.dims)
      const [expected, actual] = [direct!.data as Float32Array, fast!.data as Float32Array]
      let [error, largest] = [0, 0]
      for (let i = 0; i < expected.length; i++) {
        error = Math.max(error, Math.abs(actual[i]! - expected[i]!))
        largest = Math.max(largest, Math.abs(expected[i]!))
      }
      expect(error / largest).toBeLessThan(5e-6)
    })
  })

  it('read the weights where they lie, each group its own rows', async () => {
    await withWeights({ w: normalTensor([6, 4, 3, 3], 1), b: normalTensor([6], 2) }, (weights) => {
      const b = new GraphBuilder('conv', weights)
      b.output('y', b.conv2d(b.input('x', 'f32', [1, 4, 8, 8]), b.weight('w'), b.weight('b'), { padding: 1 }))
      const { graph } = decodeModel(serialize(b.build(), { winograd: { evenIfSlower: true, mostWeightBytes: 2 * 4 * 36 * 4 } }).bytes)
      const places = graph.initializer
        .filter(({ name }) => name.startsWith('w'))
        .map(({ externalData }) => Object.fromEntries(externalData!.map(({ key, value }) => [key, value])))
      const start = weights.entries.get('w')!.offset
      const rowBytes = 4 * 9 * 4
      expect(places.map(({ offset, length }) => [Number(offset) - start, Number(length)])).toEqual([0, 2, 4].map((row) => [row * rowBytes, 2 * rowBytes]))
    })
  })

  it('are not used where the direct sum is faster', () => {
    const isWinograd = (dims: readonly number[], kernel: readonly number[], o: { stride?: number; padding?: number } = { padding: 1 }) => {
      const b = new GraphBuilder('conv', null)
      const weight = b.constant(new Float32Array(kernel.reduce((product, dim) => product * dim, 1)), kernel)
      b.output('y', b.conv2d(b.input('x', 'f32', dims), weight, null, o))
      return decodeModel(serialize(b.build(), { winograd: {} }).bytes).graph.node.every((node) => node.opType !== 'Conv' || node.attribute.some(({ name, ints }) => name === 'kernel_shape' && ints?.[0] === 6n))
    }
    expect(isWinograd([1, 320, 64, 64], [320, 320, 3, 3])).toBe(true)
    expect(isWinograd([1, 1280, 16, 16], [1280, 1280, 3, 3])).toBe(true)
    expect(isWinograd([1, 1280, 8, 8], [1280, 1280, 3, 3])).toBe(false)
    expect(isWinograd([1, 4, 64, 64], [320, 4, 3, 3])).toBe(false)
    expect(isWinograd([1, 320, 64, 64], [4, 320, 3, 3])).toBe(false)
    expect(isWinograd([1, 320, 64, 64], [320, 320, 1, 1], { padding: 0 })).toBe(false)
    expect(isWinograd([1, 320, 64, 64], [320, 320, 3, 3], { padding: 1, stride: 2 })).toBe(false)
  })
})
