/** Keeps a cache folder below its size: least recently used files go first. */
import fs from 'node:fs'
import path from 'node:path'

/** A cached file; `usedAt` in ms since 1970. */
export interface CachedFile { readonly file: string; readonly bytes: number; readonly usedAt: number }

/** Files used within this time are never evicted: some session may be about to map them. */
const GRACE_MS = 60_000
/** A temporary file without a write for this long belongs to a process that died. */
const ABANDONED_MS = 10 * 60_000

/** The converted files of a cache folder, oldest use first; empty when there is no such folder. */
export function listCached(dir: string): CachedFile[] {
  const files: CachedFile[] = []
  for (const name of list(dir)) {
    if (!/^[0-9a-f]{40}\.safetensors$/.test(name)) continue
    const stat = fs.statSync(path.join(dir, name), { throwIfNoEntry: false })
    if (stat) files.push({ file: path.join(dir, name), bytes: stat.size, usedAt: stat.mtimeMs })
  }
  return files.sort((a, b) => a.usedAt - b.usedAt)
}

/**
 * Makes room for `incoming` bytes: deletes converted files, least recently used first, until they and the
 * newcomer fit; also what dead processes left and references to files that are gone. A file in use on a
 * system that forbids deleting it stays.
 */
export function evict(cache: { readonly dir: string; readonly maxBytes: number }, incoming: number, now = Date.now()): void {
  const files = listCached(cache.dir)
  let total = files.reduce((sum, file) => sum + file.bytes, incoming)
  for (const { file, bytes, usedAt } of files) {
    if (total <= cache.maxBytes) break
    if (now - usedAt < GRACE_MS) continue
    if (remove(file)) total -= bytes
  }
  sweep(cache.dir, now)
}

function sweep(dir: string, now: number): void {
  for (const name of list(dir)) {
    const file = path.join(dir, name)
    if (name.endsWith('.tmp')) {
      const stat = fs.statSync(file, { throwIfNoEntry: false })
      if (stat && now - stat.mtimeMs > ABANDONED_MS) remove(file)
    } else if (name.endsWith('.ref')) {
      const key = readText(file)
      if (key !== undefined && !fs.existsSync(path.join(dir, `${key}.safetensors`))) remove(file)
    }
  }
}

function list(dir: string): string[] {
  try {
    return fs.readdirSync(dir)
  } catch {
    return [] // no cache yet
  }
}

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return undefined // another process removed it first
  }
}

function remove(file: string): boolean {
  try {
    fs.rmSync(file, { force: true })
    return true
  } catch {
    return false // Windows keeps mapped files
  }
}
