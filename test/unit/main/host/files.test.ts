/** Files by id, settings, log, notices, projects: what a window can do beside editing. */
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { CHUNK_BYTES } from '../../../../preload/contract/files.ts'
import { safeName } from '../../../../main/host/fileTable.ts'
import { LogFile } from '../../../../main/host/logFile.ts'
import { SettingsFile } from '../../../../main/host/settingsFile.ts'
import { hostRig, sampleDocument, scratchFolder } from '../../../support/hostRig.ts'

const rig = hostRig()

/** Sends a file whole. */
async function upload(name: string, bytes: Buffer): Promise<string> {
  const { file } = await rig.call('files.begin', { name, bytes: bytes.length })
  await rig.call('files.append', { file, offset: 0, bytes: new Uint8Array(bytes) })
  return (await rig.call('files.end', { file })).file
}

describe('an upload', () => {
  it('arrives in pieces and is then a file like any other', async () => {
    const picture = fs.readFileSync('models/samples/meadow.png')
    const { file } = await rig.call('files.begin', { name: 'my meadow.png', bytes: picture.length })
    const half = picture.length >> 1
    expect(await rig.call('files.append', { file, offset: 0, bytes: new Uint8Array(picture.subarray(0, half)) })).toEqual({ received: half })
    expect(await rig.refused('files.inspect', { file })).toMatchObject({ code: 'file/unfinished' })
    expect(await rig.refused('files.append', { file, offset: 3, bytes: new Uint8Array(1) })).toMatchObject({ code: 'file/piece' })
    expect(await rig.refused('files.append', { file, offset: half, bytes: new Uint8Array(CHUNK_BYTES) })).toMatchObject({ code: 'file/piece' })
    await rig.call('files.append', { file, offset: half, bytes: new Uint8Array(picture.subarray(half)) })
    expect(await rig.call('files.end', { file })).toMatchObject({ name: 'my meadow.png', bytes: picture.length })
    const facts = await rig.call('files.inspect', { file })
    expect(facts).toMatchObject({ format: 'png', width: 384, height: 256, depth: 8 })
    expect((await rig.call('media.read', { key: facts.thumbnail! })).media).toBe('image/webp')
    expect(await rig.refused('files.append', { file, offset: 0, bytes: new Uint8Array(1) })).toMatchObject({ code: 'file/no-upload' })
  })

  it('is called what a person calls it when something is wrong with it', async () => {
    const file = await upload('broken one.palimpsest', Buffer.from('PK\x03\x04 and then nothing'))
    expect((await rig.refused('projects.open', { file }))!.message).toMatch(/^broken one\.palimpsest: expected a zipped Palimpsest project/)
  })

  it('that was left unfinished for long makes room for others', async () => {
    const begun = await Promise.all(Array.from({ length: 64 }, (_, index) => rig.call('files.begin', { name: `${index}.png`, bytes: 10 })))
    expect(await rig.refused('files.begin', { name: 'more.png', bytes: 10 })).toMatchObject({ code: 'file/too-many' })
    const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 11 * 60_000)
    await rig.call('files.begin', { name: 'more.png', bytes: 10 })
    now.mockRestore()
    expect(await rig.refused('files.append', { file: begun[0]!.file, offset: 0, bytes: new Uint8Array(1) })).toMatchObject({ code: 'host/unknown-id' })
  })

  it('keeps its name, whatever folders or letters a page puts into it', () => {
    expect(['../../etc/passwd', 'C:\\Windows\\x.png', '..', '.hidden', 'a\u0000b.png', 'con?.png', ''].map(safeName)).toEqual(['passwd', 'x.png', '_', '_hidden', 'a_b.png', 'con_.png', 'unnamed'])
  })
})

