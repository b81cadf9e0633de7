/** The window itself: panels, palette, theme, screens. */
import { IconKeyboard, IconLayoutSidebarRight, IconSearch, IconSettings } from '@tabler/icons-react'
import { closePanel, layoutStore, openPanel, showTab } from '../../stores/layoutStore.ts'
import { changeSettings, sessionStore } from '../../stores/sessionStore.ts'
import { documentStore } from '../../stores/documentStore.ts'
import { call } from '../../api/client.ts'
import { openSettings } from '../../panels/settings/openSettings.ts'
import type { Command } from './command.ts'

const exists = (id: string) => (): boolean => layoutStore.getState().known.includes(id)

/** Commands of the Window and Help menus. */
export const windowCommands: readonly Command[] = [
  { id: 'window.palette', title: 'command.window.palette', icon: IconSearch, shortcuts: ['Mod+K', 'Mod+Shift+P'], moment: 'window', run: () => layoutStore.setState({ palette: true }) },
  {
    id: 'window.panels', title: 'command.window.panels', icon: IconLayoutSidebarRight, shortcuts: ['Tab', 'F'], enabled: () => documentStore.getState().document !== null, checked: () => !layoutStore.getState().hidden,
    run: () => layoutStore.setState(({ hidden }) => ({ hidden: !hidden })),
  },
  { id: 'window.edit', title: 'command.window.edit', shortcuts: ['F6'], moment: 'window', run: () => goToTab('edit') },
  { id: 'window.layers', title: 'command.window.layers', shortcuts: ['F7'], moment: 'window', run: () => goToTab('layers') },
  { id: 'window.history', title: 'command.window.history', shortcuts: ['F8'], moment: 'window', run: () => goToTab('history') },
  { id: 'window.models', title: 'command.window.models', enabled: exists('models'), moment: 'window', run: () => openPanel('models', 'screen') },
  { id: 'window.batch', title: 'command.window.batch', enabled: exists('batch'), moment: 'window', run: () => openPanel('batch', 'screen') },
  { id: 'window.picture', title: 'command.window.picture', shortcuts: ['Esc'], moment: 'window', enabled: () => layoutStore.getState().screen !== null, run: () => closePanel('screen') },
  { id: 'window.settings', title: 'command.window.settings', icon: IconSettings, shortcuts: ['Mod+,'], enabled: exists('settings'), moment: 'window', run: () => openPanel('settings', 'dialog') },
  { id: 'window.shortcuts', title: 'command.window.shortcuts', icon: IconKeyboard, shortcuts: ['?', 'F1'], enabled: exists('shortcuts'), moment: 'window', run: () => openPanel('shortcuts', 'dialog') },
  {
    id: 'window.theme', title: 'command.window.theme', moment: 'window',
    run: () => changeSettings({ theme: isDark() ? 'light' : 'dark' }),
  },
  { id: 'window.lock', title: 'command.window.lock', moment: 'window', checked: () => sessionStore.getState().network.locked, run: async () => sessionStore.setState({ network: await call('network.lock', { locked: !sessionStore.getState().network.locked }) }) },
  { id: 'engine.unload', title: 'command.engine.unload', moment: 'window', run: () => call('engine.unload', {}) },
  { id: 'help.about', title: 'command.help.about', moment: 'window', run: () => openSettings('about') },
]

/** Shows a tab and puts the focus on it: from there Tab walks through the panel, which it does not from the canvas. */
function goToTab(id: string): void {
  showTab(id)
  requestAnimationFrame(() => document.querySelector<HTMLElement>('.right-tabs [role="tab"][aria-selected="true"]')?.focus())
}

/** Whether the window is dark now. */
function isDark(): boolean {
  const { theme } = sessionStore.getState().settings
  return theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches)
}
