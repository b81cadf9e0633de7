/** The window over the stand-in host of the panels, in a real Chromium. */
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import react from '@vitejs/plugin-react'

const root = path.resolve(import.meta.dirname, '../../..')

/** Builds the page; returns its folder. */
export async function buildPanelPage(): Promise<string> {
  const outDir = path.join(root, '.cache/e2e-panels')
  await build({
    configFile: false, root: path.join(root, 'test/e2e/page/panels'), base: './', logLevel: 'error', plugins: [react()],
    build: { outDir, emptyOutDir: true, target: 'chrome140', assetsInlineLimit: 0, chunkSizeWarningLimit: 4000 },
  })
  return outDir
}

/** Opens the page in a state and hands it to a test; errors of the page's own fail the test. */
export async function withPage(browser: Browser, url: string, query: string, use: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, deviceScaleFactor: Number(process.env['PALIMPSEST_SCALE'] ?? 1), colorScheme: 'dark', reducedMotion: 'reduce', permissions: ['clipboard-read', 'clipboard-write'] })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  try {
    await page.goto(`${url}/index.html?${query}`)
    await page.waitForFunction(() => (globalThis as never as { panelReady?: boolean }).panelReady === true)
    await use(page)
    if (problems.length > 0) throw new Error(`the page threw: ${problems.join('; ')}`)
  } finally {
    await context.close()
  }
}

/** Runs a command of the window's registry. */
export async function command(page: Page, id: string): Promise<void> {
  await page.evaluate((wanted) => (globalThis as never as { panelPage: { runCommand(id: string): Promise<void> } }).panelPage.runCommand(wanted), id)
}

/** What the host was asked, by method; bytes come as lengths. */
export async function asked(page: Page, method: string): Promise<Record<string, unknown>[]> {
  return page.evaluate((wanted) => {
    const { calls } = (globalThis as never as { panelPage: { host: { calls: { method: string; input: Record<string, unknown> }[] } } }).panelPage.host
    return calls.filter((call) => call.method === wanted).map(({ input }) => JSON.parse(JSON.stringify(input, (_, value: unknown) => (value instanceof Uint8Array ? value.length : value))) as Record<string, unknown>)
  }, method)
}

/** Makes the next call of a method fail with a sentence. */
export async function refuse(page: Page, method: string, message: string): Promise<void> {
  await page.evaluate(([name, sentence]) => (globalThis as never as { panelPage: { host: { failures: Map<string, object> } } }).panelPage.host.failures.set(name!, { code: 'test/refused', message: sentence }), [method, message])
}

/** Sends an event as the host would. */
export async function tell(page: Page, event: string, data: unknown): Promise<void> {
  await page.evaluate(([name, value]) => (globalThis as never as { panelPage: { host: { emit(event: string, data: unknown): void } } }).panelPage.host.emit(name as string, value), [event, data])
}

/** Puts a text into the clipboard. */
export async function copy(page: Page, text: string): Promise<void> {
  await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`)
}
