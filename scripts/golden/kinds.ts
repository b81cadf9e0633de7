/** The kinds of golden file, and the cases of one. */
import { readFileSync } from 'node:fs'
import { parseStrictJson } from '../../main/engine/weights/strictJson.ts'
import { alignmentCases, isAlignmentFile } from './alignment.ts'
import type { GoldenCase, GoldenFile } from './check.ts'
import { editCases, isEditFile } from './editOps.ts'
import { isSchedulerFile, schedulerCases } from './schedulers.ts'

/** kinds of file: how one is recognised, and its cases */
const kinds: readonly { readonly matches: (file: GoldenFile) => boolean; readonly cases: (file: GoldenFile) => GoldenCase[] }[] = [
  { matches: isSchedulerFile, cases: schedulerCases },
  { matches: isAlignmentFile, cases: alignmentCases },
  { matches: isEditFile, cases: editCases },
]

/** The cases of one file: none for JSON of another kind, one that fails for a file that cannot be read. */
export function casesOf(file: string): GoldenCase[] {
  let content: unknown
  try {
    content = parseStrictJson(readFileSync(file), 64, true)
  } catch (error) {
    const run = (): never => {
      throw error
    }
    return [{ name: 'cannot be read', run }]
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return []
  const golden = content as GoldenFile
  return kinds.find((kind) => kind.matches(golden))?.cases(golden) ?? []
}
