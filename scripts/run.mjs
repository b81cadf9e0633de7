// Bootstrap of every npm script: `node scripts/run.mjs SCRIPT.ts [ARG ...]` or `node scripts/run.mjs TOOL [ARG ...]`.
// Installs the packages when needed, then runs the script or tool on the packaged Node 24.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { repositoryRoot, requireNode } from './packaged-node.mjs'

const [target, ...rest] = process.argv.slice(2)
const node = requireNode()

/** A tool's entry file, from its package's `bin`. */
function toolEntry(name) {
  const folder = path.join(repositoryRoot, 'node_modules', name === 'depcruise' ? 'dependency-cruiser' : name === 'tsc' ? 'typescript' : name)
  const { bin } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  return path.join(folder, typeof bin === 'string' ? bin : bin[name])
}

const file = path.resolve(repositoryRoot, target)
const entry = existsSync(file) ? file : toolEntry(target)
// the child ends when this process is killed outright
const env = { ...process.env, PALIMPSEST_BOOTSTRAP_PID: String(process.pid) }
const child = spawn(node, ['--disable-warning=ExperimentalWarning', entry, ...rest], { cwd: repositoryRoot, stdio: 'inherit', env })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(signal === 'SIGINT' ? 130 : (code ?? 1)))
