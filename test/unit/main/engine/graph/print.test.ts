import { describe, expect, it } from 'vitest'
import { GraphBuilder } from '../../../../../main/engine/graph/builder.ts'
import type { Dim } from '../../../../../main/engine/graph/shapes.ts'
import { graphHash, printGraph } from '../../../../../main/engine/graph/print.ts'
import { normalTensor, withWeights } from '../../../../support/graphs.ts'
import type { WeightIndex } from '../../../../../main/engine/weights/weightIndex.ts'

function block(weights: WeightIndex, height: Dim, width: Dim, epsilon = 1e-5) {
  const b = new GraphBuilder('block', weights)
  const x = b.input('sample', 'f32', [1, 4, height, width])
  const out = b.scope('resnet', () => {
    const normal = b.scope('norm1', () => b.groupNorm(x, b.parameter('weight'), b.parameter('bias'), { groups: 2, epsilon, activation: 'silu' }))
    return b.add(b.scope('conv1', () => b.conv2d(normal, b.parameter('weight'), null, { padding: 1 })), b.mul(x, 0.5))
  })
  b.output('sample', out)
  return b.build()
}

const tensors = { 'resnet.norm1.weight': normalTensor([4], 1), 'resnet.norm1.bias': normalTensor([4], 2), 'resnet.conv1.weight': normalTensor([4, 4, 3, 3], 3) }

describe('printed graphs', () => {
  it('read like the checkpoint, with fixed sizes', async () => {
    await withWeights(tensors, (weights) => {
      expect(printGraph(block(weights, 8, 6))).toMatchInlineSnapshot(`
        "graph block: 4 nodes, 3 weights, 0.0 MB
          in  sample: f32 1 x 4 x 8 x 6
              resnet.norm1.groupNorm: f32 1 x 4 x 8 x 6 = groupNorm(sample, resnet.norm1.weight, resnet.norm1.bias) {groups 2, epsilon 0.00001, activation silu}
              resnet.conv1.conv2d: f32 1 x 4 x 8 x 6 = conv2d(resnet.norm1.groupNorm, resnet.conv1.weight) {stride [1, 1], padding [1, 1, 1, 1], dilation [1, 1], groups 1}
              resnet.mul: f32 1 x 4 x 8 x 6 = mul(sample, 0.5)
              resnet.add: f32 1 x 4 x 8 x 6 = add(resnet.conv1.conv2d, resnet.mul)
          out sample: f32 1 x 4 x 8 x 6 = resnet.add
        "
      `)
    })
  })

  it('and with symbolic sizes', async () => {
    await withWeights(tensors, (weights) => {
      expect(printGraph(block(weights, 'height', 'width'))).toMatchInlineSnapshot(`
        "graph block: 4 nodes, 3 weights, 0.0 MB
          in  sample: f32 1 x 4 x height x width
              resnet.norm1.groupNorm: f32 1 x 4 x height x width = groupNorm(sample, resnet.norm1.weight, resnet.norm1.bias) {groups 2, epsilon 0.00001, activation silu}
              resnet.conv1.conv2d: f32 1 x 4 x height x width = conv2d(resnet.norm1.groupNorm, resnet.conv1.weight) {stride [1, 1], padding [1, 1, 1, 1], dilation [1, 1], groups 1}
              resnet.mul: f32 1 x 4 x height x width = mul(sample, 0.5)
              resnet.add: f32 1 x 4 x height x width = add(resnet.conv1.conv2d, resnet.mul)
          out sample: f32 1 x 4 x height x width = resnet.add
        "
      `)
    })
  })
})

describe('graph hash', () => {
  it('is the same for the same graph and another for any change that matters', async () => {
    await withWeights(tensors, (weights) => {
      const hash = graphHash(block(weights, 8, 6))
      expect(hash).toMatch(/^[0-9a-f]{64}$/)
      expect(graphHash(block(weights, 8, 6))).toBe(hash)
      expect(graphHash(block(weights, 6, 8))).not.toBe(hash)
      expect(graphHash(block(weights, 8, 6, 1e-6))).not.toBe(hash)
    })
  })
})
