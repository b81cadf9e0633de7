/** Every screen of these panels, each with how to get there. */
import type { Page } from 'playwright-core'
import type { PanelScreen } from './panelTypes.ts'
import { command, copy } from './panelPage.ts'

/** Chooses the Swap intent and waits for the chips. */
export async function swap(page: Page): Promise<void> {
  await command(page, 'intent.swap')
  await page.getByRole('option', { name: /^cat/ }).waitFor()
}

const to = (id: string) => (page: Page): Promise<void> => command(page, id)
const settingsPart = (name: string) => async (page: Page): Promise<void> => {
  await command(page, 'window.settings')
  await page.getByRole('tab', { name, exact: true }).click()
}

/** See the file's head. */
export const PANEL_SCREENS: readonly PanelScreen[] = [
  { name: 'welcome', query: 'recent=4', go: (page) => page.getByRole('heading', { name: 'Recent' }).waitFor() },
  { name: 'welcome-first', query: 'recent=0', go: (page) => page.getByText('appears here by itself').waitFor() },
  { name: 'first-steps', query: 'open=1&mask=0&onboarded=0', go: (page) => page.getByText('First edit').waitFor() },
  { name: 'words', query: 'open=1', go: swap },
  { name: 'words-empty', query: 'open=1&description=', go: async (page) => { await command(page, 'intent.swap'); await page.getByText('carries no recipe').waitFor() } },
  {
    name: 'words-changed', query: 'open=1&level=expert&description=a red cat under the evening sky with zeppelins', go: async (page) => {
      await swap(page)
      await page.getByRole('option', { name: /^cat/ }).dblclick()
      await page.keyboard.type('dog')
      await page.keyboard.press('Enter')
      await page.getByRole('option', { name: /^red/ }).focus()
      await page.keyboard.press('Delete')
      await page.getByRole('option', { name: /^sky/ }).focus()
      for (let i = 0; i < 6; i++) await page.keyboard.press('+')
      await page.getByRole('button', { name: 'Make mask' }).click()
      await page.getByText('% of the picture').waitFor()
    },
  },
  { name: 'models', query: '', go: to('window.models') },
  { name: 'models-licence', query: '', go: async (page) => { await command(page, 'window.models'); await page.getByRole('button', { name: /^Download Stable/ }).click() } },
  { name: 'models-add', query: '', go: async (page) => { await command(page, 'window.models'); await page.getByRole('button', { name: 'Choose a file' }).click(); await page.getByText('Found:').waitFor() } },
  { name: 'batch-form', query: '', go: async (page) => { await command(page, 'window.batch'); await copy(page, '{"format":"palimpsest-recipe"}'); await page.getByRole('button', { name: 'Paste' }).click(); await page.getByText('cat becomes dog').waitFor() } },
  { name: 'batch-planned', query: 'run=planned', go: async (page) => { await command(page, 'window.batch'); await page.getByRole('button', { name: /^Cats to dogs/ }).click(); await page.locator('.batch-cell img').first().waitFor() } },
  { name: 'batch-running', query: 'run=running', go: async (page) => { await command(page, 'window.batch'); await page.getByRole('button', { name: /^Cats to dogs/ }).click(); await page.getByRole('listbox', { name: 'Review wall' }).focus() } },
  { name: 'batch-pair', query: 'run=running', go: async (page) => { await command(page, 'window.batch'); await page.getByRole('button', { name: /^Cats to dogs/ }).click(); await page.getByRole('listbox', { name: 'Review wall' }).focus(); await page.keyboard.press(' '); await page.getByRole('img', { name: /Before/ }).waitFor() } },
  { name: 'settings', query: '', go: to('window.settings') },
  ...['Engine', 'Masks', 'Privacy', 'Shortcuts', 'About'].map((name): PanelScreen => ({ name: `settings-${name.toLowerCase()}`, query: '', go: settingsPart(name) })),
  { name: 'shortcuts', query: '', go: to('window.shortcuts') },
]
