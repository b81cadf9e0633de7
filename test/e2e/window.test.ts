/** What the window does by itself, over a host that lives in the page: keys, views, notices, long histories, lost hosts. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildWindowPage, chromiumPath, launch, shoot } from './chromium.ts'
import { type StaticServer, serveFolder } from './staticServer.ts'

const executable = chromiumPath()

describe.skipIf(executable === null)('the window', () => {
  let browser: Browser
  let server: StaticServer
  beforeAll(async () => {
    server = await serveFolder(await buildWindowPage())
    browser = await launch(executable!)
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  async function withWindow(query: string, use: (page: Page) => Promise<void>): Promise<void> {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })
    page.setDefaultTimeout(30_000)
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(error.message))
    try {
      await page.goto(`${server.url}/index.html?theme=dark&${query}`)
      await page.waitForFunction('window.windowReady === true')
      await use(page)
      expect(problems).toEqual([])
    } finally {
      await page.close()
    }
  }
  const calls = (page: Page, method: string): Promise<number> => page.evaluate(`windowPage.host.calls.filter((one) => one.method === '${method}').length`)

  test('ten thousand steps are a list of which only a screenful exists, and it scrolls', () => withWindow('open=1&steps=10000', async (page) => {
    await page.getByRole('tab', { name: 'History' }).click()
    await page.getByText('10,000 steps').waitFor()
    expect(await page.locator('.step').count()).toBeLessThan(60)
    const frames = (await page.evaluate(`new Promise((resolve) => {
      const list = document.querySelector('.ui-virtual'); const times = []; let last = performance.now()
      const step = () => { const now = performance.now(); times.push(now - last); last = now; list.scrollTop += 900; if (times.length < 60) requestAnimationFrame(step); else resolve(times) }
      requestAnimationFrame(step) })`)) as number[]
    expect(await page.locator('.step').count()).toBeLessThan(60)
    // no claim about speed: only that no frame lays out the whole list
    expect(frames.toSorted((a, b) => a - b)[Math.floor(frames.length / 2)]).toBeLessThan(250)
    await page.evaluate(`document.querySelector('.ui-virtual').scrollTop = 1e9`)
    await page.locator('.step-name', { hasText: 'Open "hills.tif"' }).last().waitFor()
  }), 90_000)

  test('letters choose tools on the canvas and are only letters in a text field', () => withWindow('open=1', async (page) => {
    const active = (): Promise<string | null> => page.locator('.toolbar [aria-pressed="true"]').first().getAttribute('aria-label')
    await page.keyboard.press('l')
    await expect.poll(active).toBe('Lasso')
    await page.keyboard.press('Shift+L')
    await expect.poll(active).toBe('Polygon')
    await page.locator('[data-prompt]').fill('')
    await page.keyboard.type('bee')
    expect(await page.locator('[data-prompt]').inputValue()).toBe('bee')
    expect(await active()).toBe('Polygon')
  }), 60_000)

  test('a weight is put on the word at the cursor with Ctrl+up, an earlier prompt comes back with Alt+up', () => withWindow('open=1&run=10', async (page) => {
    const prompt = page.locator('[data-prompt]')
    await prompt.fill('a full moon')
    await page.keyboard.press('Control+ArrowUp')
    await expect.poll(() => prompt.inputValue()).toBe('a full (moon:1.1)')
    await page.keyboard.press('Control+Enter')
    await page.locator('.strip').waitFor()
    await prompt.fill('')
    await page.keyboard.press('Alt+ArrowUp')
    await expect.poll(() => prompt.inputValue()).toBe('a full (moon:1.1)')
  }), 60_000)

  test('results: arrows flip, Escape turns down, Enter keeps, and neither leaks into the next', () => withWindow('open=1&results=3', async (page) => {
    const shown = (): Promise<string | null> => page.locator('.strip-result[data-shown]').getAttribute('aria-label')
    await expect.poll(shown).toContain('Result 1 of 3')
    await page.keyboard.press('ArrowRight')
    await expect.poll(shown).toContain('Result 2 of 3')
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('ArrowLeft')
    await expect.poll(shown).toContain('Result 3 of 3')
    await page.keyboard.press('Escape')
    await page.locator('.strip').waitFor({ state: 'detached' })
    expect([await calls(page, 'staging.reject'), await calls(page, 'staging.accept')]).toEqual([1, 0])
    await page.evaluate('windowPage.host.stage(1)')
    await page.locator('.strip').waitFor()
    await page.keyboard.press('Enter')
    await page.locator('.strip').waitFor({ state: 'detached' })
    expect([await calls(page, 'staging.reject'), await calls(page, 'staging.accept')]).toEqual([1, 1])
  }), 60_000)

  test('\\ shows the original while it is held, Y the split, Tab hides the panels', () => withWindow('open=1', async (page) => {
    await page.keyboard.down('\\')
    await page.locator('.canvas-badge', { hasText: 'The original' }).waitFor()
    await page.keyboard.up('\\')
    await page.locator('.canvas-badge').waitFor({ state: 'detached' })
    await page.keyboard.press('y')
    await page.locator('.canvas-badge', { hasText: 'Original left' }).waitFor()
    await page.keyboard.press('y')
    await page.locator('.canvas').click({ position: { x: 4, y: 4 }, button: 'middle' })
    await page.keyboard.press('Tab')
    await page.locator('.right').waitFor({ state: 'detached' })
    await page.keyboard.press('Tab')
    await page.locator('.right').waitFor()
  }), 60_000)

  test('the palette finds by some letters and runs what is chosen', () => withWindow('open=1', async (page) => {
    await page.keyboard.press('Control+k')
    await page.keyboard.type('can siz')
    await page.locator('.palette-row[aria-selected="true"]', { hasText: 'Canvas size' }).waitFor()
    await shoot(page, 'window-palette')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByText('Where the picture stays').waitFor()
  }), 60_000)

  test('Escape stops a run when nothing waits in the strip', () => withWindow('open=1&run=600000', async (page) => {
    await page.keyboard.press('Control+Enter')
    await page.locator('.context-run').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('.context-run').waitFor({ state: 'detached' })
    expect(await calls(page, 'jobs.cancel')).toBe(1)
  }), 60_000)

  test('a host that goes is told at once; when it is back, what was open is opened again', () => withWindow('open=1', async (page) => {
    await page.evaluate('windowPage.host.connection(false)')
    await page.locator('.status [role="alert"]').waitFor()
    await shoot(page, 'window-lost')
    const before = await calls(page, 'documents.open')
    await page.evaluate('windowPage.host.connection(true)')
    await page.locator('.notice', { hasText: 'running again' }).waitFor()
    expect(await calls(page, 'documents.open')).toBe(before + 1)
    expect(await page.locator('.menubar-title strong').textContent()).toBe('Evening hills')
  }), 60_000)

  test('a full disk is a notice that stays until it is over', () => withWindow('open=1', async (page) => {
    await page.evaluate(`windowPage.host.emit('notice', { id: 'disk', level: 'error', message: 'The disk is full: 0 bytes are free where the project lies. Free some space; saving is tried again by itself.', sticky: true, over: false })`)
    const notice = page.locator('.notice', { hasText: 'The disk is full' })
    await notice.waitFor()
    await page.waitForTimeout(6000)
    expect(await notice.isVisible()).toBe(true)
    await page.evaluate(`windowPage.host.emit('notice', { id: 'disk', level: 'error', message: '', sticky: true, over: true })`)
    await notice.waitFor({ state: 'detached' })
  }), 60_000)

  test('a broken project is offered to be repaired, in one plain dialog', () => withWindow('recent=2', async (page) => {
    await page.evaluate(`windowPage.host.failures.set('projects.open', { code: 'project/damaged', message: 'The project "Harbour at noon" is damaged: its list of layers ends in the middle. Repair it, or open a copy.' })`)
    await page.getByRole('button', { name: /Harbour at noon/ }).click()
    await page.getByRole('dialog').getByText('is damaged').waitFor()
    expect(await page.getByRole('dialog').count()).toBe(1)
    await shoot(page, 'window-repair')
    await page.getByRole('dialog').getByRole('button', { name: 'Repair it' }).click()
    await page.locator('.hud').waitFor()
    expect(await calls(page, 'projects.repair')).toBe(1)
  }), 60_000)

  test('files over the window show what each place would do, and a dropped mask is seen before it is taken', () => withWindow('open=1', async (page) => {
    const drag = (type: string, target: string): Promise<void> => page.evaluate(`(() => {
      const files = new DataTransfer(); files.items.add(new File([new Uint8Array(8)], 'sky-mask.png', { type: 'image/png' }))
      document.querySelector('${target}').dispatchEvent(new DragEvent('${type}', { bubbles: true, cancelable: true, dataTransfer: files })) })()`)
    await drag('dragenter', 'body')
    await expect.poll(() => page.locator('.drop-zone strong').allTextContents()).toEqual(expect.arrayContaining(['Open', 'Layer', 'Mask']))
    await drag('dragenter', '.drop-zone:nth-child(3)')
    await shoot(page, 'window-drop')
    await drag('drop', '.drop-zone:nth-child(3)')
    await page.getByRole('dialog').getByText('Coloured = will change').waitFor()
    await page.locator('.drop').waitFor({ state: 'detached' })
  }), 60_000)

  test('everything grows with text zoom and nothing is cut off at 200 %', () => withWindow('open=1&zoom=2', async (page) => {
    await shoot(page, 'window-zoom-200')
    const wide = (await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as number[]
    expect(wide[0]).toBeLessThanOrEqual(wide[1]!)
    expect((await page.locator('.edit-go').boundingBox())!.height).toBeGreaterThan(60)
    for (const name of ['Fill', 'Remove']) expect(await page.locator('.intents').getByRole('radio', { name }).isVisible()).toBe(true)
  }), 60_000)
})
