/** Tidies up after an engine process that was ended in the middle of writing. */
import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'

/**
 * Removes the temporary files that the process left in these folders, and returns their paths. Results are written
 * under `.<anything>.<pid>.<hex>.tmp` or `.<anything>-<pid>-<hex>.tmp` and renamed when complete; the process's number
 * in the name keeps another engine's files safe. Call it only when the process is gone.
 */
export function removeLeftovers(folders: Iterable<string>, pid: number): string[] {
  const removed: string[] = []
  for (const folder of new Set(folders)) {
    for (const name of namesIn(folder)) {
      if (!new RegExp(`^\\..*[.-]${pid}[.-][0-9a-f]+\\.tmp$`).test(name)) continue
      const file = path.join(folder, name)
      rmSync(file, { force: true })
      removed.push(file)
    }
  }
  return removed
}

/** A folder that has gone meanwhile holds nothing to tidy. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES')) return []
    throw error
  }
}
