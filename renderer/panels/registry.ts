/**
 * Every panel of the window, one line each. `place` says where it appears:
 *   tab      a tab of the right side
 *   dialog   a window over the editor, opened by `openPanel(id)` (renderer/stores/layoutStore.ts)
 *   screen   takes the place of the canvas, opened the same way; Escape leads back to the picture
 *   slot     is asked for by its id in one spot: `edit.swap` (the Swap intent's body), `start` (no picture is open),
 *            `canvas.words` (drawn over the canvas)
 * A component gets no props; it reads the stores. It is loaded when it is first shown, save what every start shows.
 */
import { IconAdjustments, IconBox, IconFolders, IconGitBranch, IconKeyboard, IconSettings, IconStack2 } from '@tabler/icons-react'
import { type ComponentType, lazy } from 'react'
import type { PlainKey } from '../strings/t.ts'
import { WelcomeScreen } from './welcome/WelcomeScreen.tsx'

/** A panel. `size` is a dialog's width in rem. */
export type Panel = {
  readonly id: string
  readonly place: 'tab' | 'dialog' | 'screen' | 'slot'
  readonly title: PlainKey
  readonly icon?: ComponentType<{ size?: number | string }>
  readonly size?: number
  readonly component: ComponentType
}

/** The panels, tabs in their order. */
export const panels: readonly Panel[] = [
  { id: 'edit', place: 'tab', title: 'panel.edit', icon: IconAdjustments, component: lazy(() => import('./edit/EditPanel.tsx').then((m) => ({ default: m.EditPanel }))) },
  { id: 'layers', place: 'tab', title: 'panel.layers', icon: IconStack2, component: lazy(() => import('./layers/LayersPanel.tsx').then((m) => ({ default: m.LayersPanel }))) },
  { id: 'history', place: 'tab', title: 'panel.history', icon: IconGitBranch, component: lazy(() => import('./history/HistoryPanel.tsx').then((m) => ({ default: m.HistoryPanel }))) },
  { id: 'models', place: 'screen', title: 'models.title', icon: IconBox, component: lazy(() => import('./models/ModelsScreen.tsx').then((m) => ({ default: m.ModelsScreen }))) },
  { id: 'batch', place: 'screen', title: 'batch.title', icon: IconFolders, component: lazy(() => import('./batch/BatchScreen.tsx').then((m) => ({ default: m.BatchScreen }))) },
  { id: 'settings', place: 'dialog', title: 'settings.title', icon: IconSettings, size: 48, component: lazy(() => import('./settings/SettingsDialog.tsx').then((m) => ({ default: m.SettingsDialog }))) },
  { id: 'shortcuts', place: 'dialog', title: 'keys.title', icon: IconKeyboard, size: 62, component: lazy(() => import('./settings/ShortcutSheet.tsx').then((m) => ({ default: m.ShortcutSheet }))) },
  { id: 'start', place: 'slot', title: 'welcome.open', component: WelcomeScreen },
  { id: 'edit.swap', place: 'slot', title: 'words.title', component: lazy(() => import('./words/WordsPanel.tsx').then((m) => ({ default: m.WordsPanel }))) },
  { id: 'canvas.words', place: 'slot', title: 'words.title', component: lazy(() => import('./words/OverCanvas.tsx').then((m) => ({ default: m.OverCanvas }))) },
]

/** The panel with an id, if there is one. */
export function panelById(id: string): Panel | undefined {
  return panels.find((panel) => panel.id === id)
}