describe('a download', () => {
  it('can be fetched when it has been written and not before', async () => {
    const { which } = await sampleDocument(rig, 'Download')
    const { target, download } = await rig.call('files.download', { name: '../x.palimpsest' })
    expect(download).toBe(true)
    expect(await rig.refused('files.fetch', { target, offset: 0 })).toMatchObject({ code: 'file/no-download' })
    const { bytes } = await rig.call('projects.zip', { project: which.project, target })
    const piece = await rig.call('files.fetch', { target, offset: 0 })
    expect([piece.size, piece.bytes.length]).toEqual([bytes, bytes])
    expect((await rig.call('files.fetch', { target, offset: bytes })).bytes).toHaveLength(0)
  })
})

describe('projects', () => {
  it('that two windows show stay open, and their runs go on, until the last one closes them', async () => {
    const { which } = await sampleDocument(rig, 'Shared')
    const { ref } = (await rig.call('projects.list', {})).projects.find(({ name }) => name === 'Shared')!
    expect((await rig.call('projects.open', { ref })).project).toBe(which.project)
    await rig.call('projects.close', { project: which.project })
    expect(await rig.call('documents.open', which)).toMatchObject({ document: which.document })
    await rig.call('projects.close', { project: which.project })
    expect(await rig.refused('documents.open', which)).toMatchObject({ code: 'host/unknown-id' })
  })

  it('that were made for a picture which then could not be opened are taken back; one that holds a document stays', async () => {
    const whole = fs.readFileSync('models/samples/meadow.png')
    const cut = await upload('cut off.png', whole.subarray(0, whole.length >> 1)) // its head is whole: only decoding finds it
    const names = async (): Promise<string[]> => (await rig.call('projects.list', {})).projects.map(({ name }) => name)
    const { project } = await rig.call('projects.create', { name: 'Cut off' })
    expect(await names()).toContain('Cut off')
    expect(await rig.refused('documents.create', { project, file: cut })).toMatchObject({ code: 'picture/damaged', message: expect.stringMatching(/^cut off\.png: /) as string })
    await rig.call('projects.close', { project })
    expect(await names()).not.toContain('Cut off')
    const { which, view } = await sampleDocument(rig, 'Kept')
    expect(await rig.refused('document.change', { ...which, base: view.head, change: { change: 'layer.import', file: cut, above: null } })).toMatchObject({ code: 'picture/damaged' })
    expect(await rig.call('documents.open', which)).toMatchObject({ head: view.head })
    await rig.call('projects.close', { project: which.project })
    expect(await names()).toContain('Kept')
  })

  it('are listed, renamed, closed, opened again by their ref, and unpacked from an archive', async () => {
    const { which, view } = await sampleDocument(rig, 'Garden')
    await rig.call('projects.rename', { project: which.project, name: 'My garden' })
    await rig.call('documents.rename', { ...which, name: 'Roses' })
    const { target } = await rig.call('files.download', { name: 'garden.palimpsest' })
    await rig.call('projects.zip', { project: which.project, target })
    await rig.call('projects.close', { project: which.project })
    expect(await rig.refused('projects.view', { project: which.project })).toMatchObject({ code: 'host/unknown-id' })
    const listed = (await rig.call('projects.list', {})).projects.find(({ name }) => name === 'My garden')
    const opened = await rig.call('projects.open', { ref: listed!.ref })
    expect(opened).toMatchObject({ name: 'My garden', readOnly: null, documents: [{ document: view.document, name: 'Roses', width: 384 }] })
    const archive = await rig.call('files.fetch', { target, offset: 0 })
    const sent = await rig.call('files.begin', { name: 'copy.palimpsest', bytes: archive.bytes.length })
    await rig.call('files.append', { file: sent.file, offset: 0, bytes: archive.bytes })
    await rig.call('files.end', { file: sent.file })
    const copy = await rig.call('projects.open', { file: sent.file })
    expect(copy).toMatchObject({ name: 'My garden', documents: [{ name: 'Roses' }] })
    expect(fs.existsSync(path.join(rig.root, 'copy', 'project.db'))).toBe(true)
  })

  it('that are damaged open for looking only and are mended on request', async () => {
    const { which } = await sampleDocument(rig, 'Damaged')
    await rig.call('projects.close', { project: which.project })
    const db = path.join(rig.root, 'Damaged', 'project.db')
    const bytes = fs.readFileSync(db)
    bytes.fill(0xff, 4096, 8192)
    fs.writeFileSync(db, bytes)
    const { ref } = (await rig.call('projects.list', {})).projects.find(({ name }) => name === 'Damaged')!
    const result = await rig.host.call('projects.open', { ref })
    if (result.ok) {
      const { project, readOnly } = result.value as { project: string; readOnly: string | null }
      expect(readOnly).toContain('looking only')
      expect(await rig.refused('documents.create', { project, sample: true })).toMatchObject({ code: 'project/read-only' })
    } else expect(result.error.code).toBe('project/damaged')
    const { report } = await rig.call('projects.repair', { ref })
    expect(report[0]).toContain('1 document')
    expect(await rig.call('projects.open', { ref })).toMatchObject({ readOnly: null, documents: [{ name: 'meadow' }] })
  })
})

