/** A 24-megapixel photograph through an edit: what it costs around the sampling, and that nothing else changes. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { pictureFromSamples } from '../../main/engine/image/picture.ts'
import { writePicture } from '../../main/engine/image/writePicture.ts'
import { DISPLAY_P3, exifBlock, numbers, rgbProfile } from '../support/pictures.ts'

const [width, height] = [6000, 4000]
let folder: string
const at = (name: string): string => path.join(folder, name)

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-photograph-'))
  const next = numbers(1)
  const samples = new Uint8Array(width * height * 3)
  // slow waves and grain: packs about as well as a photograph
  const waves = Float32Array.from({ length: width }, (_, x) => 60 * Math.sin(x / 90))
  for (let y = 0, at = 0; y < height; y++) {
    const tall = 128 + 40 * Math.cos(y / 130)
    for (let x = 0; x < width; x++) {
      const value = tall + waves[x]! + 12 * next()
      samples[at++] = value
      samples[at++] = value * 0.8
      samples[at++] = value * 0.6
    }
  }
  const metadata = { icc: rgbProfile(DISPLAY_P3), exif: exifBlock(1) }
  await writePicture(pictureFromSamples(samples, { width, height, channels: 3 }, { metadata }), at('photograph.jpg'))
  // 1 % of the pixels
  const mask = new Uint8Array(width * height)
  for (let y = 1700; y < 2190; y++) mask.fill(255, y * width + 2600, y * width + 3090)
  await writePicture(pictureFromSamples(mask, { width, height, channels: 1 }), at('mask.png'))
}, 180_000)
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

it('holds far less than 1.2 GiB and changes nothing outside the mask', () => {
  const script = path.join(import.meta.dirname, '../support/photographEdit.ts')
  const output = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', script, at('photograph.jpg'), at('mask.png'), at('result.png')], { encoding: 'utf8' })
  const report = JSON.parse(output) as { peakMiB: number | null; changedOutside: number; changed: number; codecChanged: number; box: { width: number; height: number }; model: { width: number }; seconds: Record<string, number>; cpuSeconds: number }
  process.stdout.write(`24 megapixels: ${JSON.stringify(report)}\n`)
  expect(report.changedOutside).toBe(0)
  expect(report.changed).toBeGreaterThan(100_000)
  expect(report.codecChanged).toBe(0)
  expect(Math.max(report.box.width, report.box.height)).toBeLessThanOrEqual(2 * 490)
  expect(report.model.width).toBe(512)
  // the engine's own net comes on top: 1.2 GiB is for all of it
  if (report.peakMiB !== null) expect(report.peakMiB).toBeLessThan(640)
  // processor time, not wall time: this machine may be busy
  expect(report.cpuSeconds).toBeLessThan(8)
}, 180_000)
