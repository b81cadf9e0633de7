import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ASK, SEND, TELL } from '../../../../preload/ipcChannels.ts'
import { stubElectron } from '../../../support/electronStub.ts'
import { type RunningShell, runShell } from '../../../support/runningShell.ts'
import { APP_ID, Shell } from '../../../../main/electron/shell.ts'

let shell: RunningShell | undefined
afterEach(async () => {
  await shell?.close()
  shell = undefined
})

const openedFiles = (): unknown[] => shell!.window.webContents.sent.filter(([, event]) => event === 'files.opened').map(([, , data]) => data)

describe('the desktop shell', () => {
  it('passes calls to the host and its answers and events back', async () => {
    shell = await runShell()
    expect(await shell.ask(ASK.call, 'settings.get', { event: 'notice', data: { id: 'n' } })).toMatchObject({ ok: true, value: { method: 'settings.get' } })
    expect(shell.window.webContents.sent).toContainEqual([TELL.event, 'notice', { id: 'n' }])
    expect(shell.window.loadURL).toHaveBeenCalledWith('app://editor/index.html')
  })

  it('tells the window when the host goes and comes back', async () => {
    shell = await runShell()
    await shell.ask(ASK.call, 'edit.run', { die: true })
    await shell.ask(ASK.call, 'app.info', {})
    const told = shell.window.webContents.sent.filter(([channel]) => channel === TELL.connection).map(([, connected]) => connected)
    expect(told.slice(-2)).toEqual([false, true])
    expect(shell.window.webContents.sent).toContainEqual([TELL.event, 'host.restarted', { reason: 'it ended with code 9' }])
  })

  it('gives ids for what a person chooses, remembers the folder, and nothing when they decline', async () => {
    shell = await runShell()
    shell.dialog.showOpenDialog.mockResolvedValueOnce({ canceled: false, filePaths: ['/photos/a.png', '/photos/missing.png'] })
    const files = (await shell.ask(ASK.pickFiles, { kind: 'picture', multiple: true })) as { file: string }[]
    expect(files).toMatchObject([{ file: expect.stringMatching(/^fil_/) }])
    expect(shell.dialog.showMessageBox.mock.calls[0]![1]).toMatchObject({ message: '/photos/missing.png: no such file.' })
    expect(shell.app['addRecentDocument']).toHaveBeenCalledWith('/photos/a.png')
    shell.dialog.showOpenDialog.mockResolvedValueOnce({ canceled: true, filePaths: [] })
    expect(await shell.ask(ASK.pickFiles, { kind: 'picture', multiple: false })).toEqual([])
    expect(shell.dialog.showOpenDialog.mock.calls[1]![1]).toMatchObject({ defaultPath: '/photos', properties: ['openFile', 'createDirectory'] })
    shell.dialog.showSaveDialog.mockResolvedValueOnce({ canceled: false, filePath: '/out/x.png' })
    expect(await shell.ask(ASK.pickTarget, { kind: 'picture', name: '../../x.png' })).toMatchObject({ target: expect.stringMatching(/^tgt_/), download: false })
    expect(shell.dialog.showSaveDialog.mock.calls[0]![1]).toMatchObject({ defaultPath: '/photos/x.png' })
  })

  it('opens what the system asks for: arguments, a second start, a double click; once the window can take it', async () => {
    const photo = path.join(import.meta.dirname, 'shell.test.ts')
    shell = await runShell([photo])
    expect(openedFiles()).toEqual([])
    shell.send(SEND.setMenu, { menus: [], title: 'meadow', edited: true })
    await vi.waitFor(() => expect(openedFiles()).toHaveLength(1))
    expect(openedFiles()[0]).toMatchObject({ files: [{ name: photo }] })
    shell.app.emit('second-instance', {}, ['palimpsest', 'shell.test.ts'], import.meta.dirname)
    const stopped = vi.fn()
    shell.app.emit('open-file', { preventDefault: stopped }, '/on/mac.png')
    await vi.waitFor(() => expect(openedFiles()).toHaveLength(3))
    expect(stopped).toHaveBeenCalled()
    expect([shell.window.restore.mock.calls.length, shell.window.focus.mock.calls.length]).toEqual([1, 1])
    expect([shell.window.setTitle.mock.lastCall, shell.window.setDocumentEdited.mock.lastCall]).toEqual([['meadow'], [true]])
  })

  it('sends commands of the menu to the window', async () => {
    shell = await runShell()
    shell.send(SEND.setMenu, { menus: [{ label: 'File', items: [{ kind: 'command', id: 'file.save', label: 'Save' }] }] })
    const menu = shell.menus.at(-1) as { submenu: { click(): void }[] }[]
    menu[0]!.submenu[0]!.click()
    expect(shell.window.webContents.sent).toContainEqual([TELL.command, 'file.save'])
  })

  it('drags a written file out, with a picture even where the system has none', async () => {
    shell = await runShell()
    shell.send(SEND.startDrag, 'tgt_0123456789abcdef0123')
    await vi.waitFor(() => expect(shell!.window.webContents.startDrag).toHaveBeenCalled())
    expect(shell.window.webContents.startDrag.mock.calls[0]![0]).toMatchObject({ file: '/somewhere/out.png', icon: { url: expect.stringContaining('data:image/png') } })
  })

  it('keeps the machine awake and shows progress while a job runs', async () => {
    shell = await runShell()
    const job = (state: string): Promise<unknown> => shell!.ask(ASK.call, 'jobs.list', { event: 'job.changed', data: { job: { job: 'j', state, step: 1, steps: 2 } } })
    await job('running')
    expect([shell.awake.size, shell.window.setProgressBar.mock.lastCall]).toEqual([1, [0.5]])
    await job('done')
    expect([shell.awake.size, shell.window.setProgressBar.mock.lastCall]).toEqual([0, [-1]])
  })

  it('remembers where the window was', async () => {
    shell = await runShell()
    shell.window.emit('close')
    expect(JSON.parse(fs.readFileSync(path.join(shell.folder, 'shell.json'), 'utf8'))).toMatchObject({ bounds: { x: 10, y: 20, width: 1000, height: 700 } })
  })

  it('loads the window again when its process dies: the document is the host\'s', async () => {
    shell = await runShell()
    shell.window.webContents.emit('render-process-gone', {}, { reason: 'crashed' })
    expect(shell.window.webContents.reload).toHaveBeenCalled()
  })

  it('keeps a fault nobody foresaw in the log, tells it once and goes on', async () => {
    shell = await runShell()
    const opened = shell.windows.length
    shell.shell.fault(new Error('boom'))
    shell.shell.fault('again')
    expect(shell.dialog.showErrorBox).toHaveBeenCalledTimes(1)
    const log = fs.readFileSync(path.join(shell.folder, 'host.log'), 'utf8')
    expect(log).toMatch(/fault of the shell: Error: boom\n\s+at /)
    expect(log).toContain('fault of the shell: again')
    expect(shell.windows.length).toBe(opened)
    shell.app.emit('child-process-gone', {}, { type: 'GPU', reason: 'crashed', exitCode: 5 })
    expect(fs.readFileSync(path.join(shell.folder, 'host.log'), 'utf8')).toContain('A process of the window (GPU) stopped: crashed, code 5.')
  })

  it('leaves the field to an instance that runs already', () => {
    const stub = stubElectron('/nowhere')
    stub.app['requestSingleInstanceLock']!.mockReturnValue(false)
    const paths = { node: 'node', host: 'host', renderer: '/r', preload: '/p', icon: '/i', ownArguments: 1 }
    expect(new Shell({ electron: stub.parts, paths, env: {}, args: [], folder: '/', platform: 'linux' }).start()).toBe(false)
    expect([stub.app['quit']!.mock.calls.length, stub.app['whenReady']!.mock.calls.length]).toEqual([1, 0])
  })

  it('tells Windows which program it is, by the name the installer gave it', () => {
    const stub = stubElectron('/nowhere')
    stub.app['requestSingleInstanceLock']!.mockReturnValue(true)
    stub.app['whenReady']!.mockReturnValue(new Promise(() => undefined)) // the start is what counts here
    const paths = { node: 'node', host: 'host', renderer: '/r', preload: '/p', icon: '/i', ownArguments: 1 }
    new Shell({ electron: stub.parts, paths, env: {}, args: [], folder: '/', platform: 'win32' }).start()
    expect(stub.app['setAppUserModelId']!.mock.calls).toEqual([[APP_ID]])
    expect(fs.readFileSync(path.join(import.meta.dirname, '../../../../electron-builder.yml'), 'utf8')).toContain(`appId: ${APP_ID}\n`)
  })
})
