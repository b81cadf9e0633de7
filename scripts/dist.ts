/**
 * `npm run dist`: packs the desktop program.
 *
 *     npm run dist                          for this machine, every package format of its system
 *     npm run dist -- --dir                 the unpacked program only
 *     npm run dist -- --layout              only what lies outside the archive: dist/resources (needs no Electron)
 *     npm run dist -- --platform win32 --arch x64
 *
 * Electron and the packers' own tools are fetched by electron-builder; where that cannot be, --layout still works.
 */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { layOut, layOutApp } from './pack/layout.ts'
import type { Target } from './pack/modules.ts'
import { checkNotices } from './notices.ts'

const root = path.resolve(import.meta.dirname, '..')
const FLAGS = { linux: '--linux', win32: '--win', darwin: '--mac' } as const

const { values } = parseArgs({ options: { platform: { type: 'string', default: process.platform }, arch: { type: 'string', default: process.arch }, dir: { type: 'boolean', default: false }, layout: { type: 'boolean', default: false } } })
const target = readTarget(values.platform, values.arch)

step('checking the licences of what is shipped')
const problems = checkNotices(root)
if (problems.length > 0) fail(problems.join('\n'))
step('building the window')
run('scripts/build.ts', '--release')
step('laying out the archive')
await layOutApp(root, path.join(root, 'dist', 'app'), path.join(root, 'dist', 'renderer'))
step(`laying out host, engine and command line for ${target.platform}-${target.arch}`)
await layOut(root, path.join(root, 'dist', 'resources'), target, path.join(root, 'dist'))
if (values.layout) step('done: dist/resources')
else {
  step('packing')
  run('electron-builder', FLAGS[target.platform], `--${target.arch}`, '--publish', 'never', ...(values.dir ? ['--dir'] : []))
  step('done: dist/packages')
}

function readTarget(platform: string, arch: string): Target {
  if (!Object.hasOwn(FLAGS, platform) || (arch !== 'x64' && arch !== 'arm64')) fail(`--platform ${platform} --arch ${arch}: expected linux, win32 or darwin, and x64 or arm64.`)
  return { platform, arch } as Target // just checked
}

function run(tool: string, ...args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [path.join(root, 'scripts', 'run.mjs'), tool, ...args], { cwd: root, stdio: 'inherit' })
  if (status !== 0) fail(`${tool} ended with code ${status}.`)
}

function step(text: string): void {
  process.stdout.write(`dist: ${text}\n`)
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`)
  process.exit(1)
}
