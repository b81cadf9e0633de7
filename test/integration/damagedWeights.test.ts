/** Checkpoints whose numbers are no numbers: found where they first show, as one sentence that names the checkpoint. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { EngineError } from '../../main/engine/errors.ts'
import { createEngine } from '../../main/engine/index.ts'
import { readSafetensorsHeader, readTensor } from '../../main/engine/weights/safetensors.ts'
import { writeSafetensors } from '../../main/engine/weights/safetensorsWriter.ts'

const fixtures = path.join(import.meta.dirname, '..', 'fixtures', 'pipelines')
const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-damaged-'))
const engine = createEngine({ bundledModels: fixtures, dataDir: path.join(folder, 'data'), cacheDir: path.join(folder, 'cache') })
afterAll(async () => {
  await engine.dispose()
  rmSync(folder, { recursive: true, force: true })
})
const out = path.join(folder, 'never.png')

/** The tiny checkpoint as float32, which no conversion looks at, with NaN in one tensor of one part. */
function withNaN(part: 'unet' | 'vae', tensor: string): string {
  // a folder of its own each time: a file that a net has mapped must not be written over
  const copy = path.join(mkdtempSync(path.join(folder, 'copy-')), `nan-${part}`)
  cpSync(path.join(fixtures, 'tiny'), copy, { recursive: true })
  const file = path.join(copy, part, 'diffusion_pytorch_model.safetensors')
  const tensors = Object.fromEntries([...readSafetensorsHeader(file).tensors].map(([name, entry]) => [name, readTensor(entry)]))
  tensors[tensor]!.data[0] = NaN
  rmSync(file)
  writeSafetensors(file, tensors)
  return copy
}

async function refusal(request: object): Promise<EngineError> {
  try {
    await engine.run({ device: 'cpu', prompt: 'a cat', steps: 2, seed: 1, out, ...request })
  } catch (error) {
    if (error instanceof EngineError) return error
    throw error
  }
  throw new Error('expected a refusal')
}

test.each<[string, () => object, RegExp]>([
  ['a drawing names the UNet and the step', () => ({ task: 'txt2img', model: withNaN('unet', 'conv_out.bias') }), /nan-unet: expected finite numbers from its UNet, found NaN in step 1 of 3; check the checkpoint with "models verify"/],
  ['an edit with words does so', () => ({ task: 'swap', model: withNaN('unet', 'conv_out.bias'), target: 'a dog' }), /nan-unet: expected finite numbers from its UNet, found NaN in step 1 of 3/],
  ['the decoder is named', () => ({ task: 'txt2img', model: withNaN('vae', 'decoder.conv_out.bias') }), /nan-vae: expected finite numbers from its VAE decoder, found NaN;/],
])('%s', async (_name, request, message) => {
  // PNDM visits the first timestep twice: two steps are three calls
  const error = await refusal(request())
  expect(error.message).toMatch(message)
  expect(error.exitCode).toBe(2)
  expect(existsSync(out)).toBe(false)
})

test('weights of a type that no net computes with are refused by name', async () => {
  const copy = path.join(folder, 'u16')
  cpSync(path.join(fixtures, 'tiny'), copy, { recursive: true })
  const file = path.join(copy, 'unet', 'diffusion_pytorch_model.safetensors')
  const bytes = readFileSync(file)
  const length = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<string, { dtype: string }>
  const name = 'conv_in.bias'
  expect(header[name]!.dtype).toBe('F16') // two bytes an element either way
  header[name]!.dtype = 'U16'
  const text = Buffer.from(JSON.stringify(header))
  const head = Buffer.alloc(8)
  head.writeBigUInt64LE(BigInt(text.length))
  writeFileSync(file, Buffer.concat([head, text, bytes.subarray(8 + length)]))
  const error = await refusal({ task: 'txt2img', model: copy })
  expect(error.message).toMatch(/u16: expected weights in F16, BF16, F32 or F64, found U16 in tensor conv_in\.bias; fetch the checkpoint again/)
  expect(error.exitCode).toBe(2)
})
