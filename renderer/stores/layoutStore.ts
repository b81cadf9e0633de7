/** How the window is divided, and which panel is open. Remembered in the settings' `panels`. */
import { createStore } from 'zustand/vanilla'
import { z } from 'zod'
import type { FileInfo } from '../../preload/contract/files.ts'
import { changeSettings, sessionStore } from './sessionStore.ts'

const layout = z.object({
  tab: z.string().default('edit'),
  rightWidth: z.number().min(240).max(720).default(320),
  stripHeight: z.number().min(96).max(360).default(132),
  /** the overview in the corner of the canvas */
  navigator: z.boolean().default(false),
  /** sections a person has closed, by their id */
  closed: z.array(z.string()).default([]),
})
/** What is remembered; lengths in CSS pixels at text zoom 1. */
export type Layout = z.output<typeof layout>

/** See {@link layoutStore}. `screen` and `dialog` are panel ids, `known` all there are (renderer/panels/registry.ts); `dropped` are model files for the models screen, which takes them out. */
export type LayoutState = Layout & { readonly hidden: boolean; readonly screen: string | null; readonly dialog: string | null; readonly palette: boolean; readonly known: readonly string[]; readonly dropped: readonly FileInfo[] }

/** The layout. */
export const layoutStore = createStore<LayoutState>(() => ({ ...layout.parse({}), hidden: false, screen: null, dialog: null, palette: false, known: [], dropped: [] }))

/** Takes the layout from the settings once they are known; what does not fit is left as it is by default. */
export function restoreLayout(): void {
  const kept = layout.safeParse(sessionStore.getState().settings.panels['layout'] ?? {})
  if (kept.success) layoutStore.setState(kept.data)
}

let timer: ReturnType<typeof setTimeout> | undefined

/** Changes what is remembered; written half a second after the last change. */
export function changeLayout(change: Partial<Layout>): void {
  layoutStore.setState(change)
  clearTimeout(timer)
  timer = setTimeout(() => {
    const { tab, rightWidth, stripHeight, navigator, closed } = layoutStore.getState()
    const { panels } = sessionStore.getState().settings
    changeSettings({ panels: { ...panels, layout: { tab, rightWidth, stripHeight, navigator, closed } } }).catch(() => null) // a layout that was not remembered is no loss worth a word
  }, 500)
}

/** Opens or closes a section of a panel. */
export function toggleSection(id: string): void {
  const { closed } = layoutStore.getState()
  changeLayout({ closed: closed.includes(id) ? closed.filter((one) => one !== id) : [...closed, id] })
}

/** Shows a tab of the right side. */
export function showTab(tab: string): void {
  layoutStore.setState({ hidden: false })
  changeLayout({ tab })
}

/** Opens a dialog panel, or a screen panel in place of the canvas. */
export function openPanel(id: string, as: 'dialog' | 'screen'): void {
  layoutStore.setState(as === 'dialog' ? { dialog: id } : { screen: id })
}

/** Closes what {@link openPanel} opened. */
export function closePanel(as: 'dialog' | 'screen'): void {
  layoutStore.setState(as === 'dialog' ? { dialog: null } : { screen: null })
}
