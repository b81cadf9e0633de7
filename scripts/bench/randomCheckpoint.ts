/** Writes a checkpoint of SD1.5's shape with random float32 weights (4.3 GB) below the cache folder, once. */
import fs from 'node:fs'
import path from 'node:path'
import { elementCount } from '../../main/engine/tensor/tensor.ts'
import { safetensorsPreamble } from '../../main/engine/weights/safetensorsWriter.ts'
import { clipTextShapes, SD15, unetShapes, vaeShapes } from './shapes.ts'
import type { Shapes } from './shapes.ts'

const POOL = 1 << 20

/** Normal numbers from a small generator of fixed seed: speed measurements need realistic magnitudes, not good randomness. */
function normalPool(): Float32Array {
  let state = 0x9e3779b9
  const uniform = () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32 + 2 ** -33
  }
  return Float32Array.from({ length: POOL }, () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()))
}

function fill(name: string, shape: readonly number[], pool: Float32Array, start: number): Float32Array {
  const values = new Float32Array(elementCount(shape))
  const isNorm = /norm\w*\.weight$/.test(name)
  const scale = shape.length > 1 ? 1 / Math.sqrt(elementCount(shape.slice(1))) : isNorm ? 0.1 : 0.02
  const offset = isNorm ? 1 : 0
  for (let i = 0; i < values.length; i++) values[i] = offset + scale * pool[(start + i) & (POOL - 1)]!
  return values
}

function writeComponent(folder: string, file: string, config: object, shapes: Shapes, pool: Float32Array): void {
  fs.mkdirSync(folder, { recursive: true })
  const rows = [...shapes].map(([name, shape]) => ({ name, dtype: 'F32' as const, shape, length: 4 * elementCount(shape) }))
  const temporary = path.join(folder, `${file}.tmp`)
  const handle = fs.openSync(temporary, 'w')
  try {
    fs.writeSync(handle, safetensorsPreamble(rows))
    rows.forEach((row, index) => {
      const bytes = Buffer.from(fill(row.name, row.shape, pool, index * 7919).buffer)
      for (let at = 0; at < bytes.length; ) at += fs.writeSync(handle, bytes, at, Math.min(bytes.length - at, 1 << 28))
    })
    fs.fsyncSync(handle)
  } finally {
    fs.closeSync(handle)
  }
  fs.writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config, null, 2) + '\n')
  fs.renameSync(temporary, path.join(folder, file)) // last, so that its presence means "complete"
}

/** Folder of the checkpoint in diffusers' layout; components already there are reused. */
export function sd15ShapedCheckpoint(cacheDir: string, report: (line: string) => void): string {
  const root = path.join(cacheDir, 'sd15-shaped')
  const components = [
    ['unet', 'diffusion_pytorch_model.safetensors', SD15.unet, () => unetShapes(SD15.unet)],
    ['vae', 'diffusion_pytorch_model.safetensors', SD15.vae, () => vaeShapes(SD15.vae)],
    ['text_encoder', 'model.safetensors', SD15.text_encoder, () => clipTextShapes(SD15.text_encoder)],
  ] as const
  let pool: Float32Array | undefined
  for (const [name, file, config, shapes] of components) {
    const folder = path.join(root, name)
    if (fs.existsSync(path.join(folder, file))) continue
    report(`Writing random ${name} weights of SD1.5's shape to ${folder} ...`)
    pool ??= normalPool()
    writeComponent(folder, file, config, shapes(), pool)
  }
  return root
}
