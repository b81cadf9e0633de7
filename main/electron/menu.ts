/** The system's menu from what the window's command registry says. */
import type { MenuItemConstructorOptions } from 'electron'
import type { CheckedMenuItem, menuState } from '../../preload/contract/menu.ts'
import type { z } from 'zod'

const MODIFIERS: Readonly<Record<string, string>> = { mod: 'CommandOrControl', ctrl: 'Control', control: 'Control', cmd: 'Command', command: 'Command', alt: 'Alt', option: 'Alt', shift: 'Shift', meta: 'Super', super: 'Super' }
const KEYS: Readonly<Record<string, string>> = {
  enter: 'Return', return: 'Return', escape: 'Escape', esc: 'Escape', delete: 'Delete', backspace: 'Backspace', tab: 'Tab', space: 'Space', home: 'Home', end: 'End', pageup: 'PageUp', pagedown: 'PageDown',
  arrowup: 'Up', arrowdown: 'Down', arrowleft: 'Left', arrowright: 'Right', up: 'Up', down: 'Down', left: 'Left', right: 'Right', plus: 'Plus', '+': 'Plus', insert: 'Insert',
}

/**
 * A shortcut of the registry ("Mod+Shift+E") as Electron writes it, or undefined when Electron has no word for it: an
 * accelerator it cannot read would throw.
 */
export function acceleratorOf(shortcut: string): string | undefined {
  const parts = shortcut.replace(/\+\+$/, '+plus').split('+')
  const key = parts.pop()!.trim()
  const modifiers = parts.map((part) => MODIFIERS[part.trim().toLowerCase()])
  const known = KEYS[key.toLowerCase()] ?? (/^(F([1-9]|1\d|2[0-4])|[A-Z0-9])$/i.test(key) ? key.toUpperCase() : /^[[\]\\;',./`=-]$/.test(key) ? key : undefined)
  return known === undefined || modifiers.some((modifier) => modifier === undefined) ? undefined : [...modifiers, known].join('+')
}

/**
 * The template of the application menu.
 * @param choose told the id of a command that was chosen
 */
export function menuTemplate(state: z.output<typeof menuState>, platform: NodeJS.Platform, choose: (command: string) => void): MenuItemConstructorOptions[] {
  const menus = state.menus.map(({ label, items }): MenuItemConstructorOptions => ({ label, submenu: items.map((item) => itemTemplate(item, choose)) }))
  // macOS gives the first menu the program's name, whatever it is called
  return platform === 'darwin' ? [{ role: 'appMenu' }, ...menus] : menus
}

function itemTemplate(item: CheckedMenuItem, choose: (command: string) => void): MenuItemConstructorOptions {
  switch (item.kind) {
    case 'separator':
      return { type: 'separator' }
    case 'role':
      return { role: item.role, ...(item.label === undefined ? {} : { label: item.label }) }
    case 'submenu':
      return { label: item.label, submenu: item.items.map((inner) => itemTemplate(inner, choose)) }
    case 'command': {
      const accelerator = item.shortcut === undefined ? undefined : acceleratorOf(item.shortcut)
      return {
        label: item.label,
        enabled: item.enabled,
        ...(item.checked === undefined ? {} : { type: 'checkbox', checked: item.checked }),
        // shown only: the window listens itself, so that a shortcut behaves the same in the browser
        ...(accelerator === undefined ? {} : { accelerator, registerAccelerator: false }),
        click: () => choose(item.id),
      }
    }
  }
}
