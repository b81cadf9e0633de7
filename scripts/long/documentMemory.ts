/**
 * Composes a 24-megapixel document of ten full-size layers (six pictures, two edit results with masks, two paint layers
 * with half their tiles painted; a group, a turned layer, several blend modes) in an engine process and holds its peak
 * against 1.2 GiB. Then the same at 16 bits, and the display pyramid of a picture of 100 megapixels.
 *
 *   node scripts/long/documentMemory.ts [FOLDER]
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { EngineClient } from '../../main/engine-host/client.ts'
import { TILE_EDGE, TileFileWriter } from '../../main/engine/document/tileFile.ts'
import { pictureFromSamples } from '../../main/engine/image/picture.ts'
import { writePicture } from '../../main/engine/image/writePicture.ts'

const LIMIT = 1.2 * 2 ** 30
const [width, height] = [6000, 4000]
const folder = process.argv[2] ?? fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-document-'))
fs.mkdirSync(folder, { recursive: true })
const at = (name: string): string => path.join(folder, name)
let failures = 0

/** Slow waves with grain: packs about as well as a photograph. */
async function photograph(name: string, seed: number, size: { width: number; height: number }, depth: 8 | 16): Promise<string> {
  const count = size.width * size.height * 3
  const samples = depth === 16 ? new Uint16Array(count) : new Uint8Array(count)
  const scale = depth === 16 ? 257 : 1
  let state = seed
  for (let y = 0, i = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
      const value = 128 + 60 * Math.sin(x / (90 + seed)) + 40 * Math.cos(y / 130) + (state >> 24) / 16
      samples[i++] = value * scale
      samples[i++] = value * 0.8 * scale
      samples[i++] = value * 0.6 * scale
    }
  }
  await writePicture(pictureFromSamples(samples, { ...size, channels: 3 }), at(name))
  return at(name)
}

async function maskFile(name: string): Promise<string> {
  const data = Uint8Array.from({ length: width * height }, (_, i) => Math.max(0, 255 - Math.hypot((i % width) - 3000, Math.floor(i / width) - 2000) / 8))
  await writePicture(pictureFromSamples(data, { width, height, channels: 1 }), at(name))
  return at(name)
}

function paint(name: string, colour: readonly number[]): string {
  const writer = new TileFileWriter(at(name))
  const bytes = new Uint8Array(TILE_EDGE * TILE_EDGE * 4)
  for (let i = 0; i < bytes.length; i += 4) bytes.set([...colour, (i >> 2) % 251], i)
  for (let y = 0; y * TILE_EDGE < height; y++) for (let x = 0; x * TILE_EDGE < width; x++) if ((x + y) % 2 === 0) writer.add({ level: 0, x, y }, { format: 'rgba8', bytes }, true)
  writer.finish()
  return at(name)
}

async function measured(name: string, request: Record<string, unknown>, limit: number): Promise<void> {
  const client = new EngineClient({ engineOptions: { bundledModels: folder, dataDir: folder, cacheDir: at('cache') }, growthLimitBytes: Number.MAX_SAFE_INTEGER })
  try {
    const started = performance.now()
    const result = await client.run(request)
    const { memory } = await client.status()
    if (!memory) throw new Error('the engine process told nothing about its memory')
    const { peakRssBytes } = memory
    const fits = peakRssBytes <= limit
    if (!fits) failures += 1
    process.stdout.write(`${fits ? 'ok  ' : 'FAIL'} ${name}: peak ${(peakRssBytes / 2 ** 20).toFixed(0)} MiB of ${(limit / 2 ** 20).toFixed(0)}, ${((performance.now() - started) / 1000).toFixed(1)} s, ${JSON.stringify(result['seconds'])}\n`)
  } finally {
    await client.close()
  }
}

async function tenLayers(depth: 8 | 16): Promise<Record<string, unknown>> {
  const extension = depth === 16 ? 'tif' : 'jpg'
  const pictures: string[] = []
  for (let i = 0; i < 8; i++) pictures.push(await photograph(`layer${depth}-${i}.${extension}`, i + 1, { width, height }, depth))
  const [first, second, third, fourth, fifth, sixth, seventh, eighth] = pictures
  const mask = await maskFile('mask.png')
  const layers = [
    { kind: 'image', picture: first },
    { kind: 'image', picture: second, blend: 'multiply', opacity: 0.5 },
    { kind: 'edit-result', picture: third, mask },
    { kind: 'paint', tiles: paint('paint1.tiles', [200, 40, 40]) },
    { kind: 'group', opacity: 0.8, blend: 'soft-light', children: [{ kind: 'image', picture: fourth }, { kind: 'image', picture: fifth, blend: 'screen', opacity: 0.3 }, { kind: 'paint', tiles: paint('paint2.tiles', [20, 160, 90]), blend: 'overlay' }] },
    { kind: 'image', picture: sixth, transform: [0.9, 0.2, -0.2, 0.9, 300, 100], opacity: 0.4 },
    { kind: 'edit-result', picture: seventh, mask, blend: 'luminosity' },
    { kind: 'image', picture: eighth, blend: 'color', opacity: 0.2 },
  ]
  return { task: 'compose', canvas: { width, height }, base: first, layers, out: at(`flat${depth}.${depth === 16 ? 'tif' : 'png'}`) }
}

try {
  await measured('24 megapixels, 10 layers, 8 bits', await tenLayers(8), LIMIT)
  await measured('24 megapixels, 10 layers, 16 bits', await tenLayers(16), LIMIT)
  const hundred = await photograph('hundred.jpg', 9, { width: 11_600, height: 8700 }, 8)
  await measured('display pyramid of 100 megapixels', { task: 'tiles', image: hundred, out: at('hundred.tiles') }, LIMIT)
} finally {
  if (process.argv[2] === undefined) fs.rmSync(folder, { recursive: true, force: true })
}
process.exit(failures === 0 ? 0 : 1)
