/** A host and its server together: what `palimpsest serve` runs and what end-to-end tests start. */
import fs from 'node:fs'
import path from 'node:path'
import { type HostOptions, createHost } from '../host/host.ts'
import { guardProcess } from '../host/net/guard.ts'
import { type PalimpsestPaths, programRoot } from '../paths.ts'
import { type Served, serve } from './server.ts'
import { readWindow } from './windowFiles.ts'

/** What to serve and where. */
export interface ServedHostOptions extends Pick<HostOptions, 'engineModule' | 'env'> {
  readonly paths: PalimpsestPaths
  /** folder of the projects; below the data folder when absent */
  readonly root?: string
  readonly address?: string
  readonly port?: number
  /** folder of the built window and file of the bridge; those of the checkout when absent */
  readonly window?: { readonly folder: string; readonly bridge: string }
}

/** Where `npm run build` puts the window. */
export const BUILT_WINDOW = { folder: path.join(programRoot, 'dist', 'renderer'), bridge: path.join(programRoot, 'dist', 'bridge', 'bridge.js') }

/** Starts both; closing ends the engines too. @throws EngineError serve/... */
export async function serveHost(options: ServedHostOptions): Promise<Served> {
  const { window = BUILT_WINDOW, address = '127.0.0.1', port = 0, root = path.join(options.paths.data, 'projects'), ...rest } = options
  const files = readWindow(window.folder, window.bridge)
  const { version } = JSON.parse(fs.readFileSync(path.join(programRoot, 'package.json'), 'utf8')) as { version: string } // our own file
  const host = createHost({ ...rest, root, shell: 'browser', version })
  const unguard = guardProcess(host.network)
  try {
    const served = await serve({ host, files, address, port, version })
    return {
      ...served,
      close: async () => {
        await served.close()
        await host.close()
        unguard()
      },
    }
  } catch (error) {
    await host.close()
    unguard()
    throw error
  }
}
