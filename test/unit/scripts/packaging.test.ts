import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { ENTRIES } from '../../../scripts/pack/bundle.ts'
import { packagesFor } from '../../../scripts/pack/modules.ts'
import { iconFiles } from '../../../scripts/icon.ts'
import { checkNotices, makeNotices } from '../../../scripts/notices.ts'
import { allowedLicence } from '../../../scripts/notices/allowed.ts'

const root = path.resolve(import.meta.dirname, '../../..')
const require = createRequire(import.meta.url)
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')
const config = (require('js-yaml') as { load(text: string): Record<string, unknown> }).load(read('electron-builder.yml'))

describe('third-party notices', () => {
  it('are those of the packages that are shipped now, all under allowed licences', () => {
    expect(checkNotices(root)).toEqual([])
  })

  it('name the replaceable library, and nothing that is only a tool', () => {
    const notices = makeNotices(root)
    expect(notices).toMatch(/libvips, a replaceable library/)
    expect(notices).toMatch(/## .*onnxruntime-node [\d.]+/)
    expect(notices).not.toMatch(/## .*(vitest|esbuild|electron-builder|global-agent)/)
  })

  it.each([['MIT', true], ['(MIT OR CC0-1.0)', true], ['GPL-3.0-only OR MIT', true], ['Apache-2.0 AND BSD-3-Clause', true], ['MPL-2.0', false], ['GPL-3.0-only', false], ['MIT AND GPL-3.0-only', false], ['(MIT OR GPL-3.0) AND AGPL-3.0', false], ['', false], ['LGPL-3.0-or-later', false], ['SEE LICENSE IN x', false]])('allow %j: %s', (licence, allowed) => {
    expect(allowedLicence({ name: 'something', licence })).toBe(allowed)
  })

  it('allow the LGPL for the one library that can be replaced', () => {
    expect(allowedLicence({ name: '@img/sharp-libvips-linux-x64', licence: 'LGPL-3.0-or-later' })).toBe(true)
  })
})

describe('the configuration of the packages', () => {
  it('is one that electron-builder takes', async () => {
    const { validateConfiguration } = require('app-builder-lib/out/util/config/config') as { validateConfiguration(config: unknown, log: unknown): Promise<void> }
    const log = { isEnabled: false, add: () => undefined }
    await expect(validateConfiguration(config, log)).resolves.toBeUndefined()
    await expect(validateConfiguration({ ...config, electronFuses: { runAsNode: 'no' } }, log)).rejects.toThrow()
  })

  it('names only files that are there or that dist makes', () => {
    const named = [...read('electron-builder.yml').matchAll(/docs\/[\w./-]+/g)].map(([file]) => file)
    expect(named.length).toBeGreaterThan(5)
    for (const file of named) expect(existsSync(path.join(root, file)), file).toBe(true)
    expect(existsSync(path.join(root, 'LICENSE'))).toBe(true)
  })

  it.each(['deb-after-install.sh', 'deb-after-remove.sh'])('has a script that a shell can read: %s', (name) => {
    execFileSync('sh', ['-n', path.join(root, 'docs/packaging', name)])
    const script = read(`docs/packaging/${name}`)
    expect(new Set([...script.matchAll(/\$\{(\w+)\}/g)].map(([, macro]) => macro))).toEqual(new Set(['executable', 'sanitizedProductName']))
  })

  it('sets the SUID bit of the sandbox whatever the machine that installs says', () => {
    const lines = read('docs/packaging/deb-after-install.sh').split('\n')
    expect(lines).toContain('chmod 4755 "$app/chrome-sandbox"') // at the start of its line: in no condition
  })

  it('takes nobody\'s pictures away: pictures are offered under "Open with", projects alone are associated', () => {
    const pictures = ['png', 'jpg', 'jpeg', 'webp', 'tif', 'tiff', 'avif']
    expect(config['fileAssociations']).toMatchObject([{ ext: 'palimpsest', mimeType: 'application/x-palimpsest' }]) // the installer of Windows makes these the default
    expect(config['mac']).toMatchObject({ fileAssociations: [{ ext: pictures, rank: 'Alternate' }] })
    expect(config['linux']).toMatchObject({ syncDesktopName: true, mimeTypes: ['png', 'jpeg', 'webp', 'tiff', 'avif'].map((type) => `image/${type}`) })
    const script = read((config['nsis'] as { include: string }).include)
    expect([...script.matchAll(/SupportedTypes" "\.(\w+)"/g)].map(([, type]) => type)).toEqual(pictures)
    expect(script.split('\n').filter((line) => line.startsWith('!macro '))).toEqual(['!macro customInstall', '!macro customUnInstall'])
  })

  it('lets the packed Node of macOS compile at run time and load modules that others signed, under the hardened runtime', () => {
    const mac = config['mac'] as Record<string, string>
    expect(mac['hardenedRuntime']).toBe(true)
    for (const kind of ['entitlements', 'entitlementsInherit']) {
      const keys = [...read(mac[kind]!).matchAll(/<key>com\.apple\.security\.cs\.([\w-]+)<\/key>\s*<true\/>/g)].map(([, key]) => key)
      expect(keys).toEqual(['allow-jit', 'allow-unsigned-executable-memory', 'disable-library-validation'])
    }
  })

  it('asks for the packages of the target, and says how to get those of another', () => {
    expect(packagesFor(root, { platform: process.platform as 'linux', arch: process.arch as 'x64' })).toEqual(expect.arrayContaining(['onnxruntime-node', 'sharp', 'better-sqlite3', 'detect-libc']))
    const other = process.platform === 'win32' ? 'darwin' : 'win32'
    expect(() => packagesFor(root, { platform: other, arch: 'arm64' })).toThrow(`npm ci --os=${other} --cpu=arm64`)
  })

  it('bundles modules that exist', () => {
    for (const entry of ENTRIES) expect(existsSync(path.join(root, entry)), entry).toBe(true)
  })
})

describe('the icon', () => {
  it('is kept as what its drawing gives', () => {
    const files = iconFiles(read('docs/icon/icon.svg'), [16, 64])
    for (const name of ['png/16x16.png', 'png/64x64.png']) expect(readFileSync(path.join(root, 'docs/icon', name)).equals(files.get(name)!), name).toBe(true)
  })

  it('is transparent in its corners and opaque in its middle', () => {
    const png = readFileSync(path.join(root, 'docs/icon/png/64x64.png'))
    const data = png.subarray(png.indexOf('IDAT') + 4)
    const rows = inflateSync(data.subarray(0, png.readUInt32BE(png.indexOf('IDAT') - 4)))
    const alpha = (x: number, y: number): number => rows[y * (64 * 4 + 1) + 1 + 4 * x + 3]!
    expect([alpha(0, 0), alpha(63, 63), alpha(32, 32)]).toEqual([0, 0, 255])
  })

  it('comes in the containers of Windows and macOS', () => {
    expect(readFileSync(path.join(root, 'docs/icon/icon.ico')).subarray(0, 6)).toEqual(Buffer.from([0, 0, 1, 0, 6, 0]))
    const icns = readFileSync(path.join(root, 'docs/icon/icon.icns'))
    expect([icns.toString('latin1', 0, 4), icns.readUInt32BE(4)]).toEqual(['icns', icns.length])
  })
})

describe('the engine', () => {
  it('has no code that could use a network', () => {
    const sources = readdirSync(path.join(root, 'main/engine'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
    expect(sources.length).toBeGreaterThan(100)
    for (const file of sources) expect(readFileSync(path.join(root, 'main/engine', file), 'utf8'), file).not.toMatch(/from 'node:(https?|net|tls|dgram|dns|http2)'|\bfetch\(|\bWebSocket\b/)
  })
})
