import { describe, expect, it } from 'vitest'
import { GraphBuilder } from '../../../../../main/engine/graph/builder.ts'
import type { Value, ValueDtype } from '../../../../../main/engine/graph/graph.ts'
import { OPS } from '../../../../../main/engine/graph/ops.ts'
import type { OpName } from '../../../../../main/engine/graph/ops.ts'
import { openSession } from '../../../../../main/engine/runtime/session.ts'
import { normals } from '../../../../support/graphs.ts'
import { CASES } from './opCases.ts'
import type { CaseInput, OpCase } from './opCases.ts'
import { REFERENCES } from './reference.ts'
import type { Numbers } from './reference.ts'

function numbersFor(input: CaseInput, seed: number): Numbers {
  const count = input.dims.reduce((product, dim) => product * dim, 1)
  const { fill = 'normal' } = input
  const data = typeof fill === 'string' ? [...normals(count, seed)] : Array.from({ length: count }, (_, index) => Math.fround(fill[index % fill.length]!))
  return { dims: input.dims, data: fill === 'positive' ? data.map((element) => Math.fround(Math.abs(element) + 0.1)) : data }
}

function declare(builder: GraphBuilder, name: string, dtype: ValueDtype, numbers: Numbers): Value {
  if (dtype === 'i8') return builder.constant(Int8Array.from(numbers.data), numbers.dims)
  return builder.input(name, dtype as 'f32', numbers.dims)
}

function feed(dtype: ValueDtype, { data, dims }: Numbers) {
  return dtype === 'i64' ? { data: BigInt64Array.from(data, BigInt), dims } : { data: Float32Array.from(data), dims }
}

describe.each(Object.keys(OPS) as OpName[])('op %s', (op) => {
  it.each((CASES[op] as readonly OpCase<OpName>[]).map((testCase, index) => [index, testCase] as const))(
    'gives the shape and the numbers of its reference (case %i)',
    async (index, { inputs, attributes, tolerance = 2e-6 }) => {
      const builder = new GraphBuilder(op, null)
      const numbers = inputs.map((input, position) => numbersFor(input, index * 10 + position))
      const values = inputs.map((input, position) => declare(builder, `x${position}`, input.dtype ?? 'f32', numbers[position]!))
      const results = builder.apply(op, values, attributes as never)
      results.forEach((result, position) => builder.output(`y${position}`, result.dtype === 'f32' ? result : builder.cast(result, 'f32')))
      const session = await openSession(builder.build(), { device: 'cpu', threads: 1 })
      try {
        const feeds = Object.fromEntries(session.inputNames.map((name) => [name, feed(inputs[Number(name.slice(1))]!.dtype ?? 'f32', numbers[Number(name.slice(1))]!)]))
        const outputs = await session.run(feeds)
        const expected = REFERENCES[op](numbers, attributes as never)
        expect(expected).toHaveLength(results.length)
        expected.forEach((reference, position) => {
          expect(results[position]!.dims).toEqual(reference.dims)
          const output = outputs[`y${position}`]!
          expect(output.dims).toEqual(reference.dims)
          const largest = Math.max(...reference.data.map(Math.abs), 1e-30)
          const error = Math.max(...reference.data.map((element, at) => Math.abs(element - output.data[at]!)))
          expect(error / largest).toBeLessThanOrEqual(tolerance)
        })
      } finally {
        await session.dispose()
      }
    },
  )
})
