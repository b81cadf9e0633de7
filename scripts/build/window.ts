/** Builds the window (`dist/renderer`, with Vite) and the bridge of the served host (`dist/bridge/bridge.js`, with esbuild). */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { build } from 'esbuild'

const root = path.resolve(import.meta.dirname, '..', '..')

/** Bundles the browser bridge into one classic script. */
export async function buildBridge(): Promise<void> {
  await build({
    absWorkingDir: root, entryPoints: ['renderer/api/browserBridgeEntry.ts'], outfile: 'dist/bridge/bridge.js',
    bundle: true, format: 'iife', platform: 'browser', target: 'chrome140', minify: true, legalComments: 'none', logLevel: 'warning',
  })
}

/** Builds the window. @throws Error when Vite does not succeed */
export function buildRenderer(): void {
  // a test runner's NODE_ENV would bundle the development build of React: twice the size, a third of the speed
  const env = { ...process.env, NODE_ENV: 'production' }
  const { status } = spawnSync(process.execPath, [path.join(root, 'scripts', 'run.mjs'), 'vite', 'build', '--logLevel', 'warn'], { cwd: root, env, stdio: 'inherit' })
  if (status !== 0) throw new Error(`vite build ended with code ${status}.`)
}
