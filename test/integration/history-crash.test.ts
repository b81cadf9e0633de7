/** Kill -9 at random moments while a project is being edited: nothing that was committed is lost. */
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Tear, compare, editAndKill, makeProject, scratchFolder, tearAndCompare, tornFaults } from './history/crashes.ts'
import { randomSource } from './history/editingChild.ts'

const scratch = scratchFolder()
afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }))

// 1,000 kills: scripts/long/historyCrashes.ts
describe('a project whose program is killed at 20 random moments', () => {
  it('opens for writing each time, holds everything that was committed and passes the full check', async () => {
    const folder = path.join(scratch, 'killed')
    makeProject(folder)
    const random = randomSource(20)
    let promised = 0
    for (let round = 0; round < 20; round++) {
      const promises = await editAndKill(folder, round, { promises: 1 + Math.floor(random() * 8), thenMs: random() * 40 })
      promised += promises.length
      const verdict = await compare(folder, promises, true)
      expect(verdict.broken, `round ${round}`).toEqual([])
      expect(verdict.mode).toBe('write')
      expect(verdict.notices.filter((notice) => !['project/stroke-in-progress', 'project/changes-brought-back'].includes(notice.code))).toEqual([])
    }
    expect(promised).toBeGreaterThan(40)
  }, 240_000)
})

// 200 torn files: scripts/long/historyCrashes.ts
describe('a project of which the newest file was cut short by a power cut', () => {
  it.each<Tear>(['blob', 'large blob', 'wal', 'log'])('opens, mends or names what was cut and keeps everything older (%s)', async (tear) => {
    const folder = path.join(scratch, `torn-${tear}`)
    makeProject(folder)
    const promises = await editAndKill(folder, 7, { changes: 60 })
    const random = randomSource(tear.length)
    let mended = 0
    let named = 0
    let broughtBack = 0
    for (let round = 0; round < 8; round++) {
      const verdict = await tearAndCompare(folder, path.join(scratch, 'copy'), tear, promises, random)
      expect(tornFaults(verdict), `${verdict.file} cut from ${verdict.size} to ${verdict.keep} bytes`).toEqual([])
      named += verdict.named ? 1 : 0
      if (tear === 'blob') mended += fs.statSync(path.join(scratch, 'copy', verdict.file)).size === verdict.size ? 1 : 0
      broughtBack += verdict.notices.some((notice) => notice.code === 'project/changes-brought-back') ? 1 : 0
    }
    // The tears must have hurt, or nothing was tested.
    if (tear === 'blob') expect(mended).toBeGreaterThan(0) // from the commit that carries it
    if (tear === 'large blob') expect(named).toBeGreaterThan(0)
    if (tear === 'wal') expect(broughtBack).toBeGreaterThan(0)
  }, 240_000)
})
