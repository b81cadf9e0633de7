/** What axe has to say about a screen, in both themes. */
import fs from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { shoot } from './chromium.ts'

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** only some screens while one is worked on: PALIMPSEST_SCREENS=edit-fill,layers */
const only = process.env['PALIMPSEST_SCREENS']?.split(',')
/** What moves has come to rest after this, milliseconds. */
const REST_MS = 500

type Finding = { readonly id: string; readonly impact: string; readonly help: string; readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[] }

/** The screens that are asked for: all, unless some are named. */
export function chosenScreens<T extends { readonly name: string }>(screens: readonly T[]): readonly T[] {
  return screens.filter(({ name }) => !only || only.includes(name))
}

/**
 * Scans the screen that is open, dark and then light; the window must follow the system's theme. Keeps a screenshot of each.
 * Fails with every finding that axe calls serious or critical.
 */
export async function expectAccessible(page: Page, name: string): Promise<void> {
  await page.evaluate(axe)
  for (const theme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme: theme })
    await page.locator(`html[data-mantine-color-scheme="${theme}"]`).waitFor()
    await page.waitForTimeout(REST_MS)
    await shoot(page, `${name}-${theme}`)
    const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as { violations: Finding[] } // axe's own shape
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    expect(serious.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map((node) => `  ${node.html.slice(0, 200)}\n  ${node.failureSummary}`).join('\n')}`), theme).toEqual([])
  }
}
