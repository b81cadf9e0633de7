/**
 * Files and targets by id. Electron grants what its dialogs and drops name; the served host mints ids for uploads, for
 * downloads, and for the folders below the root given at start. A path goes in here and never comes out to a window.
 */
import fs from 'node:fs'
import path from 'node:path'
import { CHUNK_BYTES, type FileInfo, type TargetInfo } from '../../preload/contract/files.ts'
import { badInput, failed } from '../engine/errors.ts'
import { diskFault, writeAll } from '../history/durableFiles.ts'
import { Registry } from './ids.ts'
import type { Scratch } from './scratch.ts'

/** Uploads under way at once; more are refused. */
const MOST_UPLOADS = 64
/** An upload that nothing was added to for so long is given up, milliseconds. */
const STALE_MS = 10 * 60_000

/** A file or folder that may be read. */
export interface GrantedFile {
  readonly path: string
  readonly name: string
  readonly folder: boolean
}

/** A place that may be written to; `download` lies in the scratch folder and is fetched by the window. */
export interface GrantedTarget {
  readonly path: string
  readonly name: string
  readonly download: boolean
}

interface Upload extends GrantedFile {
  readonly bytes: number
  received: number
  fd: number
  /** when its last piece came, milliseconds */
  touched: number
}

/** See the file's head. */
export class FileTable {
  readonly #files = new Registry<GrantedFile>('fil', 'file')
  readonly #targets = new Registry<GrantedTarget>('tgt', 'place to save to')
  readonly #uploads = new Map<string, Upload>()
  readonly #scratch: Scratch

  constructor(scratch: Scratch) {
    this.#scratch = scratch
  }