describe('settings', () => {
  it('are kept whole, unknown ones too, and refused one by one', async () => {
    const folder = scratchFolder()
    const told: string[] = []
    const options = { onChange: () => undefined, onDamaged: (reason: string) => void told.push(reason) }
    fs.writeFileSync(path.join(folder, 'settings.json'), JSON.stringify({ theme: 'dark', textZoom: 99, ofTomorrow: { a: 1 } }))
    const settings = new SettingsFile(folder, options)
    expect(settings.get()).toMatchObject({ theme: 'dark', textZoom: 1, ofTomorrow: { a: 1 } })
    expect(told).toEqual([expect.stringContaining('textZoom')])
    settings.set({ language: 'de', theme: null })
    expect(new SettingsFile(folder, options).get()).toMatchObject({ theme: 'system', language: 'de', ofTomorrow: { a: 1 } })
    expect(await rig.refused('settings.set', { change: { theme: 'pink' } })).toMatchObject({ code: 'settings/value', exitCode: 2 })
    fs.writeFileSync(path.join(folder, 'settings.json'), '{')
    expect(new SettingsFile(folder, options).get().theme).toBe('system')
    expect(fs.existsSync(path.join(folder, 'settings.json.damaged'))).toBe(true)
  })

  it('change the offline lock, and the lock changes the settings', async () => {
    expect((await rig.call('network.status', {})).locked).toBe(true)
    await rig.call('settings.set', { change: { offlineLock: false } })
    expect((await rig.call('network.status', {})).locked).toBe(false)
    const changed = rig.next('settings.changed')
    expect(await rig.call('network.lock', { locked: true })).toMatchObject({ locked: true })
    expect((await changed).settings.offlineLock).toBe(true)
    expect(await rig.refused('models.look', { repository: 'owner/model' })).toMatchObject({ code: 'network/locked', exitCode: 2 })
  })
})

describe('the log', () => {
  it('is put aside when it has grown and read across both files', () => {
    const folder = scratchFolder()
    const log = new LogFile(folder)
    for (let i = 0; i < 30; i++) log.write(`${i} ${'x'.repeat(100_000)}`)
    expect(fs.readdirSync(folder).sort()).toEqual(['palimpsest.log', 'palimpsest.log.1'])
    expect(log.tail(30).split('\n').map((line) => line.split(' ')[1])).toEqual(Array.from({ length: 30 }, (_, i) => String(i)))
  })
})

describe('the program', () => {
  it('tells what it is at once, and the devices when they have been tested', async () => {
    const other = hostRig()
    const told = other.next('app.changed')
    expect(await other.call('app.info', {})).toMatchObject({ version: '0.0.0-test', shell: 'browser', devices: [] })
    expect((await told).info.devices.find(({ name }) => name === 'cpu')).toMatchObject({ usable: true })
    expect((await other.call('app.info', {})).devices.length).toBeGreaterThan(0)
  })
})
