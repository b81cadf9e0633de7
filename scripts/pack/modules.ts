/** The packages that stay packages in a packed program: those with native code and what they need, for one target only. */
import fs from 'node:fs'
import path from 'node:path'
import { NATIVE_PACKAGES } from './bundle.ts'

/** What a program is packed for; names as Node's. */
export interface Target {
  readonly platform: 'linux' | 'win32' | 'darwin'
  readonly arch: 'x64' | 'arm64'
}

/** Used by install scripts or to compile, never at run time. */
const BUILD_ONLY = new Set(['adm-zip', 'global-agent', 'node-addon-api'])

/** Files no program needs at run time. */
const LEFT_OUT = [/\.d\.[cm]?ts$/, /\.map$/, /(^|\/)(README|CHANGELOG|HISTORY)[^/]*$/i, /\.(md|markdown)$/i]
const KEPT = /(^|\/)(LICEN[CS]E|NOTICE|COPYING)[^/]*$/i

/** Folders of a package that are left out, or kept alone, by what they hold. `true` keeps a file. */
const FILTERS: Readonly<Record<string, (file: string, target: Target) => boolean>> = {
  'onnxruntime-node': (file, { platform, arch }) =>
    file.startsWith('bin/') ? file.startsWith(`bin/napi-v6/${platform}/${arch}/`) && !/^bin\/.*\/libonnxruntime\.\d+\.\d+\.\d+\.dylib$/.test(file) : !/^(script|lib)\//.test(file),
  'onnxruntime-common': (file) => !/^(lib|dist\/esm)\//.test(file),
  'better-sqlite3': (file, { platform, arch }) => (file.startsWith('prebuilds/') ? file === `prebuilds/${platform}-${arch}.node` : !/^(deps|src)\/|^binding\.gyp$/.test(file)),
  sharp: (file) => !/^(src|install|lib)\//.test(file),
}

/**
 * Copies the packages into `out`.
 * @returns their names
 * @throws Error when one of the target's native packages is not installed
 */
export function copyModules(root: string, out: string, target: Target): string[] {
  const names = packagesFor(root, target)
  for (const name of names) copyPackage(path.join(root, 'node_modules', name), path.join(out, name), (file) => (FILTERS[name]?.(file, target) ?? true))
  return names
}

/** Every package that must lie beside the bundles. */
export function packagesFor(root: string, target: Target): string[] {
  const found = new Set<string>()
  const visit = (name: string): void => {
    if (found.has(name) || BUILD_ONLY.has(name)) return
    found.add(name)
    for (const needed of Object.keys(manifest(root, name).dependencies ?? {})) visit(needed)
  }
  for (const name of NATIVE_PACKAGES) visit(name)
  for (const name of sharpBinaries(target)) visit(name)
  return [...found].sort()
}

function sharpBinaries({ platform, arch }: Target): string[] {
  const binary = `@img/sharp-${platform}-${arch}`
  return platform === 'win32' ? [binary] : [binary, `@img/sharp-libvips-${platform}-${arch}`] // on Windows the library lies in the same package
}

function manifest(root: string, name: string): { dependencies?: Record<string, string> } {
  const file = path.join(root, 'node_modules', name, 'package.json')
  if (!fs.existsSync(file)) {
    const [, platform, arch] = /-(linux|win32|darwin)-(x64|arm64)$/.exec(name) ?? []
    const how = platform === undefined ? 'run npm ci' : `run npm ci --os=${platform} --cpu=${arch}`
    throw new Error(`${name}: expected it in node_modules for this target, found nothing; ${how}.`)
  }
  return JSON.parse(fs.readFileSync(file, 'utf8')) as { dependencies?: Record<string, string> }
}

function copyPackage(from: string, to: string, keep: (file: string) => boolean): void {
  for (const entry of fs.readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const source = path.join(entry.parentPath, entry.name)
    const file = path.relative(from, source).split(path.sep).join('/')
    if (file.startsWith('node_modules/') || !keep(file)) continue
    if (!KEPT.test(file) && LEFT_OUT.some((pattern) => pattern.test(file))) continue
    copyFile(source, path.join(to, file))
  }
}

/** Copies a file; a copy of its own, since signing changes binaries in place. */
export function copyFile(from: string, to: string): void {
  fs.mkdirSync(path.dirname(to), { recursive: true })
  fs.copyFileSync(from, to, fs.constants.COPYFILE_FICLONE)
}
