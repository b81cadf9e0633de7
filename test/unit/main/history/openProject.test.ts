import fs from 'node:fs'
import path from 'node:path'
import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import Database from 'better-sqlite3'
import { createProject, openProject } from '../../../../main/history/openProject.ts'
import { isRunning, processStartTime } from '../../../../main/history/projectLock.ts'
import { plainTile, reopen, sampleProject, scratch, sentenceOf } from './projects.ts'

const folder = scratch()

describe('opening', () => {
  it('refuses with a sentence whatever is no project', () => {
    const at = (name: string): string => path.join(folder, name)
    fs.writeFileSync(at('file'), '')
    fs.writeFileSync(at('zipped.palimpsest'), '')
    fs.mkdirSync(at('empty'))
    fs.mkdirSync(at('foreign'))
    const foreign = new Database(path.join(at('foreign'), 'project.db'))
    foreign.exec('CREATE TABLE photos (x)')
    foreign.close()
    for (const [name, expected] of [
      ['nowhere', /found nothing at that path; check the spelling/], ['file', /found a file/], ['zipped.palimpsest', /found a zipped project; unpack it/],
      ['empty', /found a folder without project.db/], ['foreign', /found a database of another program/],
    ] as const) expect(sentenceOf(() => openProject(at(name))), name).toMatch(expected)
    expect(sentenceOf(() => createProject(at('foreign'), 'x'))).toMatch(/expected a new name or an empty folder, found a folder with files in it/)
    expect(fs.readdirSync(at('foreign'))).not.toContain('blobs')
    createProject(at('empty'), 'Fine').close()
  })

  it('stores no absolute path: a copied folder is the same project elsewhere', () => {
    const { project, folder: sample, document } = sampleProject(folder, 'copied')
    project.cache.put('k', 'maps', Buffer.from('x'), {}, 1)
    const uuid = project.identity().uuid
    project.close()
    const copy = path.join(folder, 'elsewhere', 'deep')
    fs.cpSync(sample, copy, { recursive: true })
    fs.rmSync(sample, { recursive: true })
    const again = reopen(copy)
    expect(again.notices).toEqual([])
    expect(again.project.identity().uuid).toBe(uuid)
    expect(again.project.blob([...again.project.state(document).layers.values()][0]!.pixels!.hash).toString()).toBe('the photograph')
    again.project.close()
    for (const name of ['project.db', 'records/000001.jsonl']) expect(fs.readFileSync(path.join(copy, name)).includes(folder)).toBe(false)
  })

  it('opens a damaged database for looking only and says what is wrong and what to do', () => {
    const { project, folder: sample, document, paint } = sampleProject(folder, 'bitrot')
    for (let index = 0; index < 30; index++)
      project.commitOperation(document, { kind: 'stroke', title: `Brush ${index}`, params: { note: 'x'.repeat(2000) }, tiles: [{ layer: paint.id, plane: 'pixels', x: index, y: 0, pixels: plainTile(1) }] })
    project.close()
    const file = path.join(sample, 'project.db')
    const sound = fs.readFileSync(file)
    let readOnly = 0
    for (let page = 3; page < sound.length / 4096; page += 4) {
      const broken = Buffer.from(sound)
      broken.fill(0xa5, page * 4096, page * 4096 + 64)
      fs.writeFileSync(file, broken)
      let sentence: string | undefined
      const refusal = sentenceOf(() => {
        const opened = openProject(sample)
        opened.project.close()
        if (opened.mode === 'read-only') sentence = opened.notices[0]!.sentence
      })
      if (sentence) readOnly++
      if (sentence) expect(sentence).toMatch(/^Project "bitrot" is open for looking only: its database is damaged \(.*\); run "palimpsest repair bitrot"/)
      // Some pages hold what even looking needs; a free page holds nothing.
      else if (refusal) expect(refusal).toMatch(/cannot be read at all .* run "palimpsest repair bitrot"/)
    }
    expect(readOnly).toBeGreaterThan(3)
    fs.writeFileSync(file, 'this is no database, though long enough to be looked at as one'.repeat(99))
    expect(sentenceOf(() => openProject(sample))).toMatch(/cannot be read at all .* run "palimpsest repair bitrot"/)
  })

  it('opens a database with a planted trigger for looking only', () => {
    const { project, folder: sample } = sampleProject(folder, 'planted')
    project.close()
    const db = new Database(path.join(sample, 'project.db'))
    db.exec('CREATE TRIGGER evil AFTER INSERT ON operations BEGIN DELETE FROM blobs; END')
    db.close()
    const opened = openProject(sample)
    expect(opened.mode).toBe('read-only')
    expect(opened.notices[0]!.sentence).toMatch(/holds an unexpected trigger "evil", which Palimpsest did not make; run "palimpsest repair planted"/)
    expect('commit' in opened.project).toBe(false)
    opened.project.close()
  })

  it('names the operation whose file is damaged, and mends it when the same result is made again', () => {
    const { project, folder: sample, document } = sampleProject(folder, 'torn')
    const blob = project.addBlob(Buffer.from('a result'), 'image/png')
    const id = project.commitOperation(document, { kind: 'inpaint', title: 'Fill: a red car', results: [{ role: 'patch', hash: blob.hash }] })
    project.close()
    fs.truncateSync(project.blobs.path(blob.hash), 3)
    const { project: again, notices } = reopen(sample)
    expect(notices.map((notice) => notice.sentence)).toEqual([`The file blobs/${blob.hash.slice(0, 2)}/${blob.hash.slice(0, 12)}… holds 3 of the 8 bytes saved in it. It is a result of operation ${id}, "Fill: a red car"; everything else is intact.`])
    expect(sentenceOf(() => again.blob(blob.hash))).toMatch(/no longer holds/)
    again.addBlob(Buffer.from('a result'), 'image/png')
    again.close()
    expect(reopen(sample).notices).toEqual([])
  })
})

