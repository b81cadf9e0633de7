/**
 * Changing shortcuts. A keymap holds only what differs from the defaults: the keys of a command, an empty list for a
 * command that has none any more.
 */
import type { Command } from '../../app/commands/command.ts'
import { normalizeShortcut } from '../../app/commands/keys.ts'

/** See the head of this file. */
export type Keymap = Readonly<Record<string, readonly string[]>>

/** The keys that a command has under a keymap, each in its one spelling. */
export function keysOf(command: Command, keymap: Keymap): string[] {
  return [...new Set((keymap[command.id] ?? command.shortcuts ?? []).map(normalizeShortcut))]
}

/** The keymap with a command's keys set; keys as by default leave nothing in it. */
export function withKeys(keymap: Keymap, command: Command, keys: readonly string[]): Keymap {
  const wanted = [...new Set(keys.map(normalizeShortcut))]
  const { [command.id]: _, ...rest } = keymap
  const defaults = keysOf(command, {})
  const same = wanted.length === defaults.length && wanted.every((key, at) => key === defaults[at])
  return same ? rest : { ...rest, [command.id]: wanted }
}

/** Whether a command's keys differ from the defaults. */
export function isChanged(command: Command, keymap: Keymap): boolean {
  return withKeys(keymap, command, keysOf(command, keymap))[command.id] !== undefined
}

/** The commands that would want a key at the same moment, if this command had it. Moments as in the registry. */
export function takersOf(commands: readonly Command[], keymap: Keymap, command: Command, key: string): Command[] {
  const wanted = normalizeShortcut(key)
  return commands.filter((other) => other.id !== command.id && moment(other) === moment(command) && keysOf(other, keymap).includes(wanted))
}

/** The keymap with a key given to a command, in the place of another of its keys where one is named, and taken from others. */
export function giveKey(commands: readonly Command[], keymap: Keymap, command: Command, key: string, instead?: string): Keymap {
  const wanted = normalizeShortcut(key)
  const freed = takersOf(commands, keymap, command, wanted).reduce((map, other) => withKeys(map, other, keysOf(other, map).filter((one) => one !== wanted)), keymap)
  const keys = keysOf(command, freed)
  const old = instead === undefined ? -1 : keys.indexOf(normalizeShortcut(instead))
  return withKeys(freed, command, old < 0 ? [...keys, wanted] : keys.map((one, at) => (at === old ? wanted : one)))
}

/** The commands whose title or keys hold what was typed. */
export function findCommands(commands: readonly Command[], keymap: Keymap, query: string, titleOf: (command: Command) => string, formatKey: (key: string) => string): Command[] {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== '')
  return commands.filter((command) => {
    const text = `${titleOf(command)} ${keysOf(command, keymap).map(formatKey).join(' ')}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** Topics of commands in the order they first appear: what stands before the point of their ids. */
export function byTopic(commands: readonly Command[]): [string, Command[]][] {
  const topics = new Map<string, Command[]>()
  for (const command of commands) {
    const topic = command.id.split('.')[0]!
    topics.set(topic, [...(topics.get(topic) ?? []), command])
  }
  return [...topics]
}

/** `editor` and `window` keys share their moment. */
function moment(command: Command): string {
  return command.moment === undefined || command.moment === 'window' ? 'editor' : command.moment
}
