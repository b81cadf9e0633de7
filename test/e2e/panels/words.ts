/** Swap by word chips, in a real browser. */
import { expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { asked, command, refuse } from './panelPage.ts'
import { swap } from './panelScreens.ts'
import type { Open } from './panelTypes.ts'

const chip = (page: Page, name: RegExp) => page.getByRole('option', { name })
const target = (page: Page) => page.getByRole('textbox', { name: 'Description of the edited picture' })
async function go(page: Page): Promise<Record<string, unknown>> {
  await command(page, 'run.go')
  await expect.poll(async () => (await asked(page, 'edit.run')).length).toBe(1)
  return (await asked(page, 'edit.run'))[0]!['intent'] as Record<string, unknown> // the contract has checked it
}

/** Registers the tests. */
export function wordTests(open: Open): void {
  test('a chip that is pointed at glows on the picture; the words are looked at once', () => open('open=1', async (page) => {
    await swap(page)
    await chip(page, /^cat/).hover()
    await page.getByText('Where "cat" looks').waitFor()
    await chip(page, /^sky/).hover()
    await page.getByText('Where "sky" looks').waitFor()
    await chip(page, /^cat/).hover()
    await page.getByText('Where "cat" looks').waitFor()
    expect(await asked(page, 'words.attention')).toHaveLength(1)
    expect(await asked(page, 'words.map')).toHaveLength(2)
  }))

  test('typing over a chip swaps it, and what is shown before Go is what is run', () => open('open=1', async (page) => {
    await swap(page)
    await chip(page, /^cat/).dblclick()
    await page.keyboard.type('owl')
    await page.keyboard.press('Enter')
    expect(await target(page).inputValue()).toBe('a red owl under the evening sky')
    expect(await chip(page, /^owl, in place of cat, the model does not know this word/).count()).toBe(1)
    expect(await go(page)).toMatchObject({ intent: 'swap', description: 'a red cat under the evening sky', swap: [{ from: 'cat', to: 'owl' }], remove: [], mask: null })
  }))

  test('everything is done by keyboard alone: move, take out, weigh, type over, add', () => open('open=1', async (page) => {
    await swap(page)
    await chip(page, /^a$/).focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Delete')
    await page.keyboard.press('End')
    for (let i = 0; i < 3; i++) await page.keyboard.press('+')
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.type('dog')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Insert')
    await page.keyboard.type('in the snow')
    await page.keyboard.press('Enter')
    expect(await target(page).inputValue()).toBe('a dog under the evening sky in the snow')
    expect(await go(page)).toMatchObject({ swap: [{ from: 'cat', to: 'dog' }], remove: ['red'], add: ['in the snow'], weight: [{ word: 'sky', weight: 1.3 }] })
  }))

  test('a chip dragged off the row is taken out, and a short drag is not', () => open('open=1', async (page) => {
    await swap(page)
    const drag = async (dy: number): Promise<void> => {
      const box = (await chip(page, /^evening/).boundingBox())!
      await page.mouse.move(box.x + 10, box.y + 10)
      await page.mouse.down()
      await page.mouse.move(box.x + 14, box.y + 10 + dy / 2, { steps: 3 })
      await page.mouse.move(box.x + 14, box.y + 10 + dy, { steps: 3 })
      await page.mouse.up()
    }
    await drag(12)
    expect(await target(page).inputValue()).toContain('evening')
    await drag(220)
    expect(await target(page).inputValue()).toBe('a red cat under the sky')
    await chip(page, /^evening, taken out/).focus()
    await page.keyboard.press('Delete')
    expect(await target(page).inputValue()).toContain('evening')
  }))

  test('the wheel over a chip weighs its word', () => open('open=1', async (page) => {
    await swap(page)
    await chip(page, /^sky/).hover()
    await page.mouse.wheel(0, -100)
    await page.mouse.wheel(0, -100)
    await chip(page, /^sky, weight 1.2/).waitFor()
    await page.mouse.wheel(0, 100)
    await chip(page, /^sky, weight 1.1/).waitFor()
  }))

  test('a word becomes a mask at the threshold that is seen', () => open('open=1', async (page) => {
    await swap(page)
    await chip(page, /^cat/).focus()
    await page.getByText('Where "cat" looks').waitFor()
    await page.keyboard.press('Shift+M')
    await page.getByText('The mask that "cat" becomes').waitFor()
    const share = page.getByText('% of the picture')
    const before = await share.textContent()
    await page.getByRole('slider', { name: 'Threshold' }).focus()
    for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowRight')
    expect(parseInt((await share.textContent())!, 10)).toBeLessThan(parseInt(before!, 10))
    await page.getByText('Take away', { exact: true }).click()
    await page.getByRole('button', { name: 'Make mask' }).click()
    await expect.poll(async () => (await asked(page, 'document.change')).length).toBe(1)
    expect((await asked(page, 'document.change'))[0]!['change']).toMatchObject({ change: 'mask.select', mode: 'subtract', source: { from: 'attention', where: 'attention(cat) > 0.6' } })
    await expect.poll(() => page.getByText('The mask that "cat" becomes').count()).toBe(0)
  }))

  test('painting on the glow wishes the word there; the wish goes with the edit', () => open('open=1&mask=0', async (page) => {
    await swap(page)
    await chip(page, /^cat/).focus()
    await page.getByRole('button', { name: 'More here' }).click()
    await page.getByText('Paint where "cat" belongs').waitFor()
    const canvas = (await page.locator('.canvas-place').boundingBox())!
    await page.mouse.move(canvas.x + canvas.width / 2, canvas.y + canvas.height / 2)
    await page.mouse.down()
    await page.mouse.move(canvas.x + canvas.width / 2 + 60, canvas.y + canvas.height / 2, { steps: 5 })
    await page.mouse.up()
    await chip(page, /^cat, painted on/).waitFor()
    const { paint } = await go(page) as { paint: { word: string; tiles: { x: number; y: number; bytes: number }[] }[] }
    expect(paint).toMatchObject([{ word: 'cat' }])
    expect(paint[0]!.tiles.length).toBeGreaterThan(0)
    expect(paint[0]!.tiles[0]!.bytes).toBe(256 * 256)
  }))

  test('the target can be written outright, and given back to the chips', () => open('open=1', async (page) => {
    await swap(page)
    await target(page).fill('a blue dog under the evening sky')
    await page.getByText('Written by you').waitFor()
    await page.getByRole('button', { name: 'Back to what the chips say' }).click()
    expect(await target(page).inputValue()).toBe('a red cat under the evening sky')
    await target(page).fill('a blue dog')
    const intent = await go(page)
    expect(intent).toMatchObject({ target: 'a blue dog', swap: [], remove: [] })
  }))

  test('preparing can be stopped; when it is done the picture is ready and its fidelity is said in words', () => open('open=1&wordsMs=4000', async (page) => {
    await swap(page)
    await page.getByRole('button', { name: /^Prepare now/ }).click()
    await page.getByRole('button', { name: 'Stop', exact: true }).click()
    await page.getByRole('button', { name: /^Prepare now/ }).waitFor()
    expect(await asked(page, 'jobs.cancel')).toHaveLength(1)
    await page.getByRole('button', { name: /^Prepare now/ }).click()
    await page.getByText('Faithful', { exact: true }).waitFor()
    await page.getByText('Ready', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Show where it differs' }).click()
    await page.getByText('Where the picture comes back differently').waitFor()
  }))

  test('a picture that nobody described is described by typing; a failure says why', () => open('open=1&description=', async (page) => {
    await command(page, 'intent.swap')
    await page.getByText('carries no recipe').waitFor()
    await refuse(page, 'words.chips', 'No model is there to read words; add one.')
    await page.getByRole('textbox', { name: 'Description' }).fill('a cat in the snow')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('No model is there').waitFor()
    await page.getByRole('button', { name: 'Try again' }).click()
    await chip(page, /^cat/).waitFor()
  }))
}
