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

const ADDRESS = 'http://localhost/canvas'
let scripts: Promise<[worker: string, page: string]> | null = null

async function bundle(file: string): Promise<string> {
  const folder = path.resolve(import.meta.dirname, '../e2e/page')
  const result = await build({ entryPoints: [path.join(folder, file)], bundle: true, format: 'iife', target: 'chrome140', write: false, logLevel: 'silent' })
  return result.outputFiles[0]!.text
}

/** What the document in the page is like; see test/e2e/page/pageHost.ts. */
export interface PageDocument {
  readonly width: number
  readonly height: number
  readonly paintLayers: number
  readonly paintedShare: number
  readonly mask: boolean
  readonly latencyMs: number
  readonly budget?: { readonly tiles: number; readonly composed: number }
}

/** A page with one editor in it. */
export class CanvasPage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** Opens a page whose canvas fills it, and a document in it. */
  static async open(browser: Browser, size: { readonly width: number; readonly height: number }, document: PageDocument, deviceScaleFactor = 1): Promise<CanvasPage> {
    const [worker, script] = await (scripts ??= Promise.all([bundle('tileWorker.ts'), bundle('main.ts')]))
    const page = await browser.newPage({ viewport: size, deviceScaleFactor })
    page.on('pageerror', (error) => console.error('page:', error.message))
    // a page of its own address, as the real one: pens tell every reading only there
    await page.route(ADDRESS, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><style>html,body{margin:0;height:100%}#canvas{position:absolute;inset:0}</style><div id="canvas"></div>' }))
    await page.goto(ADDRESS)
    await page.evaluate(`window.tileWorkerSource = ${JSON.stringify(worker)}`)
    await page.addScriptTag({ content: script })
    const canvas = new CanvasPage(page)
    await canvas.run(`page.open(${JSON.stringify(document)})`)
    await canvas.idle()
    return canvas
  }

  /** Runs an expression in the page, in which `editor`, `host`, `events` and `page` are the editor's. */
  run<T = unknown>(expression: string): Promise<T> {
    return this.page.evaluate(`(async () => { const page = window.canvasPage; const { editor, host, events } = page; return (${expression}) })()`)
  }

  /** Waits until every tile is there and painted, and every stroke stored. */
  async idle(): Promise<void> {
    await this.page.waitForFunction('window.canvasPage.editor.stats.idle && !window.canvasPage.editor.busy', undefined, { timeout: 60_000 })
    await this.page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
  }

  /** RGB of the screen at a CSS position, all layers together. */
  async colourAt(x: number, y: number): Promise<number[]> {
    return (await this.run<number[]>(`page.colourAt(${x}, ${y})`)).slice(0, 3)
  }
}
