/** Electron's parts as the shell uses them, without Electron: every call is kept, every event can be fired. */
import { EventEmitter } from 'node:events'
import { vi } from 'vitest'
import type { ElectronParts } from '../../main/electron/shell.ts'

/** A frame as a message's sender. */
export interface StubFrame {
  url: string
}

/** Web contents with what the shell listens to and sends. */
export class StubContents extends EventEmitter {
  mainFrame: StubFrame = { url: 'app://editor/index.html' }
  readonly sent: unknown[][] = []
  readonly send = (...args: unknown[]): void => void this.sent.push(args)
  readonly startDrag = vi.fn()
  readonly reload = vi.fn()
  readonly isDestroyed = (): boolean => false
  readonly getURL = (): string => this.mainFrame.url
  openHandler: ((details: { url: string }) => { action: string }) | undefined
  readonly setWindowOpenHandler = (handler: (details: { url: string }) => { action: string }): void => {
    this.openHandler = handler
  }
}

/** A window; `created` of {@link StubElectron} holds every one. */
export class StubWindow extends EventEmitter {
  readonly options: Record<string, unknown>
  readonly webContents = new StubContents()
  readonly loadURL = vi.fn(() => Promise.resolve())
  readonly setProgressBar = vi.fn()
  readonly setTitle = vi.fn()
  readonly setDocumentEdited = vi.fn()
  readonly show = vi.fn()
  readonly focus = vi.fn()
  readonly restore = vi.fn()
  readonly maximize = vi.fn()
  readonly isMinimized = (): boolean => true
  readonly isMaximized = (): boolean => false
  readonly getNormalBounds = (): object => ({ x: 10, y: 20, width: 1000, height: 700 })

  constructor(options: Record<string, unknown>) {
    super()
    this.options = options
  }
}

/** See {@link stubElectron}. */
export interface StubElectron {
  readonly parts: ElectronParts
  readonly app: EventEmitter & Record<string, ReturnType<typeof vi.fn>>
  readonly windows: StubWindow[]
  /** handlers of ipcMain by channel */
  readonly handlers: Map<string, (event: unknown, ...args: unknown[]) => unknown>
  readonly listeners: Map<string, (event: unknown, ...args: unknown[]) => unknown>
  readonly schemes: Map<string, (request: Request) => Promise<Response>>
  readonly privileges: { scheme: string; privileges: Record<string, boolean> }[]
  readonly session: Record<string, ReturnType<typeof vi.fn>> & { webRequest: { onBeforeRequest: ReturnType<typeof vi.fn> } }
  readonly dialog: Record<'showOpenDialog' | 'showSaveDialog' | 'showMessageBox' | 'showErrorBox', ReturnType<typeof vi.fn>>
  readonly openExternal: ReturnType<typeof vi.fn>
  readonly menus: unknown[]
  readonly crashStart: ReturnType<typeof vi.fn>
  readonly awake: Set<number>
  /** switches of Chromium's command line */
  readonly switches: Set<string>
}

/** Makes the stub. @param folder where the program keeps its files */
export function stubElectron(folder: string): StubElectron {
  const windows: StubWindow[] = []
  const handlers: StubElectron['handlers'] = new Map()
  const listeners: StubElectron['listeners'] = new Map()
  const schemes: StubElectron['schemes'] = new Map()
  const privileges: StubElectron['privileges'] = []
  const menus: unknown[] = []
  const awake = new Set<number>()
  const switches = new Set<string>()
  const app = Object.assign(new EventEmitter(), {
    commandLine: { hasSwitch: (name: string) => switches.has(name) }, exit: vi.fn(), setAppUserModelId: vi.fn(), requestSingleInstanceLock: vi.fn(() => true), quit: vi.fn(), enableSandbox: vi.fn(), whenReady: vi.fn(() => Promise.resolve()), getPath: vi.fn(() => folder),
    addRecentDocument: vi.fn(), getFileIcon: vi.fn(() => Promise.reject(new Error('none'))),
  }) as unknown as StubElectron['app']
  const session = {
    setPermissionRequestHandler: vi.fn(), setPermissionCheckHandler: vi.fn(), setDevicePermissionHandler: vi.fn(), on: vi.fn(), webRequest: { onBeforeRequest: vi.fn() },
  } as unknown as StubElectron['session']
  const dialog = { showErrorBox: vi.fn(), showOpenDialog: vi.fn(), showSaveDialog: vi.fn(), showMessageBox: vi.fn(() => Promise.resolve({ response: 0 })) }
  const openExternal = vi.fn(() => Promise.resolve())
  const crashStart = vi.fn()
  const parts = {
    app, dialog,
    BrowserWindow: class extends StubWindow {
      constructor(options: Record<string, unknown>) {
        super(options)
        windows.push(this)
        app.emit('web-contents-created', {}, this.webContents)
      }
    },
    crashReporter: { start: crashStart },
    ipcMain: { handle: (name: string, handler: never) => void handlers.set(name, handler), on: (name: string, handler: never) => void listeners.set(name, handler) },
    Menu: { buildFromTemplate: (template: unknown) => template, setApplicationMenu: (menu: unknown) => void menus.push(menu) },
    nativeImage: { createFromDataURL: (url: string) => ({ url, isEmpty: () => false }) },
    powerSaveBlocker: { start: () => { awake.add(7); return 7 }, stop: (id: number) => void awake.delete(id) },
    protocol: { registerSchemesAsPrivileged: (list: typeof privileges) => void privileges.push(...list), handle: (name: string, handler: never) => void schemes.set(name, handler) },
    screen: { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1600, height: 1000 } }] },
    session: { defaultSession: session },
    shell: { openExternal },
  } as unknown as ElectronParts
  return { parts, app, windows, handlers, listeners, schemes, privileges, session, dialog, openExternal, menus, crashStart, awake, switches }
}
