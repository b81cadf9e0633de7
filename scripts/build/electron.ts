/** Bundles Electron's main process and the preload: `dist/electron/main.mjs` and `dist/electron/preload.cjs`. */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'

const root = path.resolve(import.meta.dirname, '..', '..')

/** Node inside the Electron we ship, and its Chromium; what the bundles may use without being rewritten. */
const TARGET = { main: 'node24', preload: 'chrome140' }

/** Bundles both. @param out folder for the bundles @param release smaller, for a package */
export async function buildElectron(out: string, release: boolean): Promise<void> {
  const common: BuildOptions = { bundle: true, minify: release, legalComments: 'none', external: ['electron'], logLevel: 'warning', absWorkingDir: root }
  await Promise.all([
    build({ ...common, entryPoints: ['main/electron/index.ts'], outfile: path.join(out, 'main.mjs'), format: 'esm', platform: 'node', target: TARGET.main }),
    // a sandboxed preload has no modules: one CommonJS file, and only `electron` to require
    build({ ...common, entryPoints: ['preload/index.ts'], outfile: path.join(out, 'preload.cjs'), format: 'cjs', platform: 'browser', target: TARGET.preload }),
  ])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildElectron(path.join(root, 'dist', 'electron'), process.argv.includes('--release'))
