import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { checkProject } from '../../../../main/history/checkProject.ts'
import { checkpoint } from '../../../../main/history/db.ts'
import type { Project } from '../../../../main/history/project.ts'
import { type StrokeStart, type StrokeTile, createStrokeAutosaver } from '../../../../main/history/strokes.ts'
import { plainTile, reopen, sampleProject, scratch, sentenceOf } from './projects.ts'

const folder = scratch()

describe('a stroke in progress', () => {
  it('survives the end of the session without a commit and can be finished', async () => {
    const { project, document, paint, folder: sample } = sampleProject(folder, 'finished')
    const start = { document, layer: paint.id, plane: 'pixels' as const, title: 'Brush', tool: { size: 12, colour: '#ff0000' } }
    const stroke = project.autosaveStroke(start, [{ x: 0, y: 0, pixels: plainTile(1) }, { x: 1, y: 0, pixels: plainTile(2) }])
    expect(project.autosaveStroke(stroke, [{ x: 1, y: 0, pixels: plainTile(3) }, { x: 2, y: 5, pixels: plainTile(4) }])).toBe(stroke)
    const head = project.head(document)
    project.close()

    const again = reopen(sample)
    expect(again.notices.map((notice) => notice.sentence)).toEqual(['A stroke that was being drawn when the last session ended is kept and can be finished.'])
    expect(again.project.strokesInProgress()).toMatchObject([{ ...start, id: stroke, head, tiles: [{ x: 0, y: 0 }, { x: 1, y: 0 }, { x: 2, y: 5 }] }])
    expect(again.project.strokeTiles(stroke).map((tile) => tile.pixels.bytes[9])).toEqual([1, 3, 4])
    expect(again.project.placedTiles(document)).toEqual([])

    const id = again.project.commitOperation(document, { kind: 'stroke', title: 'Brush', stroke, tiles: [{ layer: paint.id, plane: 'pixels', x: 0, y: 0, pixels: plainTile(8) }] })
    expect(again.project.operation(id).parent).toBe(head)
    expect(again.project.placedTiles(document).map((tile) => again.project.tile(tile.ref).bytes[9])).toEqual([8, 3, 4])
    expect(again.project.strokesInProgress()).toEqual([])
    expect((await checkProject(again.project)).faults).toEqual([])
    again.project.close()
  })

  it('goes when it is given up, and cannot be saved after that', () => {
    const { project, document, paint } = sampleProject(folder, 'given-up')
    const stroke = project.autosaveStroke({ document, layer: paint.id, plane: 'mask', title: 'Brush', tool: {} }, [{ x: 0, y: 0, pixels: plainTile(1) }])
    project.discardStroke(stroke)
    expect(project.strokesInProgress()).toEqual([])
    expect(sentenceOf(() => project.autosaveStroke(stroke, []))).toMatch(/not being drawn any more/)
    project.close()
  })
})

