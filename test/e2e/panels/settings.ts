/** Settings, shortcuts, About, the empty window and the first steps, in a real browser. */
import { expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { asked, command } from './panelPage.ts'
import type { Open } from './panelTypes.ts'

async function part(page: Page, name: string): Promise<void> {
  await command(page, 'window.settings')
  await page.getByRole('tab', { name, exact: true }).click()
}
const changes = async (page: Page): Promise<unknown[]> => (await asked(page, 'settings.set')).map(({ change }) => change)

/** Registers the tests. */
export function settingTests(open: Open): void {
  test('a setting takes effect at once', () => open('', async (page) => {
    await part(page, 'Look')
    await page.getByText('Light', { exact: true }).click()
    await expect.poll(() => page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('light')
    await page.getByRole('slider', { name: 'Text size' }).focus()
    for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight')
    await expect.poll(() => page.locator('html').evaluate((html) => (html as never as { style: { fontSize: string } }).style.fontSize)).toBe('20px')
    await page.getByText('Full', { exact: true }).click()
    await expect.poll(() => page.locator('html').getAttribute('data-motion')).toBe('off')
    expect(await changes(page)).toContainEqual({ theme: 'light' })
  }))

  test('a device that failed its self-test is named with the reason and cannot be chosen', () => open('', async (page) => {
    await part(page, 'Engine')
    await page.getByText('not usable: the self-test differed by 0.31').waitFor()
    expect(await page.getByRole('radio', { name: /webgpu/ }).isDisabled()).toBe(true)
    await page.getByRole('radio', { name: 'cpu', exact: true }).check()
    await expect.poll(() => changes(page)).toContainEqual({ device: 'cpu' })
  }))

  test('new keys are pressed; whoever has them already is named before they are taken', () => open('', async (page) => {
    await part(page, 'Shortcuts')
    await page.getByRole('textbox', { name: 'Find a command or a key' }).fill('new picture')
    await page.getByRole('button', { name: 'Change Ctrl+N of "New picture"' }).click()
    await page.keyboard.press('Control+Shift+F9')
    await page.getByRole('button', { name: 'Change Ctrl+Shift+F9 of "New picture"' }).click()
    await page.keyboard.press('Control+o')
    await page.getByText('Ctrl+O belongs to "Open picture"').waitFor()
    expect((await changes(page)).length).toBe(1)
    await page.getByRole('button', { name: 'Give it to "New picture"' }).click()
    await expect.poll(() => changes(page)).toContainEqual({ keymap: { 'file.open': [], 'file.new': ['Mod+O'] } })
    await page.getByRole('button', { name: 'Reset all' }).click()
    await expect.poll(() => changes(page)).toContainEqual({ keymap: {} })
  }))

  test('while keys are waited for Escape leaves them as they are, and the dialog open', () => open('', async (page) => {
    await part(page, 'Shortcuts')
    await page.getByRole('button', { name: 'Add a key to "New picture"' }).click()
    await page.getByText('Press the new keys').waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByText('Press the new keys').count()).toBe(0)
    expect(await page.getByRole('dialog').count()).toBe(1)
    expect(await changes(page)).toEqual([])
  }))

  test('the sheet opens by ? and leads to changing its keys', () => open('open=1', async (page) => {
    await page.locator('.canvas-place').click({ position: { x: 5, y: 5 } })
    await page.keyboard.press('?')
    const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await sheet.getByText('Type over the word').waitFor()
    await sheet.getByRole('button', { name: 'Change shortcuts' }).click()
    await page.getByRole('textbox', { name: 'Find a command or a key' }).waitFor()
  }))

  test('About names versions, the licences of others and the log', () => open('', async (page) => {
    await part(page, 'About')
    await page.getByText('Version 0.1.0').waitFor()
    await page.getByText('konva 10.9.1').first().waitFor()
    await page.getByRole('tab', { name: 'Log' }).click()
    await page.getByText('host ready').first().waitFor()
    await page.getByRole('button', { name: 'Copy the log' }).click()
    await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toContain('09:00:59Z host ready')
  }))

  test('the empty window leads to the sample, and the first steps follow to the first edit', () => open('recent=0&mask=0&onboarded=0', async (page) => {
    await page.getByRole('button', { name: 'Try the sample' }).click()
    await expect.poll(async () => (await asked(page, 'documents.create')).map(({ sample }) => sample)).toEqual([true])
    const steps = page.getByRole('complementary', { name: 'First edit' })
    await steps.getByText('0 of 3 done').waitFor()
    await page.getByLabel('What should be there?').first().fill('a dog')
    await steps.getByText('1 of 3 done').waitFor()
    await steps.getByRole('button', { name: 'Close the first steps' }).click()
    await expect.poll(() => changes(page)).toContainEqual({ onboarded: true })
    await expect.poll(() => steps.count()).toBe(0)
  }))
}
