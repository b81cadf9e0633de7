/** Where Palimpsest keeps its files. The engine gets these as arguments and never looks them up itself. */
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder that holds main/ and models/: the checkout in development, the resources folder of a packaged app. */
export const programRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')

/** The folders of one installation. All absolute; only `bundledModels` is sure to exist. */
export interface PalimpsestPaths {
  /** what must not be lost: the list of models a person has added, settings */
  readonly data: string
  /** converted weights, compiled graphs, device verdicts; safe to delete at any time */
  readonly cache: string
  /** the checkpoints that come with the program; read only */
  readonly bundledModels: string
}

/** What {@link palimpsestPaths} looks at; each defaults to this process's own. */
export interface PathSurroundings {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly platform?: NodeJS.Platform
  readonly home?: string
}

/**
 * The folders to use: below `PALIMPSEST_HOME` when that is set (its `cache` folder holds the cache), else where
 * the platform keeps such things: `$XDG_DATA_HOME` and `$XDG_CACHE_HOME` (or `~/.local/share` and `~/.cache`) on
 * Linux, `~/Library` on macOS, `%LOCALAPPDATA%` on Windows. `PALIMPSEST_CACHE` moves the cache alone.
 */
export function palimpsestPaths(surroundings: PathSurroundings = {}): PalimpsestPaths {
  const env = surroundings.env ?? process.env
  const home = surroundings.home ?? os.homedir()
  const own = env['PALIMPSEST_HOME']
  const convention = own ? { data: own, cache: path.join(own, 'cache') } : platformFolders(surroundings.platform ?? process.platform, env, home)
  return {
    data: path.resolve(convention.data),
    cache: path.resolve(env['PALIMPSEST_CACHE'] || convention.cache),
    bundledModels: path.join(programRoot, 'models'),
  }
}

/**
 * The environment that keeps everything below git-ignored folders of a checkout: what `npm run demo` and
 * `npm test` add to the environment of what they start.
 */
export function checkoutEnvironment(root = programRoot): { PALIMPSEST_HOME: string; NODE_COMPILE_CACHE: string } {
  // Node keeps what it has compiled of our modules: from the second start on, a start takes half the time
  return { PALIMPSEST_HOME: path.join(root, '.cache', 'palimpsest'), NODE_COMPILE_CACHE: path.join(root, '.cache', 'node') }
}

function platformFolders(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): { data: string; cache: string } {
  if (platform === 'win32') {
    const base = path.join(env['LOCALAPPDATA'] || path.join(home, 'AppData', 'Local'), 'Palimpsest')
    return { data: path.join(base, 'Data'), cache: path.join(base, 'Cache') }
  }
  if (platform === 'darwin') {
    const library = path.join(home, 'Library')
    return { data: path.join(library, 'Application Support', 'Palimpsest'), cache: path.join(library, 'Caches', 'Palimpsest') }
  }
  return {
    data: path.join(env['XDG_DATA_HOME'] || path.join(home, '.local', 'share'), 'palimpsest'),
    cache: path.join(env['XDG_CACHE_HOME'] || path.join(home, '.cache'), 'palimpsest'),
  }
}