  /** Gives an id to a file or folder that a person chose. @throws EngineError file/not-found (exit 2) */
  grant(file: string, name = path.basename(file)): FileInfo {
    const stat = fs.statSync(file, { throwIfNoEntry: false })
    if (!stat) throw badInput('file/not-found', { thing: name, expected: 'a file that is there', found: 'none', todo: 'choose it again' })
    const granted = { path: path.resolve(file), name, folder: stat.isDirectory() }
    return { file: this.#files.mint(granted), name, bytes: stat.isDirectory() ? 0 : stat.size, folder: granted.folder }
  }

  /** Gives an id to a place that a person chose to save to. */
  grantTarget(file: string): TargetInfo {
    const target = { path: path.resolve(file), name: path.basename(file), download: false }
    return { target: this.#targets.mint(target), name: target.name, download: false }
  }

  /** A place in the scratch folder that the window fetches when it has been written. */
  grantDownload(name: string): TargetInfo {
    const safe = safeName(name)
    const target = { path: this.#scratch.named(safe), name: safe, download: true }
    return { target: this.#targets.mint(target), name: safe, download: true }
  }

  /** The file of an id. @throws EngineError host/unknown-id, file/unfinished (exit 2) */
  file(id: string): GrantedFile {
    const found = this.#files.get(id)
    const upload = this.#uploads.get(id)
    if (upload) throw badInput('file/unfinished', { thing: found.name, expected: `all of its ${upload.bytes} bytes`, found: `${upload.received}`, todo: 'send the rest first' })
    return found
  }

  /** The path of a file, never of a folder. @throws EngineError file/folder (exit 2) */
  plainFile(id: string): string {
    const found = this.file(id)
    if (found.folder) throw badInput('file/folder', { thing: found.name, expected: 'a file', found: 'a folder', todo: 'choose a file in it' })
    return found.path
  }

  /** The place of a target id. @throws EngineError host/unknown-id */
  target(id: string): GrantedTarget {
    return this.#targets.get(id)
  }

  /** What a person calls a file at a path, if it is one of theirs. */
  nameOf(file: string): string | undefined {
    return [...this.#files.entries(), ...this.#targets.entries()].find(([, granted]) => granted.path === file)?.[1].name
  }

  /** Begins an upload. @throws EngineError project/disk-full */
  begin(name: string, bytes: number): FileInfo {
    this.#dropStale()
    if (this.#uploads.size >= MOST_UPLOADS) throw failed('file/too-many', `Expected at most ${MOST_UPLOADS} files to be sent at once; wait until some have arrived.`)
    const safe = safeName(name)
    const { target, fd } = guard(safe, () => {
      const place = this.#scratch.named(safe)
      return { target: place, fd: fs.openSync(place, 'wx') }
    })
    const upload: Upload = { path: target, name: safe, folder: false, bytes, received: 0, fd, touched: Date.now() }
    const file = this.#files.mint(upload)
    this.#uploads.set(file, upload)
    return { file, name: safe, bytes, folder: false }
  }

  /** Adds a piece at the end of an upload. @throws EngineError file/piece (exit 2), project/disk-full */
  append(id: string, offset: number, bytes: Uint8Array): number {
    const upload = this.#upload(id)
    if (bytes.length > CHUNK_BYTES || offset !== upload.received || offset + bytes.length > upload.bytes)
      throw badInput('file/piece', { thing: upload.name, expected: `the next piece, from byte ${upload.received} of ${upload.bytes}, of at most ${CHUNK_BYTES} bytes`, found: `${bytes.length} bytes from ${offset}`, todo: 'send it again' })
    guard(upload.name, () => writeAll(upload.fd, bytes))
    upload.received += bytes.length
    upload.touched = Date.now()
    return upload.received
  }

  /** Ends an upload; from now on the file can be used. @throws EngineError file/unfinished (exit 2) */
  end(id: string): FileInfo {
    const upload = this.#upload(id)
    if (upload.received !== upload.bytes) this.file(id)
    fs.closeSync(upload.fd)
    this.#uploads.delete(id)
    return { file: id, name: upload.name, bytes: upload.bytes, folder: false }
  }

  /** A piece of a download that has been written. @throws EngineError file/no-download (exit 2) */
  fetch(id: string, offset: number): { readonly bytes: Uint8Array; readonly size: number } {
    const target = this.#targets.get(id)
    const stat = target.download ? fs.statSync(target.path, { throwIfNoEntry: false }) : undefined
    if (!stat) throw badInput('file/no-download', { thing: target.name, expected: 'a download that has been written', found: target.download ? 'none yet' : 'a file on the disk' })
    const bytes = new Uint8Array(Math.max(0, Math.min(CHUNK_BYTES, stat.size - offset)))
    const fd = fs.openSync(target.path, 'r')
    try {
      for (let done = 0; done < bytes.length; ) {
        const got = fs.readSync(fd, bytes, done, bytes.length - done, offset + done)
        if (got === 0) break
        done += got
      }
    } finally {
      fs.closeSync(fd)
    }
    return { bytes, size: stat.size }
  }

  /** Closes what is open. */
  close(): void {
    for (const { fd } of this.#uploads.values()) fs.closeSync(fd)
    this.#uploads.clear()
  }

  /** Forgets uploads whose sender has gone: a window that was closed, a connection that was lost. */
  #dropStale(): void {
    for (const [id, { fd, path: file, touched }] of this.#uploads) {
      if (Date.now() - touched < STALE_MS) continue
      fs.closeSync(fd)
      fs.rmSync(file, { force: true })
      this.#uploads.delete(id)
      this.#files.remove(id)
    }
  }

  #upload(id: string): Upload {
    const upload = this.#uploads.get(id)
    if (upload) return upload
    throw badInput('file/no-upload', { thing: this.#files.get(id).name, expected: 'a file that is being sent', found: 'one that is complete' })
  }
}

/** A name without folders and without what some file system refuses. */
export function safeName(name: string): string {
  const plain = name.replace(/^.*[\\/]/, '').replace(/[\u0000-\u001f<>:"|?*]/g, '_').replace(/^\.+/, '_').replace(/[. ]+$/, '').slice(-200)
  return plain === '' ? 'unnamed' : plain
}

function guard<T>(name: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw diskFault(name, error)
  }
}
