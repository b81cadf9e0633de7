/** The desktop program: wires window, host, menu and the system together. Decides nothing that its parts can decide. */
import path from 'node:path'
import type * as Electron from 'electron'
import { z } from 'zod'
import { isMethod } from '../../preload/contract/channels.ts'
import { targetId } from '../../preload/contract/ids.ts'
import { menuState } from '../../preload/contract/menu.ts'
import { ASK, SEND, TELL } from '../../preload/ipcChannels.ts'
import { Activity } from './activity.ts'
import { APP_PAGE, APP_SCHEME, serveAsset } from './assets.ts'
import { type DialogSurroundings, pickFiles, pickTarget, registerFiles } from './dialogs.ts'
import { HostProcess, type HostProcessOptions } from './hostProcess.ts'
import { lockContents, lockSession } from './lockdown.ts'
import { LogFile } from './logFile.ts'
import { MEDIA_SCHEME, serveMedia } from './media.ts'
import { menuTemplate } from './menu.ts'
import { OpeningQueue, pathsAmong } from './opening.ts'
import { isTrustedSender } from './senders.ts'
import type { ShellPaths } from './shellPaths.ts'
import { windowOptions } from './window.ts'
import { type ShellState, fittingBounds, keepShellState, readShellState } from './windowState.ts'

/** The parts of Electron the shell uses; a test gives its own. */
export type ElectronParts = Pick<typeof Electron, 'app' | 'BrowserWindow' | 'crashReporter' | 'dialog' | 'ipcMain' | 'Menu' | 'nativeImage' | 'powerSaveBlocker' | 'protocol' | 'screen' | 'session' | 'shell'>

/** What the shell is started with. */
export interface ShellOptions {
  readonly electron: ElectronParts
  readonly paths: ShellPaths
  readonly env: Readonly<Record<string, string | undefined>>
  readonly args: readonly string[]
  readonly folder: string
  readonly platform: NodeJS.Platform
  readonly spawn?: HostProcessOptions['spawn']
}

/** What the system knows the program by; `appId` of electron-builder.yml. */
export const APP_ID = 'app.palimpsest.editor'

/** See the file's head. One per process. */
export class Shell {
  readonly #options: ShellOptions
  readonly #electron: ElectronParts
  readonly #opening = new OpeningQueue()
  #host!: HostProcess // made when Electron is ready, before anything can ask for it
  #log: LogFile | undefined // as the host
  #state!: ShellState
  #activity!: Activity
  #window: Electron.BrowserWindow | undefined
  #quitting = false
  #faultTold = false

  constructor(options: ShellOptions) {
    this.#options = options
    this.#electron = options.electron
  }

