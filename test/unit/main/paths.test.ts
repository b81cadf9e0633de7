import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkoutEnvironment, palimpsestPaths, programRoot } from '../../../main/paths.ts'

describe('palimpsestPaths', () => {
  const home = path.resolve('/home/ada')

  it('follows the platform', () => {
    expect(palimpsestPaths({ env: {}, platform: 'linux', home })).toMatchObject({
      data: path.join(home, '.local/share/palimpsest'), cache: path.join(home, '.cache/palimpsest'),
    })
    expect(palimpsestPaths({ env: { XDG_DATA_HOME: '/d', XDG_CACHE_HOME: '/c' }, platform: 'linux', home })).toMatchObject({
      data: path.resolve('/d/palimpsest'), cache: path.resolve('/c/palimpsest'),
    })
    expect(palimpsestPaths({ env: {}, platform: 'darwin', home })).toMatchObject({
      data: path.join(home, 'Library/Application Support/Palimpsest'), cache: path.join(home, 'Library/Caches/Palimpsest'),
    })
    expect(palimpsestPaths({ env: { LOCALAPPDATA: path.resolve('/appdata') }, platform: 'win32', home })).toMatchObject({
      data: path.resolve('/appdata/Palimpsest/Data'), cache: path.resolve('/appdata/Palimpsest/Cache'),
    })
  })

  it('goes below PALIMPSEST_HOME when that is set, and PALIMPSEST_CACHE moves the cache alone', () => {
    expect(palimpsestPaths({ env: { PALIMPSEST_HOME: '/p' }, home })).toMatchObject({ data: path.resolve('/p'), cache: path.resolve('/p/cache') })
    expect(palimpsestPaths({ env: { PALIMPSEST_HOME: '/p', PALIMPSEST_CACHE: '/q' }, home }).cache).toBe(path.resolve('/q'))
  })

  it('keeps a checkout below its git-ignored .cache, and the bundled models beside main/', () => {
    const env = checkoutEnvironment()
    expect(palimpsestPaths({ env }).cache).toBe(path.join(programRoot, '.cache', 'palimpsest', 'cache'))
    expect(palimpsestPaths({ env }).bundledModels).toBe(path.join(programRoot, 'models'))
  })
})
