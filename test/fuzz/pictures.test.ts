import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { openPicture } from '../../main/engine/image/codec.ts'
import { pictureTemplates } from './pictureCases.ts'
import { fuzzPictures } from './pictures.ts'

it('every undamaged template opens', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fuzz-templates-'))
  try {
    for (const [name, bytes] of await pictureTemplates()) {
      fs.writeFileSync(path.join(folder, name), bytes)
      const { width, height } = await openPicture(path.join(folder, name))
      expect([width, height].sort(), name).toEqual([40, 48])
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
})

// the same cases everywhere; the long tests run thousands of them
it('damaged pictures and masks are refused in a sentence or used: no crash, no hang, nothing written', async () => {
  const report = await fuzzPictures({ seed: 1, count: 500 })
  expect(report.failures).toEqual([])
  expect(report.accepted + report.refused).toBe(500)
  expect(report.refused, 'the damage is real').toBeGreaterThan(150)
  expect(report.accepted, 'and not all of it at the door').toBeGreaterThan(50)
}, 240_000)
