/** `npm run build`: the window, the bridge of the served host, Electron's main process and preload, into dist/. */
import path from 'node:path'
import { buildElectron } from './build/electron.ts'
import { buildBridge, buildRenderer } from './build/window.ts'

const root = path.resolve(import.meta.dirname, '..')
await Promise.all([buildBridge(), buildElectron(path.join(root, 'dist', 'electron'), process.argv.includes('--release'))])
buildRenderer()
process.stdout.write('Built dist/renderer, dist/bridge and dist/electron.\n')
