/**
 * The editor as people use it: a real Chromium, the built window, the real host, the real engine and the starter. Nothing here
 * judges what a generated picture shows; that nothing outside of the mask changed is judged, and that nothing is lost.
 */
import fs from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser, Download, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, launch, shoot, shootFailures } from './chromium.ts'
import { PHOTO, photograph } from './served/photograph.ts'
import { type ServedEditor, buildWindow, endProcess, serveEditor } from './served/servedEditor.ts'

const executable = chromiumPath()
/** a run of the starter on a busy machine */
const RUN_MS = 300_000

describe.skipIf(executable === null)('the editor, served', () => {
  let browser: Browser
  let served: ServedEditor
  let page: Page
  const problems: string[] = []

  beforeAll(async () => {
    await buildWindow()
    served = await serveEditor()
    browser = await launch(executable!)
    page = await browser.newPage({ viewport: { width: 1440, height: 900 }, acceptDownloads: true, reducedMotion: 'reduce', colorScheme: 'dark' })
    page.setDefaultTimeout(40_000)
    page.on('pageerror', (error) => problems.push(error.message))
    await page.goto(served.url)
  }, 300_000)
  afterAll(async () => {
    await browser?.close()
    await served?.close()
  })

  shootFailures(() => page)

  const tab = (name: string): Promise<void> => page.getByRole('tab', { name }).click()
  const intent = (name: string): Promise<void> => page.locator('.intents').getByRole('radio', { name }).click()
  const go = (): Locator => page.locator('.edit-go')
  const results = (): Locator => page.locator('.strip-result')
  const layers = (): Promise<string[]> => page.locator('.layers[aria-label="Layers, the top one first"] .layer-name > span:first-child').allTextContents()
  const command = async (name: string): Promise<void> => {
    await page.locator('.canvas').focus().catch(() => undefined) // no canvas is open yet
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Find a command' }).fill(name)
    await page.keyboard.press('Enter')
  }
  /** Paints a stroke; positions as shares of the canvas area. */
  const stroke = async (from: readonly [number, number], to: readonly [number, number]): Promise<void> => {
    const box = (await page.locator('.canvas-place').boundingBox())!
    const at = ([x, y]: readonly [number, number]): [number, number] => [box.x + x * box.width, box.y + y * box.height]
    await page.mouse.move(...at(from))
    await page.mouse.down()
    await page.mouse.move(...at(to), { steps: 12 })
    await page.mouse.up()
  }
  const saved = (): Promise<void> => page.locator('.status').getByText('Saved', { exact: true }).waitFor()
  const download = async (start: () => Promise<unknown>): Promise<{ file: Download; bytes: Buffer }> => {
    const [file] = await Promise.all([page.waitForEvent('download'), start()])
    return { file, bytes: fs.readFileSync(await file.path()) }
  }
  const choose = async (start: () => Promise<unknown>, file: { name: string; mimeType: string; buffer: Buffer }): Promise<void> => {
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), start()])
    await chooser.setFiles(file)
  }

  test('opens the sample', async () => {
    await page.getByRole('button', { name: /sample/i }).first().click()
    await page.locator('.hud').getByText('384 × 256').waitFor()
    await page.locator('.status').getByText('Offline, 0 requests').waitFor()
    await shoot(page, 'flow-1-sample')
  }, 120_000)

  test('a stroke of the mask brush is a mask in force', async () => {
    await page.locator('.edit-mask-none').waitFor()
    await page.keyboard.press('b')
    await stroke([0.45, 0.45], [0.6, 0.5])
    await page.locator('.edit-mask', { hasText: 'Works on' }).waitFor()
    await page.locator('.context').waitFor()
    await saved()
    await shoot(page, 'flow-2-mask')
  }, 120_000)

  test('Fill tells its forecast, paints, and proves that nothing else has changed', async () => {
    await page.locator('[data-prompt]').fill('a red house')
    await page.locator('.edit-forecast').getByText(/memory|forecast/i).waitFor()
    await page.keyboard.press('Control+Enter')
    await page.locator('.context-run').waitFor()
    await shoot(page, 'flow-3-running')
    await results().first().waitFor({ timeout: RUN_MS })
    await page.locator('.proof-good', { hasText: '0 pixels changed outside the mask' }).waitFor()
    await shoot(page, 'flow-4-result')
  }, RUN_MS + 60_000)

  test('the accepted result is a new layer, undo takes it back and redo brings it again', async () => {
    await page.locator('.canvas').click({ position: { x: 5, y: 5 } })
    await page.keyboard.press('Enter')
    await page.locator('.strip').waitFor({ state: 'detached' })
    await tab('Layers')
    await expect.poll(layers).toHaveLength(2)
    await shoot(page, 'flow-5-accepted')
    await page.keyboard.press('Control+z')
    await expect.poll(layers).toHaveLength(1)
    await page.locator('.layer[data-kind="mask"][data-active]').waitFor() // the mask survives run and undo
    await page.keyboard.press('Control+Shift+z')
    await expect.poll(layers).toHaveLength(2)
  }, 120_000)

  test('two steps are compared with numbers', async () => {
    await tab('History')
    await page.locator('.step').last().hover()
    await page.locator('.step').last().getByRole('button', { name: /More about/ }).click()
    await page.getByRole('menuitem', { name: 'Mark for comparing' }).click()
    await page.getByRole('button', { name: 'Compare with the picture now' }).click()
    const numbers = page.locator('.compare-numbers')
    await numbers.waitFor()
    expect(Number((await numbers.locator('dd').first().textContent())!.replaceAll(/\D/g, ''))).toBeGreaterThan(0)
    await shoot(page, 'flow-6-compare')
    await page.keyboard.press('Escape')
    await numbers.waitFor({ state: 'detached' })
  }, 120_000)

  test('the project is saved as one file', async () => {
    const { file, bytes } = await download(() => page.keyboard.press('Control+s'))
    expect(file.suggestedFilename()).toMatch(/\.palimpsest$/)
    expect(bytes.subarray(0, 2).toString()).toBe('PK')
    fs.writeFileSync(path.join(served.home, 'kept.palimpsest'), bytes)
  }, 120_000)

  test('what was closed opens again as it was, from the list and from the file', async () => {
    await tab('Layers')
    const before = await layers()
    await command('close project')
    await page.getByText('Recent').first().waitFor()
    await page.getByRole('button', { name: /Sample photo/ }).first().click()
    await tab('Layers')
    await expect.poll(layers).toEqual(before)
    await choose(() => page.keyboard.press('Control+Shift+o'), { name: 'kept.palimpsest', mimeType: 'application/zip', buffer: fs.readFileSync(path.join(served.home, 'kept.palimpsest')) })
    await expect.poll(layers).toEqual(before)
    await page.locator('.layer[data-kind="mask"][data-active]').waitFor()
    await shoot(page, 'flow-7-reopened')
  }, 120_000)

  test('a PNG of the picture has its size and says how it was made', async () => {
    await page.keyboard.press('Control+Shift+e')
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Lossless').waitFor()
    await shoot(page, 'flow-8-export')
    const { bytes } = await download(() => dialog.getByRole('button', { name: 'Export', exact: true }).click())
    expect(bytes.subarray(1, 4).toString()).toBe('PNG')
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([384, 256])
    expect(bytes.includes('a red house')).toBe(true)
  }, 120_000)

  test('Swap: a word glows, paint on its map goes with the edit, and typing over a word changes the picture', async () => {
    await tab('Edit')
    await intent('Swap')
    const chips = page.getByRole('option')
    await chips.first().waitFor()
    // typed, since what Describe reads depends on what an earlier run painted
    await page.locator('.words').getByRole('button', { name: 'Edit the sentence' }).click()
    await page.locator('.words-describe').getByRole('textbox').fill('a red house and a green tree')
    await page.keyboard.press('Enter')
    // unasked: what looking takes is foretold from the first start on, and it is less than a minute
    await page.getByRole('option', { name: /^house/ }).first().hover()
    await page.getByText('Where "house" looks').waitFor({ timeout: RUN_MS })
    await shoot(page, 'flow-10-attention')
    await chips.last().focus()
    await page.getByRole('button', { name: 'More here' }).click()
    await page.getByText(/Paint where ".*" belongs/).waitFor()
    await stroke([0.45, 0.5], [0.52, 0.52])
    await page.getByRole('option', { name: /painted on/ }).first().waitFor()
    await shoot(page, 'flow-11-word-paint')
    await page.getByRole('option', { name: /^house/ }).first().dblclick()
    await page.keyboard.type('tree')
    await page.keyboard.press('Enter')
    await page.locator('.edit-forecast').getByText(/^about .+ memory/i).waitFor()
    await go().click()
    await results().first().waitFor({ timeout: RUN_MS })
    await shoot(page, 'flow-12-swap')
    await page.getByRole('button', { name: /^Keep/ }).click()
    await page.locator('.strip').waitFor({ state: 'detached' })
    await intent('Fill')
  }, RUN_MS + 120_000)

  test('Remove works on a photograph without any model', async () => {
    await tab('Edit')
    await intent('Fill')
    await choose(() => page.keyboard.press('Control+o'), { name: 'wall.jpg', mimeType: 'image/jpeg', buffer: await photograph() })
    await page.locator('.hud').getByText(`${PHOTO.width} × ${PHOTO.height}`).waitFor()
    await tab('Edit')
    await page.keyboard.press('b')
    await stroke([0.64, 0.42], [0.68, 0.55])
    await page.locator('.edit-mask', { hasText: 'Works on' }).waitFor()
    await intent('Remove')
    await page.locator('.canvas').click({ position: { x: 4, y: 4 }, button: 'middle' })
    await go().click()
    await results().first().waitFor({ timeout: RUN_MS })
    await page.locator('.proof-good').waitFor()
    await shoot(page, 'flow-9-remove')
    await page.getByRole('button', { name: /^Keep/ }).click()
    await page.locator('.strip').waitFor({ state: 'detached' })
  }, RUN_MS + 60_000)

  test('a file that is no picture is told in one plain dialog and leaves the open picture alone', async () => {
    for (const [name, buffer] of [['empty.png', Buffer.alloc(0)], ['notes.png', Buffer.from('not a picture at all')]] as const) {
      await choose(() => page.keyboard.press('Control+o'), { name, mimeType: 'image/png', buffer })
      const dialog = page.getByRole('dialog')
      await dialog.getByText('Nothing was lost').waitFor()
      expect(await page.getByRole('dialog').count()).toBe(1)
      await shoot(page, `flow-bad-${name.split('.')[0]}`)
      await dialog.getByRole('button', { name: 'OK' }).click()
      await dialog.waitFor({ state: 'detached' })
      expect(await page.locator('.menubar-title strong').textContent()).toBe('wall')
    }
  }, 120_000)

  test('an engine that is killed in the middle of a run is told with Retry, and the document is untouched', async () => {
    await tab('Layers')
    const before = await layers()
    await tab('Edit')
    await intent('Restyle')
    await page.locator('[data-prompt]').fill('a wall in winter')
    await go().click()
    await page.locator('.context-run').waitFor()
    await page.waitForTimeout(500)
    for (const pid of served.engines()) endProcess(pid)
    await page.locator('.notice').getByRole('button', { name: 'Retry' }).first().waitFor({ timeout: RUN_MS })
    await shoot(page, 'flow-bad-engine')
    await tab('Layers')
    expect(await layers()).toEqual(before)
  }, RUN_MS + 60_000)

  test('the window weighs at most 1.5 MB, compressed', () => {
    const folder = path.resolve(import.meta.dirname, '../../dist/renderer')
    const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const bytes = files.reduce((sum, entry) => sum + gzipSync(fs.readFileSync(path.join(entry.parentPath, entry.name))).length, 0)
    console.log(`window: ${files.length} files, ${(bytes / 1e6).toFixed(3)} MB gzip`)
    expect(bytes).toBeLessThanOrEqual(1.5e6)
  })

  test('nothing went wrong on the page meanwhile', () => {
    expect(problems).toEqual([])
  })
})
