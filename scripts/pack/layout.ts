/**
 * Lays out what electron-builder packs: `app` becomes the archive (window, main process, preload), `resources` lies beside
 * it (Node, host, engine, command line, models, launcher).
 */
import fs from 'node:fs'
import path from 'node:path'
import { buildElectron } from '../build/electron.ts'
import { bundleProgram } from './bundle.ts'
import { type Target, copyFile, copyModules } from './modules.ts'

/** Models and samples that come with the program; everything else below models/ is for those who make them. */
const BUNDLED_MODELS = /^(starter[\w-]*|samples)$/

/**
 * Lays out the archive's folder: what was bundled, the built window, and a package.json of its own, without packages, so
 * that nothing else gets in.
 * @param renderer folder of the built window
 */
export async function layOutApp(root: string, out: string, renderer: string): Promise<void> {
  fs.rmSync(out, { recursive: true, force: true })
  await buildElectron(path.join(out, 'electron'), true)
  copyTree(renderer, path.join(out, 'renderer'))
  copyFile(path.join(root, 'docs', 'icon', 'png', '256x256.png'), path.join(out, 'icon.png'))
  const { name, version, description, license } = readManifest(root)
  // desktopName: what Linux knows the window by, so that it belongs to its starter
  const manifest = { name, productName: 'Palimpsest', version, description, license, author: 'Palimpsest contributors', type: 'module', main: 'electron/main.mjs', desktopName: 'palimpsest-editor.desktop' }
  fs.writeFileSync(path.join(out, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

/**
 * Lays out `node/`, `program/` and `bin/` below `out`, which is emptied first.
 * @param built folder with what `npm run build` made for `palimpsest serve`: `renderer` and `bridge`
 * @throws Error when something the target needs is not there
 */
export async function layOut(root: string, out: string, target: Target, built: string): Promise<void> {
  fs.rmSync(out, { recursive: true, force: true })
  const program = path.join(out, 'program')
  await bundleProgram(root, program)
  copyModules(root, path.join(program, 'node_modules'), target)
  const { version } = readManifest(root)
  fs.writeFileSync(path.join(program, 'package.json'), `${JSON.stringify({ name: 'palimpsest', version, type: 'module', private: true }, null, 2)}\n`)
  copyModels(path.join(root, 'models'), path.join(program, 'models'))
  copyFile(path.join(root, 'THIRD-PARTY-NOTICES.md'), path.join(program, 'THIRD-PARTY-NOTICES.md'))
  for (const name of ['renderer', 'bridge']) copyTree(path.join(built, name), path.join(program, 'dist', name))
  copyNode(root, path.join(out, 'node'), target)
  writeLaunchers(path.join(out, 'bin'))
}

function readManifest(root: string): { name: string; version: string; description: string; license: string } {
  return JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { name: string; version: string; description: string; license: string }
}

function copyModels(from: string, to: string): void {
  for (const name of fs.readdirSync(from)) {
    if (BUNDLED_MODELS.test(name) && fs.statSync(path.join(from, name)).isDirectory()) copyTree(path.join(from, name), path.join(to, name))
  }
}

function copyTree(from: string, to: string): void {
  for (const entry of fs.readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.endsWith('.map')) continue
    const source = path.join(entry.parentPath, entry.name)
    copyFile(source, path.join(to, path.relative(from, source)))
  }
}

function copyNode(root: string, out: string, { platform, arch }: Target): void {
  const binary = platform === 'win32' ? 'node.exe' : 'node'
  const name = `node-${platform === 'win32' ? 'win' : platform}-${arch}`
  const packaged = path.join(root, 'node_modules', name, 'bin', binary)
  // no package brings Node for macOS: there the Node that builds is the one that is shipped
  const own = platform === process.platform && arch === process.arch ? process.execPath : undefined
  const source = fs.existsSync(packaged) ? packaged : own
  if (source === undefined) throw new Error(`Node for ${platform}-${arch}: expected ${packaged}, found nothing; run npm ci --os=${platform} --cpu=${arch}.`)
  copyFile(source, path.join(out, binary))
  fs.chmodSync(path.join(out, binary), 0o755)
  const licence = [path.join(root, 'node_modules', name, 'LICENSE'), path.resolve(path.dirname(fs.realpathSync(source)), '..', 'LICENSE')].find((file) => fs.existsSync(file))
  if (licence === undefined) throw new Error(`Node for ${platform}-${arch}: expected its LICENSE beside it, found none; it must be shipped with the binary.`)
  copyFile(licence, path.join(out, 'LICENSE'))
}

/** `palimpsest` for a terminal: follows links to itself, so that one in a folder of the search path works. */
function writeLaunchers(folder: string): void {
  fs.mkdirSync(folder, { recursive: true })
  const shell = `#!/bin/sh
self="$0"
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case "$link" in /*) self="$link" ;; *) self="$(dirname "$self")/$link" ;; esac
done
root=$(cd "$(dirname "$self")/.." && pwd)
exec "$root/node/node" --disable-warning=ExperimentalWarning "$root/program/main/cli/index.js" "$@"
`
  fs.writeFileSync(path.join(folder, 'palimpsest'), shell, { mode: 0o755 })
  fs.writeFileSync(path.join(folder, 'palimpsest.cmd'), '@"%~dp0..\\node\\node.exe" --disable-warning=ExperimentalWarning "%~dp0..\\program\\main\\cli\\index.js" %*\r\n')
}
