/**
 * `npm run -s golden -- DIR`: runs every golden JSON in DIR (shaped like scheduler runs, prompt alignment or edit
 * operations) against the engine. A line per case; files it does not know are named; exit 1 on a miss, 2 when
 * there is nothing to run.
 */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { casesOf } from './golden/kinds.ts'

/** Runs the cases of one file, a line each. */
async function runFile(file: string): Promise<{ passed: number; missed: number }> {
  let [passed, missed] = [0, 0]
  const cases = casesOf(file)
  if (cases.length === 0) console.log(`?     ${path.basename(file)}: not a golden file of a known kind; nothing was run`)
  for (const golden of cases) {
    const label = `${path.basename(file)} ${golden.name}`
    try {
      const note = await golden.run()
      passed += 1
      console.log(`ok    ${label}${note ? `: ${note}` : ''}`)
    } catch (error) {
      missed += 1
      console.log(`FAIL  ${label}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { passed, missed }
}

async function main(folder: string | undefined): Promise<number> {
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
    const result = await runFile(path.join(directory, name))
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

process.exitCode = await main(process.argv[2])
