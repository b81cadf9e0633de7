import { afterEach, describe, expect, test } from 'vitest'
import { fit, rank } from '../../../../renderer/app/commands/fuzzy.ts'
import { ariaShortcut, formatShortcut, normalizeShortcut, setKeyPlatform, shortcutOf } from '../../../../renderer/app/commands/keys.ts'
import { commandById, commandForKey, commands, findConflicts } from '../../../../renderer/app/commands/registry.ts'
import { MENUS } from '../../../../renderer/app/menus.ts'
import { firstPart } from '../../../../renderer/panels/settings/openSettings.ts'
import { documentStore } from '../../../../renderer/stores/documentStore.ts'
import { jobsStore } from '../../../../renderer/stores/jobsStore.ts'
import { layoutStore } from '../../../../renderer/stores/layoutStore.ts'
import { stagingStore } from '../../../../renderer/stores/stagingStore.ts'
import { toolStore } from '../../../../renderer/stores/toolStore.ts'
import { en } from '../../../../renderer/strings/en.ts'
import { documentWith, jobWith, stagedWith } from '../things.ts'

const press = (key: string, code: string, held: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey', boolean>> = {}) => ({ key, code, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held })

afterEach(() => {
  setKeyPlatform('linux')
  documentStore.setState(documentStore.getInitialState(), true)
  stagingStore.setState(stagingStore.getInitialState(), true)
  jobsStore.setState(jobsStore.getInitialState(), true)
  toolStore.setState(toolStore.getInitialState(), true)
})

describe('the registry of commands', () => {
  test('names every command once', () => {
    const ids = commands.map(({ id }) => id)
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  })

  test('gives no key to two commands at the same moment', () => {
    expect(findConflicts({}).map(({ shortcut, commands: takers }) => `${shortcut}: ${takers.map(({ id }) => id).join(', ')}`)).toEqual([])
  })

  test('tells a conflict that a person makes', () => {
    expect(findConflicts({ 'layer.new': ['Mod+Z'] })).toEqual([{ shortcut: 'Mod+Z', commands: [commandById('edit.undo'), commandById('layer.new')] }])
  })

  test('shows the one About, in the settings', async () => {
    await commandById('help.about')!.run()
    expect(layoutStore.getState().dialog).toBe('settings')
    expect(firstPart()).toBe('about')
    layoutStore.setState({ dialog: null })
  })

  test('has a text for every title and a command for every line of a menu', () => {
    expect(commands.filter(({ title }) => !(title in en)).map(({ id }) => id)).toEqual([])
    expect(MENUS.flatMap(({ lines }) => lines).filter((line) => line !== '-' && line !== 'recent' && !commandById(line))).toEqual([])
  })

  test('keeps the keys that people know from other editors', () => {
    const known = { 'edit.undo': 'Mod+Z', 'edit.redo': 'Mod+Shift+Z', 'tool.mask-brush': 'B', 'tool.mask-eraser': 'E', 'brush.smaller': '[', 'brush.larger': ']', 'run.go': 'Mod+Enter', 'view.fit': 'Mod+0', 'view.actual': 'Mod+1', 'mask.invert': 'Mod+Shift+I', 'layer.duplicate': 'Mod+J', 'file.export': 'Mod+Shift+E', 'view.original': '\\', 'view.split': 'Y', 'window.palette': 'Mod+K' }
    for (const [id, key] of Object.entries(known)) expect(commandById(id)?.shortcuts, id).toContain(key)
  })
})

describe('which command a key calls', () => {
  test('Escape turns a waiting result down before it stops a run', () => {
    documentStore.setState({ document: documentWith() })
    jobsStore.setState({ jobs: [jobWith({ state: 'running' })] })
    expect(commandForKey('Esc')?.id).toBe('run.cancel')
    stagingStore.setState({ edits: [stagedWith(5, 2)], current: { operation: 5, ordinal: 0 } })
    expect(commandForKey('Esc')?.id).toBe('staging.reject')
  })

  test('digits set the opacity only while a brush is in the hand', () => {
    documentStore.setState({ document: documentWith() })
    toolStore.setState({ tool: 'mask-brush' })
    expect(commandForKey('5')?.id).toBe('brush.opacity.5')
    toolStore.setState({ tool: 'move' })
    expect(commandForKey('5')).toBeUndefined()
  })

  test('a key of a command that is off does nothing', () => {
    expect(commandForKey('Mod+Z')).toBeUndefined()
    documentStore.setState({ document: documentWith({ undo: 'Mask brush' }) })
    expect(commandForKey('Mod+Z')?.id).toBe('edit.undo')
  })
})

describe('shortcuts', () => {
  test('letters go by what is typed, punctuation and digits by their place', () => {
    expect(shortcutOf(press('z', 'KeyW', { ctrlKey: true }))).toBe('Mod+Z') // AZERTY
    expect(shortcutOf(press('ü', 'BracketLeft'))).toBe('[') // German
    expect(shortcutOf(press('^', 'BracketLeft'))).toBe(normalizeShortcut('['))
    expect(shortcutOf(press('&', 'Digit1', { ctrlKey: true }))).toBe('Mod+1') // French
    expect(shortcutOf(press('я', 'KeyZ', { ctrlKey: true }))).toBe('Mod+Z') // Cyrillic
  })

  test('[ never fires together with Mod+[', () => {
    expect(shortcutOf(press('[', 'BracketLeft', { ctrlKey: true }))).toBe('Mod+[')
    expect(normalizeShortcut('Mod+[')).not.toBe(normalizeShortcut('['))
  })

  test('a modifier alone is no shortcut, a question mark is one wherever it sits', () => {
    expect(shortcutOf(press('Shift', 'ShiftLeft', { shiftKey: true }))).toBeNull()
    expect(shortcutOf(press('?', 'Minus', { shiftKey: true }))).toBe('?')
  })

  test('one spelling whatever the order, written as the platform writes it', () => {
    expect(normalizeShortcut('Shift+Mod+e')).toBe('Mod+Shift+E')
    expect(formatShortcut('Mod+Shift+E')).toBe('Ctrl+Shift+E')
    expect(ariaShortcut('Mod+[')).toBe('Control+[')
    setKeyPlatform('darwin')
    expect(formatShortcut('Mod+Shift+E')).toBe('⇧⌘E')
    expect(shortcutOf(press('e', 'KeyE', { metaKey: true }))).toBe('Mod+E')
  })
})

describe('the palette', () => {
  test('finds by starts of words and puts them first', () => {
    expect(rank('iv', ['Fill the river', 'Invert the mask', 'Image size'], (name) => name)[0]).toBe('Invert the mask')
    expect(rank('gm', ['Grow the mask', 'Image size'], (name) => name)).toEqual(['Grow the mask'])
  })

  test('refuses letters that are not there and keeps the order without a query', () => {
    expect(fit('xyz', 'Fill')).toBeNull()
    expect(rank('  ', ['b', 'a'], (name) => name)).toEqual(['b', 'a'])
  })
})
