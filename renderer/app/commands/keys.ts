/**
 * Shortcuts as texts such as "Mod+Shift+E", "[", "Alt+BracketLeft". Letters are matched by what the key types, so that
 * they sit where the person's layout has them; punctuation and digits by the key's place (`event.code`), because on many
 * layouts "[" cannot be typed without a modifier.
 */

/** What of a keyboard event decides. */
export type KeyPress = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>

const PLACES: Readonly<Record<string, string>> = {
  '[': 'BracketLeft', ']': 'BracketRight', '\\': 'Backslash', ',': 'Comma', '.': 'Period', '/': 'Slash', ';': 'Semicolon', "'": 'Quote',
  '-': 'Minus', '=': 'Equal', '`': 'Backquote',
}
const PLACE_SIGNS = Object.fromEntries(Object.entries(PLACES).map(([sign, code]) => [code, sign]))
const NAMED: Readonly<Record<string, string>> = {
  ' ': 'Space', Escape: 'Esc', ArrowLeft: 'Left', ArrowRight: 'Right', ArrowUp: 'Up', ArrowDown: 'Down', Delete: 'Del', Backspace: 'Backspace', '+': 'Plus', '?': '?',
}
const MODIFIERS = ['Mod', 'Ctrl', 'Alt', 'Shift'] as const

/** Whether this machine calls Mod "Cmd". Set once, by what the host says. */
let mac = false
/** Tells which platform shortcuts are for. */
export function setKeyPlatform(platform: 'linux' | 'darwin' | 'win32'): void {
  mac = platform === 'darwin'
}

/** A shortcut in its one spelling: modifiers in order Mod, Ctrl, Alt, Shift, then the key. */
export function normalizeShortcut(shortcut: string): string {
  const parts = shortcut.endsWith('++') ? [...shortcut.slice(0, -2).split('+'), 'Plus'] : shortcut.split('+')
  const key = parts.at(-1)!
  const held = new Set(parts.slice(0, -1))
  return [...MODIFIERS.filter((one) => held.has(one)), key.length === 1 ? (PLACE_SIGNS[key] ?? key.toUpperCase()) : (PLACE_SIGNS[key] ?? key)].join('+')
}

/** The shortcut that a key press is; null for a press of modifiers alone. */
export function shortcutOf(press: KeyPress): string | null {
  if (['Control', 'Meta', 'Alt', 'Shift', 'AltGraph', 'Dead', 'Process'].includes(press.key) && !PLACE_SIGNS[press.code]) return null
  const sign = PLACE_SIGNS[press.code]
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(press.code)?.[1]
  // "?" and "+" are asked for by sign: where they sit differs too much
  const bySign = press.key === '?' || press.key === '+' ? NAMED[press.key]! : null
  const letter = /^[a-z]$/i.test(press.key) ? press.key.toUpperCase() : /^Key([A-Z])$/.exec(press.code)?.[1]
  const key = bySign ?? sign ?? digit ?? letter ?? NAMED[press.key] ?? press.key
  const modifiers = [
    (mac ? press.metaKey : press.ctrlKey) && 'Mod',
    mac && press.ctrlKey && 'Ctrl',
    press.altKey && 'Alt',
    press.shiftKey && bySign === null && 'Shift',
  ].filter((one) => one !== false)
  return [...modifiers, key].join('+')
}

/** A shortcut as a person reads it: "Ctrl+Shift+E", on a Mac "⇧⌘E". */
export function formatShortcut(shortcut: string): string {
  const parts = normalizeShortcut(shortcut).split('+')
  const key = { Plus: '+', Left: '←', Right: '→', Up: '↑', Down: '↓', Enter: mac ? '↩' : 'Enter', Backspace: mac ? '⌫' : 'Backspace' }[parts.at(-1)!] ?? parts.at(-1)!
  const held = new Set(parts.slice(0, -1))
  if (mac) return [held.has('Ctrl') && '⌃', held.has('Alt') && '⌥', held.has('Shift') && '⇧', held.has('Mod') && '⌘', key].filter(Boolean).join('')
  return [held.has('Mod') && 'Ctrl', held.has('Alt') && 'Alt', held.has('Shift') && 'Shift', key].filter(Boolean).join('+')
}

/** A shortcut as ARIA writes it (aria-keyshortcuts). */
export function ariaShortcut(shortcut: string): string {
  return normalizeShortcut(shortcut).replace('Mod', mac ? 'Meta' : 'Control').replace('Ctrl', 'Control').replace('Esc', 'Escape').replace('Del', 'Delete')
}
