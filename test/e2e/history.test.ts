/**
 * "Nothing lost" as a person meets it: the history panel and the batch screen in a real Chromium over the real host. The edits
 * are Remove, which needs no model, so that all of this is quick.
 */
import fs from 'node:fs'
import path from 'node:path'
import sharp from 'sharp'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, launch, shoot, shootFailures } from './chromium.ts'
import { type ServedEditor, buildWindow, serveEditor } from './served/servedEditor.ts'

const executable = chromiumPath()
const RUN_MS = 120_000
const PICTURES = 8
const RECIPE = { format: 'palimpsest-recipe', version: 1, name: 'Without red', steps: [{ task: 'remove', aim: { colour: '#d02020', tolerance: 0.2 } }] }

/** Pictures with a red disc each, in a folder that the served host offers. */
async function makePictures(folder: string): Promise<void> {
  fs.mkdirSync(folder, { recursive: true })
  for (let index = 0; index < PICTURES; index += 1) {
    const svg = `<svg width="480" height="320"><rect width="100%" height="100%" fill="hsl(${index * 40} 40% 70%)"/><path d="M0 ${200 + index * 6}L480 ${120 + index * 9}V320H0Z" fill="hsl(${index * 40 + 90} 30% 45%)"/><circle cx="${120 + index * 30}" cy="150" r="46" fill="#d02020"/></svg>`
    await sharp(Buffer.from(svg)).removeAlpha().jpeg({ quality: 90 }).toFile(path.join(folder, `garden-${index + 1}.jpg`))
  }
}

