/** The panels in a real Chromium over a stand-in host: what they do, what they look like, and that axe has nothing to say. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { chosenScreens, expectAccessible } from './axe.ts'
import { chromiumPath, launch } from './chromium.ts'
import { buildPanelPage, withPage } from './panels/panelPage.ts'
import { PANEL_SCREENS } from './panels/panelScreens.ts'
import { batchTests } from './panels/batch.ts'
import { modelTests } from './panels/models.ts'
import { settingTests } from './panels/settings.ts'
import { wordTests } from './panels/words.ts'
import type { Open } from './panels/panelTypes.ts'
import { type StaticServer, serveFolder } from './staticServer.ts'

const executable = chromiumPath()

describe.skipIf(executable === null)('panels', () => {
  let browser: Browser
  let server: StaticServer
  const open: Open = (query, use) => withPage(browser, server.url, query, use)
  beforeAll(async () => {
    server = await serveFolder(await buildPanelPage())
    browser = await launch(executable!)
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  describe('words', () => wordTests(open))
  describe('models', () => modelTests(open))
  describe('batch', () => batchTests(open))
  describe('settings', () => settingTests(open))

  for (const screen of chosenScreens(PANEL_SCREENS)) {
    test(`axe has nothing serious to say about "${screen.name}", dark and light`, () => open(`theme=system&${screen.query}`, async (page) => {
      await screen.go(page)
      await expectAccessible(page, `panel-${screen.name}`)
    }), 60_000)
  }
})
