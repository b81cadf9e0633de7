import { describe, expect, it } from 'vitest'
import type { Command } from '../../../../../renderer/app/commands/command.ts'
import { byTopic, findCommands, giveKey, isChanged, keysOf, takersOf, withKeys } from '../../../../../renderer/panels/settings/keymapEdit.ts'

const command = (id: string, shortcuts: readonly string[], moment?: Command['moment']): Command => ({ id, title: 'common.none', shortcuts, run: () => undefined, ...(moment ? { moment } : {}) })
const brush = command('tool.brush', ['B'])
const erase = command('tool.erase', ['E'])
const help = command('window.help', ['F1'], 'window')
const accept = command('staging.accept', ['Enter'], 'staging')
const go = command('run.go', ['Enter', 'Mod+Enter'])
const all = [brush, erase, help, accept, go]

describe('changing shortcuts', () => {
  it('keeps only what differs from the defaults', () => {
    const map = withKeys({}, brush, ['k', 'Shift+Mod+K'])
    expect(map).toEqual({ 'tool.brush': ['K', 'Mod+Shift+K'] })
    expect(isChanged(brush, map)).toBe(true)
    expect(withKeys(map, brush, ['b'])).toEqual({})
    expect(isChanged(brush, { 'tool.brush': ['b'] })).toBe(false)
    expect(keysOf(brush, withKeys({}, brush, []))).toEqual([])
  })

  it('names who has a key, in the same moment only; the whole window counts with the editor', () => {
    expect(takersOf(all, {}, brush, 'e')).toEqual([erase])
    expect(takersOf(all, {}, brush, 'F1')).toEqual([help])
    expect(takersOf(all, {}, accept, 'Mod+Enter')).toEqual([])
    expect(takersOf(all, {}, erase, 'E')).toEqual([])
  })

  it('gives a key to one and takes it from the other', () => {
    const map = giveKey(all, {}, brush, 'E')
    expect(keysOf(brush, map)).toEqual(['B', 'E'])
    expect(keysOf(erase, map)).toEqual([])
    expect(takersOf(all, map, brush, 'E')).toEqual([])
  })

  it('puts a key in the place of another', () => {
    expect(keysOf(go, giveKey(all, {}, go, 'F9', 'Enter'))).toEqual(['F9', 'Mod+Enter'])
    expect(keysOf(go, giveKey(all, {}, go, 'Mod+Enter', 'Enter'))).toEqual(['Mod+Enter'])
  })

  it('finds commands by title or key, every word of what was typed', () => {
    const titles: Record<string, string> = { 'tool.brush': 'Mask brush', 'tool.erase': 'Mask eraser', 'window.help': 'Help', 'staging.accept': 'Accept', 'run.go': 'Go' }
    const find = (query: string): string[] => findCommands(all, {}, query, ({ id }) => titles[id]!, (key) => key.replace('Mod', 'Ctrl')).map(({ id }) => id)
    expect(find('mask b')).toEqual(['tool.brush'])
    expect(find('CTRL+enter')).toEqual(['run.go'])
    expect(find('')).toHaveLength(5)
    expect(find('zzz')).toEqual([])
  })

  it('groups them by topic', () => {
    expect(byTopic(all).map(([topic, some]) => [topic, some.length])).toEqual([['tool', 2], ['window', 1], ['staging', 1], ['run', 1]])
  })
})
