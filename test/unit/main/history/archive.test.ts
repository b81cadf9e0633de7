import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import Database from 'better-sqlite3'
import { unzipProject, zipProject } from '../../../../main/history/archive.ts'
import { checkProject } from '../../../../main/history/checkProject.ts'
import { copyDatabase } from '../../../../main/history/openProject.ts'
import { snapshotLines } from '../../../../main/history/reconcile.ts'
import { ZipReader } from '../../../../main/history/zip/zipReader.ts'
import { ZipWriter } from '../../../../main/engine/zip/zipWriter.ts'
import { plainTile, reopen, sampleProject, scratch, sentenceOf, sentenceOfLater } from './projects.ts'

const folder = scratch()
let count = 0
const fresh = (): string => path.join(folder, `out-${count++}`)

async function zipOf(entries: readonly [string, Uint8Array][], deflate = false): Promise<string> {
  const file = fresh()
  const fd = fs.openSync(file, 'w')
  const zip = new ZipWriter(fd)
  for (const [name, bytes] of entries) await zip.add(name, bytes, { deflate })
  zip.finish()
  fs.closeSync(fd)
  return file
}

/** The files of a sound archive, to be spoiled one by one. */
async function soundEntries(): Promise<[string, Buffer][]> {
  const { project, document, paint, folder: sample } = sampleProject(folder, `sound-${count++}`)
  project.commitOperation(document, { kind: 'stroke', title: 'Brush', tiles: [{ layer: paint.id, plane: 'pixels', x: 0, y: 0, pixels: plainTile(5) }] })
  const copy = fresh()
  copyDatabase(project.db, copy)
  project.close()
  const files = fs.readdirSync(sample, { recursive: true, encoding: 'utf8' }).filter((name) => /^(records|blobs)\b/.test(name) && fs.statSync(path.join(sample, name)).isFile())
  return [['project.db', fs.readFileSync(copy)], ...files.map((name): [string, Buffer] => [name.split(path.sep).join('/'), fs.readFileSync(path.join(sample, name))])]
}

async function refusal(entries: readonly [string, Uint8Array][] | string): Promise<string | undefined> {
  const archive = typeof entries === 'string' ? entries : await zipOf(entries)
  const target = fresh()
  const before = fs.readdirSync(folder).length
  const sentence = await sentenceOfLater(unzipProject(archive, target, { now: 1 }))
  if (sentence) expect(fs.readdirSync(folder).length, 'nothing is left behind').toBe(before)
  return sentence?.replace(path.basename(archive), 'ZIP')
}

describe('a zipped project', () => {
  it('is the same project when unpacked, and the same bytes when packed twice', async () => {
    const { project, document, paint } = sampleProject(folder, 'round-trip')
    for (const value of [1, 2]) project.commitOperation(document, { kind: 'stroke', title: 'Brush', tiles: [{ layer: paint.id, plane: 'pixels', x: value, y: 0, pixels: plainTile(value) }] })
    project.cache.put('k', 'maps', Buffer.from('cached'), {}, 1)
    project.addBlob(Buffer.from('nothing refers to this'), 'image/png')
    const [one, two, target] = [fresh(), fresh(), fresh()]
    expect(await zipProject(project, one)).toEqual([])
    await zipProject(project, two)
    expect(fs.readFileSync(one).equals(fs.readFileSync(two))).toBe(true)
    const told = snapshotLines(project.writing, 1)
    project.commitOperation(document, { kind: 'test', title: 'Later' }) // still usable
    project.close()
    expect(await unzipProject(one, target, { now: 1 })).toEqual({ folder: target, notices: [] })
    const again = reopen(target)
    expect(again.notices).toEqual([])
    expect(snapshotLines(again.project.writing, 1)).toEqual(told)
    expect((await checkProject(again.project)).faults).toEqual([])
    expect(again.project.cache.get('k')).toBeUndefined()
    expect([...again.project.blobs.list()]).toHaveLength(3)
    again.project.close()
    expect(await sentenceOfLater(unzipProject(one, target, { now: 1 }))).toMatch(/expected a name that is still free/)
  })

  it('says which damaged file was left out when packing', async () => {
    const { project: made, folder: sample } = sampleProject(folder, 'left-out')
    made.close() // from here on the database no longer carries the bytes of the small file as well
    const { project } = reopen(sample)
    const [blob] = [...project.blobs.list()]
    fs.truncateSync(project.blobs.path(blob!.hash), 2)
    const archive = fresh()
    expect((await zipProject(project, archive))[0]!.sentence).toMatch(/It was left out of the archive; it is pixels of operation 1, "Open photograph"/)
    project.close()
    const target = fresh()
    await unzipProject(archive, target, { now: 1 })
    expect(reopen(target).notices[0]!.sentence).toMatch(/is missing. It is pixels of operation 1/)
  })

  it('may have been zipped by hand, with a folder around it and the rubbish of an operating system', async () => {
    const entries = (await soundEntries()).map(([name, bytes]): [string, Buffer] => [`My project/${name}`, bytes])
    const archive = await zipOf([...entries, ['My project/.DS_Store', Buffer.from('x')], ['__MACOSX/My project/._project.db', Buffer.from('x')], ['My project/cache/ab/x', Buffer.from('x')], ['My project/notes.txt', Buffer.from('x')]], true)
    const target = fresh()
    expect((await unzipProject(archive, target, { now: 1 })).notices.map((notice) => notice.sentence)).toEqual(['A file that is no part of a project was left out: "My project/notes.txt".'])
    expect(fs.readdirSync(target).sort()).toEqual(['blobs', 'project.db', 'records'])
    const { project } = reopen(target)
    expect((await checkProject(project)).faults).toEqual([])
    project.close()
  })
})

