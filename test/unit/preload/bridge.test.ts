import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Bridge } from '../../../preload/contract/bridge.ts'
import { CHUNK_BYTES } from '../../../preload/contract/chunks.ts'
import { ASK, SEND, TELL } from '../../../preload/ipcChannels.ts'

const electron = vi.hoisted(() => {
  const listeners = new Map<string, Set<(event: unknown, ...args: unknown[]) => void>>()
  return {
    listeners,
    exposed: {} as Record<string, unknown>,
    asked: [] as unknown[][],
    sent: [] as unknown[][],
    paths: new Map<unknown, string>(),
    answer: (..._args: unknown[]): unknown => undefined,
  }
})
vi.mock('electron', () => ({
  contextBridge: { exposeInMainWorld: (name: string, value: unknown) => void (electron.exposed[name] = value) },
  ipcRenderer: {
    invoke: async (...args: unknown[]) => {
      electron.asked.push(args)
      return electron.answer(...args)
    },
    send: (...args: unknown[]) => void electron.sent.push(args),
    on: (channel: string, listener: () => void) => void (electron.listeners.get(channel) ?? electron.listeners.set(channel, new Set()).get(channel)!).add(listener),
    removeListener: (channel: string, listener: () => void) => void electron.listeners.get(channel)?.delete(listener),
  },
  webUtils: {
    getPathForFile: (file: unknown) => {
      const path = electron.paths.get(file)
      if (path === undefined) throw new Error('no file of the page')
      return path
    },
  },
}))

const tell = (channel: string, ...args: unknown[]): void => electron.listeners.get(channel)?.forEach((listener) => listener({ sender: 'secret' }, ...args))
const file = (name: string, size: number): { name: string; size: number; arrayBuffer(): Promise<ArrayBuffer> } => ({ name, size, arrayBuffer: () => Promise.resolve(new ArrayBuffer(size)) })

let bridge: Bridge
beforeAll(async () => {
  await import('../../../preload/index.ts')
  bridge = electron.exposed['palimpsest'] as Bridge
})
beforeEach(() => {
  electron.asked.length = 0
  electron.sent.length = 0
  electron.answer = () => undefined
})

describe("Electron's preload", () => {
  it('exposes the bridge and nothing else', () => {
    expect(Object.keys(electron.exposed)).toEqual(['palimpsest'])
    expect(bridge.shell).toBe('electron')
  })

  it('passes calls and dialogs on', async () => {
    electron.answer = () => ({ ok: true, value: 1 })
    expect(await bridge.call('app.info', { a: 1 })).toEqual({ ok: true, value: 1 })
    await bridge.pickFiles({ kind: 'picture', multiple: true })
    await bridge.pickTarget({ kind: 'picture', name: 'a.png' })
    expect(electron.asked).toEqual([[ASK.call, 'app.info', { a: 1 }], [ASK.pickFiles, { kind: 'picture', multiple: true }], [ASK.pickTarget, { kind: 'picture', name: 'a.png' }]])
    expect(bridge.startDrag({ target: 'tgt_x', name: 'a', download: false })).toBe(true)
    bridge.setMenu({ menus: [] })
    expect(electron.sent).toEqual([[SEND.startDrag, 'tgt_x'], [SEND.setMenu, { menus: [] }]])
  })

  it('tells events and commands without who sent them, until it is told to stop', () => {
    const heard: unknown[][] = []
    const stops = [bridge.onEvent((...args) => heard.push(args)), bridge.onCommand((...args) => heard.push(args))]
    tell(TELL.event, 'notice', { id: 'n' })
    tell(TELL.command, 'file.save')
    stops.forEach((stop) => stop())
    tell(TELL.event, 'notice', { id: 'late' })
    expect(heard).toEqual([['notice', { id: 'n' }], ['file.save']])
  })

  it('tells a listener that comes late that the host is away', () => {
    tell(TELL.connection, false)
    const heard: boolean[] = []
    const stop = bridge.onConnection((connected) => heard.push(connected))
    tell(TELL.connection, true)
    stop()
    expect(heard).toEqual([false, true])
  })

  it('hands dropped files over by their paths, and pasted ones by their bytes in pieces', async () => {
    const dropped = file('a.png', 3)
    electron.paths.set(dropped, '/photos/a.png')
    const pasted = file('', CHUNK_BYTES + 5)
    electron.answer = (channel, method) =>
      channel === ASK.takePaths ? [{ file: 'fil_a', name: 'a.png' }] : { ok: true, value: method === 'files.append' ? { received: 1 } : { file: 'fil_b', name: 'pasted' } }
    expect(await bridge.takeFiles([dropped, pasted])).toMatchObject([{ file: 'fil_a' }, { file: 'fil_b' }])
    expect(electron.asked).toContainEqual([ASK.takePaths, ['/photos/a.png']])
    const pieces = electron.asked.filter(([, method]) => method === 'files.append').map(([, , input]) => input as { offset: number; bytes: Uint8Array })
    expect(pieces.map(({ offset, bytes }) => [offset, bytes.length])).toEqual([[0, CHUNK_BYTES], [CHUNK_BYTES, 5]])
    expect(electron.asked.at(-1)).toEqual([ASK.call, 'files.end', { file: 'fil_b' }])
  })

  it('fails with the host\'s sentence when pasted bytes cannot be taken', async () => {
    electron.answer = () => ({ ok: false, error: { message: 'The disk is full.' } })
    await expect(bridge.takeFiles([file('x', 1)])).rejects.toThrow('The disk is full.')
  })
})
