/**
 * `npm run test:long`: the torture tests that are too long for CI: 10,000 mutated checkpoints and pictures, the
 * project store's kills and torn writes, kills of batches, and a batch on the real engine that is killed at random
 * moments. Prints a line per part; exit code 1 when one failed.
 *
 * In slices: `npm run test:long -- --share 0.1 --seed 7 --only batches` does a tenth of the parts whose names hold
 * "batches". Seeds do not overlap in what they kill and cut, so slices of different seeds add up.
 */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { parseArgs } from 'node:util'

const root = path.resolve(import.meta.dirname, '..')
const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' }, share: { type: 'string', default: '1' }, only: { type: 'string', default: '' } } })
const { seed, only } = values
const share = Number(values.share)
if (!(share > 0 && share <= 1) || !/^\d+$/.test(seed)) {
  process.stderr.write(`expected --share above 0 and up to 1 and --seed with a whole number, found --share ${values.share} --seed ${seed}\n`)
  process.exit(2)
}
/** So many of a whole run's `count`. */
const some = (count: number): string => String(Math.max(1, Math.round(count * share)))

/** name -> script and its arguments, relative to the repository */
const parts: Readonly<Record<string, readonly string[]>> = {
  'mutated checkpoints': ['test/fuzz/checkpointsCli.ts', seed, some(5000)],
  'mutated pictures and masks': ['test/fuzz/picturesCli.ts', seed, some(5000)],
  'documents: memory of 24 megapixels with 10 layers': ['scripts/long/documentMemory.ts'],
  'project store: kills and torn writes': ['scripts/long/historyCrashes.ts', some(1000), some(210), seed],
  'batches: kills': ['scripts/long/batchCrashes.ts', some(1000), seed],
  'batches: kills on the real engine': ['scripts/long/batchFigures.ts', '--only', 'bytes', '--count', '12', '--steps', '2', '--kills', some(40), '--seed', seed],
}

let failed = 0
for (const [name, [script, ...args]] of Object.entries(parts).filter(([name]) => name.includes(only))) {
  const started = performance.now()
  const { status } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', path.join(root, script!), ...args], { cwd: root, stdio: 'inherit' })
  if (status !== 0) failed += 1
  process.stdout.write(`${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${((performance.now() - started) / 1000).toFixed(0)} s)\n`)
}
process.exit(failed === 0 ? 0 : 1)