describe('a project that is open already', () => {
  it('is refused with the name of who has it, stays open there, and can be read meanwhile', () => {
    const { project, folder: sample, document } = sampleProject(folder, 'held')
    expect(sentenceOf(() => openProject(sample))).toMatch(new RegExp(`^Project "held": expected a project that nobody else is editing, found it open in Palimpsest \\(process ${process.pid}, since .*\\); close it there, or open it read-only here\\.$`))
    const reader = openProject(sample, { readOnly: true })
    project.renameDocument(document, 'New name')
    expect(reader.project.documents()[0]!.name).toBe('New name')
    reader.project.close()
    project.renameDocument(document, 'Still writable')
    project.close()
    reopen(sample).project.close()
  })

  it('is free again the moment its program is killed, and the kill is noticed', async () => {
    const { project, folder: sample } = sampleProject(folder, 'killed')
    project.close()
    const script = `import { openProject } from ${JSON.stringify(new URL('../../../../main/history/openProject.ts', import.meta.url).href)}
      const opened = openProject(${JSON.stringify(sample)}, { program: 'the other program' }); console.log(opened.mode); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--no-warnings', '--input-type=module-typescript', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise((resolve) => child.stdout.once('data', resolve))
    expect(sentenceOf(() => openProject(sample))).toMatch(new RegExp(`found it open in the other program \\(process ${child.pid}`))
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('close', resolve))
    expect(fs.existsSync(path.join(sample, 'lock.json'))).toBe(true)
    const again = reopen(sample)
    again.project.close()
    expect(fs.existsSync(path.join(sample, 'lock.json'))).toBe(false)
  })

  it('tells a process from a later one with the same number', () => {
    const me = { pid: process.pid, startTime: processStartTime(process.pid) ?? null, host: 'h', program: 'p', since: 0 }
    expect(isRunning(me)).toBe(true)
    if (process.platform === 'linux' || process.platform === 'darwin') expect(isRunning({ ...me, startTime: 'another time' })).toBe(false)
    expect(isRunning({ ...me, pid: 2 ** 22 + 5 })).toBe(false)
  })
})
