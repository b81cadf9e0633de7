/** A real Chromium for end-to-end tests: the system's own, driven by playwright-core. */
import fs from 'node:fs'
import path from 'node:path'
import { type Browser, type Page, chromium } from 'playwright-core'
import { build } from 'vite'
import react from '@vitejs/plugin-react'
import { afterEach } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
/** Where screenshots go; kept out of git. */
export const SHOTS = path.join(root, '.cache/e2e')
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable']

/** The browser's program, or null with the reason printed. `PALIMPSEST_CHROMIUM` names another one. */
export function chromiumPath(): string | null {
  const found = [process.env['PALIMPSEST_CHROMIUM'] ?? '', ...PLACES].find((place) => place !== '' && fs.existsSync(place)) ?? null
  if (found === null) console.warn(`skipped: no Chromium was found in ${PLACES.join(', ')}; install one or set PALIMPSEST_CHROMIUM`)
  return found
}

/** Starts the browser. The sandbox needs rights that root and containers lack; the page is our own. */
export function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb', '--hide-scrollbars=false'] })
}

/** Builds the window over the stand-in host; returns the folder with its page. */
export async function buildWindowPage(): Promise<string> {
  const outDir = path.join(root, '.cache/e2e-page')
  await build({
    configFile: false, root: path.join(root, 'test/e2e/page/window'), base: './', logLevel: 'error', plugins: [react()],
    build: { outDir, emptyOutDir: true, target: 'chrome140', assetsInlineLimit: 0, chunkSizeWarningLimit: 4000 },
  })
  return outDir
}

/** Keeps a screenshot. */
export async function shoot(page: Page, name: string): Promise<void> {
  fs.mkdirSync(SHOTS, { recursive: true })
  await page.screenshot({ path: path.join(SHOTS, `${name}.png`) })
}

/** Keeps a screenshot of every test of the block that fails. @param page the page at that moment */
export function shootFailures(page: () => Page): void {
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await shoot(page(), `failed-${task.name.replaceAll(/\W+/g, '-').slice(0, 60)}`)
  })
}
