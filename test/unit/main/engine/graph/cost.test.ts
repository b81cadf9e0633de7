import { describe, expect, it } from 'vitest'
import { GraphBuilder } from '../../../../../main/engine/graph/builder.ts'
import { graphCost } from '../../../../../main/engine/graph/cost.ts'

const ones = (dims: number[]): [Float32Array, number[]] => [new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(1), dims]

describe('graphCost', () => {
  it('counts two operations per multiply-add of a convolution', () => {
    const b = new GraphBuilder('conv', null)
    const x = b.input('x', 'f32', [1, 4, 8, 8])
    b.output('y', b.conv2d(x, b.constant(...ones([6, 4, 3, 3])), null, { padding: 1 }))
    expect(graphCost(b.build()).work.conv).toBe(2 * 6 * 8 * 8 * 4 * 9)
  })

  it('counts a convolution by Winograd as the shorter direct sum that takes as long, and its temporary tensors', () => {
    const b = new GraphBuilder('conv', null)
    const x = b.input('x', 'f32', [1, 320, 32, 32])
    b.output('y', b.conv2d(x, b.constant(...ones([320, 320, 3, 3])), null, { padding: 1 }))
    const graph = b.build()
    const [direct, winograd] = [graphCost(graph), graphCost(graph, { winograd: true })]
    expect(winograd.work.conv / direct.work.conv).toBeGreaterThan(0.25) // 36 products for 144
    expect(winograd.work.conv / direct.work.conv).toBeLessThan(0.7)
    // 36 numbers per tile and input channel
    expect(winograd.peakActivationBytes - direct.peakActivationBytes).toBeGreaterThan(4 * 36 * 64 * 320)
  })

  it('counts the two products of attention', () => {
    const b = new GraphBuilder('attention', null)
    const q = b.input('q', 'f32', [2, 16, 32])
    const k = b.input('k', 'f32', [2, 5, 32])
    b.output('y', b.attention(q, k, k, { heads: 4 }))
    expect(graphCost(b.build()).work.attention).toBe(2 * 2 * 16 * 5 * 64)
  })

  it('frees a buffer after its last reader and reuses it in place', () => {
    const b = new GraphBuilder('chain', null)
    const x = b.input('x', 'f32', [1, 1000])
    let y = b.exp(x)
    for (let i = 0; i < 5; i++) y = b.silu(y)
    b.output('y', y)
    // the input and one buffer that silu overwrites again and again
    expect(graphCost(b.build()).peakActivationBytes).toBe(2 * 4000)
  })

  it('keeps a buffer that a later op still reads, also through a reshape', () => {
    const b = new GraphBuilder('skip', null)
    const x = b.input('x', 'f32', [1, 1000])
    const skip = b.exp(x)
    const view = b.reshape(skip, [10, 100])
    const other = b.exp(skip)
    b.output('y', b.concat([view, b.reshape(other, [10, 100])], 0))
    // at the concat: input, skip, other, result of twice the size
    expect(graphCost(b.build()).peakActivationBytes).toBe((1 + 1 + 1 + 2) * 4000)
  })
})
