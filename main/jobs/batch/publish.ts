/** Putting a finished result into its place: once, whole, and never over a file that is not meant to be replaced. */
import fs from 'node:fs'
import path from 'node:path'
import { createHash } from 'node:crypto'
import { diskFault, makeFolder, renameOver, syncFolder } from '../../history/durableFiles.ts'

/** Digest and length of a file. */
export function digestFile(file: string): { readonly sha256: string; readonly bytes: number } {
  const bytes = fs.readFileSync(file)
  return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length }
}

/** Whether a file holds exactly these bytes. */
export function holds(file: string, wanted: { readonly sha256: string; readonly bytes: number }): boolean {
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  return stat?.isFile() === true && stat.size === wanted.bytes && digestFile(file).sha256 === wanted.sha256
}

/**
 * Moves a file from the work folder to its place; it is there for good when this returns.
 * @param replace whether a file of that name may be replaced
 * @returns false when the name is taken and may not be replaced; nothing has changed then
 * @throws EngineError project/disk-full, project/not-writable
 */
export function publish(work: string, place: string, replace: boolean): boolean {
  try {
    makeFolder(path.dirname(place))
    if (replace) renameOver(work, place)
    else if (!moveToFreeName(work, place)) return false
    syncFolder(path.dirname(place))
    return true
  } catch (error) {
    throw diskFault(place, error)
  }
}

/** A second name and then the first away: unlike a rename this never replaces a file that has just appeared. */
function moveToFreeName(work: string, place: string): boolean {
  try {
    fs.linkSync(work, place)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (fs.existsSync(place)) return false
    fs.renameSync(work, place) // a disk without links
    return true
  }
  fs.rmSync(work, { force: true })
  return true
}
