/** Every task about a document's pixels through the real engine process: what goes in, what comes back, what is left behind. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EngineClient } from '../../main/engine-host/client.ts'
import type { JobEvent } from '../../main/engine-host/protocol.ts'
import { TileFile } from '../../main/engine/document/tileFile.ts'
import { openPicture } from '../../main/engine/image/codec.ts'
import { documentBench, pixelAt, type DocumentBench } from '../support/documents.ts'
import { DISPLAY_P3, drawn, noisePicture, rgbProfile } from '../support/pictures.ts'

const canvas = { width: 640, height: 480 }
let bench: DocumentBench
let client: EngineClient
beforeAll(async () => {
  bench = documentBench()
  client = new EngineClient({ engineOptions: { bundledModels: bench.folder, dataDir: bench.folder, cacheDir: bench.at('cache') } })
  await bench.write('photo.tif', noisePicture({ ...canvas, channels: 3, depth: 16 }, 1, { icc: rgbProfile(DISPLAY_P3) }))
  await bench.write('scene.png', drawn(640, 480, (x, y) => (Math.hypot(x - 300, y - 240) < 120 ? [0.8, 0.4, 0.2] : [0.2, 0.4 + y / 2000, 0.6])))
  await bench.mask('stroke.png', 640, 480, (x, y) => (Math.hypot(x - 300, y - 240) < 20 ? 255 : 0))
}, 60_000)
afterAll(async () => {
  await client.close()
  bench.close()
})

it('runs every task', async () => {
  const run = (request: Record<string, unknown>) => client.run(request)
  const photo = bench.at('photo.tif')
  const layers = [{ kind: 'image', picture: photo }, { kind: 'image', picture: bench.at('scene.png'), opacity: 0.5, blend: 'multiply', mask: bench.at('stroke.png') }]
  expect(await run({ task: 'inspect', image: photo })).toMatchObject({ width: 640, height: 480, depth: 16 })
  expect(await run({ task: 'tiles', image: photo, out: bench.at('photo.tiles') })).toMatchObject({ levels: 3, tiles: 6 + 2 + 1 })
  const tiles = TileFile.open(bench.at('photo.tiles'))
  expect(tiles.read({ level: 2, x: 0, y: 0 })!.format).toBe('rgba8')
  tiles.close()
  expect(await run({ task: 'compose', canvas, base: photo, layers, out: bench.at('flat.png') })).toMatchObject({ width: 640, height: 480, channels: 3, depth: 16, copied: false })
  expect(await run({ task: 'compose', canvas, base: photo, layers, out: bench.at('flat.ora') })).toMatchObject({ layers: 2 })
  expect(await run({ task: 'patch', before: photo, after: bench.at('flat.png'), out: bench.at('patch.png'), maskOut: bench.at('patch-mask.png') })).toMatchObject({ depth: 16 })
  expect(await run({ task: 'difference', a: photo, b: bench.at('flat.png'), mask: bench.at('stroke.png'), out: bench.at('difference.png') })).toMatchObject({ exact: true, changedOutside: 0 })
  expect(await run({ task: 'thumbnail', document: { canvas, base: photo, layers }, side: 64, out: bench.at('thumb.webp') })).toMatchObject({ width: 64, height: 48 })
  const edited = await run({ task: 'mask-edit', mask: bench.at('stroke.png'), ...canvas, operations: [{ op: 'grow', pixels: 10 }, { op: 'feather', pixels: 4 }], out: bench.at('grown.png') })
  expect((edited['box'] as { width: number }).width).toBeGreaterThan(58)
  const scribble = await run({ task: 'select', kind: 'scribble', image: bench.at('scene.png'), foreground: bench.at('stroke.png'), out: bench.at('selected.png') })
  expect(scribble['coverage']).toBeCloseTo((Math.PI * 120 ** 2) / (640 * 480), 2)
  const wand = await run({ task: 'select', kind: 'wand', image: bench.at('scene.png'), point: { x: 300, y: 240 }, out: bench.at('wand.png') })
  expect(wand['coverage']).toBeCloseTo((Math.PI * 120 ** 2) / (640 * 480), 2)
  const flat = await openPicture(bench.at('flat.png'))
  expect(pixelAt(flat, 10, 10)).toEqual(pixelAt(await openPicture(photo), 10, 10))
}, 120_000)

it('tells a mistake in one sentence with exit code 2', async () => {
  await expect(client.run({ task: 'compose', canvas, base: bench.at('gone.png'), layers: [], out: bench.at('x.png') })).rejects.toMatchObject({ code: 'picture/not-found', exitCode: 2 })
  await expect(client.run({ task: 'compose', canvas, layers: [{ kind: 'image', opacity: 2 }], out: bench.at('x.png') })).rejects.toMatchObject({ code: 'input/request', exitCode: 2 })
})

it('stops soon when cancelled, keeps its temporary files to itself and leaves none', async () => {
  const large = { width: 5000, height: 4000 }
  const file = await bench.write('large.jpg', noisePicture({ ...large, channels: 3, depth: 8 }, 2))
  const layers = Array.from({ length: 8 }, (_, i) => ({ kind: 'image', picture: file, blend: 'overlay', opacity: 0.5, transform: [0.9, 0.1, -0.1, 0.9, i, 0] }))
  const controller = new AbortController()
  const seen: JobEvent[] = []
  const before = new Set(fs.readdirSync(bench.folder))
  const job = client.run({ task: 'compose', canvas: large, base: file, layers, out: bench.at('cancelled.png') }, {
    signal: controller.signal,
    onEvent: (event) => {
      seen.push(event)
      if (event.event === 'progress' && event.phase === 'compose' && event.step > 0) controller.abort()
    },
  })
  await expect(job).rejects.toMatchObject({ exitCode: 130 })
  expect(seen.length).toBeGreaterThan(0)
  expect(fs.readdirSync(bench.folder).filter((name) => !before.has(name) && name !== 'cache')).toEqual([])
  expect(fs.existsSync(bench.at('cache')) ? fs.readdirSync(bench.at('cache')).filter((name) => name.endsWith('.tmp')) : []).toEqual([])
  expect(path.dirname(bench.folder)).toBe(os.tmpdir())
}, 180_000)
