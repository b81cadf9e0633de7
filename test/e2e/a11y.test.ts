/** Every main screen of the window over the stand-in host, in both themes, before axe. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chosenScreens, expectAccessible } from './axe.ts'
import { buildWindowPage, chromiumPath, launch } from './chromium.ts'
import { SCREENS } from './screens.ts'
import { type StaticServer, serveFolder } from './staticServer.ts'

const executable = chromiumPath()

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

  for (const screen of chosenScreens(SCREENS)) {
    test(`axe has nothing serious to say about "${screen.name}", dark and light`, async () => {
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, deviceScaleFactor: Number(process.env['PALIMPSEST_SCALE'] ?? 1), colorScheme: 'dark', reducedMotion: 'reduce' })
      const problems: string[] = []
      page.on('pageerror', (error) => problems.push(error.message))
      try {
        await page.goto(`${server.url}/index.html?theme=system&${screen.query}`)
        await page.waitForFunction('window.windowReady === true')
        await screen.go?.(page)
        await page.mouse.move(500, 480)
        await expectAccessible(page, screen.name)
        expect(problems).toEqual([])
      } finally {
        await page.close()
      }
    }, 60_000)
  }
})
