// Finds the Node 24 that comes with the packages, and installs the packages when they are missing or stale.
// Plain JavaScript without dependencies: it must run on any Node >= 20.19 before anything is installed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const repositoryRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')

/**
 * What makes Node keep our modules once it has compiled them: a start takes half the time from the second on. Only in a
 * checkout; an installed copy has no folder of its own to write to.
 */
export const compileCache = existsSync(path.join(repositoryRoot, 'package-lock.json')) ? { NODE_COMPILE_CACHE: path.join(repositoryRoot, '.cache', 'node') } : {}

/** The major version of Node that the program and its tests run on (the one Electron embeds). */
const REQUIRED_MAJOR = 24

/** Path of the Node binary to run our TypeScript with; this process's own when it is new enough and none is packaged. */
export function packagedNode(root = repositoryRoot) {
  const windows = process.platform === 'win32'
  const name = `node-${windows ? 'win' : process.platform}-${process.arch}`
  const candidate = path.join(root, 'node_modules', name, 'bin', windows ? 'node.exe' : 'node')
  if (existsSync(candidate)) return candidate
  if (Number(process.versions.node.split('.')[0]) >= REQUIRED_MAJOR) return process.execPath
  return null
}

/** Runs `npm ci` when node_modules does not match package-lock.json. Everything it says goes to stderr. */
export function ensurePackages(root = repositoryRoot) {
  const lockFile = path.join(root, 'package-lock.json')
  if (!existsSync(lockFile)) return // an installed copy without a lock file brings its packages with it
  const modules = path.join(root, 'node_modules')
  const stamp = path.join(modules, '.palimpsest-lock')
  const wanted = createHash('sha256').update(readFileSync(lockFile)).digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  process.stderr.write('Setting up: installing the packages (once)...\n')
  const npm = process.env.npm_execpath
  const [command, first] = npm ? [process.execPath, [npm]] : [process.platform === 'win32' ? 'npm.cmd' : 'npm', []]
  const result = spawnSync(command, [...first, 'ci', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: !npm && process.platform === 'win32',
  })
  if (result.status !== 0) {
    process.stderr.write(
      'The packages could not be installed: expected "npm ci" to succeed; check the network or the npm settings and run the same command again.\n',
    )
    process.exit(1)
  }
  mkdirSync(modules, { recursive: true })
  writeFileSync(stamp, wanted)
}

/** The packaged Node after setting up, or ends the program with a sentence when there is none for this machine. */
export function requireNode(root = repositoryRoot) {
  ensurePackages(root)
  const node = packagedNode(root)
  if (node) return node
  process.stderr.write(
    `Node ${REQUIRED_MAJOR}: expected a packaged Node for ${process.platform}-${process.arch}, found only Node ${process.versions.node}; install Node ${REQUIRED_MAJOR} or newer and run the same command again.\n`,
  )
  process.exit(1)
}
