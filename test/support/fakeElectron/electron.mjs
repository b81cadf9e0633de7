/**
 * Electron's main process as far as the shell uses it, in plain Node: what was called is told on stdout, one JSON line
 * each; what Electron forbids before or after it is ready throws here too. A window that loads the page gets it through
 * the scheme's own handler, runs the real preload in a context of its own, and then does what `FAKE_PAGE` says.
 */
import { EventEmitter } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import vm from 'node:vm'

const { FAKE_HOME, FAKE_PAGE, FAKE_RESOURCES } = process.env
if (FAKE_RESOURCES) process.resourcesPath = FAKE_RESOURCES

let ready = false
process.on('message', () => { // the person closes the window
  for (const window of windows.splice(0)) for (const event of ['close', 'closed']) window.emit(event)
  app.emit('window-all-closed')
})
const windows = []
const tell = (what, details = {}) => process.stdout.write(`${JSON.stringify({ what, ...details })}\n`)
const before = (name) => { if (ready) throw new Error(`${name} was called after the app was ready`) }
const after = (name) => { if (!ready) throw new Error(`${name} was called before the app was ready`) }

export const app = Object.assign(new EventEmitter(), {
  isPackaged: Boolean(FAKE_RESOURCES),
  commandLine: { hasSwitch: () => false },
  enableSandbox: () => { before('enableSandbox'); tell('enableSandbox') },
  requestSingleInstanceLock: () => { tell('singleInstance'); return true },
  setAppUserModelId: (id) => tell('appUserModelId', { id }),
  whenReady: () => readiness,
  getPath: (name) => path.join(FAKE_HOME, name),
  addRecentDocument: (file) => tell('recent', { file }),
  getFileIcon: () => Promise.reject(new Error('no icon')),
  exit: (code) => process.exit(code),
  quit: () => {
    let held = false
    app.emit('before-quit', { preventDefault: () => { held = true } })
    if (held) return
    tell('quit')
    process.exit(0)
  },
})

// the main script has run to its end when Electron becomes ready; macOS may ask for a file before
const readiness = sleep(50).then(() => {
  if (process.env.FAKE_OPEN_FILE) app.emit('open-file', { preventDefault: () => undefined }, process.env.FAKE_OPEN_FILE)
  ready = true
  tell('ready')
})

const handlers = new Map()
const listeners = new Map()
export const ipcMain = { handle: (channel, handler) => handlers.set(channel, handler), on: (channel, listener) => listeners.set(channel, listener) }

const schemes = new Map()
let privileged = []
export const protocol = {
  registerSchemesAsPrivileged: (list) => { before('registerSchemesAsPrivileged'); privileged = list.map(({ scheme }) => scheme); tell('schemes', { schemes: privileged }) },
  handle: (scheme, handler) => { after('protocol.handle'); schemes.set(scheme, handler) },
}

const refuse = () => undefined
export const session = { get defaultSession() { after('session.defaultSession'); return { setPermissionRequestHandler: refuse, setPermissionCheckHandler: refuse, setDevicePermissionHandler: refuse, webRequest: { onBeforeRequest: () => tell('requestsGuarded') }, on: refuse } } }
export const screen = { getAllDisplays: () => { after('screen'); return [{ workArea: { x: 0, y: 0, width: 1600, height: 1000 } }] } }
export const crashReporter = { start: (options) => tell('crashReporter', { options }) }
export const Menu = { buildFromTemplate: (template) => { for (const { label, role } of template) if (!label && !role) throw new Error('a menu without a label'); return template }, setApplicationMenu: (menu) => tell('menu', { labels: menu.map(({ label }) => label) }) }
export const nativeImage = { createFromDataURL: () => ({ isEmpty: () => false }) }
export const powerSaveBlocker = { start: () => 1, stop: refuse }
export const shell = { openExternal: (address) => { tell('external', { address }); return Promise.resolve() } }
export const dialog = Object.fromEntries(['showErrorBox', 'showOpenDialog', 'showSaveDialog', 'showMessageBox'].map((name) => [name, (...args) => { tell(name, { options: args.at(-1) }); return Promise.resolve({ canceled: true, filePaths: [], response: 1 }) }]))

class WebContents extends EventEmitter {
  mainFrame = { url: '' }
  page = new EventEmitter()
  send = (channel, ...args) => this.page.emit(channel, {}, ...structuredClone(args))
  isDestroyed = () => false
  getURL = () => this.mainFrame.url
  setWindowOpenHandler = refuse
  reload = () => tell('reload')
  startDrag = refuse
}

export class BrowserWindow extends EventEmitter {
  webContents = new WebContents()
  constructor(options) {
    super()
    after('BrowserWindow')
    this.options = options
    windows.push(this)
    tell('window', { options })
    app.emit('web-contents-created', {}, this.webContents)
  }

  async loadURL(address) {
    const handler = schemes.get(new URL(address).protocol.slice(0, -1))
    const response = await handler(new Request(address))
    this.webContents.mainFrame.url = address
    tell('page', { address, status: response.status, policy: response.headers.get('Content-Security-Policy'), scripts: [...(await response.text()).matchAll(/<script[^>]*src="([^"]+)"/g)].map(([, src]) => src) })
    const world = this.#preload()
    this.emit('ready-to-show')
    await world.run(FAKE_PAGE)
  }

  /** A sandboxed preload: one CommonJS file, of Node nothing but `require('electron')`. */
  #preload() {
    const { webContents } = this
    const event = () => ({ sender: webContents, senderFrame: webContents.mainFrame })
    const exposed = {}
    const inPage = {
      contextBridge: { exposeInMainWorld: (name, value) => { exposed[name] = value } },
      ipcRenderer: {
        invoke: async (channel, ...args) => structuredClone(await handlers.get(channel)(event(), ...structuredClone(args))),
        send: (channel, ...args) => listeners.get(channel)(event(), ...structuredClone(args)),
        on: (channel, listener) => webContents.page.on(channel, listener),
        removeListener: (channel, listener) => webContents.page.off(channel, listener),
      },
      webUtils: { getPathForFile: () => '' },
    }
    const { preload, sandbox, contextIsolation, nodeIntegration } = this.options.webPreferences
    if (!sandbox || !contextIsolation || nodeIntegration) throw new Error('the window is not sandboxed')
    const need = (name) => { if (name !== 'electron') throw new Error(`a sandboxed preload cannot require ${name}`); return inPage }
    vm.runInNewContext(fs.readFileSync(preload, 'utf8'), { require: need, exports: {}, module: { exports: {} }, Uint8Array, Promise, Error, setTimeout })
    tell('bridge', { names: Object.keys(exposed), functions: Object.keys(exposed.palimpsest ?? {}) })
    return { run: async (script) => tell('done', { result: await vm.runInNewContext(`(async () => { ${script} })()`, { window: exposed, palimpsest: exposed.palimpsest, tell, setTimeout, Uint8Array }).catch((error) => ({ failed: String(error) })) }) }
  }

  show = () => tell('shown')
  focus = refuse
  restore = refuse
  maximize = () => tell('maximized')
  isMinimized = () => false
  isMaximized = () => false
  setProgressBar = refuse
  setTitle = (title) => tell('title', { title })
  setDocumentEdited = refuse
  getNormalBounds = () => ({ x: 0, y: 0, width: 1000, height: 700 })
}
