/**
 * The bridge of the served host: what Electron's preload is to the desktop. Built into one classic script that runs before
 * the window's own; files come by upload and go by download, since a page knows no paths.
 */
import type { Bridge, File as SentFile } from '../../preload/contract/bridge.ts'
import { CHUNK_BYTES } from '../../preload/contract/chunks.ts'
import type { FileInfo, FileKind, TargetInfo } from '../../preload/contract/files.ts'
import { AppError, type Result, unwrap } from '../../preload/contract/result.ts'
import { askForFolder } from './folderDialog.ts'
import type { WireConnection } from './wireConnection.ts'

/** Same as CONTRACT_VERSION; channels.ts itself would bring all of zod along. A test compares them. */
export const BRIDGE_CONTRACT = 1

const ACCEPTED: Readonly<Record<FileKind, string>> = {
  picture: 'image/*,.tif,.tiff', mask: 'image/*,.tif,.tiff', project: '.palimpsest', model: '.safetensors', recipe: '.json', csv: '.csv', folder: '', any: '',
}
/** A picker that was closed without a choice tells nobody in some browsers; the window's focus does. */
const DECLINED_AFTER_MS = 1000

/** Makes the bridge over a connection. */
export function makeBrowserBridge(connection: WireConnection, page: Document): Bridge {
  const ask = async <T>(method: string, input: unknown): Promise<T> => unwrap((await connection.call(method, input)) as Result<T>) // the host checks its answers against the contract
  return {
    shell: 'browser',
    call: (method, input) => connection.call(method, input),
    onEvent: (listener) => connection.onEvent(listener),
    onConnection: (listener) => connection.onConnection(listener),
    pickFiles: async ({ kind, multiple }) => (kind === 'folder' ? pickFolder(ask, page) : upload(ask, await choose(page, ACCEPTED[kind], multiple))),
    pickTarget: ({ name }) => ask<TargetInfo>('files.download', { name }),
    takeFiles: (files) => upload(ask, files),
    targetWritten: (target) => download(ask, target, page),
    onCommand: () => () => undefined,
    setMenu: () => undefined,
    startDrag: () => false,
  }
}

type Ask = <T>(method: string, input: unknown) => Promise<T>

async function upload(ask: Ask, files: readonly SentFile[]): Promise<FileInfo[]> {
  const taken: FileInfo[] = []
  for (const file of files) {
    const first = await read(file, 0) // before anything is begun: a folder fails here
    const { file: id } = await ask<FileInfo>('files.begin', { name: file.name, bytes: file.size })
    for (let offset = 0; offset < file.size; offset += CHUNK_BYTES) await ask('files.append', { file: id, offset, bytes: offset === 0 ? first : await read(file, offset) })
    taken.push(await ask<FileInfo>('files.end', { file: id }))
  }
  return taken
}

/** A piece of a file; a model of gigabytes never lies in memory whole. @throws AppError for a folder, which a page cannot read */
async function read(file: SentFile, offset: number): Promise<Uint8Array> {
  try {
    const piece = file instanceof Blob ? file.slice(offset, offset + CHUNK_BYTES) : file
    const bytes = new Uint8Array(await piece.arrayBuffer())
    return file instanceof Blob ? bytes : bytes.slice(offset, offset + CHUNK_BYTES)
  } catch {
    throw new AppError({ code: 'file/unreadable', message: `"${file.name}" could not be read; a folder cannot be dropped here, choose the files in it.`, exitCode: 2, details: {} })
  }
}

async function download(ask: Ask, target: TargetInfo, page: Document): Promise<void> {
  if (!target.download) return
  const parts: Uint8Array<ArrayBuffer>[] = []
  for (let offset = 0, size = 1; offset < size; ) {
    const piece = await ask<{ bytes: Uint8Array<ArrayBuffer>; size: number }>('files.fetch', { target: target.target, offset })
    if (piece.bytes.length === 0) break
    parts.push(piece.bytes)
    offset += piece.bytes.length
    size = piece.size
  }
  const url = URL.createObjectURL(new Blob(parts))
  const link = page.createElement('a')
  link.href = url
  link.download = target.name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** The browser's own picker; empty when nothing is chosen. */
function choose(page: Document, accept: string, multiple: boolean): Promise<readonly globalThis.File[]> {
  const input = page.createElement('input')
  input.type = 'file'
  input.accept = accept
  input.multiple = multiple
  input.hidden = true
  page.body.append(input) // some browsers forget an input that is in no page
  return new Promise((resolve) => {
    const done = (): void => {
      input.remove()
      resolve([...(input.files ?? [])])
    }
    input.addEventListener('change', done, { once: true })
    input.addEventListener('cancel', done, { once: true })
    window.addEventListener('focus', () => setTimeout(() => { if (input.isConnected && input.files?.length === 0) done() }, DECLINED_AFTER_MS), { once: true })
    input.click()
  })
}

/** Folders are those of the machine that serves, below the root it was given; a plain list of them is offered. */
async function pickFolder(ask: Ask, page: Document): Promise<FileInfo[]> {
  const { folders } = await ask<{ folders: FileInfo[] }>('files.folders', {})
  return askForFolder(page, folders)
}
