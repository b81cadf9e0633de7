import { describe, expect, it } from 'vitest'
import { GraphBuilder } from '../../../../../main/engine/graph/builder.ts'
import type { Graph } from '../../../../../main/engine/graph/graph.ts'
import { verifyGraph } from '../../../../../main/engine/graph/verify.ts'

function legal(): Graph {
  const b = new GraphBuilder('net', null)
  const x = b.input('x', 'f32', [2, 3])
  b.output('y', b.mul(b.silu(x), 2))
  return b.build()
}

const changed = (change: (graph: Graph) => Partial<Graph>) => {
  const graph = legal()
  return () => verifyGraph({ ...graph, ...change(graph) })
}

describe('what a legal graph is', () => {
  it('accepts what the builder makes', () => {
    expect(() => verifyGraph(legal())).not.toThrow()
  })

  it('refuses a value that is read before it is made', () => {
    expect(changed(({ nodes }) => ({ nodes: nodes.toReversed() }))).toThrow('Graph net: node mul reads silu before anything makes it.')
  })

  it('refuses a result that contradicts the shape rule', () => {
    expect(
      changed(({ nodes }) => ({ nodes: [{ ...nodes[0]!, outputs: [{ ...nodes[0]!.outputs[0]!, dims: [3, 2] }] }, nodes[1]!] })),
    ).toThrow('Graph net: node silu claims f32 3 x 2 but silu makes f32 2 x 3.')
  })

  it('refuses an unknown op, a wrong number of inputs, and a name given twice', () => {
    expect(changed(({ nodes }) => ({ nodes: [{ ...nodes[0]!, op: 'warp' as 'silu' }] }))).toThrow('node silu has the unknown op warp.')
    expect(changed(({ nodes }) => ({ nodes: [{ ...nodes[0]!, inputs: [] }] }))).toThrow('node silu has 0 inputs but silu takes 1 to 1.')
    expect(changed(({ nodes }) => ({ nodes: [nodes[0]!, { ...nodes[1]!, name: 'silu' }] }))).toThrow('two nodes are called silu.')
    expect(changed(({ inputs }) => ({ inputs: [...inputs, { ...inputs[0]!, id: 99 }] }))).toThrow('two values are called x.')
  })

  it('refuses data that is missing or of another size', () => {
    expect(changed(() => ({ constants: new Map() }))).toThrow(/reads the constant constant, which the graph does not hold/)
    expect(changed(({ constants }) => ({ constants: new Map([...constants].map(([id]) => [id, { data: new Float32Array(2), dims: [] }])) }))).toThrow('holds 2 elements for scalar')
  })

  it('refuses outputs that nothing computes, or that are not f32', () => {
    expect(changed(() => ({ outputs: [] }))).toThrow('Graph net: it has no outputs.')
    expect(changed(({ inputs }) => ({ outputs: [{ name: 'y', value: inputs[0]! }] }))).toThrow('output y is the input x itself')
    const b = new GraphBuilder('flags', null)
    b.output('y', b.greater(b.input('x', 'f32', [2]), 0))
    expect(() => b.build()).toThrow('output y is bool; results that leave a graph must be f32.')
  })
})
