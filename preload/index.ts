/**
 * Electron's preload: puts the bridge of the contract into the window and nothing else. No Electron object crosses; every
 * function takes and gives plain data. Bundled into one CommonJS file, as a sandboxed preload must be.
 */
import { contextBridge, ipcRenderer, webUtils } from 'electron'
import type { Bridge, File as BridgeFile } from './contract/bridge.ts'
import { CHUNK_BYTES } from './contract/chunks.ts'
import type { FileInfo } from './contract/files.ts'
import type { Result } from './contract/result.ts'
import { ASK, SEND, TELL } from './ipcChannels.ts'

/** Listens to a message of the main process; the sender object of the event never reaches the page. */
function listen(channel: string, listener: (...args: never[]) => void): () => void {
  const inner = (_event: unknown, ...args: unknown[]): void => listener(...(args as never[])) // the main process sends what the contract says
  ipcRenderer.on(channel, inner)
  return () => void ipcRenderer.removeListener(channel, inner)
}

let connected = true
ipcRenderer.on(TELL.connection, (_event, now: boolean) => {
  connected = now
})

/** Hands over dropped files by their paths, and what has none (pasted pictures) by its bytes. */
async function takeFiles(files: readonly BridgeFile[]): Promise<readonly FileInfo[]> {
  const taken = await Promise.all(files.map(async (file) => {
    const path = pathOf(file)
    if (path === '') return [await upload(file)]
    return (await ipcRenderer.invoke(ASK.takePaths, [path])) as FileInfo[]
  }))
  return taken.flat()
}

function pathOf(file: BridgeFile): string {
  try {
    return webUtils.getPathForFile(file as never) // the page's own File object
  } catch {
    return '' // made by a script: there is no file behind it
  }
}

async function upload(file: BridgeFile): Promise<FileInfo> {
  const call = async <T>(method: string, input: unknown): Promise<T> => {
    const result = (await ipcRenderer.invoke(ASK.call, method, input)) as Result<T>
    if (!result.ok) throw new Error(result.error.message) // of an error nothing but its message crosses the bridge
    return result.value
  }
  const bytes = new Uint8Array(await file.arrayBuffer())
  const begun = await call<FileInfo>('files.begin', { name: file.name || 'pasted', bytes: bytes.length })
  for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
    await call('files.append', { file: begun.file, offset, bytes: bytes.slice(offset, offset + CHUNK_BYTES) })
  }
  return call('files.end', { file: begun.file })
}

const bridge: Bridge = {
  shell: 'electron',
  call: (method, input) => ipcRenderer.invoke(ASK.call, method, input),
  onEvent: (listener) => listen(TELL.event, listener),
  onConnection: (listener) => {
    const stop = listen(TELL.connection, listener)
    if (!connected) listener(false)
    return stop
  },
  pickFiles: (options) => ipcRenderer.invoke(ASK.pickFiles, options) as Promise<readonly FileInfo[]>,
  pickTarget: (options) => ipcRenderer.invoke(ASK.pickTarget, options),
  takeFiles,
  targetWritten: () => Promise.resolve(),
  onCommand: (listener) => listen(TELL.command, listener),
  setMenu: (state) => ipcRenderer.send(SEND.setMenu, state),
  startDrag: (target) => {
    ipcRenderer.send(SEND.startDrag, target.target)
    return true
  },
}

contextBridge.exposeInMainWorld('palimpsest', bridge)
