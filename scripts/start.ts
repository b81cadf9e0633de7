/**
 * `npm start`: builds what has changed and opens the editor, in Electron where its binary is there, else in the installed
 * browser. `npm start -- --no-open` serves it and prints the address.
 */
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { checkoutEnvironment } from '../main/paths.ts'
import { type End, couldNotStart } from './start/electronEnd.ts'

const root = path.resolve(import.meta.dirname, '..')
const args = process.argv.slice(2)
const SOURCES = ['renderer', 'preload', 'main/electron', 'vite.config.ts', 'package.json']
const BUILT = ['dist/renderer/index.html', 'dist/bridge/bridge.js', 'dist/electron/main.mjs', 'dist/electron/preload.cjs']

if (isStale()) {
  process.stderr.write('Building the window (once after each change).\n')
  const { status } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', path.join(root, 'scripts', 'build.ts')], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
const electron = electronBinary()
// a checkout keeps models, projects and caches below git-ignored folders, unless told otherwise
const env = { ...checkoutEnvironment(root), ...process.env }
const inBrowser = args.includes('--no-open') || args.includes('--browser')
if (electron && !inBrowser) {
  const began = Date.now()
  const end = await run(electron, [path.join(root, 'dist', 'electron', 'main.mjs'), ...args])
  if (!couldNotStart(end, Date.now() - began)) process.exit(exitCodeOf(end))
  process.stderr.write(`Electron could not start here (${end.signal ?? `code ${end.code}`}): most often the system allows it no sandbox (docs/packaging.md says what to do) or lacks a library it needs. The editor opens in your browser.\n`)
} else if (!inBrowser) process.stderr.write('Electron is not installed here (its binary could not be fetched), so the editor opens in your browser.\n')
process.exit(exitCodeOf(await run(process.execPath, ['--disable-warning=ExperimentalWarning', path.join(root, 'main', 'cli', 'index.ts'), 'serve', ...args.filter((arg) => arg !== '--browser')])))

/** Whether any source is newer than what was built of it. */
function isStale(): boolean {
  const built = BUILT.map((file) => fs.statSync(path.join(root, file), { throwIfNoEntry: false })?.mtimeMs)
  if (built.some((time) => time === undefined)) return true
  const oldest = Math.min(...built.map(Number))
  const files = SOURCES.flatMap((source) => {
    const place = path.join(root, source)
    if (!fs.statSync(place).isDirectory()) return [place]
    return fs.readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
  })
  return files.some((file) => fs.statSync(file).mtimeMs > oldest)
}

/** Electron's own binary, where its package has one. */
function electronBinary(): string | undefined {
  try {
    const folder = path.dirname(createRequire(import.meta.url).resolve('electron/package.json'))
    const name = fs.readFileSync(path.join(folder, 'path.txt'), 'utf8').trim()
    const binary = path.join(folder, 'dist', name)
    return fs.existsSync(binary) ? binary : undefined
  } catch {
    return undefined // no package, or one without its binary
  }
}

function run(command: string, commandArgs: readonly string[]): Promise<End> {
  const child = spawn(command, commandArgs, { cwd: root, stdio: 'inherit', env })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) => {
    child.on('error', () => resolve({ code: 127, signal: null })) // as a shell says that it cannot be run
    child.on('exit', (code, signal) => resolve({ code, signal }))
  })
}

function exitCodeOf({ code, signal }: End): number {
  return signal === 'SIGINT' ? 130 : (code ?? 1)
}