describe.skipIf(executable === null)('nothing lost, served', () => {
  let browser: Browser
  let served: ServedEditor
  let page: Page
  const problems: string[] = []

  beforeAll(async () => {
    await buildWindow()
    served = await serveEditor()
    await makePictures(path.join(served.home, 'projects', 'photos'))
    fs.mkdirSync(path.join(served.home, 'projects', 'results'))
    browser = await launch(executable!)
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', colorScheme: 'dark', permissions: ['clipboard-read', 'clipboard-write'] })
    page = await context.newPage()
    page.setDefaultTimeout(20_000)
    page.on('pageerror', (error) => problems.push(error.message))
    await page.goto(served.url)
  }, 300_000)
  afterAll(async () => {
    await browser?.close()
    await served?.close()
  })
  shootFailures(() => page)

  const tab = (name: string): Promise<void> => page.getByRole('tab', { name }).click()
  const steps = (): Locator => page.locator('.step')
  const names = (): Promise<string[]> => page.locator('.step-name').allTextContents()
  const here = (): Locator => page.locator('.step[data-here] .step-name')
  const both = async (name: string): Promise<void> => {
    await page.mouse.move(700, 450)
    await shoot(page, name)
    await page.emulateMedia({ colorScheme: 'light' })
    await shoot(page, `${name}-light`)
    await page.emulateMedia({ colorScheme: 'dark' })
  }
  const stroke = async (from: readonly [number, number], to: readonly [number, number]): Promise<void> => {
    const box = (await page.locator('.canvas-place').boundingBox())!
    await page.mouse.move(box.x + from[0] * box.width, box.y + from[1] * box.height)
    await page.mouse.down()
    await page.mouse.move(box.x + to[0] * box.width, box.y + to[1] * box.height, { steps: 6 })
    await page.mouse.up()
    await page.locator('.status').getByText('Saved', { exact: true }).waitFor()
  }
  /** The first stroke after a Remove makes its layer as well, a step of its own. */
  const brushStroke = async (at: number): Promise<void> => {
    const before = await steps().count()
    await stroke([0.3, at], [0.4, at])
    await expect.poll(() => steps().count(), { timeout: 20_000 }).toBeGreaterThan(before)
  }
  const more = async (step: Locator, item: string): Promise<void> => {
    await step.hover()
    await step.getByRole('button', { name: /More about/ }).click()
    await page.getByRole('menuitem', { name: item }).click()
  }

  test('every step is listed, and a click goes anywhere', async () => {
    await page.getByRole('button', { name: /sample/i }).first().click()
    await page.locator('.hud').getByText('384 × 256').waitFor()
    await page.keyboard.press('b')
    await stroke([0.47, 0.45], [0.56, 0.5])
    await page.locator('.edit-mask', { hasText: 'Works on' }).waitFor()
    await page.locator('.intents').getByRole('radio', { name: 'Remove' }).click()
    await page.locator('.edit-go').click()
    await page.locator('.strip-result').first().waitFor({ timeout: RUN_MS })
    await page.getByRole('button', { name: /^Keep/ }).click()
    await page.locator('.strip').waitFor({ state: 'detached' })
    await tab('History')
    await page.locator('.canvas').focus()
    await page.keyboard.press('n')
    for (const at of [0.3, 0.36]) await brushStroke(at)
    const all = 6 // opened, mask, Remove, the layer of the strokes, two strokes
    await expect.poll(() => steps().count(), { timeout: 20_000 }).toBe(all)
    const remove = page.locator('.step', { hasText: 'Remove' })
    await remove.locator('.step-main').click()
    await expect.poll(() => here().textContent()).toContain('Remove')
    expect(await steps().count()).toBe(all)
    await steps().first().locator('.step-main').click()
    await expect.poll(() => page.locator('.step').first().getAttribute('data-here')).toBe('true')
  }, RUN_MS)

  test('a step taken from an earlier one grows a branch, and nothing of the other is gone', async () => {
    const before = await names()
    await page.locator('.step', { hasText: 'Remove' }).locator('.step-main').click()
    await expect.poll(() => here().textContent()).toContain('Remove')
    for (const at of [0.6, 0.66]) await brushStroke(at)
    const after = await names()
    expect(after.slice(-before.length)).toEqual(before)
    expect(await page.locator('.step[data-off]').count()).toBeGreaterThanOrEqual(2)
    await expect.poll(() => page.locator('.step .ui-picture-empty').count(), { timeout: 60_000 }).toBe(0) // steps that were passed quickly have their picture, too
    await both('history-tree')
  }, RUN_MS)

  test('a step is renamed and starred, and only the starred ones are shown when asked', async () => {
    await more(page.locator('.step[data-off]').first(), 'Rename')
    await page.locator('.step-rename input').fill('The first try')
    await page.keyboard.press('Enter')
    const named = page.locator('.step', { hasText: 'The first try' })
    await named.waitFor()
    await named.hover()
    await named.getByRole('button', { name: 'Star "The first try"' }).click()
    await page.getByRole('button', { name: 'Only starred steps' }).click()
    await expect.poll(names).toEqual(['The first try'])
    await page.getByRole('button', { name: 'All steps' }).click()
    await expect.poll(() => steps().count()).toBeGreaterThan(5)
  }, RUN_MS)

  test('any two steps are compared, on whatever branches they are', async () => {
    await more(page.locator('.step', { hasText: 'The first try' }), 'Mark for comparing')
    await more(steps().first(), 'Mark for comparing')
    await page.getByRole('button', { name: 'Compare the two marked steps' }).click()
    const numbers = page.locator('.compare-numbers')
    await numbers.waitFor()
    expect(Number((await numbers.locator('dd').first().textContent())!.replaceAll(/\D/g, ''))).toBeGreaterThan(0)
    await both('history-compare')
    await page.keyboard.press('Escape')
    await numbers.waitFor({ state: 'detached' })
  }, RUN_MS)

  test('a changed step is replayed with all that followed, on a branch of its own', async () => {
    const before = await names()
    await more(page.locator('.step', { hasText: 'Remove' }).last(), 'Change and replay the rest')
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Seed').fill('77')
    await both('history-replay')
    await dialog.getByRole('button', { name: 'Replay' }).click()
    await expect.poll(() => page.locator('.step', { hasText: 'Remove' }).count(), { timeout: RUN_MS }).toBe(2)
    await expect.poll(() => steps().count(), { timeout: RUN_MS }).toBeGreaterThanOrEqual(before.length + 3) // the step and the strokes after it
    expect((await names()).slice(-before.length)).toEqual(before)
    await both('history-replayed')
  }, RUN_MS)

  test('a step is copied as a recipe that the batch screen takes', async () => {
    await more(page.locator('.step', { hasText: 'Remove' }).last(), 'Copy as recipe')
    await page.getByText(/The recipe is in the clipboard/).first().waitFor()
    expect(JSON.parse(await page.evaluate<string>('navigator.clipboard.readText()'))).toMatchObject({ format: 'palimpsest-recipe', steps: [{ task: 'remove' }] })
    await openBatch()
    await page.getByRole('button', { name: 'Paste' }).click()
    await page.locator('.batch-step-task', { hasText: 'remove' }).waitFor()
  }, RUN_MS)

  const openBatch = async (): Promise<void> => {
    if (await page.locator('.canvas').count() > 0) await page.locator('.canvas').focus()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Find a command' }).fill('batch')
    await page.keyboard.press('Enter')
    await page.locator('.batch').waitFor()
  }
  const folder = async (what: 'From' | 'Into', name: string): Promise<void> => {
    await page.getByRole('button', { name: `${what}: Choose a folder` }).click()
    const dialog = page.getByRole('dialog', { name: 'Choose a folder' })
    await dialog.locator('label', { hasText: name }).click()
    if (what === 'From') await both('batch-folder')
    await dialog.getByRole('button', { name: 'Choose', exact: true }).click()
  }
  const planIt = async (): Promise<void> => {
    await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(JSON.stringify(RECIPE))})`)
    await page.getByRole('button', { name: 'Paste' }).click()
    await page.locator('.batch-step-task', { hasText: 'remove' }).waitFor()
    await folder('From', 'photos')
    await folder('Into', 'results')
    await page.getByRole('button', { name: 'Look through the folder' }).click()
    await page.locator('.batch-cell').first().waitFor()
  }
  const finished = (): number => fs.readdirSync(path.join(served.home, 'projects', 'results')).filter((name) => name.endsWith('.jpg')).length

  test('a batch is looked through before it starts, tells how far it is, and can be paused', async () => {
    await page.getByRole('button', { name: 'Choose another' }).click()
    await planIt()
    await page.getByText(`${PICTURES} pictures to do`).waitFor()
    expect(finished()).toBe(0)
    await both('batch-planned')
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByText(new RegExp(`^[1-9] of ${PICTURES}.* left`)).waitFor({ timeout: RUN_MS })
    await both('batch-running')
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('goes on where it stopped').waitFor()
  }, RUN_MS)

  test('a batch whose host is killed goes on where it stopped, and no picture is done twice', async () => {
    const before = finished()
    const kept = new Map(fs.readdirSync(path.join(served.home, 'projects', 'results')).filter((name) => name.endsWith('.jpg')).map((name) => [name, fs.statSync(path.join(served.home, 'projects', 'results', name)).mtimeMs]))
    expect(before).toBeLessThan(PICTURES)
    await served.kill()
    served = await serveEditor({ home: served.home })
    await page.goto(served.url)
    await openBatch()
    await planIt()
    await page.getByRole('button', { name: 'Start' }).click()
    await page.locator('.batch-run-head').getByText('Done', { exact: true }).waitFor({ timeout: RUN_MS })
    expect(finished()).toBe(PICTURES)
    for (const [name, time] of kept) expect(fs.statSync(path.join(served.home, 'projects', 'results', name)).mtimeMs).toBe(time)
    await both('batch-done')
  }, RUN_MS)

  test('the review wall is decided by keyboard', async () => {
    await page.getByRole('listbox', { name: 'Review wall' }).focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press(' ')
    await page.getByRole('img', { name: /Before/ }).waitFor()
    await both('batch-pair')
    await page.keyboard.press('Escape')
    await page.keyboard.press('x')
    await expect.poll(() => fs.existsSync(path.join(served.home, 'projects', 'results', 'rejected')) && fs.readdirSync(path.join(served.home, 'projects', 'results', 'rejected')).length).toBe(1)
    await page.getByText(/^Rejected 1/).click()
    await page.getByRole('option', { name: /rejected/ }).waitFor()
    await both('batch-rejected')
  }, RUN_MS)

  test('nothing went wrong on the page meanwhile', () => {
    expect(problems).toEqual([])
  })
})
