/** Everything that is checked without running the program: types, lint, import rules. `npm run check`. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')

const folders = ['main', 'preload', 'renderer', 'scripts', 'test'].filter((folder) => existsSync(path.join(root, folder)))

/** name -> arguments of run.mjs */
const checks: Readonly<Record<string, readonly string[]>> = {
  types: ['tsc', '-p', 'tsconfig.json'],
  'renderer types': ['tsc', '-p', 'tsconfig.renderer.json'],
  lint: ['eslint', '--max-warnings', '0', ...folders],
  imports: ['depcruise', '--config', '.dependency-cruiser.cjs', '--output-type', 'err', ...folders.filter((folder) => folder !== 'test' && folder !== 'scripts')],
}

/** How many checks there are. */
export const CHECK_COUNT = Object.keys(checks).length

/** Runs the checks one after another; the names of those that failed. */
export function runChecks(): string[] {
  const failures: string[] = []
  for (const [name, args] of Object.entries(checks)) {
    const started = performance.now()
    const result = spawnSync(process.execPath, [path.join(root, 'scripts', 'run.mjs'), ...args], { cwd: root, stdio: 'inherit' })
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    process.stdout.write(`${result.status === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)\n`)
    if (result.status !== 0) failures.push(name)
  }
  return failures
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(runChecks().length === 0 ? 0 : 1)
