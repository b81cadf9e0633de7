import fs from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildWindowPage, chromiumPath, launch, shoot } from './chromium.ts'
import { SCREENS } from './screens.ts'
import { type StaticServer, serveFolder } from './staticServer.ts'

const executable = chromiumPath()
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** only some screens while one is worked on: PALIMPSEST_SCREENS=edit-fill,layers */
const only = process.env['PALIMPSEST_SCREENS']?.split(',')

type Finding = { readonly id: string; readonly impact: string; readonly help: string; readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[] }

describe.skipIf(executable === null)('accessibility of every screen', () => {
  let browser: Browser
  let server: StaticServer
  beforeAll(async () => {
    server = await serveFolder(await buildWindowPage())
    browser = await launch(executable!)
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  for (const theme of ['dark', 'light'] as const) {
    for (const screen of SCREENS.filter(({ name }) => !only || only.includes(name))) {
      test(`axe has nothing serious to say about "${screen.name}" in ${theme}`, async () => {
        const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, deviceScaleFactor: Number(process.env['PALIMPSEST_SCALE'] ?? 1), colorScheme: theme, reducedMotion: 'reduce' })
        const problems: string[] = []
        page.on('pageerror', (error) => problems.push(error.message))
        try {
          await page.goto(`${server.url}/index.html?theme=${theme}&${screen.query}`)
          await page.waitForFunction('window.windowReady === true')
          await screen.go?.(page)
          await page.mouse.move(500, 480)
          await page.waitForTimeout(700)
          await shoot(page, `${screen.name}-${theme}`)
          await page.evaluate(axe)
          const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as { violations: Finding[] } // axe's own shape
          const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
          expect(serious.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map((node) => `  ${node.html.slice(0, 200)}\n  ${node.failureSummary}`).join('\n')}`)).toEqual([])
          expect(problems).toEqual([])
        } finally {
          await page.close()
        }
      }, 60_000)
    }
  }
})
