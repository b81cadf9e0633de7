/**
 * `npm run -s golden -- DIR`: runs every golden JSON in DIR (shaped like scheduler runs, prompt alignment or edit
 * operations) against the engine. A line per case; files it does not know are named; exit 1 on a miss, 2 when
 * there is nothing to run.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseSchedulerFile } from '../main/engine/schedulers/schedulerConfig.ts'
import type { GoldenCase, GoldenFile } from './golden/check.ts'
import { hasKeys } from './golden/check.ts'
import { isSchedulerFile, schedulerCases } from './golden/schedulers.ts'

/** kinds of file: how one is recognised, and its cases */
const kinds: readonly { readonly matches: (file: GoldenFile) => boolean; readonly cases: (file: GoldenFile) => GoldenCase[] }[] = [
  { matches: isSchedulerFile, cases: schedulerCases },
  { matches: (file) => hasKeys(file, 'refine') || hasKeys(file, 'p2p_attention'), cases: notImplemented },
]

function notImplemented(file: GoldenFile): GoldenCase[] {
  const run = (): never => {
    throw new Error('not implemented')
  }
  return Object.keys(file).filter((key) => !key.startsWith('_')).map((name) => ({ name, run }))
}

/** The cases of one file: none for JSON of another kind, one that fails for a file that cannot be read. */
function casesOf(file: string): GoldenCase[] {
  let content: unknown
  try {
    content = parseSchedulerFile(readFileSync(file, 'utf8'))
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

/** Runs the cases of one file, a line each. */
function runFile(file: string): { passed: number; missed: number } {
  let [passed, missed] = [0, 0]
  const cases = casesOf(file)
  if (cases.length === 0) console.log(`?     ${path.basename(file)}: not a golden file of a known kind; nothing was run`)
  for (const golden of cases) {
    const label = `${path.basename(file)} ${golden.name}`
    try {
      const note = golden.run()
      passed += 1
      console.log(`ok    ${label}${note ? `: ${note}` : ''}`)
    } catch (error) {
      missed += 1
      console.log(`FAIL  ${label}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { passed, missed }
}

function main(folder: string | undefined): number {
  if (folder === undefined) {
    console.error('Usage: npm run -s golden -- DIR, with DIR a folder of golden JSON files.')
    return 2
  }
  // npm runs scripts in the package's folder; a relative path is the caller's
  const directory = path.resolve(process.env['INIT_CWD'] ?? process.cwd(), folder)
  let names: string[]
  try {
    names = readdirSync(directory).filter((name) => name.endsWith('.json')).sort()
  } catch {
    console.error(`${folder}: expected a folder of golden JSON files, found none that can be read.`)
    return 2
  }
  let [passed, missed] = [0, 0]
  for (const name of names) {
    const result = runFile(path.join(directory, name))
    passed += result.passed
    missed += result.missed
  }
  if (passed + missed === 0) {
    console.error(`${folder}: expected golden JSON files, found none of a known kind.`)
    return 2
  }
  console.log(`${passed} passed, ${missed} missed`)
  return missed === 0 ? 0 : 1
}

process.exitCode = main(process.argv[2])
