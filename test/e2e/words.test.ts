/**
 * The Swap and Edit panels' words over the real host, engine and starter: what a person does to chips and prompts, and what
 * of it reaches the engine. What a generated picture shows is not judged.
 */
import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, launch, shoot, shootFailures } from './chromium.ts'
import { type ServedEditor, buildWindow, serveEditor } from './served/servedEditor.ts'

const executable = chromiumPath()
/** a run of the starter on a busy machine */
const RUN_MS = 300_000

describe.skipIf(executable === null)('words, served', () => {
  let browser: Browser
  let served: ServedEditor
  let page: Page

  beforeAll(async () => {
    await buildWindow()
    served = await serveEditor()
    browser = await launch(executable!)
    page = await browser.newPage({ viewport: { width: 1440, height: 1000 }, reducedMotion: 'reduce', colorScheme: 'dark' })
    page.setDefaultTimeout(40_000)
    await page.goto(served.url)
    await page.getByRole('button', { name: /sample/i }).first().click()
    await page.locator('.hud').getByText('384 × 256').waitFor()
  }, 300_000)
  afterAll(async () => {
    await browser?.close()
    await served?.close()
  })
  shootFailures(() => page)

  const intent = (name: string): Promise<void> => page.locator('.intents').getByRole('radio', { name }).click()
  const chip = (word: string): Locator => page.locator('.words-chip', { has: page.locator('.words-text', { hasText: new RegExp(`^${word}$`) }) }).first()
  const words = (): Promise<string[]> => page.locator('.words-chip .words-text').allTextContents()
  const target = (): Promise<string> => page.getByRole('textbox', { name: 'Description of the edited picture' }).inputValue()
  const tag = (text: string): Promise<void> => page.locator('.words-tag', { hasText: text }).first().waitFor()
  const stroke = async (from: readonly [number, number], to: readonly [number, number]): Promise<void> => {
    const box = (await page.locator('.canvas-place').boundingBox())!
    await page.mouse.move(box.x + from[0] * box.width, box.y + from[1] * box.height)
    await page.mouse.down()
    await page.mouse.move(box.x + to[0] * box.width, box.y + to[1] * box.height, { steps: 8 })
    await page.mouse.up()
  }
  /** What the host wrote down of the inputs of every edit so far. */
  const inputRoles = (): string[] => {
    const file = fs.readdirSync(path.join(served.home, 'projects'), { recursive: true, withFileTypes: true }).find(({ name }) => name === 'project.db')!
    const db = new DatabaseSync(path.join(file.parentPath, file.name), { readOnly: true })
    try {
      return (db.prepare('SELECT role FROM operation_inputs').all() as { role: string }[]).map(({ role }) => role)
    } finally {
      db.close()
    }
  }

  test('Describe: the model looks at the picture, and its words become chips that it knows', async () => {
    await intent('Swap')
    await tag('as the model sees it')
    expect(await words()).toEqual(expect.arrayContaining(['house', 'tree']))
    expect(await page.locator('.words-chip[data-unknown]').count()).toBe(0)
    await page.locator('.edit-forecast', { hasText: 'Change a word of the description.' }).waitFor()
  }, 120_000)

  test('a description is typed by hand', async () => {
    await page.getByRole('button', { name: 'Edit the sentence' }).click()
    const field = page.locator('.words-describe textarea')
    await field.fill('a blue house and a green tree')
    await page.keyboard.press('Enter')
    await tag('typed')
    await expect.poll(words).toEqual(['a', 'blue', 'house', 'and', 'a', 'green', 'tree'])
  })

  test('a word that the model does not know is flagged, by line and by sentence', async () => {
    await chip('tree').click()
    await page.keyboard.type('zeppelin')
    await page.keyboard.press('Enter')
    await page.locator('.words-chip[data-unknown]', { hasText: 'zeppelin' }).waitFor()
    await page.locator('.words-note[data-tone="warn"]', { hasText: '"zeppelin"' }).waitFor()
    expect(await target()).toBe('a blue house and a green zeppelin')
    await page.getByRole('button', { name: 'Take back every change of words' }).click()
    await expect.poll(target).toBe('a blue house and a green tree')
    expect(await page.locator('.words-chip[data-unknown]').count()).toBe(0)
  })

  test('the wheel over a chip weighs it, and the panel stays where it is', async () => {
    const scrolled = (): Promise<number> => page.locator('.edit-scroll').evaluate((element) => element.scrollTop)
    const before = await scrolled()
    await chip('blue').hover()
    await page.mouse.wheel(0, -120)
    await page.mouse.wheel(0, -120)
    await chip('blue').locator('.words-number', { hasText: '1.2' }).waitFor()
    expect(await scrolled()).toBe(before)
    await page.mouse.wheel(0, 120)
    await chip('blue').locator('.words-number', { hasText: '1.1' }).waitFor()
  })

  test('a chip that is dragged off the row is taken out, with the key it comes back', async () => {
    const box = (await chip('green').boundingBox())!
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
    await page.mouse.down()
    await page.mouse.move(box.x - 300, box.y - 60, { steps: 5 })
    await page.mouse.up()
    await expect.poll(target).toBe('a blue house and a tree')
    await page.locator('.words-chip[data-state="removed"]', { hasText: 'green' }).waitFor()
    await chip('green').focus()
    await page.keyboard.press('Delete')
    await expect.poll(target).toBe('a blue house and a green tree')
  })

  test("a word's glow becomes the mask in force", async () => {
    await page.locator('.edit-level input').click()
    await page.getByRole('option', { name: 'Advanced' }).click()
    const steps = page.getByRole('textbox', { name: 'Steps' })
    await steps.fill('4')
    await steps.blur()
    await chip('house').click()
    const look = page.getByRole('button', { name: /^Show where words look/ })
    const make = page.locator('.words-card').getByRole('button', { name: 'Make mask' })
    await look.or(make).first().waitFor()
    if (await look.count() > 0) await look.click()
    await make.waitFor({ timeout: RUN_MS })
    await make.click()
    await page.getByText('The mask that "house" becomes').waitFor()
    await page.getByText(/^\d+ % of the picture$/).waitFor()
    await shoot(page, 'words-1-mask')
    await make.click()
    await page.getByRole('switch', { name: 'Keep the edit to the mask' }).and(page.locator(':enabled')).waitFor({ state: 'attached' })
    await intent('Fill')
    await page.locator('.edit-mask', { hasText: 'Works on' }).waitFor()
    await intent('Swap')
  }, RUN_MS + 60_000)

  test('what is painted for words reaches the run, plus and minus, and nothing of it lies over the result', async () => {
    await chip('tree').click()
    await page.getByRole('button', { name: 'More here' }).click()
    await page.getByText('Paint where "tree" belongs').waitFor()
    await stroke([0.5, 0.45], [0.55, 0.5])
    await page.locator('.words-chip', { hasText: /tree.*painted on/ }).waitFor()
    await page.getByRole('button', { name: 'Less here' }).click()
    await page.getByText('Paint where "tree" does not belong').waitFor()
    await stroke([0.6, 0.55], [0.64, 0.6])
    await chip('blue').dblclick()
    await page.keyboard.type('red')
    await page.keyboard.press('Enter')
    await page.locator('.edit-go').click()
    await page.locator('.strip-result').first().waitFor({ timeout: RUN_MS })
    expect(inputRoles().filter((role) => role.includes('tree')).map((role) => role.endsWith('!'))).toEqual(expect.arrayContaining([false, true]))
    await expect.poll(() => page.locator('.words-legend').count()).toBe(0)
    await page.locator('.options').getByText('Mask brush').waitFor() // the word brush is put away
    await shoot(page, 'words-2-result')
  }, RUN_MS + 60_000)

  test('after a swap the meter says how well the picture comes back', async () => {
    const meter = page.getByRole('meter', { name: 'Fidelity' })
    await meter.waitFor()
    expect(await meter.getAttribute('aria-valuetext')).toMatch(/^(Faithful|Fair|Poor), \d+(\.\d)? decibels$/)
  })

  test('a swap that is kept makes its words the description, undo brings the old ones back', async () => {
    await page.getByRole('button', { name: /^Keep/ }).click()
    await page.locator('.strip').waitFor({ state: 'detached' })
    await expect.poll(words).toEqual(['a', 'red', 'house', 'and', 'a', 'green', 'tree'])
    await page.locator('.canvas').focus()
    await page.keyboard.press('Control+z')
    await expect.poll(words).toEqual(['a', 'blue', 'house', 'and', 'a', 'green', 'tree'])
    await page.keyboard.press('Control+Shift+z')
    await expect.poll(words).toEqual(['a', 'red', 'house', 'and', 'a', 'green', 'tree'])
  })

  test('the prompt completes words that the model knows and flags those it does not', async () => {
    await intent('Fill')
    const field = page.locator('[data-prompt]')
    await field.click()
    await page.keyboard.type('a large mush')
    await page.getByRole('option', { name: 'mushroom' }).waitFor()
    await page.keyboard.press('Tab')
    expect(await field.inputValue()).toBe('a large mushroom')
    await page.keyboard.type(' and a zeppelin')
    await page.getByText('The model does not know: zeppelin').waitFor()
  })
})
