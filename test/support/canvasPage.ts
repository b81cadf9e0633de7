/** Bundles the page of test/e2e/page and opens it in an installed Chromium, for the canvas' tests and benchmark. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { type Browser, type Page, chromium } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']

/** Where a browser is, or null. PALIMPSEST_CHROMIUM names another one. */
export function findChromium(): string | null {
  return [process.env['PALIMPSEST_CHROMIUM'], ...PLACES].find((file) => file && existsSync(file)) ?? null
}

/** Starts the browser without a graphics card, as the figures ask. */
export function launchChromium(executablePath: string, args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--hide-scrollbars', ...args] })
}

let script: Promise<string> | null = null

async function bundle(): Promise<string> {
  const root = path.resolve(import.meta.dirname, '../..')
  const result = await build({ entryPoints: [path.join(root, 'test/e2e/page/main.ts')], bundle: true, format: 'iife', target: 'chrome140', write: false, logLevel: 'silent' })
  return result.outputFiles[0].text
}

/** A page with an empty canvas that fills it. */
export async function openCanvasPage(browser: Browser, size: { readonly width: number; readonly height: number }, deviceScaleFactor = 1): Promise<Page> {
  script ??= bundle()
  const page = await browser.newPage({ viewport: size, deviceScaleFactor })
  page.on('pageerror', (error) => console.error('page:', error.message))
  await page.setContent('<!doctype html><style>html,body{margin:0;height:100%}#canvas{position:absolute;inset:0}</style><div id="canvas"></div>')
  await page.addScriptTag({ content: await script })
  return page
}
