import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { BlobStore } from '../../../../main/history/blobs.ts'
import { change, rows } from '../../../../main/history/db.ts'
import { type BlobHash, type DocumentId, hashOf } from '../../../../main/history/ids.ts'
import type { Project } from '../../../../main/history/project.ts'
import { temporaryName } from '../../../../main/history/durableFiles.ts'
import { reopen, sampleProject, scratch, sentenceOf, sentenceOfLater } from './projects.ts'

const folder = scratch()
let count = 0
function newStore(): BlobStore {
  const store = new BlobStore(path.join(folder, `blobs-${count++}`))
  store.create()
  return store
}

describe('the blob store', () => {
  it('keeps bytes under their SHA-256 and gives them back', () => {
    const store = newStore()
    const bytes = Buffer.from('abc')
    const { hash, size } = store.put(bytes)
    expect(hash).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad') // FIPS 180-2, appendix B.1
    expect(size).toBe(3)
    expect(store.read(hash)).toEqual(bytes)
    expect(store.path(hash)).toBe(path.join(store.folder, 'ba', hash))
    expect([...store.list()]).toEqual([{ hash, size: 3 }])
  })

  it('leaves no temporary file behind and removes those of a crash', () => {
    const store = newStore()
    const { hash } = store.put(Buffer.from('x'))
    const unfinished = temporaryName(store.path(hash))
    fs.writeFileSync(unfinished, 'half')
    expect(store.removeUnfinished()).toBe(1)
    expect(fs.readdirSync(path.dirname(store.path(hash)))).toEqual([hash])
  })

  it('mends a damaged file when the same bytes are put again by a later session', () => {
    const store = newStore()
    const { hash } = store.put(Buffer.from('precious'))
    for (const damage of ['pre', 'PRECIOUS', '']) {
      fs.writeFileSync(store.path(hash), damage)
      const later = new BlobStore(store.folder)
      expect(later.fault(hash, 8)?.what).toBe(damage.length === 8 ? 'wrong-bytes' : 'wrong-size')
      expect(sentenceOf(() => later.read(hash))).toMatch(/no longer holds what was saved/)
      later.put(Buffer.from('precious'))
      expect(later.read(hash).toString()).toBe('precious')
    }
  })

  it('names a missing file and how much of a cut one is left', () => {
    const store = newStore()
    const { hash } = store.put(Buffer.from('precious'))
    fs.truncateSync(store.path(hash), 3)
    expect(store.sizeFault(hash, 8)?.sentence).toMatch(/holds 3 of the 8 bytes/)
    fs.rmSync(store.path(hash))
    expect(store.sizeFault(hash, 8)?.sentence).toMatch(/is missing/)
    expect(sentenceOf(() => store.read(hash))).toMatch(/is missing.*rest of the project is intact/)
  })

  it('puts several at once and copies files of any size', async () => {
    const store = newStore()
    const bytes = [Buffer.from('one'), Buffer.from('two'), Buffer.from('one')]
    const stored = await store.putMany(bytes)
    expect(stored.map((blob) => blob.hash)).toEqual(bytes.map(hashOf))
    const file = path.join(folder, 'large')
    const large = Buffer.alloc(3 << 20, 5)
    fs.writeFileSync(file, large)
    const copied = await store.putFile(file)
    expect(copied).toEqual({ hash: hashOf(large), size: large.length })
    expect(store.read(copied.hash).equals(large)).toBe(true)
    expect(fs.existsSync(file)).toBe(true)
    expect(await sentenceOfLater(store.putFile(path.join(folder, 'nowhere')))).toMatch(/expected a readable file, found nothing at that path/)
    expect(fs.readdirSync(store.folder).filter((name) => name.includes('tmp'))).toEqual([])
  })

  it('never makes a path of anything but a hash', () => {
    const store = newStore()
    for (const name of ['../../etc/passwd', 'ab', 'A'.repeat(64), `${'a'.repeat(62)}/.`])
      expect(sentenceOf(() => store.path(name as never)), name).toMatch(/no SHA-256/)
  })
})

