import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import Database from 'better-sqlite3'
import { checkProject } from '../../../../main/history/checkProject.ts'
import { openProject } from '../../../../main/history/openProject.ts'
import { snapshotLines } from '../../../../main/history/reconcile.ts'
import { pictureSize } from '../../../../main/history/recoverPictures.ts'
import { repairProject } from '../../../../main/history/repair.ts'
import { plainTile, reopen, sampleProject, scratch, sentenceOf } from './projects.ts'

const folder = scratch()

/** A project with branches, a staged operation, a trashed branch, a mask, labels and a setting; closed. */
function rich(name: string) {
  const sample = sampleProject(folder, name)
  const { project, document, paint, first } = sample
  const stroke = (title: string, value: number) => project.commitOperation(document, { kind: 'stroke', title, tiles: [{ layer: paint.id, plane: 'pixels', x: value % 3, y: 0, pixels: plainTile(value) }] })
  const ids = [stroke('one', 1), stroke('two', 2), stroke('three', 3)]
  project.goTo(document, ids[0]!)
  const trashed = stroke('side branch', 4)
  project.goTo(document, ids[0]!)
  const blob = project.addBlob(Buffer.from('a patch'), 'image/png')
  const edit = project.commitOperation(document, { kind: 'inpaint', title: 'Fill', results: [{ role: 'patch', hash: blob.hash }] })
  project.stageOperation(document, { kind: 'inpaint', title: 'Waiting', results: [{ role: 'patch', hash: blob.hash }] })
  project.trashOperation(trashed)
  project.labelOperation(edit, { name: 'Named', starred: true })
  project.setThumbnail(edit, Buffer.from('small'), 'image/webp')
  const mask = project.addBlob(Buffer.from('mask'), 'image/png')
  project.saveMask(document, { name: 'Sky', hash: mask.hash, width: 3, height: 3, origin: { from: 'attention', where: 'attention(sky) > 0.4' } })
  project.setSetting('prompt', 'a red car')
  const told = snapshotLines(project.writing, 1)
  project.close()
  return { ...sample, ids, edit, blob, told, first }
}
const toldOf = (sample: string): string[] => {
  const { project } = reopen(sample)
  const told = snapshotLines(project.writing, 1)
  project.close()
  return told
}

