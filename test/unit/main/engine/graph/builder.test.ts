import { describe, expect, it } from 'vitest'
import { GraphBuilder } from '../../../../../main/engine/graph/builder.ts'
import { openSession } from '../../../../../main/engine/runtime/session.ts'
import type { Tensor } from '../../../../../main/engine/tensor/tensor.ts'
import { normalTensor, withWeights } from '../../../../support/graphs.ts'

describe('graph builder', () => {
  it('names nodes after module paths and keeps names unique', () => {
    const b = new GraphBuilder('net', null)
    const x = b.input('x', 'f32', [1, 4])
    const [first, second] = b.scope('down_blocks.0', () => b.scope('resnets.1', () => [b.silu(x), b.silu(x)]))
    expect(first!.name).toBe('down_blocks.0.resnets.1.silu')
    expect(second!.name).toBe('down_blocks.0.resnets.1.silu_2')
  })

  it('reports a wrong shape in a sentence with the module path', () => {
    const b = new GraphBuilder('unet', null)
    const x = b.input('x', 'f32', [1, 4])
    const w = b.constant(new Float32Array(6), [2, 3])
    expect(() => b.scope('mid_block', () => b.linear(x, w))).toThrow(/^unet at mid_block: linear: expected an input of \[\.\.\., 3\] for weight constant of 2 x 3 but received 1 x 4\.$/)
  })

  it('names a missing weight and what lies near it', async () => {
    await withWeights({ 'mid.conv.weight': normalTensor([2, 2], 1) }, (weights) => {
      const b = new GraphBuilder('net', weights)
      expect(() => b.scope('mid.conv', () => b.parameter('bias'))).toThrow(/lacks the tensor mid\.conv\.bias \(it has mid\.conv\.weight\)/)
      expect(b.scope('mid.conv', () => b.optionalParameter('bias'))).toBeNull()
      expect(() => b.weight('mid.conv.weight', [2, 3])).toThrow('net: expected 2 x 3 for the weight mid.conv.weight but the checkpoint has 2 x 2.')
    })
    expect(() => new GraphBuilder('net', null).weight('a')).toThrow('started without any')
  })

  it('refuses half-precision weights unless told to cast them', async () => {
    await withWeights({ w: normalTensor([2, 2], 1) }, (weights) => {
      const half = { ...weights, entries: new Map([['w', { ...weights.entries.get('w')!, dtype: 'F16' as const, length: 8 }]]) }
      expect(() => new GraphBuilder('net', half).weight('w')).toThrow('expected F32 for the weight w but weights.safetensors holds F16')
      expect(new GraphBuilder('net', half, { halfWeights: 'cast' }).weight('w').dtype).toBe('f32')
    })
  })

  it('leaves out nodes, weights and constants that no output needs', async () => {
    await withWeights({ a: normalTensor([2], 1), b: normalTensor([2], 2) }, (weights) => {
      const b = new GraphBuilder('net', weights)
      const x = b.input('x', 'f32', [2])
      b.mul(x, b.weight('b'))
      b.output('y', b.add(x, b.weight('a')))
      const graph = b.build()
      expect(graph.nodes.map((node) => node.op)).toEqual(['add'])
      expect([...graph.weights.values()].map((entry) => entry.name)).toEqual(['a'])
    })
  })

  it('splits a linear layer by its weights instead of its result', async () => {
    await withWeights({ 'proj.weight': normalTensor([6, 4], 1), 'proj.bias': normalTensor([6], 2) }, async (weights) => {
      const build = (name: string, join: boolean) => {
        const b = new GraphBuilder(name, weights)
        const x = b.input('x', 'f32', [2, 3, 4])
        const both = b.linear(x, b.weight('proj.weight'), b.weight('proj.bias'))
        const parts = join ? b.apply('split', [both], { axis: 2, sizes: [4, 2] }) : b.split(both, -1, [4, 2])
        parts.forEach((part, index) => b.output(`y${index}`, part))
        return b.build()
      }
      const rows = build('rows', false)
      expect(rows.nodes.map((node) => node.op)).toEqual(['linear', 'linear'])
      const x = normalTensor([2, 3, 4], 3)
      const results: Record<string, Tensor>[] = []
      for (const graph of [rows, build('joined', true)]) {
        const session = await openSession(graph, { device: 'cpu', threads: 1 })
        results.push(await session.run({ x }))
        await session.dispose()
      }
      for (const name of ['y0', 'y1']) {
        expect(results[0]![name]!.dims).toEqual(results[1]![name]!.dims)
        results[0]![name]!.data.forEach((element, index) => expect(element).toBeCloseTo(results[1]![name]!.data[index]!, 5))
      }
    })
  })

  it('lets an output share its name with an input', async () => {
    const b = new GraphBuilder('net', null)
    b.output('sample', b.mul(b.input('sample', 'f32', [2]), 3))
    const session = await openSession(b.build(), { device: 'cpu' })
    expect([...(await session.run({ sample: { data: Float32Array.of(1, 2), dims: [2] } })).sample!.data]).toEqual([3, 6])
    await session.dispose()
  })

  it('runs with symbolic dimensions at several sizes', async () => {
    const b = new GraphBuilder('net', null)
    const x = b.input('x', 'f32', ['batch', 4, 'height', 'width'])
    const scale = b.constant(new Float32Array(4).fill(1), [4])
    const shift = b.constant(new Float32Array(4), [4])
    const normal = b.groupNorm(x, scale, shift, { groups: 2 })
    const rows = b.transpose(b.reshape(normal, ['batch', 4, 'height*width']), [0, 2, 1])
    const mixed = b.linear(rows, b.constant(new Float32Array(16).fill(0.25), [4, 4]))
    b.output('y', b.resizeNearest(x, '2*height', '2*width'))
    b.output('rows', b.attention(mixed, mixed, mixed, { heads: 2 }))
    const session = await openSession(b.build(), { device: 'cpu' })
    for (const [batch, height, width] of [[1, 2, 3], [2, 4, 4]] as const) {
      const { y, rows: out } = await session.run({ x: normalTensor([batch, 4, height, width], 1) })
      expect(y!.dims).toEqual([batch, 4, height * 2, width * 2])
      expect(out!.dims).toEqual([batch, height * width, 4])
    }
    await expect(session.run({ x: normalTensor([1, 3, 2, 2], 1) })).rejects.toThrow('The net net expected batch x 4 x height x width for x but received 1 x 3 x 2 x 2.')
    await session.dispose()
    await expect(session.run({ x: normalTensor([1, 4, 2, 2], 1) })).rejects.toThrow('unloaded')
  })
})
