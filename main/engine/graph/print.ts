/** A graph as text: for people to read, and for tests to compare. */
import { createHash } from 'node:crypto'
import type { Constant, Graph, GraphNode, Value } from './graph.ts'
import { formatDims } from './shapes.ts'

/**
 * One line per input, node and output, in execution order:
 * `name: dtype dims = op(inputs) {attributes}`. Weights appear under their checkpoint keys, small constants as numbers.
 */
export function printGraph(graph: Graph): string {
  const weightBytes = [...graph.weights.values()].reduce((sum, entry) => sum + entry.length, 0)
  const head = `graph ${graph.name}: ${count(graph.nodes.length, 'node')}, ${count(graph.weights.size, 'weight')}, ${(weightBytes / 1e6).toFixed(1)} MB`
  const lines = [head]
  for (const input of graph.inputs) lines.push(`  in  ${input.name}: ${typeOf(input)}`)
  for (const node of graph.nodes) {
    const results = node.outputs.map((output) => `${output.name}: ${typeOf(output)}`).join(', ')
    const operands = node.inputs.map((input) => nameOf(graph, input)).join(', ')
    lines.push(`      ${results} = ${node.op}(${operands})${printAttributes(node)}`)
  }
  for (const { name, value } of graph.outputs) lines.push(`  out ${name}: ${typeOf(value)} = ${value.name}`)
  return lines.join('\n') + '\n'
}

/**
 * sha256 (hex) of everything that decides what a graph computes, its weights' content aside: ops, attributes, types,
 * constants, and which weights it reads. Equal graphs have equal hashes on every machine.
 */
export function graphHash(graph: Graph): string {
  const hash = createHash('sha256')
  const add = (...parts: unknown[]) => hash.update(JSON.stringify(parts)).update('\n')
  add('graph', 1, graph.name)
  for (const input of graph.inputs) add('in', input.name, input.dtype, input.dims)
  for (const [id, entry] of graph.weights) add('weight', id, entry.name, entry.dtype, entry.shape)
  for (const [id, constant] of graph.constants) {
    add('constant', id, constant.dims, constant.data.constructor.name)
    hash.update(new Uint8Array(constant.data.buffer, constant.data.byteOffset, constant.data.byteLength))
  }
  for (const node of graph.nodes) {
    add(node.op, node.inputs.map((input) => input.id), sortKeys(node.attributes), node.outputs.map((output) => [output.id, output.dtype, output.dims]))
  }
  for (const { name, value } of graph.outputs) add('out', name, value.id)
  return hash.digest('hex')
}

function typeOf(value: Value): string {
  return `${value.dtype} ${formatDims(value.dims)}`
}

function nameOf(graph: Graph, value: Value): string {
  const constant = graph.constants.get(value.id)
  return constant ? printConstant(constant, value) : value.name
}

function printConstant({ data, dims }: Constant, value: Value): string {
  if (dims.length === 0) return String(data[0])
  if (data.length <= 4) return `[${[...data].join(', ')}]`
  return `constant<${typeOf(value)}>`
}

function printAttributes(node: GraphNode): string {
  const entries = Object.entries(node.attributes as Readonly<Record<string, unknown>>)
  if (entries.length === 0) return ''
  return ` {${entries.map(([name, value]) => `${name} ${Array.isArray(value) ? `[${value.join(', ')}]` : String(value)}`).join(', ')}}`
}

function sortKeys(attributes: object): [string, unknown][] {
  return Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}
