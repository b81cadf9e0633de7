/** The twenty points of Electron's security checklist, a test each. The table is docs/security.md. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { CONTENT_SECURITY_POLICY } from '../../../../main/electron/assets.ts'
import { isSafeLink } from '../../../../main/electron/lockdown.ts'
import { Shell } from '../../../../main/electron/shell.ts'
import { isTrustedSender } from '../../../../main/electron/senders.ts'
import { ASK, SEND } from '../../../../preload/ipcChannels.ts'
import { stubElectron } from '../../../support/electronStub.ts'
import { type RunningShell, runShell } from '../../../support/runningShell.ts'

const root = path.resolve(import.meta.dirname, '../../../..')
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')
const yaml = createRequire(import.meta.url)('js-yaml') as { load(text: string): Record<string, Record<string, unknown>> }

let shell: RunningShell
let preferences: Record<string, unknown>
/** what the start handed to Electron; kept here, since the calls of stubs are forgotten between tests */
let given: { onRequest: unknown; onPermission: unknown; checkPermission: unknown; checkDevice: unknown; sandboxed: number; loaded: unknown[] }
beforeAll(async () => {
  shell = await runShell()
  preferences = shell.window.options['webPreferences'] as Record<string, unknown>
  const first = (name: string): unknown => shell.session[name]!.mock.calls[0]![0]
  given = {
    onRequest: shell.session.webRequest.onBeforeRequest.mock.calls[0]![0], onPermission: first('setPermissionRequestHandler'), checkPermission: first('setPermissionCheckHandler'), checkDevice: first('setDevicePermissionHandler'),
    sandboxed: shell.app['enableSandbox']!.mock.calls.length, loaded: shell.window.loadURL.mock.calls.flat(),
  }
})
afterAll(() => shell.close())

/** What a request of any page to an address becomes. */
function requestCancelled(url: string): boolean {
  const answer = vi.fn()
  ;(given.onRequest as (details: object, answer: (verdict: { cancel: boolean }) => void) => void)({ url }, answer)
  return (answer.mock.calls[0]![0] as { cancel: boolean }).cancel
}

/** Whether a navigation event of a page is stopped. */
function navigationStopped(name: string, url: string): boolean {
  const event = { url, preventDefault: vi.fn() }
  shell.window.webContents.emit(name, event, url)
  return event.preventDefault.mock.calls.length > 0
}

