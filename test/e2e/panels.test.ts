/** The panels in a real Chromium over a stand-in host: what they do, what they look like, and that axe has nothing to say. */
import fs from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, launch, shoot } from './chromium.ts'
import { buildPanelPage, withPage } from './panels/panelPage.ts'
import { PANEL_SCREENS } from './panels/panelScreens.ts'
import { batchTests } from './panels/batch.ts'
import { modelTests } from './panels/models.ts'
import { settingTests } from './panels/settings.ts'
import { wordTests } from './panels/words.ts'
import type { Open } from './panels/panelTypes.ts'
import { type StaticServer, serveFolder } from './staticServer.ts'

const executable = chromiumPath()
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** only some screens while one is worked on: PALIMPSEST_SCREENS=words,models */
const only = process.env['PALIMPSEST_SCREENS']?.split(',')

type Finding = { readonly id: string; readonly impact: string; readonly help: string; readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[] }

describe.skipIf(executable === null)('panels', () => {
  let browser: Browser
  let server: StaticServer
  const open: Open = (query, use, theme = 'dark') => withPage(browser, server.url, query, theme, use)
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

  for (const theme of ['dark', 'light'] as const) {
    for (const screen of PANEL_SCREENS.filter(({ name }) => !only || only.includes(name))) {
      test(`axe has nothing serious to say about "${screen.name}" in ${theme}`, () => open(screen.query, async (page) => {
        await screen.go(page)
        await page.waitForTimeout(500)
        await shoot(page, `panel-${screen.name}-${theme}`)
        await page.evaluate(axe)
        const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as { violations: Finding[] } // axe's own shape
        const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
        expect(serious.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map((node) => `  ${node.html.slice(0, 200)}\n  ${node.failureSummary}`).join('\n')}`)).toEqual([])
      }, theme), 60_000)
    }
  }
})
