/** Temporary files of one host: a folder in the cache that goes when the host does. */
import fs from 'node:fs'
import path from 'node:path'
import { randomBytes } from 'node:crypto'

const FOLDER = /^host-(\d+)-[0-9a-f]+$/

/** A folder for files that nobody misses. */
export class Scratch {
  readonly folder: string

  /** Makes the folder; folders of hosts that are no longer alive are removed. */
  constructor(cacheDir: string) {
    removeOrphans(cacheDir)
    this.folder = path.join(cacheDir, `host-${process.pid}-${randomBytes(4).toString('hex')}`)
    fs.mkdirSync(this.folder, { recursive: true })
  }

  /** A path that nothing uses yet, with this file name's ending. */
  path(name: string): string {
    return path.join(this.folder, `${randomBytes(6).toString('hex')}-${name}`)
  }

  /** A path of exactly this file name, in a folder of its own: errors then call the file what a person calls it. */
  named(name: string): string {
    const folder = this.path('file')
    fs.mkdirSync(folder)
    return path.join(folder, name)
  }

  /** Runs work with a folder of its own, which is gone afterwards. */
  async within<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const folder = this.path('work')
    fs.mkdirSync(folder)
    try {
      return await work(folder)
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  }

  /** Removes everything. */
  remove(): void {
    fs.rmSync(this.folder, { recursive: true, force: true })
  }
}

function removeOrphans(cacheDir: string): void {
  if (!fs.existsSync(cacheDir)) return
  for (const name of fs.readdirSync(cacheDir)) {
    const pid = Number(FOLDER.exec(name)?.[1])
    if (pid && pid !== process.pid && !isAlive(pid)) fs.rmSync(path.join(cacheDir, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