describe("Electron's security checklist", () => {
  it('1. only our own schemes are loaded: every request to another machine is cancelled', () => {
    for (const url of ['http://example.com/', 'https://example.com/x.js', 'ws://example.com/', 'ftp://example.com/', 'file:///etc/passwd', 'http://127.0.0.1/', 'nonsense']) expect(requestCancelled(url), url).toBe(true)
    for (const url of ['app://editor/index.html', 'media://stored/abcdefgh', 'blob:app://editor/x', 'data:image/png;base64,x']) expect(requestCancelled(url), url).toBe(false)
  })

  it('2. Node is in no page, frame or worker', () => {
    expect(preferences).toMatchObject({ nodeIntegration: false, nodeIntegrationInWorker: false, nodeIntegrationInSubFrames: false })
  })

  it('3. the preload and the page have worlds of their own', () => {
    expect(preferences['contextIsolation']).toBe(true)
    expect(read('preload/index.ts')).toContain('contextBridge.exposeInMainWorld')
    expect(read('preload/index.ts')).not.toMatch(/\b(window|globalThis)\s*[.[]/)
  })

  it('4. every process of a page is sandboxed', () => {
    expect(preferences['sandbox']).toBe(true)
    expect(given.sandboxed).toBe(1)
    const stub = stubElectron('/nowhere')
    stub.switches.add('no-sandbox')
    const paths = { node: 'node', host: 'host', renderer: '/r', preload: '/p', icon: '/i', ownArguments: 1 }
    expect(new Shell({ electron: stub.parts, paths, env: {}, args: [], folder: '/', platform: 'linux' }).start()).toBe(false)
    expect(stub.app['exit']).toHaveBeenCalledWith(1)
    expect(stub.dialog.showErrorBox.mock.calls[0]![1]).toContain('.deb')
  })

  it('5. permissions and devices are denied, but writing to the clipboard from our own page', () => {
    const request = given.onPermission as (contents: object, permission: string, answer: (granted: boolean) => void) => void
    const check = given.checkPermission as (contents: null, permission: string, origin: string) => boolean
    const granted = (permission: string, url = 'app://editor/index.html'): boolean => {
      const answer = vi.fn()
      request({ getURL: () => url }, permission, answer)
      expect(check(null, permission, url)).toBe(answer.mock.calls[0]![0])
      return answer.mock.calls[0]![0] as boolean
    }
    for (const permission of ['media', 'geolocation', 'notifications', 'clipboard-read', 'fullscreen', 'pointerLock', 'openExternal', 'fileSystem', 'hid', 'serial', 'usb']) expect(granted(permission), permission).toBe(false)
    expect(granted('clipboard-sanitized-write')).toBe(true)
    expect(granted('clipboard-sanitized-write', 'https://example.com/')).toBe(false)
    expect((given.checkDevice as () => boolean)()).toBe(false)
  })

  it('6. the same-origin policy is on', () => {
    expect(preferences['webSecurity']).toBe(true)
    expect(shell.privileges.every(({ privileges }) => !privileges['bypassCSP'] && !privileges['corsEnabled'] && privileges['secure'])).toBe(true)
  })

  it('7. everything is served under a strict content security policy', async () => {
    const answer = await shell.schemes.get('app')!(new Request('app://editor/index.html'))
    const policy = answer.headers.get('content-security-policy')!
    expect(policy).toBe(CONTENT_SECURITY_POLICY)
    expect(policy).toContain("default-src 'none'")
    expect(policy).toMatch(/script-src 'self'(;|$)/)
    expect(policy).not.toMatch(/script-src[^;]*unsafe|https?:|\*/)
  })

  it('8. insecure content may not run', () => {
    expect(preferences['allowRunningInsecureContent']).toBe(false)
  })

  it('9. experimental features are off', () => {
    expect(preferences['experimentalFeatures']).toBe(false)
  })

  it('10. no Blink features are switched on', () => {
    expect(preferences).not.toHaveProperty('enableBlinkFeatures')
    expect(preferences).not.toHaveProperty('additionalArguments')
  })

  it('11. there is no webview that could open windows', () => {
    expect(preferences['webviewTag']).toBe(false)
  })

  it('12. a webview that a page makes all the same is never attached', () => {
    const event = { preventDefault: vi.fn() }
    shell.window.webContents.emit('will-attach-webview', event, {}, {})
    expect(event.preventDefault).toHaveBeenCalled()
  })

  it('13. a page cannot be led elsewhere', () => {
    for (const name of ['will-navigate', 'will-redirect', 'will-frame-navigate']) {
      for (const url of ['https://example.com/', 'file:///etc/passwd', 'app://evil/index.html', 'data:text/html,x', 'javascript:alert(1)', 'app://editor@evil/']) expect(navigationStopped(name, url), `${name} ${url}`).toBe(true)
      expect(navigationStopped(name, 'app://editor/index.html')).toBe(false)
    }
    expect(preferences['navigateOnDragDrop']).toBe(false)
  })

  it('14. a page cannot open windows', () => {
    for (const url of ['app://editor/index.html', 'https://example.com/', 'https://huggingface.co/x', 'about:blank']) expect(shell.window.webContents.openHandler!({ url })).toEqual({ action: 'deny' })
  })

  it('15. only links to known sites reach the browser of the person', () => {
    shell.openExternal.mockClear()
    const refused = ['http://huggingface.co/', 'https://huggingface.co.evil.com/', 'https://evil.com/?https://huggingface.co', 'https://user:pass@huggingface.co/', 'https://huggingface.co:444/', 'file:///bin/sh', 'javascript:alert(1)', 'ms-msdt:/x', 'smb://host/share', 'nonsense']
    for (const url of refused) {
      expect(isSafeLink(url), url).toBe(false)
      shell.window.webContents.openHandler!({ url })
    }
    expect(shell.openExternal).not.toHaveBeenCalled()
    shell.window.webContents.openHandler!({ url: 'https://huggingface.co/sd2-community' })
    expect(shell.openExternal.mock.calls).toEqual([['https://huggingface.co/sd2-community']])
  })

  it('16. Electron is one exact, current release', () => {
    const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> }
    expect(devDependencies['electron']).toMatch(/^\d+\.\d+\.\d+$/)
    expect(Number(devDependencies['electron']!.split('.')[0])).toBeGreaterThanOrEqual(45)
  })

  it('17. every message is refused but that of our own page in the top frame of our own window', async () => {
    const { sender, senderFrame } = shell.event
    const forged = [
      { sender, senderFrame: null },
      { sender, senderFrame: { url: 'app://editor/index.html' } }, // a frame inside the page
      { sender: { ...sender, mainFrame: senderFrame }, senderFrame }, // another window
    ]
    const channels = [...shell.handlers.keys(), ...shell.listeners.keys()]
    expect(channels.sort()).toEqual([...Object.values(ASK), ...Object.values(SEND)].sort())
    const deliver = async (event: unknown, channel: string): Promise<unknown> => (shell.handlers.get(channel) ?? shell.listeners.get(channel))!(event, 'app.info', {})
    for (const event of forged) for (const channel of channels) await expect(deliver(event, channel), channel).rejects.toThrow('refused')
    senderFrame.url = 'https://example.com/'
    for (const channel of channels) await expect(deliver(shell.event, channel), channel).rejects.toThrow('refused')
    senderFrame.url = 'app://editor/index.html'
    expect(isTrustedSender(shell.event as never, (contents) => (contents as unknown) === sender)).toBe(true)
    expect(await shell.ask(ASK.call, 'main.registerFile', { path: '/etc/passwd' })).toMatchObject({ ok: false, error: { code: 'contract/unknown' } })
    expect(await shell.ask(ASK.call, 'constructor', {})).toMatchObject({ ok: false, error: { code: 'contract/unknown' } })
    await expect(shell.ask(ASK.call, { toString: 'app.info' }, {})).rejects.toThrow()
    await expect(shell.ask(ASK.pickFiles, { kind: '../../etc', multiple: true })).rejects.toThrow()
    await expect(async () => shell.send(SEND.startDrag, '/etc/passwd')).rejects.toThrow()
  })

  it('18. pages come from a scheme of our own that reads one folder, never from file:', async () => {
    expect(given.loaded).toEqual(['app://editor/index.html'])
    expect((await shell.schemes.get('app')!(new Request('app://editor/..%2fshell.json'))).status).toBe(403)
    expect(shell.privileges.map(({ scheme }) => scheme)).toEqual(['app', 'media'])
  })

  it('19. the fuses that would let others run code as us are off', () => {
    expect(yaml.load(read('electron-builder.yml'))['electronFuses']).toEqual({
      runAsNode: false, enableCookieEncryption: true, enableNodeOptionsEnvironmentVariable: false, enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true, onlyLoadAppFromAsar: true, loadBrowserProcessSpecificV8Snapshot: false, grantFileProtocolExtraPrivileges: false,
    })
  })

  it('the table of docs/security.md names these tests', () => {
    const table = read('docs/security.md')
    const own = read('test/unit/main/electron/security.test.ts')
    const named = [...table.matchAll(/\| (\d+)\. ([^|]+) \|$/gm)].map(([, number, name]) => `${number}. ${name}`)
    expect(named).toHaveLength(20)
    for (const name of named) expect(own).toContain(`it('${name}`)
  })

  it('20. no object of Electron reaches the page: the bridge gives and takes plain data', () => {
    const preload = read('preload/index.ts')
    expect(preload.match(/exposeInMainWorld/g)).toHaveLength(1)
    expect(preload).not.toMatch(/exposeInMainWorld\([^)]*ipcRenderer/)
    expect(preload).toContain('_event: unknown, ...args') // listeners get what was sent, not the event with its sender
    expect([...preload.matchAll(/^  (\w+)[:,]/gm)].map(([, name]) => name)).toEqual(['shell', 'call', 'onEvent', 'onConnection', 'pickFiles', 'pickTarget', 'takeFiles', 'targetWritten', 'onCommand', 'setMenu', 'startDrag'])
  })
})
