/**
 * The bundled main process and preload, started for real over a stand-in for the module `electron`: what Electron itself
 * would run, with the real host and the real engine behind it. `electronLaunch.test.ts` does the same in Electron.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildElectron } from '../../scripts/build/electron.ts'
import { type Told, runFake } from '../support/fakeElectron/run.ts'

const root = path.resolve(import.meta.dirname, '../..')
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-main-'))
/** as deep in the checkout as dist/electron, from where the shell finds its Node, its host and, beside it, its page */
const bundle = path.join(root, '.cache', `electron-${process.pid}`)
const page = path.join(root, '.cache', 'renderer', 'index.html')
afterAll(() => {
  for (const folder of [home, bundle, path.dirname(page)]) fs.rmSync(folder, { recursive: true, force: true })
})

const PAGE = `
  const value = async (method, input) => { const answer = await palimpsest.call(method, input); if (!answer.ok) throw new Error(answer.error.message); return answer.value }
  const opened = new Promise((resolve) => palimpsest.onEvent((event, data) => { if (event === 'files.opened') resolve(data.files) }))
  palimpsest.setMenu({ menus: [{ label: 'File', items: [{ kind: 'command', id: 'file.open', label: 'Open', shortcut: 'Mod+O' }] }], title: 'meadow', edited: false })
  const files = await opened
  const info = await value('app.info', {})
  const { project } = await value('projects.create', { name: 'First' })
  const view = await value('documents.create', { project, file: files[0].file, name: 'meadow' })
  const { tiles } = await value('tiles.read', { project, document: view.document, tiles: [{ layer: view.layers[0].id, plane: 'pixels', level: 0, x: 0, y: 0 }] })
  return { shell: info.shell, opened: files.map(({ name }) => name), width: view.canvas.width, height: view.canvas.height, bytes: tiles[0].bytes.length, unknown: await palimpsest.call('no.such', {}) }`

describe('the main process of the desktop program', () => {
  let told: Told[]
  const of = (what: string): Told | undefined => told.find((one) => one.what === what)

  beforeAll(async () => {
    await buildElectron(bundle, true)
    fs.mkdirSync(path.dirname(page), { recursive: true })
    fs.writeFileSync(page, '<!doctype html>')
    told = await runFake({ main: path.join(bundle, 'main.mjs'), home, page: PAGE, openFile: path.join(root, 'models', 'samples', 'meadow.png') })
  }, 120_000)

  it('does everything that must come before Electron is ready, in time', () => {
    const order = told.map(({ what }) => what)
    expect(order.slice(0, order.indexOf('ready'))).toEqual(['singleInstance', 'crashReporter', 'schemes', 'enableSandbox'])
    expect(of('schemes')).toMatchObject({ schemes: ['app', 'media'] })
    expect(of('crashReporter')).toMatchObject({ options: { uploadToServer: false } })
  })

  it('opens one window on its own page, sandboxed, shown when there is something to show', () => {
    const order = told.map(({ what }) => what)
    expect(order.filter((what) => what === 'window')).toHaveLength(1)
    expect(of('window')).toMatchObject({ options: { show: false, width: 1440, height: 900, webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false, preload: path.join(bundle, 'preload.cjs') } } })
    expect(of('page')).toMatchObject({ address: 'app://editor/index.html', status: 200, policy: expect.stringContaining("default-src 'none'") as string })
    expect(order.indexOf('requestsGuarded')).toBeLessThan(order.indexOf('window'))
    expect(order.indexOf('shown')).toBeGreaterThan(order.indexOf('page'))
  })

  it('exposes one bridge whose preload needs nothing of Node', () => {
    expect(of('bridge')).toEqual({ what: 'bridge', names: ['palimpsest'], functions: ['shell', 'call', 'onEvent', 'onConnection', 'pickFiles', 'pickTarget', 'takeFiles', 'targetWritten', 'onCommand', 'setMenu', 'startDrag'] })
  })

  it('gives the page host and engine: the file that the system asked for before all else becomes a document with pixels', () => {
    expect(of('done')!['result']).toMatchObject({ shell: 'electron', opened: ['meadow.png'], width: 384, height: 256, bytes: 256 * 256 * 4, unknown: { ok: false, error: { code: 'contract/unknown' } } })
    expect(of('menu')).toMatchObject({ labels: ['File'] })
    expect(of('title')).toMatchObject({ title: 'meadow' })
    expect(of('recent')).toMatchObject({ file: path.join(root, 'models', 'samples', 'meadow.png') })
  })

  it('ends with its window, after the host has closed, and remembers where the window was', () => {
    expect(told.at(-1)!.what).toBe('quit')
    expect(JSON.parse(fs.readFileSync(path.join(home, 'userData', 'shell.json'), 'utf8'))).toMatchObject({ bounds: { width: 1000, height: 700 }, maximized: false })
    expect(fs.existsSync(path.join(home, 'palimpsest', 'projects', 'First', 'project.db'))).toBe(true)
    expect(fs.existsSync(path.join(home, 'palimpsest', 'projects', 'First', 'lock.json'))).toBe(false)
  })
})
