import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Downloads, type DownloadsOptions, createDownloads } from '../../../../../main/host/net/downloads.ts'
import { type Network, createNetwork } from '../../../../../main/host/net/network.ts'
import { type Download, download as downloadSchema } from '../../../../../preload/contract/models.ts'
import { type Hub, startHub } from '../../../../support/hubServer.ts'

const WEIGHTS = 'unet/diffusion_pytorch_model.fp16.safetensors'
const weights = randomBytes(300_000)
const repository = {
  'model_index.json': Buffer.from('{"_class_name":"StableDiffusionPipeline"}'),
  'unet/config.json': Buffer.from('{}'),
  [WEIGHTS]: weights,
  'unet/diffusion_pytorch_model.safetensors': randomBytes(400),
  'unet/diffusion_pytorch_model.bin': randomBytes(400),
  'safety_checker/model.safetensors': randomBytes(400),
  'LICENSE.md': Buffer.from('the licence'),
  'README.md': Buffer.from('about'),
}
const ENTRY = 'stable-diffusion-1.5'
const LICENCE = 'creativeml-openrail-m'

let folder = ''
let hub: Hub
let network: Network
let downloads: Downloads
let told: Download[] = []
let added: string[] = []

function make(options: Partial<DownloadsOptions> = {}): Downloads {
  return createDownloads({
    network, dataDir: folder, mirror: () => hub.address, retry: { firstMs: 1, longestMs: 5, attempts: 4, silenceMs: 400 }, freeBytes: () => Promise.resolve(1e12),
    addModel: (target) => {
      added.push(target)
      return Promise.resolve('the-model')
    },
    onChange: (view) => told.push(downloadSchema.parse(view)),
    ...options,
  })
}

/** Resolves with the view when the download has come to rest. */
async function rest(of = downloads): Promise<Download> {
  for (;;) {
    const view = of.list()[0]!
    if (['done', 'failed', 'paused'].includes(view.state)) return view
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const model = (...names: string[]): string => path.join(folder, 'models', 'stable-diffusion-v1-5--stable-diffusion-v1-5', ...names)
const rangesOf = (name: string): (string | undefined)[] => hub.seen.filter((seen) => seen.path === name).map(({ range }) => range)

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-downloads-'))
  hub = await startHub(repository)
  network = createNetwork({ locked: false })
  told = []
  added = []
  downloads = make()
})
afterEach(async () => {
  await downloads.close()
  await hub.close()
  fs.rmSync(folder, { recursive: true, force: true })
})

