/** Live previews of a run: which part of the picture each shows, on the tiny random checkpoint. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openPicture } from '../../main/engine/image/codec.ts'
import { createEngine } from '../../main/engine/index.ts'
import type { PreviewPicture } from '../../main/engine/requests.ts'

const fixtures = path.join(import.meta.dirname, '..', 'fixtures', 'pipelines')
const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-previews-'))
const engine = createEngine({ bundledModels: fixtures, dataDir: path.join(folder, 'data'), cacheDir: path.join(folder, 'cache') })
afterAll(async () => {
  await engine.dispose()
  rmSync(folder, { recursive: true, force: true })
})

const image = path.join(fixtures, 'picture.png')
const common = { model: 'tiny', device: 'cpu', steps: 4, seed: 7, guidance: 4, image, out: path.join(folder, 'out.png'), preview: true }

async function previews(request: object): Promise<PreviewPicture[]> {
  const seen: PreviewPicture[] = []
  await engine.run({ ...common, ...request }, { onEvent: (event) => { if (event.event === 'progress' && event.preview) seen.push(event.preview) } })
  return seen
}

describe('a preview', () => {
  test('of a picture that grows lies beyond its edges, in its own pixels, side by side', async () => {
    const { width } = await openPicture(image)
    const seen = await previews({ task: 'outpaint', prompt: 'snow', left: 24, top: 8 })
    const [left, top] = [seen[0]!.box!, seen.at(-1)!.box!]
    expect(left.x).toBe(-24)
    expect(left.y).toBeGreaterThanOrEqual(0)
    expect(top.y).toBeLessThanOrEqual(-8) // a crop is as large as the net wants it, and may reach beyond the new edge
    expect(top.y + top.height).toBeGreaterThan(0)
    expect(top.x).toBeGreaterThanOrEqual(-24)
    expect(top.x + top.width).toBeLessThanOrEqual(width)
  })

  test.each([
    ['swap', { prompt: 'a red cat in snow', swap: ['cat=>dog'], inversion: 'direct' }],
    ['img2img', { prompt: 'a red cat in snow', strength: 1 }],
  ])('of %s shows the whole picture in its proportions', async (task, more) => {
    const { width, height } = await openPicture(image)
    const seen = await previews({ task, ...more })
    expect(seen.length).toBeGreaterThanOrEqual(4)
    for (const preview of seen) {
      expect(preview.rgba).toHaveLength(4 * preview.width * preview.height)
      const box = preview.box!
      expect([box.x, box.y]).toEqual([0, 0])
      expect(box.width).toBeGreaterThanOrEqual(width)
      expect(box.height).toBeGreaterThanOrEqual(height)
      expect(box.width / box.height).toBeCloseTo(preview.width / preview.height, 1)
    }
  })
})
