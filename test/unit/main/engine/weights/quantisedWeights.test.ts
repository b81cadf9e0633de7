/** The int8 form of a UNet's weights: values, layout, choice of layers, cache. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ensureInt8, isQuantised, quantise } from '../../../../../main/engine/weights/quantisedWeights.ts'
import { readBytes, readTensor } from '../../../../../main/engine/weights/safetensors.ts'
import { writeSafetensors } from '../../../../../main/engine/weights/safetensorsWriter.ts'
import { openWeights } from '../../../../../main/engine/weights/storedWeights.ts'

let folder: string
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-int8-'))))
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

const ramp = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7) * (1 + (i % 5)))

function stored(tensors: Record<string, { data: Float32Array; dims: number[] }>) {
  const file = path.join(folder, 'unet.safetensors')
  writeSafetensors(file, tensors)
  return openWeights(file)
}
const cache = () => ({ dir: path.join(folder, 'cache'), maxBytes: 1e9 })

describe('which layers become int8', () => {
  test.each([
    ['down_blocks.0.resnets.0.conv1.weight', [320, 320, 3, 3], true],
    ['mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight', [1280, 1280], true],
    ['up_blocks.1.resnets.0.conv_shortcut.weight', [640, 960, 1, 1], false],
    ['up_blocks.1.attentions.0.proj_in.weight', [640, 640, 1, 1], true],
    ['conv_in.weight', [320, 4, 3, 3], false],
    ['conv_out.weight', [4, 320, 3, 3], false],
    ['time_embedding.linear_1.weight', [1280, 320], false],
    ['down_blocks.0.resnets.0.time_emb_proj.weight', [320, 1280], false],
    ['down_blocks.0.resnets.0.norm1.weight', [320], false],
    ['down_blocks.0.resnets.0.conv1.bias', [320], false],
  ] as const)('%s %j: %s', (name, shape, expected) => {
    expect(isQuantised({ name, shape, dtype: 'F16' })).toBe(expected)
  })
})

describe('quantise', () => {
  test('every weight is within half a step of its channel, and the layout is kernel, input, output', () => {
    const index = stored({ 'a.conv1.weight': { data: ramp(40 * 33 * 9), dims: [40, 33, 3, 3] } })
    const entry = index.entries.get('a.conv1.weight')!
    const weights = readTensor(entry).data
    const { values, scale } = quantise(entry)
    for (const [out, input, row, column] of [[0, 0, 0, 0], [39, 32, 2, 2], [17, 5, 1, 2], [39, 0, 0, 1]] as const) {
      const weight = weights[((out * 33 + input) * 3 + row) * 3 + column]!
      const level = values[((row * 3 + column) * 33 + input) * 40 + out]!
      expect(Math.abs(weight - level * scale[out]!)).toBeLessThanOrEqual(scale[out]! * 0.5001)
    }
    expect(Math.max(...values.map(Math.abs))).toBe(127)
  })

  test('a channel of zeros stays zero', () => {
    const data = ramp(32 * 32)
    data.fill(0, 32, 64)
    const { values, scale } = quantise(stored({ 'x.weight': { data, dims: [32, 32] } }).entries.get('x.weight')!)
    expect(scale[1]).toBe(1)
    expect(Array.from({ length: 32 }, (_, input) => values[input * 32 + 1])).toEqual(new Array(32).fill(0))
  })
})

describe('ensureInt8', () => {
  test('keeps small tensors as float32, replaces large ones, and reads the cached file the second time', async () => {
    const index = stored({
      'block.ff.weight': { data: ramp(64 * 32), dims: [64, 32] },
      'block.ff.bias': { data: ramp(64), dims: [64] },
      'block.odd.weight': { data: ramp(33 * 35), dims: [33, 35] },
      'conv_in.weight': { data: ramp(32 * 4 * 9), dims: [32, 4, 3, 3] },
    })
    const phases: string[] = []
    const first = await ensureInt8(index, cache(), { onProgress: ({ phase }) => phases.push(phase) })
    expect([...first.entries.keys()].sort()).toEqual(['block.ff.bias', 'block.ff.weight.int8', 'block.ff.weight.scale', 'block.odd.weight.int8', 'block.odd.weight.scale', 'conv_in.weight'])
    expect(readTensor(first.entries.get('conv_in.weight')!).data).toEqual(readTensor(index.entries.get('conv_in.weight')!).data)
    const int8 = first.entries.get('block.ff.weight.int8')!
    expect(int8.shape).toEqual([32, 64])
    const bytes = readBytes(int8.file, int8.offset, int8.length)
    expect(new Int8Array(bytes.buffer)).toEqual(quantise(index.entries.get('block.ff.weight')!).values)
    for (const entry of first.entries.values()) if (entry.dtype === 'F32') expect(entry.offset % 4).toBe(0)
    expect(phases).toContain('converting')

    phases.length = 0
    const second = await ensureInt8(index, cache(), { onProgress: ({ phase }) => phases.push(phase) })
    expect(second.contentHash).toBe(first.contentHash)
    expect(phases).toEqual([])
  })

  test('a damaged cache file is made again', async () => {
    const index = stored({ 'block.ff.weight': { data: ramp(64 * 32), dims: [64, 32] } })
    const first = await ensureInt8(index, cache())
    const file = first.entries.get('block.ff.weight.int8')!.file
    const whole = fs.readFileSync(file)
    fs.truncateSync(file, 100)
    await ensureInt8(index, cache())
    expect(fs.readFileSync(file).equals(whole)).toBe(true)
  })

  test('NaN is refused with the tensor\'s name and leaves no file', async () => {
    const data = ramp(64 * 32)
    data[70] = Number.NaN
    const index = stored({ 'block.ff.weight': { data, dims: [64, 32] } })
    await expect(ensureInt8(index, cache())).rejects.toMatchObject({ code: 'weights/not-finite', exitCode: 2 })
    expect(fs.readdirSync(cache().dir).filter((name) => !name.endsWith('.lock'))).toEqual([])
  })

  test('a cancelled conversion leaves no file', async () => {
    const index = stored({ 'block.ff.weight': { data: ramp(64 * 32), dims: [64, 32] } })
    const controller = new AbortController()
    controller.abort()
    await expect(ensureInt8(index, cache(), { signal: controller.signal })).rejects.toMatchObject({ exitCode: 130 })
    expect(fs.readdirSync(cache().dir).filter((name) => name.includes('safetensors'))).toEqual([])
  })
})
