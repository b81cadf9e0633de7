/** What a legal graph is. Builders make legal graphs; rewrites (derivatives, edits) are checked here before they run. */
import { EngineError } from '../errors.ts'
import { elementCount } from '../tensor/tensor.ts'
import type { Graph, Value } from './graph.ts'
import { OPS } from './ops.ts'
import { formatDims, sameDims } from './shapes.ts'

/**
 * Checks a graph: names are unique, every value is made before it is read, nodes agree with their op's shape rule,
 * weights and constants have their data, outputs exist and are f32.
 * @throws EngineError graph/illegal with one sentence about the first fault.
 */
export function verifyGraph(graph: Graph): void {
  const fault = (message: string): never => {
    throw new EngineError('graph/illegal', `Graph ${graph.name}: ${message}`)
  }
  const known = new Set<number>()
  const names = new Set<string>()
  const define = (value: Value) => {
    if (known.has(value.id)) fault(`value ${value.name} is made twice.`)
    if (names.has(value.name)) fault(`two values are called ${value.name}.`)
    known.add(value.id)
    names.add(value.name)
  }
  for (const input of graph.inputs) define(input)
  const nodeNames = new Set<string>()
  for (const node of graph.nodes) {
    const spec = OPS[node.op]
    if (!spec) fault(`node ${node.name} has the unknown op ${String(node.op)}.`)
    if (nodeNames.has(node.name)) fault(`two nodes are called ${node.name}.`)
    nodeNames.add(node.name)
    for (const input of node.inputs) {
      if (input.origin === 'weight' && !graph.weights.has(input.id)) fault(`node ${node.name} reads the weight ${input.name}, which the graph does not hold.`)
      else if (input.origin === 'constant' && !graph.constants.has(input.id)) fault(`node ${node.name} reads the constant ${input.name}, which the graph does not hold.`)
      else if ((input.origin === 'input' || input.origin === 'node') && !known.has(input.id)) fault(`node ${node.name} reads ${input.name} before anything makes it.`)
      else if (!known.has(input.id)) define(input)
    }
    const [least, most] = spec.arity
    if (node.inputs.length < least || node.inputs.length > most) fault(`node ${node.name} has ${node.inputs.length} inputs but ${node.op} takes ${least} to ${most}.`)
    // The union of op and attributes is one node's own pair, which the compiler cannot follow through the table.
    const results = spec.infer(node.inputs, node.attributes as never)
    if (results.length !== node.outputs.length) fault(`node ${node.name} has ${node.outputs.length} results but ${node.op} makes ${results.length}.`)
    node.outputs.forEach((output, index) => {
      const result = results[index]!
      if (output.dtype !== result.dtype || !sameDims(output.dims, result.dims)) {
        fault(`node ${node.name} claims ${output.dtype} ${formatDims(output.dims)} but ${node.op} makes ${result.dtype} ${formatDims(result.dims)}.`)
      }
      define(output)
    })
  }
  for (const [id, constant] of graph.constants) {
    if (constant.data.length !== elementCount(constant.dims)) fault(`constant ${id} holds ${constant.data.length} elements for ${formatDims(constant.dims)}.`)
  }
  if (graph.outputs.length === 0) fault('it has no outputs.')
  for (const { name, value } of graph.outputs) {
    if (value.origin === 'node' && !known.has(value.id)) fault(`output ${name} is the value ${value.name}, which nothing makes.`)
    if (value.origin !== 'node') fault(`output ${name} is the ${value.origin} ${value.name} itself; outputs must be computed.`)
    if (value.dtype !== 'f32') fault(`output ${name} is ${value.dtype}; results that leave a graph must be f32.`)
  }
}