describe('a stroke that the database lost', () => {
  const title = 'Brush'
  const begun = (name: string): ReturnType<typeof sampleProject> & { stroke: ReturnType<Project['autosaveStroke']>; start: StrokeStart } => {
    const sample = sampleProject(folder, name)
    const start = { document: sample.document, layer: sample.paint.id, plane: 'pixels' as const, title, tool: {} }
    // Into the database proper, so that what follows stands in the write-ahead log alone.
    checkpoint(sample.project.writing)
    return { ...sample, start, stroke: sample.project.autosaveStroke(start, [{ x: 0, y: 0, pixels: plainTile(1) }]) }
  }
  /** What a power cut that takes the write-ahead log with it leaves. */
  const withoutLog = (sample: string, name: string): string => {
    const copy = path.join(folder, name)
    fs.cpSync(sample, copy, { recursive: true })
    for (const suffix of ['-wal', '-shm']) fs.rmSync(path.join(copy, `project.db${suffix}`), { force: true })
    return copy
  }
  const said = (sample: string): string[] => {
    const { project, notices } = reopen(sample)
    project.close()
    return notices.filter(({ code }) => code === 'project/stroke-lost').map(({ sentence }) => sentence)
  }

  it('is named once, with how long it had been drawn', () => {
    const { project, folder: sample, stroke } = begun('stroke-lost')
    project.autosaveStroke(stroke, [{ x: 1, y: 0, pixels: plainTile(1) }])
    const copy = withoutLog(sample, 'stroke-lost-copy')
    project.close()
    expect(said(copy)).toEqual([expect.stringMatching(/^The stroke "Brush", which was being drawn for 0\.1 s when the last session ended, was lost with the end of the database; everything committed is intact\.$/)])
    expect(said(copy)).toEqual([])
    expect(said(sample)).toEqual([])
  })

  it('in part is named with the part, and the rest can be finished', () => {
    const { project, folder: sample, stroke } = begun('stroke-part')
    checkpoint(project.writing)
    project.autosaveStroke(stroke, [{ x: 1, y: 0, pixels: plainTile(1) }])
    const copy = withoutLog(sample, 'stroke-part-copy')
    project.close()
    expect(said(copy)).toEqual([expect.stringMatching(/^Of the stroke "Brush", .* what was drawn in the last 0\.1 s was lost/)])
    const { project: again } = reopen(copy)
    expect(again.strokesInProgress()).toMatchObject([{ id: stroke, tiles: [{ x: 0, y: 0 }] }])
    again.close()
  })

  it('is not spoken of when it was finished or given up before', () => {
    const { project, document, folder: sample, stroke, start } = begun('stroke-done')
    project.commitOperation(document, { kind: 'stroke', title, stroke })
    project.discardStroke(project.autosaveStroke(start, [{ x: 2, y: 0, pixels: plainTile(1) }]))
    const copy = withoutLog(sample, 'stroke-done-copy')
    project.close()
    expect(said(copy)).toEqual([])
  })
})

describe('the autosave of strokes', () => {
  const tile = (x: number, value: number): StrokeTile => ({ x, y: 0, pixels: plainTile(value) })

  it('saves each dirty tile once, with its newest pixels, within two seconds of being touched', () => {
    vi.useFakeTimers()
    try {
      const saved: { at: number; tiles: number[][] }[] = []
      const start = Date.now()
      const autosaver = createStrokeAutosaver({
        save: (tiles) => void saved.push({ at: Date.now() - start, tiles: tiles.map((item) => [item.x, item.pixels.bytes[0]!]) }),
        onFault: () => { throw new Error('no fault expected') },
      })
      // A brush that never stops must not push the saving away.
      for (let time = 0; time < 5000; time += 100) {
        autosaver.touch(tile(time < 2500 ? 1 : 2, time / 100))
        vi.advanceTimersByTime(100)
      }
      vi.advanceTimersByTime(2000)
      expect(saved.length).toBeGreaterThanOrEqual(3)
      for (const [index, { at }] of saved.entries()) expect(at - (saved[index - 1]?.at ?? 0)).toBeLessThanOrEqual(2000)
      expect(saved.at(-1)!.tiles).toEqual([[2, 49]])
      expect(autosaver.waiting).toBe(0)
      vi.advanceTimersByTime(10_000)
      expect(saved.at(-1)!.at).toBeLessThan(7000) // nothing to save, nothing saved
    } finally {
      vi.useRealTimers()
    }
  })

  it('keeps the tiles when the disk is full, tells once, tries again and tells when it works', () => {
    vi.useFakeTimers()
    try {
      const told: string[] = []
      let full = true
      const autosaver = createStrokeAutosaver({
        save: (tiles) => {
          if (full) throw new Error('full')
          told.push(`saved ${tiles.length}`)
        },
        onFault: (error) => void told.push((error as Error).message),
        onSaved: () => void told.push('again'),
      })
      autosaver.touch(tile(1, 1))
      vi.advanceTimersByTime(1500)
      autosaver.touch(tile(2, 1))
      vi.advanceTimersByTime(6000)
      expect(told).toEqual(['full'])
      expect(autosaver.waiting).toBe(2)
      full = false
      vi.advanceTimersByTime(1500)
      expect(told).toEqual(['full', 'saved 2', 'again'])
      autosaver.touch(tile(3, 1))
      autosaver.stop()
      vi.advanceTimersByTime(9000)
      expect(told).toHaveLength(3)
    } finally {
      vi.useRealTimers()
    }
  })
})
