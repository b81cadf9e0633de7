/** A served editor with the target picture open, a probe and hands: what tests of tools, layers and documents start with. */
import type { Browser, Page } from 'playwright-core'
import { launch } from '../chromium.ts'
import { DocumentProbe } from './documentProbe.ts'
import { EditorHands } from './editorHands.ts'
import { buildWindow, serveEditor } from './servedEditor.ts'
import { TARGET, targetPicture } from './targetPicture.ts'

/** See the file's head. `source` is the picture's file, `problems` what went wrong on the page. */
export interface TargetEditor {
  readonly page: Page
  readonly probe: DocumentProbe
  readonly hands: EditorHands
  readonly source: Buffer
  readonly problems: readonly string[]
  close(): Promise<void>
}

/** Starts it. @param executable the browser's program */
export async function openTarget(executable: string): Promise<TargetEditor> {
  await buildWindow()
  const served = await serveEditor()
  const browser: Browser = await launch(executable)
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true, reducedMotion: 'reduce', colorScheme: 'dark', permissions: ['clipboard-read', 'clipboard-write'] })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  await page.goto(served.url)
  const probe = await DocumentProbe.on(page)
  const hands = new EditorHands(page, probe)
  const source = await targetPicture()
  await hands.choose(() => page.keyboard.press('Control+o'), 'target.png', source)
  await page.locator('.hud').getByText(`${TARGET.width} × ${TARGET.height}`).waitFor()
  await page.locator('.steps button').first().click() // the first steps are known
  return {
    page, probe, hands, source, problems,
    close: async () => {
      await browser.close()
      await served.close()
    },
  }
}