describe('a blob whose name a power cut took back', () => {
  it('gets it again when the project opens, and nothing else that was left unfinished does', () => {
    const { project, document, folder: sample } = sampleProject(folder, 'name-lost')
    const results = ['first', 'second'].map((text) => project.addBlob(Buffer.from(text), 'image/png'))
    project.commitOperation(document, { kind: 'inpaint', title: 'Fill', results: results.map(({ hash }) => ({ role: 'patch', hash })) })
    project.close()
    // As it is when the renames of the last moments did not reach the disk; the note of the session is gone with them.
    for (const [index, { hash }] of results.entries()) {
      const place = path.join(sample, 'blobs', hash.slice(0, 2), hash)
      fs.renameSync(place, path.join(path.dirname(place), `.${hash}.4321.0000000${index}.tmp`))
    }
    const torn = path.join(sample, 'blobs', '00', `.${'0'.repeat(64)}.4321.0a0b0c0d.tmp`)
    fs.writeFileSync(torn, 'half of some')
    const { project: again, notices } = reopen(sample)
    expect(notices).toEqual([])
    expect(results.map(({ hash }) => again.blob(hash).toString())).toEqual(['first', 'second'])
    expect(fs.existsSync(torn)).toBe(false)
    again.close()
  })

  it('is flushed one folder later than the bytes of a large one, at the latest when the project closes', () => {
    const { project } = sampleProject(folder, 'flushes')
    const flushed: number[] = []
    const sync = vi.spyOn(fs, 'fsyncSync').mockImplementation((fd) => void flushed.push(fd))
    try {
      project.addBlob(Buffer.alloc(200_000, 1), 'image/png')
      expect(flushed).toHaveLength(1)
      project.blobs.flush()
      expect(flushed.length).toBeGreaterThan(1)
    } finally {
      sync.mockRestore()
      project.close()
    }
  })
})

describe('a small blob', () => {
  const filled = (project: Project, document: DocumentId): BlobHash[] => {
    const results = ['first', 'second', 'third'].map((text) => project.addBlob(Buffer.from(text), 'image/png'))
    project.commitOperation(document, { kind: 'inpaint', title: 'Fill', results: results.map(({ hash }) => ({ role: 'patch', hash })) })
    return results.map(({ hash }) => hash)
  }
  const outbox = (project: Project): string[] => rows<{ hash: string }>(project.db, 'SELECT hash FROM blob_outbox').map(({ hash }) => hash)

  it('costs no flush of its own: the commit that names it carries its bytes', () => {
    const { project, document } = sampleProject(folder, 'carried')
    const sync = vi.spyOn(fs, 'fsyncSync')
    try {
      const hashes = filled(project, document)
      expect(sync).not.toHaveBeenCalled()
      expect(outbox(project)).toEqual(expect.arrayContaining(hashes))
    } finally {
      sync.mockRestore()
      project.close()
    }
  })

  it('comes back whole when a power cut took its file or left it empty', () => {
    const { project, document, folder: sample } = sampleProject(folder, 'power-cut')
    const [gone, empty, altered] = filled(project, document)
    // The folder as the disk has it: the commit is flushed, the files are not.
    const disk = path.join(folder, 'power-cut-disk')
    fs.cpSync(sample, disk, { recursive: true })
    project.close()
    const place = (hash: BlobHash): string => path.join(disk, 'blobs', hash.slice(0, 2), hash)
    fs.rmSync(place(gone!))
    fs.writeFileSync(place(empty!), '')
    fs.writeFileSync(place(altered!), 'THIRD')
    const { project: again, notices } = reopen(disk)
    expect(notices).toEqual([])
    expect([gone, empty, altered].map((hash) => again.blob(hash!).toString())).toEqual(['first', 'second', 'third'])
    expect(outbox(again)).toEqual([])
    again.close()
  })

  it('leaves the database with the commits that follow the flush of its file', () => {
    const { project, document } = sampleProject(folder, 'drained')
    const hashes = filled(project, document)
    project.blobs.flush()
    for (let count = 0; count < 2; count++) project.setSetting('count', count)
    expect(outbox(project)).toEqual([])
    expect(hashes.map((hash) => project.blobs.fault(hash, 5)?.what)).toEqual([undefined, 'wrong-size', undefined]) // 'second' has six letters
    project.close()
  })

  it('of a stranger is not written under a name that is not its own', () => {
    const { project, folder: sample } = sampleProject(folder, 'strange')
    change(project.writing, 'INSERT INTO blob_outbox VALUES (:hash, :bytes)', { hash: 'ab'.repeat(32), bytes: Buffer.from('evil') })
    change(project.writing, 'INSERT INTO blob_outbox VALUES (:hash, :bytes)', { hash: '../../evil', bytes: Buffer.from('evil') })
    project.blobs.put(Buffer.from('keeps the rows')) // something pending whose file is gone by the end: rows stay
    fs.rmSync(project.blobs.path(hashOf(Buffer.from('keeps the rows'))))
    project.close()
    const { project: again } = reopen(sample)
    expect(outbox(again)).toEqual([])
    expect(fs.existsSync(path.join(sample, 'blobs', 'ab', 'ab'.repeat(32)))).toBe(false)
    again.close()
  })
})
