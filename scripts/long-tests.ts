/**
 * `npm run test:long`: the torture tests that are too long for CI: 10,000 mutated checkpoints and pictures, the
 * project store's kills and torn writes, and kills of batches. Prints a line per part; exit code 1 when one failed.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const seed = process.argv[2] ?? '1'

/** name -> script and its arguments, relative to the repository */
const parts: Readonly<Record<string, readonly string[]>> = {
  'mutated checkpoints': ['test/fuzz/checkpointsCli.ts', seed, '5000'],
  'mutated pictures and masks': ['test/fuzz/picturesCli.ts', seed, '5000'],
  'documents: memory of 24 megapixels with 10 layers': ['scripts/long/documentMemory.ts'],
  'project store: kills and torn writes': ['scripts/long/historyCrashes.ts', '1000', '210'],
  'batches: kills': ['scripts/long/batchCrashes.ts', '1000', seed],
}

let failed = 0
for (const [name, [script, ...args]] of Object.entries(parts)) {
  const file = path.join(root, script!)
  if (!existsSync(file)) {
    process.stdout.write(`skip ${name}: ${script} is not in this checkout\n`)
    continue
  }
  const started = performance.now()
  const { status } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', file, ...args], { cwd: root, stdio: 'inherit' })
  if (status !== 0) failed += 1
  process.stdout.write(`${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${((performance.now() - started) / 1000).toFixed(0)} s)\n`)
}
process.exit(failed === 0 ? 0 : 1)