describe('a download', () => {
  it('brings one form of the weights with licence and origin beside them, and adds the folder to the models', async () => {
    await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    expect(await rest()).toMatchObject({ state: 'done', model: 'the-model', error: null })
    expect(fs.readFileSync(model(WEIGHTS)).equals(weights)).toBe(true)
    expect(fs.readdirSync(model()).sort()).toEqual(['LICENSE.md', 'model_index.json', 'palimpsest-licence.txt', 'palimpsest-origin.json', 'unet'])
    expect(fs.readdirSync(model('unet')).sort()).toEqual(['config.json', path.basename(WEIGHTS)])
    expect(fs.readFileSync(model('palimpsest-licence.txt'), 'utf8')).toContain('CreativeML Open RAIL-M')
    expect(added).toEqual([model()])
    expect(told.map(({ state }) => state)).toEqual(expect.arrayContaining(['waiting', 'running', 'checking', 'done']))
    expect(downloads.catalogue().find(({ id }) => id === ENTRY)).toMatchObject({ installed: true, bytes: told.at(-1)!.total })
    expect(fs.readdirSync(path.join(folder, 'downloads', told[0]!.download))).toEqual(['download.json'])
  })

  it('asks for the licence to be accepted by its name before anything is fetched', async () => {
    await expect(downloads.start({ entry: ENTRY, acceptedLicence: null })).rejects.toMatchObject({ code: 'download/licence', exitCode: 2 })
    await expect(downloads.start({ repository: 'a/b', acceptedLicence: 'apache-2.0' })).rejects.toMatchObject({ code: 'download/licence', message: expect.stringContaining('"mit"') })
    expect(hub.seen.some((seen) => hub.files.has(seen.path))).toBe(false)
  })

  it('takes a licence by the name that a look at the repository told', async () => {
    hub.licence = { license: 'other', license_name: 'painters-own', license_link: 'https://example.org/terms' }
    const { licence } = await downloads.look('someone/painter')
    expect(licence).toEqual({ id: 'painters-own', name: 'painters-own', url: 'https://example.org/terms' })
    await downloads.start({ repository: 'someone/painter', acceptedLicence: licence!.name })
    expect(await rest()).toMatchObject({ state: 'done' })
    expect(fs.readFileSync(path.join(folder, 'models', 'someone--painter', 'palimpsest-licence.txt'), 'utf8')).toContain('https://example.org/terms')
  })

  it('takes any repository by name, also one file alone, and one whose publisher names no licence', async () => {
    hub.licence = {}
    hub.files.clear()
    hub.files.set('painter.safetensors', Buffer.from('weights'))
    await downloads.start({ repository: 'someone/painter', acceptedLicence: null })
    expect(await rest()).toMatchObject({ state: 'done' })
    expect(added).toEqual([path.join(folder, 'models', 'someone--painter', 'painter.safetensors')])
  })

  it('refuses when the disk has no room, before anything is fetched', async () => {
    downloads = make({ freeBytes: () => Promise.resolve(1000) })
    await expect(downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })).rejects.toMatchObject({ code: 'download/no-room' })
    expect(downloads.list()).toEqual([])
  })

  it('goes on where a cut connection ended, asking for the same version', async () => {
    hub.next.set(WEIGHTS, [{ cutAfter: 100_000 }, { cutAfter: 50_000 }])
    await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    expect(await rest()).toMatchObject({ state: 'done' })
    expect(rangesOf(WEIGHTS)).toEqual([undefined, 'bytes=100000-', 'bytes=150000-'])
    expect(hub.seen.filter(({ range }) => range !== undefined).every(({ ifRange }) => ifRange === `"${WEIGHTS}-1"`)).toBe(true)
    expect(fs.readFileSync(model(WEIGHTS)).equals(weights)).toBe(true)
  })

  it('goes on after a restart of the program, once resumed', async () => {
    hub.always.set(WEIGHTS, { cutAfter: 100_000, ignoreRange: true })
    const id = await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    expect(await rest()).toMatchObject({ state: 'failed', error: { code: 'download/unreachable' } })
    await downloads.close()
    hub.always.clear()
    const seen = hub.seen.length
    downloads = make()
    expect(downloads.list()).toMatchObject([{ download: id, state: 'paused' }])
    expect(downloads.list()[0]!.received).toBeGreaterThanOrEqual(100_000)
    expect(hub.seen.length).toBe(seen)
    downloads.resume(id)
    expect(await rest()).toMatchObject({ state: 'done' })
    expect(rangesOf(WEIGHTS).at(-1)).toBe('bytes=100000-')
    expect(fs.readFileSync(model(WEIGHTS)).equals(weights)).toBe(true)
  })

  it('starts a file again when it has changed between two parts', async () => {
    hub.next.set(WEIGHTS, [{ cutAfter: 100_000, wrongBytes: true }])
    const id = await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    while (!rangesOf(WEIGHTS).length) await new Promise((resolve) => setTimeout(resolve, 1))
    hub.version = 2
    expect(await rest()).toMatchObject({ download: id, state: 'done' })
    expect(rangesOf(WEIGHTS)).toEqual([undefined, 'bytes=100000-'])
    expect(fs.readFileSync(model(WEIGHTS)).equals(weights)).toBe(true)
  })

  it('starts again when the server ignores ranges', async () => {
    hub.next.set(WEIGHTS, [{ cutAfter: 100_000 }, { ignoreRange: true }])
    await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    expect(await rest()).toMatchObject({ state: 'done' })
    expect(fs.readFileSync(model(WEIGHTS)).equals(weights)).toBe(true)
  })

  it.each([
    ['a piece from another place', { lieStart: 7 }],
    ['no such range', { status: 416 }],
  ])('throws the part away when the server sends %s', async (_, second) => {
    hub.next.set(WEIGHTS, [{ cutAfter: 100_000 }, second])
    await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    expect(await rest()).toMatchObject({ state: 'done' })
    expect(rangesOf(WEIGHTS)).toEqual([undefined, 'bytes=100000-', undefined])
  })

  it('fetches a file with wrong bytes again, and gives up when they stay wrong', async () => {
    hub.next.set(WEIGHTS, [{ wrongBytes: true }])
    await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    expect(await rest()).toMatchObject({ state: 'done' })
    await downloads.cancel(downloads.list()[0]!.download)
    hub.always.set('unet/config.json', { wrongBytes: true }) // a small file: checked by its git sum
    await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    expect(await rest()).toMatchObject({ state: 'failed', error: { code: 'download/wrong-bytes' } })
    expect(added).toHaveLength(1)
  })

  it.each([
    ['more bytes than the hub lists', { lieLength: 300_100 }, 'download/changed'],
    ['fewer bytes than the hub lists, always', { lieLength: 1000, ignoreRange: true }, 'download/unreachable'],
  ])('stops at a server that tells %s', async (_, always, code) => {
    hub.always.set(WEIGHTS, always)
    await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    expect(await rest()).toMatchObject({ state: 'failed', error: { code } })
    expect(fs.existsSync(model())).toBe(false)
  })

  it('stops when a later part is of a file of another length', async () => {
    hub.next.set(WEIGHTS, [{ cutAfter: 100_000 }, { lieTotal: 500_000 }])
    await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    expect(await rest()).toMatchObject({ state: 'failed', error: { code: 'download/changed', message: expect.stringContaining('500000') } })
  })

  it('waits as long as a busy server asks, and tries again', async () => {
    hub.next.set(WEIGHTS, [{ status: 429, retryAfter: '1' }, { status: 503 }])
    const started = Date.now()
    await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    expect(await rest()).toMatchObject({ state: 'done' })
    expect(Date.now() - started).toBeGreaterThanOrEqual(950)
  })

  it('says so instead of waiting for hours', async () => {
    hub.always.set(WEIGHTS, { status: 503, retryAfter: '7200' })
    await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    expect(await rest()).toMatchObject({ state: 'failed', error: { code: 'download/busy', message: expect.stringContaining('120 minutes') } })
  })

  it('follows redirects and gives up when they never end', async () => {
    hub.next.set(WEIGHTS, [{ redirect: `/elsewhere/resolve/${'a'.repeat(40)}/${WEIGHTS}` }])
    await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    expect(await rest()).toMatchObject({ state: 'done' })
    await downloads.cancel(downloads.list()[0]!.download)
    hub.always.set(WEIGHTS, { redirect: `/again/resolve/${'a'.repeat(40)}/${WEIGHTS}` })
    await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    expect(await rest()).toMatchObject({ state: 'failed', error: { code: 'download/redirects' } })
  })

  it('tries again when a server says nothing', async () => {
    hub.next.set(WEIGHTS, [{ silent: true }])
    await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    expect(await rest()).toMatchObject({ state: 'done' })
  })

  it.each([
    [404, 'download/no-repository'],
    [403, 'download/not-allowed'],
  ])('says in a sentence what status %i means', async (status, code) => {
    hub.always.set(WEIGHTS, { status })
    await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    expect(await rest()).toMatchObject({ state: 'failed', error: { code, exitCode: 2 } })
  })

  it('pauses, resumes, and leaves nothing behind when cancelled', async () => {
    hub.always.set(WEIGHTS, { silent: true })
    const id = await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    while (!rangesOf(WEIGHTS).length) await new Promise((resolve) => setTimeout(resolve, 1))
    downloads.pause(id)
    expect(await rest()).toMatchObject({ state: 'paused', error: null })
    hub.always.clear()
    downloads.resume(id)
    expect(await rest()).toMatchObject({ state: 'done' })
    hub.always.set(WEIGHTS, { silent: true })
    const other = await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    await downloads.cancel(other)
    expect(fs.existsSync(path.join(folder, 'downloads', other))).toBe(false)
    expect(() => downloads.resume(other)).toThrow(/none of this id/)
  })

  it('is paused by the offline lock, with the reason', async () => {
    hub.always.set(WEIGHTS, { silent: true })
    await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    while (!rangesOf(WEIGHTS).length) await new Promise((resolve) => setTimeout(resolve, 1))
    network.setLocked(true)
    expect(await rest()).toMatchObject({ state: 'paused', error: { code: 'network/locked' } })
    await expect(downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })).rejects.toMatchObject({ code: 'network/locked' })
  })

  it('tries again to add a model that could not be added, without fetching it again', async () => {
    let fail = true
    downloads = make({ addModel: () => (fail ? Promise.reject(new Error('busy')) : Promise.resolve('m')) })
    const id = await downloads.start({ entry: ENTRY, acceptedLicence: LICENCE })
    expect(await rest()).toMatchObject({ state: 'failed' })
    const seen = hub.seen.length
    fail = false
    downloads.resume(id)
    expect(await rest()).toMatchObject({ state: 'done', model: 'm' })
    expect(hub.seen.length).toBe(seen)
  })

  it('leaves a damaged journal alone and says so', () => {
    const damaged = path.join(folder, 'downloads', `dwn_${'x'.repeat(20)}`)
    fs.mkdirSync(damaged, { recursive: true })
    fs.writeFileSync(path.join(damaged, 'download.json'), '{"version":1,"files":[{"name":"../../evil"}]}')
    const log: string[] = []
    expect(make({ onLog: (text) => log.push(text) }).list()).toEqual([])
    expect(log[0]).toContain('could not be read')
    expect(fs.existsSync(damaged)).toBe(true)
  })
})
