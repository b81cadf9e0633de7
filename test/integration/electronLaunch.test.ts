/** The real thing, where it can be had: Electron starts the program, which opens its window on the host's contract. */
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { _electron } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { buildElectron } from '../../scripts/build/electron.ts'
import { buildRenderer } from '../../scripts/build/window.ts'

const root = path.resolve(import.meta.dirname, '../..')
const electron = electronBinary()
const missing = electron === undefined ? 'Electron\'s own binary is not installed (npx install-electron fetches it from GitHub)'
  : process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY'] ? 'there is no display (run under xvfb-run)' : undefined
if (missing !== undefined) process.stderr.write(`electronLaunch.test.ts is skipped: ${missing}.\n`)

/** The binary of the installed package, if its archive has been fetched. */
function electronBinary(): string | undefined {
  const folder = path.dirname(createRequire(import.meta.url).resolve('electron/package.json'))
  const name = path.join(folder, 'path.txt')
  const binary = process.env['ELECTRON_OVERRIDE_DIST_PATH'] ? path.join(process.env['ELECTRON_OVERRIDE_DIST_PATH'], 'electron') : fs.existsSync(name) ? path.join(folder, 'dist', fs.readFileSync(name, 'utf8')) : ''
  return fs.existsSync(binary) ? binary : undefined
}

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-electron-'))
afterAll(() => fs.rmSync(home, { recursive: true, force: true }))

describe.skipIf(missing !== undefined)('the desktop program in Electron', () => {
  it('opens a window that talks to the host, and ends its host with itself', async () => {
    await buildElectron(path.join(root, 'dist', 'electron'), false)
    if (!fs.existsSync(path.join(root, 'dist', 'renderer', 'index.html'))) buildRenderer()
    const asRoot = process.getuid?.() === 0 // Chromium makes no sandbox for root
    const program = await _electron.launch({
      executablePath: electron!,
      args: [...(asRoot ? ['--no-sandbox'] : []), path.join(root, 'dist', 'electron', 'main.mjs'), `--user-data-dir=${path.join(home, 'user')}`],
      env: { ...(process.env as Record<string, string>), PALIMPSEST_HOME: home, PALIMPSEST_NO_SANDBOX: asRoot ? '1' : '' },
    })
    try {
      const window = await program.firstWindow()
      expect(window.url()).toBe('app://editor/index.html')
      const info = await window.evaluate('window.palimpsest.call("app.info", {})')
      expect(info).toMatchObject({ ok: true, value: { shell: 'electron' } })
      expect(await window.evaluate('typeof require + typeof process')).toBe('undefinedundefined')
      expect(await window.evaluate('fetch("https://example.com/").then(() => "reached", () => "refused")')).toBe('refused')
      expect(await window.evaluate('window.open("https://example.com/")')).toBeNull()
    } finally {
      await program.close()
    }
  })
})
