/** Types that the tests of the panels share. */
import type { Page } from 'playwright-core'

/** Opens the page in a state and hands it to a test. */
export type Open = (query: string, use: (page: Page) => Promise<void>) => Promise<void>

/** A screen that is photographed and looked through by axe. */
export interface PanelScreen {
  readonly name: string
  readonly query: string
  readonly go: (page: Page) => Promise<unknown>
}