  /** Everything that must happen before Electron is ready; then the rest. False when another instance runs, or no sandbox can. */
  start(): boolean {
    const { app, protocol, crashReporter, dialog } = this.#electron
    if (app.commandLine.hasSwitch('no-sandbox') && this.#options.env['PALIMPSEST_NO_SANDBOX'] !== '1') {
      dialog.showErrorBox('Palimpsest does not run without its sandbox', NO_SANDBOX)
      app.exit(1)
      return false
    }
    if (!app.requestSingleInstanceLock()) {
      app.quit()
      return false
    }
    crashReporter.start({ uploadToServer: false })
    if (this.#options.platform === 'win32') app.setAppUserModelId(APP_ID) // the taskbar keeps the window with the installed program, and its recent files
    protocol.registerSchemesAsPrivileged([
      { scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true } },
      { scheme: MEDIA_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
    ])
    app.enableSandbox()
    const { args, folder, paths } = this.#options
    this.#opening.add(pathsAmong(args, folder, paths.ownArguments))
    app.on('second-instance', (_event, others, otherFolder) => {
      this.#opening.add(pathsAmong(others, otherFolder, paths.ownArguments))
      this.#show()
    })
    app.on('open-file', (event, file) => {
      event.preventDefault()
      this.#opening.add([file])
    })
    app.on('web-contents-created', (_event, contents) => lockContents(contents, (address) => void this.#electron.shell.openExternal(address)))
    app.on('child-process-gone', (_event, { type, reason, exitCode }) => this.#log?.write(`A process of the window (${type}) stopped: ${reason}, code ${exitCode}.\n`))
    app.on('window-all-closed', () => app.quit())
    app.on('before-quit', (event) => this.#beforeQuit(event))
    void app.whenReady().then(() => this.#ready())
    return true
  }

  /** Something nobody foresaw: kept in the log, told once in one plain sentence, and the program goes on: the work is the host's. */
  fault(thrown: unknown): void {
    const { app, dialog } = this.#electron
    this.#log ??= new LogFile(path.join(app.getPath('logs'), 'host.log'))
    this.#log.write(`${new Date().toISOString()} fault of the shell: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`)
    if (this.#faultTold) return
    this.#faultTold = true
    dialog.showErrorBox('Something went wrong that should not have', `Nothing that was saved is lost. Palimpsest goes on; if it behaves oddly, start it again. The log is in ${app.getPath('logs')}.`)
  }

  get #stateFile(): string {
    return path.join(this.#electron.app.getPath('userData'), 'shell.json')
  }

  #ready(): void {
    const { app, powerSaveBlocker, protocol, session } = this.#electron
    this.#log = new LogFile(path.join(app.getPath('logs'), 'host.log'))
    this.#state = readShellState(this.#stateFile)
    this.#activity = new Activity({
      keepAwake: () => {
        const id = powerSaveBlocker.start('prevent-app-suspension')
        return () => powerSaveBlocker.stop(id)
      },
      setProgress: (share) => this.#window?.setProgressBar(share),
    })
    const { node, host, renderer } = this.#options.paths
    const { spawn } = this.#options
    this.#host = new HostProcess({ node, entry: host, env: this.#hostEnvironment(), ...(spawn ? { spawn } : {}) }, {
      onEvent: (event, data) => this.#onEvent(event, data),
      onConnection: (connected) => {
        if (!connected) this.#activity.clear()
        this.#tell(TELL.connection, connected)
      },
      onLog: (text) => this.#log?.write(text),
      onGivenUp: (reason) => void this.#onGivenUp(reason),
    })
    this.#host.start()
    lockSession(session.defaultSession)
    protocol.handle(APP_SCHEME, (request) => serveAsset(renderer, request))
    protocol.handle(MEDIA_SCHEME, (request) => serveMedia(request, (method, input) => this.#host.call(method, input)))
    this.#listen()
    this.#open()
  }

  /** Projects lie with the person's documents, unless they have given Palimpsest a home of its own. */
  #hostEnvironment(): Record<string, string | undefined> {
    const { env } = this.#options
    const documents = path.join(this.#electron.app.getPath('documents'), 'Palimpsest')
    return env['PALIMPSEST_HOME'] ? { ...env } : { PALIMPSEST_ROOT: documents, ...env }
  }

  /** Every message of a window passes here: the sender is checked first, then the message's shape. */
  #listen(): void {
    const { ipcMain } = this.#electron
    const trusted = (event: Electron.IpcMainInvokeEvent | Electron.IpcMainEvent): Electron.BrowserWindow => {
      if (!isTrustedSender(event, (contents) => contents === this.#window?.webContents)) throw new Error('refused')
      return this.#window!
    }
    ipcMain.handle(ASK.call, (event, method: unknown, input: unknown) => {
      trusted(event)
      const name = z.string().parse(method)
      if (isMethod(name)) return this.#host.call(name, input)
      return { ok: false, error: { code: 'contract/unknown', message: `${JSON.stringify(name.slice(0, 100))}: expected a method of the contract, found none of this name.`, exitCode: 2, details: {} } }
    })
    ipcMain.handle(ASK.pickFiles, (event, options: unknown) => pickFiles(trusted(event), options, this.#dialogs))
    ipcMain.handle(ASK.pickTarget, (event, options: unknown) => pickTarget(trusted(event), options, this.#dialogs))
    ipcMain.handle(ASK.takePaths, (event, paths: unknown) => {
      const window = trusted(event)
      return registerFiles(window, z.array(z.string().min(1)).max(1000).parse(paths).filter((file) => path.isAbsolute(file)), this.#dialogs)
    })
    ipcMain.on(SEND.setMenu, (event, state: unknown) => this.#setMenu(trusted(event), state))
    ipcMain.on(SEND.startDrag, (event, target: unknown) => {
      trusted(event)
      void this.#startDrag(event.sender, targetId.parse(target))
    })
  }

  get #dialogs(): DialogSurroundings {
    const { app, dialog } = this.#electron
    return {
      dialog, host: this.#host, folders: this.#state.folders,
      onChosen: (file, kind) => {
        if (kind === 'picture' || kind === 'project') app.addRecentDocument(file)
      },
    }
  }

  #open(): void {
    const { BrowserWindow, screen } = this.#electron
    const bounds = fittingBounds(this.#state.bounds, screen.getAllDisplays().map(({ workArea }) => workArea))
    const window = new BrowserWindow(windowOptions(this.#options.paths.preload, bounds, this.#options.platform === 'linux' ? this.#options.paths.icon : undefined))
    this.#window = window
    if (this.#state.maximized) window.maximize()
    window.once('ready-to-show', () => window.show())
    window.on('close', () => {
      this.#state = { ...this.#state, bounds: window.getNormalBounds(), maximized: window.isMaximized() }
      keepShellState(this.#stateFile, this.#state)
    })
    window.on('closed', () => {
      this.#window = undefined
      this.#opening.disconnect()
    })
    window.webContents.on('render-process-gone', (_event, { reason }) => {
      this.#log?.write(`The window's process stopped: ${reason}.\n`)
      this.#opening.disconnect()
      if (reason !== 'clean-exit' && !this.#quitting) window.webContents.reload() // the document is the host's: nothing is lost
    })
    void window.loadURL(APP_PAGE)
  }

  #onEvent(event: string, data: unknown): void {
    this.#activity.note(event, data)
    this.#tell(TELL.event, event, data)
  }

  #tell(channel: string, ...args: readonly unknown[]): void {
    if (this.#window && !this.#window.webContents.isDestroyed()) this.#window.webContents.send(channel, ...args)
  }

  #setMenu(window: Electron.BrowserWindow, raw: unknown): void {
    const { Menu } = this.#electron
    const state = menuState.parse(raw)
    Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(state, this.#options.platform, (command) => this.#tell(TELL.command, command))))
    if (state.title !== undefined) window.setTitle(state.title)
    if (state.edited !== undefined) window.setDocumentEdited(state.edited)
    // a window that has a menu has everything: what the system asked to open can be shown
    this.#opening.connect((paths) => void this.#openPaths(paths))
  }

  async #openPaths(paths: readonly string[]): Promise<void> {
    const files = await registerFiles(this.#window, paths, this.#dialogs)
    for (const file of paths) this.#electron.app.addRecentDocument(file)
    if (files.length > 0) this.#tell(TELL.event, 'files.opened', { files })
  }

  async #startDrag(contents: Electron.WebContents, target: string): Promise<void> {
    const result = await this.#host.ask('targetPath', { target })
    if (!result.ok) return
    const file = result.value.path
    // the system refuses to drag without a picture
    const icon = await this.#electron.app.getFileIcon(file).catch(() => this.#electron.nativeImage.createFromDataURL(DRAG_PICTURE))
    contents.startDrag({ file, icon: icon.isEmpty() ? this.#electron.nativeImage.createFromDataURL(DRAG_PICTURE) : icon })
  }

  #show(): void {
    if (!this.#window) return
    if (this.#window.isMinimized()) this.#window.restore()
    this.#window.focus()
  }

  async #onGivenUp(reason: string): Promise<void> {
    const { app, dialog } = this.#electron
    const options = { type: 'error' as const, message: 'Palimpsest could not keep its background process running.', detail: `${reason}.\nYour projects are safe on the disk. The log is in ${app.getPath('logs')}.`, buttons: ['Try again', 'Quit'], defaultId: 0, cancelId: 1, noLink: true }
    const { response } = await (this.#window ? dialog.showMessageBox(this.#window, options) : dialog.showMessageBox(options))
    if (response === 0) this.#host.start()
    else app.quit()
  }

  /** The first time holds the quit back until the host has saved; the second time lets it happen. */
  #beforeQuit(event: { preventDefault(): void }): void {
    if (this.#quitting || !this.#host) return
    event.preventDefault()
    this.#quitting = true
    void this.#host.close().finally(() => this.#electron.app.quit())
  }
}

/** Told where the sandbox was switched off, which the start script of an AppImage does where it cannot work. */
const NO_SANDBOX = `This system lets an AppImage make no sandbox (Ubuntu does since 24.04).

Install the .deb package instead, or allow it:
sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`

/** A sheet with a fold, 16 pixels: what is dragged where the system has no icon for the file. */
const DRAG_PICTURE = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAYAAAAf8/9hAAAANElEQVR42mNgoBL4//9/PxBPJVYvigH////vB+L5xBqAywCSDRg1YNSAgTFgNAyQACMjIyMAj6gkEQ4x5BsAAAAASUVORK5CYII='
