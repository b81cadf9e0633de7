/**
 * `npm run dist` with a stand-in for Electron's own archive: electron-builder packs the program by our configuration, the
 * unpacked program is moved out of the checkout, and its host, engine and command line run from there and inpaint the bundled sample.
 */
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HostProcess } from '../../main/electron/hostProcess.ts'
import { shellPaths } from '../../main/electron/shellPaths.ts'
import { layOut, layOutApp } from '../../scripts/pack/layout.ts'
import type { Target } from '../../scripts/pack/modules.ts'
import { runFake } from '../support/fakeElectron/run.ts'
import { makeElectronStandIn, readFuses } from '../support/electronStandIn.ts'

const root = path.resolve(import.meta.dirname, '../..')
const require = createRequire(import.meta.url)
const target = { platform: process.platform, arch: process.arch } as Target
// the stand-in is an unpacked Electron for Linux; other systems' packers want their own
const missing = process.platform === 'linux' ? undefined : 'its stand-in for Electron is one for Linux'
if (missing !== undefined) process.stderr.write(`dist.test.ts is skipped: ${missing}.\n`)

let folder = ''
let installed = ''
let resources = ''
let env: Record<string, string | undefined> = {}

beforeAll(async () => {
  if (missing !== undefined) return
  // not below the checkout: from there a package that is missing would be found in the checkout's own node_modules
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-dist-'))
  const made = path.join(folder, 'made')
  const config = await stage(made)
  const builder = spawnSync(process.execPath, [require.resolve('electron-builder/cli.js'), '--projectDir', root, '--config', config, '--linux', `--${target.arch}`, '--dir', '--publish', 'never'], { encoding: 'utf8' })
  if (builder.status !== 0) throw new Error(builder.stdout + builder.stderr)
  installed = path.join(folder, 'installed here')
  fs.renameSync(path.join(made, 'packages', target.arch === 'x64' ? 'linux-unpacked' : `linux-${target.arch}-unpacked`), installed)
  fs.rmSync(made, { recursive: true })
  resources = path.join(installed, 'resources')
  env = { ...process.env, PALIMPSEST_HOME: path.join(folder, 'home'), PALIMPSEST_ROOT: path.join(folder, 'projects') }
  for (const name of Object.keys(env)) if (/^(npm_|INIT_CWD|VITEST|NODE_|PALIMPSEST_(CACHE|BOOTSTRAP))/.test(name)) delete env[name]
}, 120_000)
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

/** What `npm run dist` makes in dist/, made elsewhere, without the window's own build. @returns our configuration, pointed there */
async function stage(made: string): Promise<string> {
  const built = path.join(folder, 'built')
  for (const [name, text] of [['renderer/index.html', '<!doctype html><head><title>window</title></head>'], ['bridge/bridge.js', '']] as const) {
    fs.mkdirSync(path.dirname(path.join(built, name)), { recursive: true })
    fs.writeFileSync(path.join(built, name), text)
  }
  const { devDependencies } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { devDependencies: { electron: string } }
  await Promise.all([layOut(root, path.join(made, 'resources'), target, built), layOutApp(root, path.join(made, 'app'), path.join(built, 'renderer'))])
  makeElectronStandIn(path.join(made, 'stand-in'), devDependencies.electron)
  const config = fs.readFileSync(path.join(root, 'electron-builder.yml'), 'utf8').replace(/(?<=^ +(?:- )?\w+: )dist(?=\/)/gm, made)
  expect(config.match(new RegExp(made, 'g'))).toHaveLength(6)
  fs.writeFileSync(path.join(folder, 'config.yml'), `${config}electronDist: ${path.join(made, 'stand-in')}\n`)
  return path.join(folder, 'config.yml')
}

function palimpsest(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const link = path.join(folder, 'palimpsest')
  if (!fs.existsSync(link)) fs.symlinkSync(path.join(resources, 'bin', 'palimpsest'), link)
  return spawnSync(link, args, { cwd: folder, env, encoding: 'utf8' })
}

const lastLine = (text: string): unknown => JSON.parse(text.trim().split('\n').at(-1)!)
const everyFile = (): string[] => fs.readdirSync(installed, { recursive: true, encoding: 'utf8' }).map((file) => file.split(path.sep).join('/'))

