/**
 * `npm test`: types, lint and import rules, then every test. The last line counts what ran.
 * Arguments are passed on to vitest; with any, only vitest runs.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { CHECK_COUNT, runChecks } from './check.ts'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const report = path.join(root, '.cache', 'test-report.json')
const args = process.argv.slice(2)

const failedChecks = args.length === 0 ? runChecks() : []
const checksRun = args.length === 0 ? CHECK_COUNT : 0

mkdirSync(path.dirname(report), { recursive: true })
rmSync(report, { force: true })
const result = spawnSync(
  process.execPath,
  [path.join(root, 'scripts', 'run.mjs'), 'vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args],
  { cwd: root, stdio: 'inherit' },
)

interface Report { numPassedTests: number; numFailedTests: number; numFailedTestSuites: number; numPendingTests: number }
let counts: Report
try {
  counts = JSON.parse(readFileSync(report, 'utf8')) as Report
} catch {
  counts = { numPassedTests: 0, numFailedTests: 1, numFailedTestSuites: 0, numPendingTests: 0 }
}
const suiteFailures = counts.numFailedTests === 0 ? counts.numFailedTestSuites : 0
const failures = counts.numFailedTests + suiteFailures + failedChecks.length
const passed = counts.numPassedTests + checksRun - failedChecks.length
process.stdout.write(`${passed} passed, ${failures} failed, ${counts.numPendingTests} skipped\n`)
process.exit(failures > 0 || result.status !== 0 ? 1 : 0)
