/** Every net against PyTorch: same weights, same inputs, max |error| / max |reference| <= 3e-5 (the project's bound). */
import { afterAll, describe, expect, test } from 'vitest'
import type { SerializeOptions } from '../../../main/engine/graph/serialize.ts'
import { GRAPH_BUILDERS } from '../../support/netGraphs.ts'
import { cleanUp, loadNetFixture, relativeError, runGraph } from '../../support/netFixtures.ts'

const TOLERANCE = 3e-5

/** Every 3x3 convolution by Winograd, in strips and groups, as only nets too large for a fixture are written. */
const LARGE_FORM: SerializeOptions = { winograd: { evenIfSlower: true, mostInputBytes: 1e5, mostWeightBytes: 1e5 } }

afterAll(cleanUp)

for (const [name, build] of Object.entries(GRAPH_BUILDERS)) {
  describe(name, () => {
    const fixture = loadNetFixture(name)
    test.each(fixture.cases.map((one) => [one.label, one] as const))('case %s equals PyTorch, fused and unfused', async (_label, one) => {
      for (const fused of [true, false]) {
        const outputs = await runGraph(build(fixture, one, fused), one.inputs)
        expect(Object.keys(outputs).sort()).toEqual(Object.keys(one.outputs).sort())
        for (const [key, expected] of Object.entries(one.outputs)) {
          expect(outputs[key]!.dims).toEqual(expected.dims)
          expect(relativeError(outputs[key], expected), `${key}, fused ${fused}`).toBeLessThanOrEqual(TOLERANCE)
        }
      }
    })

    test.each(fixture.cases.map((one) => [one.label, one] as const))('case %s equals PyTorch as large nets are written', async (_label, one) => {
      const outputs = await runGraph(build(fixture, one, true), one.inputs, LARGE_FORM)
      for (const [key, expected] of Object.entries(one.outputs)) {
        expect(outputs[key]!.dims).toEqual(expected.dims)
        expect(relativeError(outputs[key], expected), key).toBeLessThanOrEqual(TOLERANCE)
      }
    })
  })
}
