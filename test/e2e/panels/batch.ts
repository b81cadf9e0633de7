/** The batch screen and the review wall, in a real browser. */
import { expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { asked, command, copy, refuse, tell } from './panelPage.ts'
import type { Open } from './panelTypes.ts'

const BATCH = 'bat_aaaaaaaaaaaaaaaaaaaa'
async function look(page: Page): Promise<void> {
  await command(page, 'window.batch')
  await page.getByRole('button', { name: /^Cats to dogs/ }).click()
}
const wall = (page: Page) => page.getByRole('listbox', { name: 'Review wall' })

/** Registers the tests. */
export function batchTests(open: Open): void {
  test('a pasted recipe is read as steps; a text that is none says why', () => open('', async (page) => {
    await command(page, 'window.batch')
    await refuse(page, 'batch.check', 'The recipe: expected JSON, found something else.')
    await copy(page, 'no recipe')
    await page.getByRole('button', { name: 'Paste' }).click()
    await page.getByText('expected JSON').waitFor()
    await page.getByRole('textbox', { name: 'Text of the recipe' }).fill('{"format": "palimpsest-recipe"}')
    await page.getByText('cat becomes dog').waitFor()
  }))

  test('the form says what it lacks, and plans before anything runs', () => open('', async (page) => {
    await command(page, 'window.batch')
    const plan = page.getByRole('button', { name: 'Look through the folder' })
    await page.getByText('A recipe is missing.').waitFor()
    await copy(page, '{"format": "palimpsest-recipe"}')
    await page.getByRole('button', { name: 'Paste' }).click()
    await page.getByText('Choose the folder with the pictures.').waitFor()
    await page.getByRole('button', { name: 'From: Choose a folder' }).click()
    await page.getByRole('button', { name: 'Into: Choose a folder' }).click()
    await page.getByRole('textbox', { name: 'Names', exact: true }).fill('{nmae}')
    await page.getByText('Only {dir}, {name}').waitFor()
    expect(await plan.isDisabled()).toBe(true)
    await page.getByRole('textbox', { name: 'Names', exact: true }).fill('{name}-dog')
    await page.getByText('IMG_0042.jpg becomes IMG_0042-dog.jpg').waitFor()
    await plan.click()
    await page.getByText('2 things to know first').waitFor()
    expect((await asked(page, 'batch.plan'))[0]).toMatchObject({ name: '{name}-dog', existing: 'skip', jobs: 1 })
    expect(await asked(page, 'batch.start')).toEqual([])
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByRole('button', { name: 'Pause' }).waitFor()
  }))

  test('a run can be paused, gone on with and stopped, and its news are followed', () => open('run=running', async (page) => {
    await look(page)
    await page.getByText('168 of 240 · 10 failed · 18 to review · 7 min left').waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('goes on where it stopped').waitFor()
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByRole('button', { name: 'Stop', exact: true }).click()
    await page.getByText('Stopped', { exact: true }).first().waitFor()
    await tell(page, 'batch.item', { batch: BATCH, item: { index: 0, name: 'IMG_1000.jpg', state: 'failed', before: null, after: null, seconds: null, note: '', error: { code: 'x/y', message: 'IMG_1000.jpg: the disk is full.', exitCode: 1, details: {} } } })
    await page.getByText(/^Failed \d/).click()
    await page.getByRole('option', { name: /IMG_1000.jpg, failed: .*disk is full/ }).waitFor()
  }))

  test('of thousands of pictures only those in sight exist', () => open('run=done&pictures=5000', async (page) => {
    await look(page)
    await expect.poll(async () => (await asked(page, 'batch.items')).length).toBe(10)
    await wall(page).focus()
    expect(await page.getByRole('option').count()).toBeLessThan(100)
    await page.keyboard.press('End')
    await expect.poll(() => page.locator('.batch-cell[aria-selected="true"]').count()).toBe(1)
    expect(await page.getByRole('option').count()).toBeLessThan(100)
  }))

  test('the wall is decided by keyboard: accept, reject, again, and on to the next that is open', () => open('run=done', async (page) => {
    await look(page)
    await page.getByText(/^To review/).click()
    await wall(page).focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('x')
    await page.keyboard.press('r')
    await expect.poll(async () => (await asked(page, 'batch.review')).map(({ verdict }) => verdict)).toEqual(['accept', 'reject', 'retry'])
    expect(new Set((await asked(page, 'batch.review')).map(({ index }) => index)).size).toBe(3)
  }))

  test('before and after are seen beside each other or by flipping, and Escape steps back', () => open('run=done', async (page) => {
    await look(page)
    await wall(page).focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press(' ')
    for (const side of ['Before', 'After']) {
      const picture = page.getByRole('img', { name: `IMG_1001.jpg, ${side}` })
      await picture.waitFor()
      expect(await picture.evaluate((image) => (image as never as { decode(): Promise<void>; naturalWidth: number }).decode().then(() => (image as never as { naturalWidth: number }).naturalWidth))).toBeGreaterThan(0)
    }
    await page.keyboard.press('f')
    await page.getByRole('button', { name: 'IMG_1001.jpg, After' }).waitFor()
    await page.keyboard.press(' ')
    await page.getByRole('button', { name: 'IMG_1001.jpg, Before' }).waitFor()
    await page.keyboard.press('ArrowRight')
    await page.getByRole('button', { name: 'IMG_1002.jpg, Before' }).waitFor()
    await page.keyboard.press('Escape')
    await wall(page).waitFor()
    await wall(page).focus()
    await page.keyboard.press('Escape')
    await page.getByRole('heading', { name: 'Palimpsest' }).waitFor()
  }))
}
