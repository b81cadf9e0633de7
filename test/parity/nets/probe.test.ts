/** The published probe against PyTorch (scripts/fixtures/make_probe.py). The fixture goes with the weights: made anew when they change. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../../main/engine/families/openCheckpoint.ts'
import { buildProbe } from '../../../main/engine/nets/probe.ts'
import { openSession } from '../../../main/engine/runtime/session.ts'
import { ensureFloat32 } from '../../../main/engine/weights/convertedWeights.ts'
import { readSafetensorsHeader, readTensor } from '../../../main/engine/weights/safetensors.ts'

const root = path.join(import.meta.dirname, '..', '..', '..')
const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-probe-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the starter\'s probe', () => {
  it('gives PyTorch\'s logits', async () => {
    const { tensors } = readSafetensorsHeader(path.join(root, 'test', 'fixtures', 'probe', 'case.safetensors'))
    const { probe } = (await openCheckpoint(path.join(root, 'models', 'starter'))).components
    const weights = await ensureFloat32(probe!.weights, { dir: folder, maxBytes: 2 ** 30 })
    const session = await openSession(buildProbe(probe!.config, weights, { batch: 1 }), { device: 'cpu' })
    const { logits } = await session.run({ pixel_values: readTensor(tensors.get('pixel_values')!) })
    await session.dispose()
    const expected = readTensor(tensors.get('logits')!)
    expect(logits!.dims).toEqual(expected.dims)
    const largest = Math.max(...expected.data.map(Math.abs))
    const difference = Math.max(...expected.data.map((value, i) => Math.abs(value - logits!.data[i]!)))
    expect(difference / largest).toBeLessThan(3e-5)
  })
})
