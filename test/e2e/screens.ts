/** Every main screen of the window, each with how to get there over the stand-in host. */
import type { Page } from 'playwright-core'

/** A screen. `query` chooses the host's state (test/e2e/page/window/main.ts). */
export interface WindowScreen {
  readonly name: string
  readonly query: string
  readonly go?: (page: Page) => Promise<unknown>
}

const tab = (name: string) => (page: Page): Promise<void> => page.getByRole('tab', { name }).click()
const intent = (name: string) => (page: Page): Promise<void> => page.locator('.intents').getByRole('radio', { name }).click()
const menu = (title: string, item: string) => async (page: Page): Promise<void> => {
  await page.getByRole('button', { name: title, exact: true }).click()
  await page.getByRole('menuitem', { name: item }).or(page.getByRole('menuitemcheckbox', { name: item })).first().click()
}

/** See the file's head. */
export const SCREENS: readonly WindowScreen[] = [
  { name: 'start', query: 'recent=4' },
  { name: 'start-first', query: 'recent=0&onboarded=0' },
  { name: 'edit-fill', query: 'open=1' },
  { name: 'edit-no-mask', query: 'open=1&mask=0&unlike=1' },
  { name: 'edit-expert', query: 'open=1&level=expert', go: (page) => page.locator('[data-prompt]').fill('a fulll moon over the hills') },
  { name: 'edit-remove', query: 'open=1', go: intent('Remove') },
  { name: 'edit-expand', query: 'open=1', go: intent('Expand') },
  { name: 'edit-swap', query: 'open=1', go: intent('Swap') },
  { name: 'layers', query: 'open=1', go: async (page) => { await tab('Layers')(page); await page.getByRole('treeitem', { name: /Dodge/ }).click() } },
  { name: 'history', query: 'open=1&steps=60', go: tab('History') },
  { name: 'results', query: 'open=1&results=4' },
  { name: 'running', query: 'open=1&run=60000', go: async (page) => { await page.keyboard.press('Control+Enter'); await page.getByRole('button', { name: /Fill: a full moon/ }).click() } },
  { name: 'palette', query: 'open=1', go: async (page) => { await page.keyboard.press('Control+k'); await page.keyboard.type('mask') } },
  { name: 'menu', query: 'open=1', go: (page) => page.getByRole('button', { name: 'Select', exact: true }).click() },
  { name: 'navigator', query: 'open=1', go: menu('View', 'Navigator') },
  { name: 'export', query: 'open=1', go: menu('File', 'Export picture') },
  { name: 'new', query: 'open=1', go: menu('File', 'New picture') },
  { name: 'canvas-size', query: 'open=1', go: menu('Image', 'Canvas size') },
  { name: 'straighten', query: 'open=1', go: async (page) => { await menu('Image', 'Straighten')(page); await page.getByRole('slider', { name: 'Turn by' }).focus(); for (let i = 0; i < 40; i++) await page.keyboard.press('ArrowRight') } },
  { name: 'mask-import', query: 'open=1', go: menu('Select', 'Import a mask') },
  { name: 'compare', query: 'open=1&steps=8', go: async (page) => { await tab('History')(page); await page.getByRole('button', { name: /More about "Remove"/ }).click(); await page.getByRole('menuitem', { name: 'Mark for comparing' }).click(); await page.getByRole('button', { name: 'Compare with the picture now' }).click(); await page.getByText('28,954').waitFor() } },
  { name: 'replay', query: 'open=1&steps=8', go: async (page) => { await tab('History')(page); await page.getByRole('button', { name: /More about "The good one"/ }).click(); await page.getByRole('menuitem', { name: 'Change and replay the rest' }).click(); await page.getByRole('dialog').getByLabel('Prompt').waitFor() } },
  { name: 'problem', query: 'open=1', go: async (page) => { await page.evaluate(`windowPage.host.failures.set('projects.create', { code: 'image/too-large', message: '"harbour.png" has 200 megapixels; pictures of up to 120 can be opened here. Make it smaller and open it again.' })`); await page.keyboard.press('Control+o') } },
]
