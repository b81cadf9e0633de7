/** The shell with a stubbed Electron and a real (stub) host process: what the tests of wiring and security run against. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import { Shell } from '../../main/electron/shell.ts'
import { ASK } from '../../preload/ipcChannels.ts'
import { type StubElectron, type StubWindow, stubElectron } from './electronStub.ts'

/** A shell that runs. */
export interface RunningShell extends StubElectron {
  readonly shell: Shell
  readonly folder: string
  readonly window: StubWindow
  /** a message of the window's own page, answered */
  ask(channel: string, ...args: unknown[]): Promise<unknown>
  /** a message of the window's own page */
  send(channel: string, ...args: unknown[]): unknown
  /** a message's event as Electron makes it */
  readonly event: { sender: StubWindow['webContents']; senderFrame: StubWindow['webContents']['mainFrame'] }
  close(): Promise<void>
}

/** Starts the shell and waits until its host answers. @param args arguments after the program's own */
export async function runShell(args: readonly string[] = [], prepare: (stub: StubElectron) => void = () => undefined): Promise<RunningShell> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-shell-'))
  const renderer = path.join(folder, 'renderer')
  fs.mkdirSync(renderer)
  fs.writeFileSync(path.join(renderer, 'index.html'), '<!doctype html>')
  const stub = stubElectron(folder)
  prepare(stub)
  const host = fileURLToPath(new URL('./stubHost.mjs', import.meta.url))
  const paths = { node: process.execPath, host, renderer, preload: path.join(folder, 'preload.cjs'), icon: '/icon.png', ownArguments: 1 }
  const shell = new Shell({ electron: stub.parts, paths, env: process.env, args: ['palimpsest', ...args], folder, platform: 'linux' })
  shell.start()
  await vi.waitFor(() => {
    if (stub.windows.length === 0) throw new Error('no window')
  })
  const window = stub.windows[0]!
  const event = { sender: window.webContents, senderFrame: window.webContents.mainFrame }
  const running: RunningShell = {
    ...stub, shell, folder, window, event,
    ask: async (channel, ...rest) => stub.handlers.get(channel)!(event, ...rest),
    send: (channel, ...rest) => stub.listeners.get(channel)!(event, ...rest),
    close: async () => {
      const before = stub.app['quit']!.mock.calls.length
      stub.app.emit('before-quit', { preventDefault: () => undefined })
      await vi.waitFor(() => {
        if (stub.app['quit']!.mock.calls.length === before) throw new Error('still closing')
      }, 10_000)
      fs.rmSync(folder, { recursive: true, force: true })
    },
  }
  await running.ask(ASK.call, 'app.info', {})
  return running
}
