/** The pictures of a folder, in an order that is the same on every machine. */
import fs from 'node:fs'
import path from 'node:path'
import { badInput } from '../../engine/errors.ts'
import { pathPattern } from './patterns.ts'

/** Endings of files that the engine can open. */
const PICTURE_ENDINGS: ReadonlySet<string> = new Set(['.png', '.jpg', '.jpeg', '.webp', '.tif', '.tiff', '.avif'])

/** Where a batch keeps its journal, its unfinished work and its thumbnails, inside the folder of the results. */
export const BATCH_FOLDER = '.palimpsest-batch'
/** Where results below the asked fidelity wait for a person, inside the folder of results. */
export const REVIEW_FOLDER = 'review'
/** Where results go that a person turned down. */
export const REJECTED_FOLDER = 'rejected'

/** What a folder holds. Paths are relative to it, with forward slashes, sorted by code unit. */
export interface FoundPictures {
  readonly pictures: readonly string[]
  /** files that fit the patterns and are no pictures by their endings */
  readonly others: number
}

/**
 * Lists the pictures of a folder.
 * @param patterns which ones; all of the folder itself when empty
 * @param leaveOut absolute folders that are not looked into
 * @throws EngineError batch/folder (exit 2) when it is no folder or may not be read
 */
export function findPictures(folder: string, patterns: readonly string[], leaveOut: readonly string[] = []): FoundPictures {
  const tests = (patterns.length > 0 ? patterns : ['*']).map((pattern) => pathPattern(pattern))
  const deep = patterns.some((pattern) => /[/\\]|\*\*/.test(pattern))
  let others = 0
  const pictures = listFiles(folder, { deep, leaveOut }).filter((file) => {
    if (!tests.some((test) => test.test(file))) return false
    if (PICTURE_ENDINGS.has(path.extname(file).toLowerCase())) return true
    others += 1
    return false
  })
  return { pictures, others }
}

/** Every file of a folder, relative with forward slashes, sorted by code unit; hidden files and folders are left out. */
export function listFiles(folder: string, options: { readonly deep: boolean; readonly leaveOut?: readonly string[] }): string[] {
  const found: string[] = []
  const visit = (relative: string): void => {
    for (const entry of readFolder(path.join(folder, relative))) {
      const name = relative === '' ? entry.name : `${relative}/${entry.name}`
      const absolute = path.join(folder, name)
      if (entry.name.startsWith('.')) continue
      // A link counts as what it leads to; one that leads nowhere is listed, so that it is told and not lost.
      const stat = entry.isSymbolicLink() ? fs.statSync(absolute, { throwIfNoEntry: false }) : entry
      if (stat?.isDirectory()) {
        if (options.deep && !entry.isSymbolicLink() && !options.leaveOut?.includes(absolute)) visit(name)
      } else found.push(name)
    }
  }
  visit('')
  return found.sort()
}

function readFolder(folder: string): fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const found = code === 'ENOENT' ? 'nothing at that path' : code === 'ENOTDIR' ? 'a file' : `one that cannot be read (${String(code)})`
    throw badInput('batch/folder', { thing: folder, expected: 'a folder', found, todo: code === 'ENOTDIR' ? 'name the folder it is in' : 'check the spelling', cause: error })
  }
}