describe('repair', () => {
  it('rebuilds a missing database completely from record log and files', async () => {
    const { folder: sample, told } = rich('missing')
    fs.rmSync(path.join(sample, 'project.db'))
    expect(repairProject(sample, { now: 1 })).toMatchObject({ documents: 1, operations: 7, notices: [] })
    expect(toldOf(sample)).toEqual(told)
    const { project } = reopen(sample)
    expect((await checkProject(project)).faults).toEqual([])
    project.close()
  })

  it('rebuilds a destroyed database, keeps the old one, and can be run twice', () => {
    const { folder: sample, told } = rich('destroyed')
    const file = path.join(sample, 'project.db')
    fs.writeFileSync(file, Buffer.alloc(fs.statSync(file).size, 0x5a))
    const report = repairProject(sample, { now: 1 })
    expect(report.notices.map((notice) => notice.code)).toEqual(['project/old-database'])
    expect(fs.readFileSync(path.join(report.keptIn, 'project.db'))[0]).toBe(0x5a)
    expect(toldOf(sample)).toEqual(told)
    expect(repairProject(sample, { now: 2 }).notices).toEqual([])
    expect(toldOf(sample)).toEqual(told)
  })

  it('uses the old database where the record log is gone', () => {
    const { folder: sample, told } = rich('no-log')
    fs.rmSync(path.join(sample, 'records'), { recursive: true })
    const opened = reopen(sample) // opening alone writes the log anew
    expect(opened.notices.map((notice) => notice.code)).toEqual(['project/log-rewritten'])
    opened.project.close()
    fs.rmSync(path.join(sample, 'records'), { recursive: true })
    expect(repairProject(sample, { now: 1 })).toMatchObject({ documents: 1, operations: 7, notices: [] })
    expect(toldOf(sample)).toEqual(told)
  })

  it('leaves a trigger behind that was planted in the database', () => {
    const { folder: sample, told } = rich('planted')
    const db = new Database(path.join(sample, 'project.db'))
    db.exec('CREATE TRIGGER evil AFTER INSERT ON operations BEGIN DELETE FROM blobs; END')
    db.close()
    const report = repairProject(sample, { now: 1 })
    expect(report.notices[0]!.sentence).toBe('The old database was not used: it holds an unexpected trigger "evil".')
    expect(toldOf(sample)).toEqual(told)
  })

  it('names what a damaged line of the log takes with it, and keeps the rest in place', async () => {
    const { folder: sample, ids, document, edit } = rich('damaged-line')
    fs.rmSync(path.join(sample, 'project.db'))
    const file = path.join(sample, 'records', '000001.jsonl')
    const lines = fs.readFileSync(file, 'utf8').split('\n')
    const line = lines.findIndex((text) => text.includes('"title":"one"'))
    lines[line] = lines[line]!.replace('"title":"one"', '"title":"0ne"')
    fs.writeFileSync(file, lines.join('\n'))
    const report = repairProject(sample, { now: 1 })
    const sentences = report.notices.map((notice) => notice.sentence).join('\n')
    expect(sentences).toMatch(new RegExp(`Line ${line + 1} of records/000001.jsonl was altered`))
    expect(sentences).toMatch(new RegExp(`Operation ${ids[1]} followed one that was lost \\(${ids[0]}\\); it now follows operation 1`))
    const { project } = reopen(sample)
    expect(project.operations(document).map((operation) => operation.id)).not.toContain(ids[0])
    expect(project.operation(ids[2]!).parent).toBe(ids[1])
    expect(project.operation(edit)).toMatchObject({ name: 'Named', starred: true })
    for (const operation of project.operations(document)) if (operation.state === 'applied') project.goTo(document, operation.id)
    expect((await checkProject(project)).faults).toEqual([])
    project.close()
  })

  it('keeps what stood on lost operations usable, whichever line of the log is lost', async () => {
    const { folder: sample, told } = rich('any-line')
    fs.rmSync(path.join(sample, 'project.db'))
    const file = path.join(sample, 'records', '000001.jsonl')
    const lines = fs.readFileSync(file, 'utf8').trimEnd().split('\n')
    expect(told.length).toBeGreaterThan(5)
    for (let lost = 1; lost < lines.length; lost++) {
      const copy = path.join(folder, `any-line-${lost}`)
      fs.cpSync(sample, copy, { recursive: true })
      fs.writeFileSync(path.join(copy, 'records', '000001.jsonl'), lines.map((line, index) => `${index === lost ? line.replace('"seq"', '"Seq"') : line}\n`).join(''))
      const report = repairProject(copy, { now: 1 })
      expect(report.notices[0]!.sentence).toMatch(new RegExp(`Line ${lost + 1} of`))
      const { project } = reopen(copy)
      expect((await checkProject(project)).faults, `line ${lost + 1}: ${lines[lost]!.slice(60, 140)}`).toEqual([])
      for (const { id } of project.documents())
        for (const operation of project.operations(id)) if (operation.state === 'applied') project.goTo(id, operation.id)
      project.close()
      fs.rmSync(copy, { recursive: true })
    }
  })

  it('names files that are missing or damaged', () => {
    const { folder: sample, blob, edit, project } = rich('files')
    fs.writeFileSync(project.blobs.path(blob.hash), 'A patch')
    const report = repairProject(sample, { now: 1 })
    expect(report.notices.map((notice) => notice.sentence)).toEqual([expect.stringMatching(new RegExp(`no longer holds what was saved in it. It is a result of operation ${edit}, "Named" and a result of operation`))])
  })

  it('makes a document of the pictures when nothing else is left', () => {
    const { project, folder: sample } = sampleProject(folder, 'pictures')
    const png = Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), Buffer.from([0, 0, 1, 64, 0, 0, 0, 200]), Buffer.alloc(20)])
    const jpeg = Buffer.concat([Buffer.from('ffd8ffe000040000ffc2000b08', 'hex'), Buffer.from([1, 0, 2, 0]), Buffer.alloc(20)])
    for (const bytes of [png, jpeg]) project.addBlob(bytes, 'image/png')
    project.close()
    expect(pictureSize(jpeg)).toEqual({ media: 'image/jpeg', width: 512, height: 256 })
    expect(pictureSize(Buffer.from('GIF89a'))).toBeUndefined()
    for (const name of ['project.db', 'records']) fs.rmSync(path.join(sample, name), { recursive: true })
    const report = repairProject(sample, { now: 1 })
    expect(report.notices.at(-1)!.sentence).toMatch(/2 pictures were found among the files and put into the document "Recovered pictures", and 1 other files are kept/)
    const { project: again } = reopen(sample)
    const [document] = again.documents()
    expect(document).toMatchObject({ name: 'Recovered pictures', width: 512, height: 256 })
    expect([...again.state(document!.id).layers.values()].map((layer) => [layer.visible, layer.pixels?.width]).sort()).toEqual([[false, 320], [true, 512]].sort())
    again.close()
  })

  it('refuses what is no project and what is open elsewhere', () => {
    const { project, folder: sample } = sampleProject(folder, 'open')
    expect(sentenceOf(() => repairProject(sample, { now: 1 }))).toMatch(/nobody else is editing/)
    project.close()
    expect(sentenceOf(() => repairProject(path.join(folder), { now: 1 }))).toMatch(/neither project.db nor records nor blobs/)
    expect(fs.readdirSync(sample).filter((name) => name.includes('tmp'))).toEqual([])
    expect(openProject(sample).mode).toBe('write')
  })
})

describe('opening after the database lost commits', () => {
  it('brings them back from the record log and says so', async () => {
    const { project, folder: sample, document, paint } = sampleProject(folder, 'behind')
    project.close()
    const old = fs.readFileSync(path.join(sample, 'project.db'))
    const again = reopen(sample).project
    for (const value of [1, 2, 3]) again.commitOperation(document, { kind: 'stroke', title: `Brush ${value}`, tiles: [{ layer: paint.id, plane: 'pixels', x: 0, y: 0, pixels: plainTile(value) }] })
    again.undo(document)
    const told = snapshotLines(again.writing, 1)
    again.close()
    fs.writeFileSync(path.join(sample, 'project.db'), old)
    const later = reopen(sample)
    expect(later.notices.map((notice) => notice.sentence)).toEqual(['The last session ended in the middle of writing; 4 changes were brought back from the record log.'])
    expect(snapshotLines(later.project.writing, 1)).toEqual(told)
    expect((await checkProject(later.project)).faults).toEqual([])
    later.project.close()
    expect(reopen(sample).notices).toEqual([])
  })
})
