/**
 * Bundles host, engine and command line to plain JavaScript. Every entry keeps its place below `main/`, since our code
 * finds its neighbours (the engine's process, its thread, its self-test) by address; what entries share becomes chunks.
 */
import fs from 'node:fs'
import path from 'node:path'
import { type Plugin, build } from 'esbuild'

/** Modules that run as processes or threads of their own, or are started by a person. */
export const ENTRIES = [
  'main/cli/index.ts',
  'main/host/process.ts',
  'main/engine/index.ts',
  'main/engine/runtime/selfTestChild.ts',
  'main/engine-host/worker.ts',
  'main/engine-host/engineThread.ts',
]

/** Packages with native code; they stay packages, beside the bundles. */
export const NATIVE_PACKAGES = ['onnxruntime-node', 'sharp', 'better-sqlite3']

/**
 * `import.meta.url` of a source becomes the address that the source would have in the bundle's tree: a chunk lies
 * elsewhere than the files it was made of. `/main/` occurs once in every output's place.
 */
const PLACES = `import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
const __place = (file) => import.meta.url.slice(0, import.meta.url.lastIndexOf('/main/') + 1) + file;`

/** Bundles into `out`. @throws Error when the sources start a module that is no entry */
export async function bundleProgram(root: string, out: string, entries: readonly string[] = ENTRIES): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: [...entries],
    outbase: root,
    outdir: out,
    entryNames: '[dir]/[name]',
    chunkNames: 'main/chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: [...NATIVE_PACKAGES, 'bufferutil', 'utf-8-validate'],
    banner: { js: PLACES },
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [placesPlugin(root)],
  })
}

function placesPlugin(root: string): Plugin {
  return {
    name: 'places',
    setup: ({ onLoad }) => {
      onLoad({ filter: /[\\/](main|preload)[\\/].*\.ts$/ }, (args) => {
        const source = fs.readFileSync(args.path, 'utf8')
        requireEntries(root, args.path, source)
        const place = path.relative(root, args.path).split(path.sep).join('/').replace(/\.ts$/, '.js')
        return { contents: source.replaceAll('import.meta.url', `__place(${JSON.stringify(place)})`), loader: 'ts' }
      })
    },
  }
}

/** A module started by its address is not seen by the bundler: it must be an entry, or it would be missing. */
function requireEntries(root: string, file: string, source: string): void {
  for (const [, target] of source.matchAll(/new URL\(\s*[`'"](\.[^`'"]*?)(?:\$\{\w+\}|\.ts)[`'"]\s*,\s*import\.meta\.url/g)) {
    const entry = path.relative(root, path.resolve(path.dirname(file), `${target}.ts`)).split(path.sep).join('/')
    if (!ENTRIES.includes(entry)) throw new Error(`${file} starts ${entry}: expected it among the entries of scripts/pack/bundle.ts, found it missing; add it there.`)
  }
}
