/** The menu bar as a table of command ids; the window draws it in the browser, the system in Electron. */
import type { MenuItem, MenuState } from '../../preload/contract/menu.ts'
import { documentStore } from '../stores/documentStore.ts'
import { type PlainKey, t } from '../strings/t.ts'
import { commandById, isEnabled, shortcutsOf } from './commands/registry.ts'

/** A line of a menu: a command's id, a separator, or the list of recent projects. */
export type MenuLine = string | '-' | 'recent'

/** Menus in their order. */
export const MENUS: readonly { readonly title: PlainKey; readonly lines: readonly MenuLine[] }[] = [
  { title: 'menu.file', lines: ['file.new', 'file.open', 'file.open-project', 'recent', 'file.open-sample', '-', 'file.place', '-', 'file.save', 'file.rename', 'file.export', '-', 'file.close'] },
  { title: 'menu.edit', lines: ['edit.undo', 'edit.redo', '-', 'edit.copy', 'edit.copy-merged', 'edit.paste', '-', 'edit.copy-mask', 'edit.paste-mask', '-', 'window.settings'] },
  { title: 'menu.image', lines: ['image.size', 'image.canvas-size', 'image.crop', 'image.straighten', '-', 'image.turn-right', 'image.turn-left', 'image.turn-half', 'image.flip-horizontal', 'image.flip-vertical'] },
  { title: 'menu.layer', lines: ['layer.new', 'layer.group', 'layer.duplicate', 'layer.delete', '-', 'layer.up', 'layer.down', 'layer.merge-down', 'layer.merge-visible', '-', 'layer.mask-add', 'layer.mask-from-active', 'layer.mask-invert', 'layer.mask-remove', '-', 'layer.visible', 'layer.lock'] },
  { title: 'menu.select', lines: ['mask.all', 'mask.none', 'mask.invert', '-', 'mask.grow', 'mask.shrink', 'mask.feather', '-', 'mask.from-layer', 'mask.from-layer-mask', 'mask.new', 'mask.save', '-', 'mask.import', 'mask.export', '-', 'mask.edit', 'mask.overlay', 'mask.outline'] },
  { title: 'menu.run', lines: ['run.go', 'run.cancel', 'run.prompt', '-', 'intent.fill', 'intent.remove', 'intent.expand', 'intent.restyle', 'intent.swap', '-', 'staging.accept', 'staging.reject', 'staging.next', 'staging.previous', '-', 'window.batch'] },
  { title: 'menu.view', lines: ['view.zoom-in', 'view.zoom-out', 'view.fit', 'view.actual', 'view.double', 'view.upright', '-', 'view.split', 'view.difference', 'mask.overlay', '-', 'view.navigator'] },
  { title: 'menu.window', lines: ['window.palette', '-', 'window.edit', 'window.layers', 'window.history', 'window.panels', '-', 'window.models', 'window.lock', 'engine.unload', '-', 'window.theme'] },
  { title: 'menu.help', lines: ['window.shortcuts', 'help.about'] },
]

/** The menu as `Bridge.setMenu` takes it. */
export function menuState(): MenuState {
  const { document, pending } = documentStore.getState()
  return {
    menus: MENUS.map(({ title, lines }) => ({ label: t(title), items: lines.map(item) })),
    title: document ? document.name : t('app.name'),
    edited: pending > 0,
  }
}

function item(line: MenuLine): MenuItem {
  if (line === '-') return { kind: 'separator' }
  if (line === 'recent') {
    const { projects } = documentStore.getState()
    const items = projects.slice(0, 10).map(({ ref, name, missing }): MenuItem => ({ kind: 'command', id: `file.open-recent:${ref}`, label: name || t('app.untitled'), enabled: !missing }))
    return { kind: 'submenu', label: t('menu.recent'), items: items.length > 0 ? items : [{ kind: 'command', id: 'file.open-recent', label: t('menu.empty'), enabled: false }] }
  }
  const command = commandById(line)
  if (!command) throw new Error(`the menu names "${line}", which is no command`)
  const shortcut = shortcutsOf(command)[0]
  return { kind: 'command', id: line, label: t(command.title), enabled: isEnabled(command), ...(shortcut && { shortcut }), ...(command.checked && { checked: command.checked() }) }
}