describe.skipIf(missing !== undefined)('the packed program, moved away from the checkout', () => {
  it('has an archive of the window, the main process and the preload, and nothing else', () => {
    const { listPackage } = require('@electron/asar') as { listPackage(archive: string, options: object): string[] }
    const files = listPackage(path.join(resources, 'app.asar'), {}).filter((file) => path.extname(file) !== '')
    expect(files.sort()).toEqual(['/electron/main.mjs', '/electron/preload.cjs', '/icon.png', '/package.json', '/renderer/index.html'])
  })

  it('has the binaries of its own system only, no TypeScript, and the licences beside it', () => {
    const files = everyFile()
    const natives = files.filter((file) => /\.(node|so(\.\d+)*|dylib|dll)$/.test(file))
    expect(natives.length).toBeGreaterThanOrEqual(4)
    const others = ['win32', 'darwin', 'musl', target.arch === 'x64' ? 'arm64' : 'x64']
    for (const file of natives) expect(others.some((name) => file.includes(name)), file).toBe(false)
    expect(files.filter((file) => file.endsWith('.ts'))).toEqual([])
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'LICENSE.electron.txt', 'LICENSES.chromium.html', 'THIRD-PARTY-NOTICES.md', 'resources/node/LICENSE', 'resources/program/models/starter/model.json', 'resources/program/models/samples/meadow.png']))
    expect(files.some((file) => /models\/(training|bench)/.test(file))).toBe(false)
  })

  it('has its fuses flipped', () => {
    expect(readFuses(path.join(installed, 'palimpsest-editor'))).toEqual({
      runAsNode: false, enableCookieEncryption: true, enableNodeOptionsEnvironmentVariable: false, enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true, onlyLoadAppFromAsar: true, loadBrowserProcessSpecificV8Snapshot: false, grantFileProtocolExtraPrivileges: false,
    })
  })

  it('names no place of the machine that built it', () => {
    for (const file of everyFile().filter((name) => name === 'resources/app.asar' || (name.startsWith('resources/program/main') && name.endsWith('.js')))) {
      expect(fs.readFileSync(path.join(installed, file)).includes(root), file).toBe(false)
    }
  })

  it('inpaints the sample from the command line, called through a link from another folder', () => {
    const samples = path.join(resources, 'program', 'models', 'samples')
    const { status, stdout, stderr } = palimpsest('inpaint', '--image', path.join(samples, 'meadow.png'), '--mask', path.join(samples, 'meadow-mask.png'), '--prompt', 'a red cat on a meadow', '--steps', '2', '--seed', '7', '--out', 'out.png', '--json')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(lastLine(stdout)).toMatchObject({ event: 'result', model: 'starter-inpaint', steps: 2, changedOutside: 0 })
    expect(fs.statSync(path.join(folder, 'out.png')).size).toBeGreaterThan(1000)
  })

  it('serves the editor to a browser', async () => {
    const server = spawn(path.join(resources, 'bin', 'palimpsest'), ['serve', '--no-open'], { cwd: folder, env })
    try {
      const address = await new Promise<string>((resolve, reject) => {
        let said = ''
        for (const stream of [server.stdout, server.stderr]) {
          stream.setEncoding('utf8').on('data', (text: string) => {
            said += text
            const url = /http:\/\/\S+/.exec(said)?.[0]
            if (url) resolve(url)
          })
        }
        server.on('exit', (code) => reject(new Error(`ended with ${code}: ${said}`)))
      })
      const entered = await fetch(address, { redirect: 'manual' })
      const cookie = entered.headers.getSetCookie().map((each) => each.split(';')[0]).join('; ')
      const page = await fetch(new URL('/', address), { headers: { cookie } })
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<title>window</title>')])
    } finally {
      server.removeAllListeners('exit')
      const gone = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGINT')
      await gone
    }
  })

  it('has a main process that starts, in whose window host and engine answer', async () => {
    const app = path.join(folder, 'app')
    ;(require('@electron/asar') as { extractAll(archive: string, to: string): void }).extractAll(path.join(resources, 'app.asar'), app)
    expect(JSON.parse(fs.readFileSync(path.join(app, 'package.json'), 'utf8'))).toMatchObject({ productName: 'Palimpsest', desktopName: 'palimpsest-editor.desktop', main: 'electron/main.mjs' })
    const page = `
      const { value: { project } } = await palimpsest.call('projects.create', { name: 'First' })
      const { value } = await palimpsest.call('documents.create', { project, sample: true })
      return [value.canvas.width, value.canvas.height]`
    const told = await runFake({ main: path.join(app, 'electron', 'main.mjs'), home: path.join(folder, 'fake'), page, resources })
    expect(told.find(({ what }) => what === 'page')).toMatchObject({ status: 200 })
    expect(told.find(({ what }) => what === 'done')).toMatchObject({ result: [384, 256] })
  })

  it('serves the shell from the places the shell looks in', async () => {
    const { node, host } = shellPaths({ packaged: true, resources, bundle: path.join(resources, 'app.asar', 'electron'), platform: process.platform, arch: process.arch })
    const log: string[] = []
    const running = new HostProcess({ node, entry: host, env }, { onEvent: () => undefined, onConnection: () => undefined, onLog: (text) => log.push(text), onGivenUp: (reason) => log.push(reason) })
    running.start()
    try {
      expect(await running.call('app.info', {})).toMatchObject({ ok: true, value: { shell: 'electron' } })
      const sample = await running.ask('registerFile', { path: path.join(resources, 'program', 'models', 'samples', 'meadow.png') })
      expect(sample).toMatchObject({ ok: true, value: { name: 'meadow.png' } })
      const file = sample.ok ? sample.value.file : ''
      expect(await running.call('files.inspect', { file })).toMatchObject({ ok: true, value: { format: 'png' } }) // sharp, in the engine's process
      expect(await running.call('models.list', {})).toMatchObject({ ok: true, value: { models: expect.arrayContaining([expect.objectContaining({ id: 'starter', source: 'bundled', problem: null })]) } })
      expect(await running.call('app.notices', {})).toMatchObject({ ok: true, value: { text: expect.stringContaining('libvips') } })
      expect(await running.call('network.status', {})).toMatchObject({ ok: true, value: { locked: true, requests: 0, refused: 0 } })
    } finally {
      await running.close()
    }
    expect(log.join('')).not.toMatch(/stopped|Error/)
  })
})
