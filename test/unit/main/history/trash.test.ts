import { describe, expect, it } from 'vitest'
import { referenceCount } from '../../../../main/history/applyRecord.ts'
import { checkProject } from '../../../../main/history/checkProject.ts'
import { emptyTrash, sweepBlobs, trashContents } from '../../../../main/history/trash.ts'
import { plainTile, reopen, sampleProject, scratch, sentenceOf } from './projects.ts'
import { newLayer } from '../../../../main/history/layers.ts'

const folder = scratch()
const DAY = 24 * 3600 * 1000

function withBranch(name: string) {
  const sample = sampleProject(folder, name)
  const { project, document } = sample
  const edit = (title: string) => {
    const blob = project.addBlob(Buffer.from(`result of ${title}`), 'image/png')
    return { blob, id: project.commitOperation(document, { kind: 'inpaint', title, results: [{ role: 'patch', hash: blob.hash }] }) }
  }
  const a = edit('a')
  const b = edit('b')
  project.goTo(document, sample.first)
  const c = edit('c')
  return { ...sample, a, b, c }
}

describe('the trash', () => {
  it('takes a whole branch, refuses the one the document stands in, and gives it back', () => {
    const { project, document, a, b, c } = withBranch('branch')
    expect(sentenceOf(() => project.trashOperation(c.id))).toMatch(/holds the place where the document stands/)
    project.trashOperation(a.id)
    expect(project.operations(document).map((operation) => operation.id)).not.toContain(b.id)
    expect(project.operations(document, { trashed: true }).map((operation) => operation.id)).toEqual([a.id, b.id])
    expect(sentenceOf(() => project.goTo(document, b.id))).toMatch(/restore or accept it first/)
    project.restoreOperation(b.id) // and with it a, on which it stands
    expect(project.operations(document, { trashed: true })).toEqual([])
    project.goTo(document, b.id)
    project.close()
  })

  it('deletes nothing before the grace period is over, and tells what it deletes then', async () => {
    const { project, folder: sample, a, b, c } = withBranch('grace')
    expect(referenceCount(project.db, b.blob.hash)).toBe(1)
    project.trashOperation(b.id)
    const now = 2000
    expect(emptyTrash(project, { now, graceMs: 30 * DAY })).toEqual({ documents: [], operations: [], masks: [], blobs: [], bytes: 0 })
    const later = now + 31 * DAY
    const first = emptyTrash(project, { now: later, graceMs: 30 * DAY })
    expect(first).toMatchObject({ operations: [b.id], blobs: [] }) // its file has only now nothing that refers to it
    expect(project.blobs.fault(b.blob.hash, b.blob.size)).toBeUndefined()
    expect(trashContents(project)).toMatchObject({ operations: [], blobs: [{ hash: b.blob.hash, unreferencedSince: later }] })
    const second = emptyTrash(project, { now: later + 31 * DAY, graceMs: 30 * DAY })
    expect(second).toMatchObject({ operations: [], blobs: [b.blob.hash], bytes: b.blob.size })
    expect(project.blobs.fault(b.blob.hash, b.blob.size)?.what).toBe('missing')
    for (const kept of [a, c]) expect(project.blob(kept.blob.hash)).toBeDefined()
    expect((await checkProject(project)).faults).toEqual([])
    project.close()
    const again = reopen(sample)
    expect(again.notices).toEqual([])
    again.project.close()
  })

  it('lets a file go back to work when something refers to it again', () => {
    const { project, document, b } = withBranch('again')
    project.trashOperation(b.id)
    emptyTrash(project, { now: 40 * DAY })
    expect(trashContents(project).blobs.map((blob) => blob.hash)).toEqual([b.blob.hash])
    project.commitOperation(document, { kind: 'test', title: 'Use it', results: [{ role: 'patch', hash: b.blob.hash }] })
    expect(trashContents(project).blobs).toEqual([])
    expect(emptyTrash(project, { now: 400 * DAY }).blobs).toEqual([])
    expect(project.blob(b.blob.hash)).toBeDefined()
    project.close()
  })

  it('gives files without a row a grace period too, but leaves fresh ones of this session alone', () => {
    const { project, folder: sample } = sampleProject(folder, 'strays')
    const stray = project.addBlob(Buffer.from('added, then the program died'), 'image/png')
    expect(sweepBlobs(project, 5000)).toBe(0)
    project.close()
    const again = reopen(sample).project
    expect(sweepBlobs(again, 5000)).toBe(1)
    expect(trashContents(again).blobs).toMatchObject([{ hash: stray.hash, unreferencedSince: 5000 }])
    again.close()
  })

  it('purges a document with its tree, masks and pixels, and leaves the other one whole', async () => {
    const { project, document } = sampleProject(folder, 'documents')
    const picture = project.addBlob(Buffer.from('other'), 'image/png')
    const layer = newLayer({ id: project.newLayerId(), kind: 'image', name: 'Other', pixels: { hash: picture.hash, width: 1, height: 1 } })
    const other = project.createDocument({ name: 'Other', kind: 'open', title: 'Open', canvas: { width: 1, height: 1, extra: {} }, layers: [layer] }).document
    project.commitOperation(other, { kind: 'stroke', title: 'Brush', tiles: [{ layer: layer.id, plane: 'mask', x: 0, y: 0, pixels: plainTile(3) }] })
    const mask = project.addBlob(Buffer.from('mask'), 'image/png')
    project.saveMask(other, { name: 'Sky', hash: mask.hash, width: 1, height: 1, origin: { from: 'drawn' } })
    project.trashDocument(other)
    expect(project.documents().map((item) => item.id)).toEqual([document])
    project.trashDocument(other, false)
    project.trashDocument(other)
    const purged = emptyTrash(project, { now: 40 * DAY })
    expect(purged).toMatchObject({ documents: [other], operations: [2, 3], masks: [1] })
    expect(emptyTrash(project, { now: 80 * DAY }).blobs).toHaveLength(3)
    expect(project.documents({ trashed: true })).toEqual([])
    expect((await checkProject(project)).faults).toEqual([])
    project.close()
  })
})