describe('an archive from a hostile source', () => {
  it('is refused when a name would lead out of the folder', async () => {
    const sound = await soundEntries()
    for (const name of ['../evil', 'blobs/../../evil', '/etc/evil', 'C:evil', 'C:/evil', 'blobs\\..\\evil', './project.db2', 'a\u0000b', 'records/..'])
      expect(await refusal([...sound, [name, Buffer.from('evil')]]), name).toMatch(/^ZIP: expected a zipped Palimpsest project, found ".*", a name that could lead out of the project's folder; nothing was unpacked\.$/)
  })

  it('is refused when it holds a symbolic link or a device', async () => {
    const sound = await soundEntries()
    for (const [mode, words] of [[0o120777, 'a symbolic link'], [0o060666, 'no plain file'], [0o010666, 'no plain file']] as const) {
      const archive = await zipOf([...sound, ['blobs/link', Buffer.from('/etc/passwd')]])
      const bytes = fs.readFileSync(archive)
      const at = bytes.lastIndexOf('blobs/link') - 46
      bytes.writeUInt32LE((mode << 16) >>> 0, at + 38)
      fs.writeFileSync(archive, bytes)
      expect(await refusal(archive)).toContain(`found "blobs/link", which is ${words}`)
    }
  })

  it('is refused when one name comes twice, also in other letters', async () => {
    const sound = await soundEntries()
    for (const name of ['project.db', 'PROJECT.DB', 'Records/000001.jsonl'])
      expect(await refusal([...sound, [name, Buffer.from('other')]])).toMatch(/twice; nothing was unpacked/)
  })

  it('is refused when a file has other bytes than its name says', async () => {
    const sound = await soundEntries()
    const spoiled = sound.map(([name, bytes]): [string, Buffer] => [name, name.startsWith('blobs/') ? Buffer.concat([bytes, Buffer.from('!')]) : bytes])
    expect(await refusal(spoiled)).toMatch(/with other bytes than its name says; do not trust it/)
  })

  it('is refused when it would burst: absurd sizes, ratios, counts, totals', async () => {
    const bomb = await zipOf([...(await soundEntries()), [`blobs/ab/ab${'0'.repeat(62)}`, Buffer.alloc(64 << 20)]], true)
    expect(await refusal(bomb)).toMatch(/which would grow from \d+ to 67108864 bytes/)
    const sound = await zipOf(await soundEntries())
    expect(await sentenceOfLater(unzipProject(sound, fresh(), { now: 1, limits: { entries: 3, bytes: 1e12 } }))).toMatch(/found \d entries where 3 are the most/)
    expect(await sentenceOfLater(unzipProject(sound, fresh(), { now: 1, limits: { entries: 99, bytes: 1000 } }))).toMatch(/bytes when unpacked, where 1000 are the most/)
    // A size that lies: fewer or more bytes than promised.
    for (const lie of [-1, 1]) {
      const entries = await soundEntries()
      const archive = await zipOf(entries, true)
      const bytes = fs.readFileSync(archive)
      const name = entries.at(-1)![0]
      for (const at of [bytes.indexOf(name) - 30 + 22, bytes.lastIndexOf(name) - 46 + 24]) bytes.writeUInt32LE(bytes.readUInt32LE(at) + lie, at)
      fs.writeFileSync(archive, bytes)
      expect(await refusal(archive)).toMatch(lie < 0 ? /with more bytes than the \d+ it claims/ : /with fewer bytes than/)
    }
    // A gigantic claim is refused before anything is written.
    const archive = await zipOf([...(await soundEntries()), ['records/000002.jsonl', Buffer.from('x')]])
    const bytes = fs.readFileSync(archive)
    const at = bytes.lastIndexOf('records/000002.jsonl') - 46
    bytes.writeUInt32LE(0xfffffffe, at + 24)
    fs.writeFileSync(archive, bytes)
    expect(await refusal(archive)).toMatch(/found "records\/000002.jsonl" stored as it is, yet with two sizes/)
  })

  it('is refused when its parts overlap, contradict each other, are encrypted or packed in odd ways', async () => {
    const sound = await soundEntries()
    const archive = await zipOf(sound)
    const whole = fs.readFileSync(archive)
    const central = whole.lastIndexOf('project.db') - 46
    const spoil = async (change: (bytes: Buffer) => void): Promise<string | undefined> => {
      const bytes = Buffer.from(whole)
      change(bytes)
      const file = fresh()
      fs.writeFileSync(file, bytes)
      return refusal(file)
    }
    const second = whole.lastIndexOf(sound[1]![0]) - 46
    expect(await spoil((bytes) => bytes.writeUInt32LE(0, second + 42))).toMatch(/overlapping what comes after it/)
    expect(await spoil((bytes) => bytes.writeUInt16LE(0x0801, central + 8))).toMatch(/found "project.db" encrypted/)
    expect(await spoil((bytes) => bytes.writeUInt16LE(14, central + 10))).toMatch(/found "project.db" packed in a way Palimpsest does not read \(14\)/)
    expect(await spoil((bytes) => bytes.write('projekt.db', 30))).toMatch(/found "project.db" described in two ways/)
    expect(await spoil((bytes) => bytes.writeUInt32LE(1, 14))).toMatch(/described in two ways/)
    // in the directory alone: the file would be left out as none of ours
    expect(await spoil((bytes) => bytes.write('becords', bytes.lastIndexOf('records/')))).toMatch(/found "becords\/000001\.jsonl" described in two ways/)
    expect(await spoil((bytes) => { bytes.writeUInt32LE(7, 14); bytes.writeUInt32LE(7, central + 16) })).toMatch(/with another checksum than it claims; get the file again/)
    expect(await spoil((bytes) => bytes.writeUInt16LE(9, bytes.length - 22 + 10))).toMatch(/a table of contents that is broken/)
    expect(await spoil((bytes) => bytes.writeUInt32LE(5, bytes.length - 22 + 16))).toMatch(/a table of contents that is not where it should be/)
    expect(await spoil((bytes) => { bytes[central + 46] = 0xff })).toMatch(/an entry whose name is not text/)
    for (const length of [0, 5, 21, 1000, whole.length - 1]) {
      const file = fresh()
      fs.writeFileSync(file, whole.subarray(0, length))
      expect(await refusal(file), `cut to ${length}`).toMatch(/no ZIP archive or was cut off/)
    }
  })

  it('never gets through with any one byte changed, except where nothing depends on it', async () => {
    const sound = await soundEntries()
    const archive = await zipOf(sound, true)
    const whole = fs.readFileSync(archive)
    let through = 0
    for (let at = 0; at < whole.length; at += Math.max(1, Math.floor(whole.length / 30))) {
      const bytes = Buffer.from(whole)
      bytes[at]! ^= 0x10
      const file = fresh()
      fs.writeFileSync(file, bytes)
      const target = fresh()
      const sentence = await sentenceOfLater(unzipProject(file, target, { now: 1 }))
      if (sentence) {
        expect(sentence).toMatch(/expected a zipped Palimpsest project|expected a file|project/)
        expect(fs.existsSync(target)).toBe(false)
        continue
      }
      through++ // a date, an attribute, deflate's padding: the content must be the same
      for (const [name, content] of sound.slice(1)) expect(fs.readFileSync(path.join(target, ...name.split('/'))).equals(content), `byte ${at}, ${name}`).toBe(true)
    }
    expect(through).toBeLessThan(12)
  }, 120_000)

  it('has its database replaced when that holds tables, triggers or views of a stranger', async () => {
    for (const sql of ['CREATE TRIGGER evil AFTER INSERT ON operations BEGIN DELETE FROM blobs; END', 'CREATE TABLE extra (x)', 'CREATE VIEW spy AS SELECT load_extension(hash) FROM blobs', 'DROP TABLE masks', 'PRAGMA application_id = 1']) {
      const entries = await soundEntries()
      const copy = fresh()
      fs.writeFileSync(copy, entries[0]![1])
      const db = new Database(copy)
      db.exec(sql)
      db.close()
      entries[0] = ['project.db', fs.readFileSync(copy)]
      const target = fresh()
      const { notices } = await unzipProject(await zipOf(entries), target, { now: 1 })
      expect(notices[0]!.sentence, sql).toMatch(/^The archive's database .*; it was not used, and the project was built anew from its record log \(2 operations\)\.$/)
      const { project } = reopen(target)
      expect((await checkProject(project)).faults).toEqual([])
      project.close()
      expect(fs.existsSync(path.join(target, 'damaged'))).toBe(false)
    }
  })

  it('has a broken database replaced, and is refused when there is nothing to build one from', async () => {
    const entries = await soundEntries()
    entries[0] = ['project.db', Buffer.from('SQLite format 3\u0000 and then nothing of the kind'.repeat(50))]
    const target = fresh()
    expect((await unzipProject(await zipOf(entries), target, { now: 1 })).notices[0]!.sentence).toMatch(/database is damaged .*built anew/)
    reopen(target).project.close()
    expect(await refusal([['readme.txt', Buffer.from('x')]])).toMatch(/an archive with neither project.db nor records/)
    expect(await refusal(path.join(folder, 'nowhere.palimpsest'))).toMatch(/a file that cannot be opened \(ENOENT\)/)
  })

  it('cannot bring cache entries that name files elsewhere', async () => {
    const entries = await soundEntries()
    const copy = fresh()
    fs.writeFileSync(copy, entries[0]![1])
    const db = new Database(copy)
    db.prepare(`INSERT INTO caches VALUES ('k', 'maps', '../../secret', 1, '{}', 1, 1)`).run()
    db.close()
    entries[0] = ['project.db', fs.readFileSync(copy)]
    const target = fresh()
    await unzipProject(await zipOf(entries), target, { now: 1 })
    const { project } = reopen(target)
    expect(project.cache.get('k')).toBeUndefined()
    project.close()
  })
})

describe('the ZIP format', () => {
  it('reads entries above 65,535 through ZIP64 and content with a data descriptor', async () => {
    const many = fresh()
    const fd = fs.openSync(many, 'w')
    const zip = new ZipWriter(fd)
    for (let index = 0; index < 65_540; index++) await zip.add(`e${index}`, new Uint8Array(0), { deflate: false })
    zip.finish()
    fs.closeSync(fd)
    const reader = new ZipReader(many)
    expect(reader.entries).toHaveLength(65_540)
    expect(reader.entries.at(-1)!.name).toBe('e65539')
    reader.close()

    const described = fresh()
    fs.writeFileSync(described, withDescriptor('a/b', Buffer.from('content '.repeat(20))))
    const other = new ZipReader(described)
    const target = fresh()
    await other.extract(other.entries[0]!, target)
    expect(fs.readFileSync(target, 'utf8')).toBe('content '.repeat(20))
    other.close()
    expect(sentenceOf(() => new ZipReader(folder))).toBeDefined()
  }, 120_000)
})

/** A ZIP file as streaming programs write it: sizes after the content (APPNOTE 4.3.9). */
function withDescriptor(name: string, content: Buffer): Buffer {
  const packed = zlib.deflateRawSync(content)
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  local.writeUInt16LE(8, 6)
  local.writeUInt16LE(8, 8)
  local.writeUInt16LE(name.length, 26)
  const descriptor = Buffer.alloc(16)
  descriptor.writeUInt32LE(0x08074b50, 0)
  descriptor.writeUInt32LE(zlib.crc32(content), 4)
  descriptor.writeUInt32LE(packed.length, 8)
  descriptor.writeUInt32LE(content.length, 12)
  const before = Buffer.concat([local, Buffer.from(name), packed, descriptor])
  const central = Buffer.alloc(46)
  central.writeUInt32LE(0x02014b50, 0)
  central.writeUInt16LE(8, 8)
  central.writeUInt16LE(8, 10)
  descriptor.copy(central, 16, 4)
  central.writeUInt16LE(name.length, 28)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(46 + name.length, 12)
  end.writeUInt32LE(before.length, 16)
  return Buffer.concat([before, central, Buffer.from(name), end])
}
