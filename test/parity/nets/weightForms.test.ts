/** The same net from differently stored weights: half precision against its upcast, and the int8 form of --fast. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ensureFloat32 } from '../../../main/engine/weights/convertedWeights.ts'
import { ensureInt8 } from '../../../main/engine/weights/quantisedWeights.ts'
import { openWeights } from '../../../main/engine/weights/storedWeights.ts'
import { GRAPH_BUILDERS } from '../../support/netGraphs.ts'
import { cleanUp, loadNetFixture, netFixtures, relativeError, runGraph } from '../../support/netFixtures.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-forms-'))
const cache = { dir: folder, maxBytes: 1e9 }
afterAll(() => {
  cleanUp()
  fs.rmSync(folder, { recursive: true, force: true })
})

const half = (name: string) => openWeights(path.join(netFixtures, name, fs.readdirSync(path.join(netFixtures, name)).find((file) => file.endsWith('.safetensors') && file !== 'cases.safetensors')!))

describe('an F16 file', () => {
  test.each(['unet-sd1', 'unet-sd2', 'vae-kl', 'clip-text-sd1'])('%s gives the bits of the same file stored as F32', async (name) => {
    const fixture = loadNetFixture(name)
    const one = fixture.cases[0]!
    const build = GRAPH_BUILDERS[name]!
    const stored = await runGraph(build(fixture, one, true), one.inputs)
    const converted = { ...fixture, weights: await ensureFloat32(half(name), cache) }
    const first = await runGraph(build(converted, one, true), one.inputs)
    const cached = await runGraph(build({ ...fixture, weights: await ensureFloat32(half(name), cache) }, one, true), one.inputs)
    for (const key of Object.keys(stored)) {
      expect(first[key]!.data).toEqual(stored[key]!.data)
      expect(cached[key]!.data).toEqual(stored[key]!.data)
    }
  })
})

describe('the int8 form', () => {
  test('stays near the float32 net, batch rows independent of each other', async () => {
    const fixture = loadNetFixture('unet-wide')
    const one = fixture.cases[0]!
    const quick = { ...fixture, weights: await ensureInt8(half('unet-wide'), cache) }
    const graph = GRAPH_BUILDERS['unet-wide']!(quick, one, true)
    expect(graph.nodes.filter((node) => node.op === 'conv2dInt8').length).toBeGreaterThan(8)
    expect(graph.nodes.filter((node) => node.op === 'linearInt8').length).toBeGreaterThan(20)
    const outputs = await runGraph(graph, one.inputs)
    // 8-bit steps of weights and inputs through some twenty layers of random weights; trained nets are judged by pictures.
    const error = relativeError(outputs.sample, one.outputs.sample!)
    expect(error).toBeGreaterThan(1e-5)
    expect(error).toBeLessThan(0.05)

    const twice = { ...one, spec: { ...one.spec, batch: 2 }, inputs: Object.fromEntries(Object.entries(one.inputs).map(([key, value]) => [key, doubled(value as { data: Float32Array; dims: number[] })])) }
    const pair = await runGraph(GRAPH_BUILDERS['unet-wide']!(quick, twice, true), twice.inputs)
    const rows = pair.sample!.data.length / 2
    expect(relativeError({ data: pair.sample!.data.subarray(0, rows), dims: outputs.sample!.dims }, outputs.sample!)).toBeLessThan(1e-5)
  })
})

/** The value, then one ten times larger, along the batch axis. */
function doubled({ data, dims }: { data: Float32Array; dims: readonly number[] }) {
  return { data: Float32Array.from([...data, ...data.map((element) => 10 * element)]), dims: [2 * dims[0]!, ...dims.slice(1)] }
}
