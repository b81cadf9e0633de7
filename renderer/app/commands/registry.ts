/** All commands, which keys call them, and how a key finds its command. */
import { sessionStore } from '../../stores/sessionStore.ts'
import { tellProblem } from '../../stores/dialogStore.ts'
import { t } from '../../strings/t.ts'
import type { Json } from '../../../preload/contract/ids.ts'
import type { Command, CommandMoment } from './command.ts'
import { documentCommands } from './documentCommands.ts'
import { editCommands } from './editCommands.ts'
import { layerCommands } from './layerCommands.ts'
import { maskCommands } from './maskCommands.ts'
import { runCommands } from './runCommands.ts'
import { toolCommands } from './toolCommands.ts'
import { viewCommands } from './viewCommands.ts'
import { windowCommands } from './windowCommands.ts'
import { normalizeShortcut } from './keys.ts'

/** Every command. */
export const commands: readonly Command[] = [
  ...documentCommands, ...editCommands, ...toolCommands, ...maskCommands, ...layerCommands, ...runCommands, ...viewCommands, ...windowCommands,
]

const byId = new Map(commands.map((command) => [command.id, command]))
const ORDER: readonly CommandMoment[] = ['staging', 'brush', 'run', 'editor', 'window']

/** The command with an id. */
export function commandById(id: string): Command | undefined {
  return byId.get(id)
}

/** The keys of a command: a person's own, else those it comes with. */
export function shortcutsOf(command: Command, keymap: Readonly<Record<string, readonly string[]>> = sessionStore.getState().settings.keymap): readonly string[] {
  return keymap[command.id] ?? command.shortcuts ?? []
}

/** Two commands that want the same key at the same moment. */
export type Conflict = { readonly shortcut: string; readonly commands: readonly Command[] }

/** Every conflict of a keymap. `editor` and `window` keys share their moment; the others may double them. */
export function findConflicts(keymap: Readonly<Record<string, readonly string[]>>): Conflict[] {
  const takers = new Map<string, Command[]>()
  for (const command of commands) {
    const moment = command.moment === undefined || command.moment === 'window' ? 'editor' : command.moment
    for (const shortcut of new Set(shortcutsOf(command, keymap).map(normalizeShortcut))) {
      const place = `${moment} ${shortcut}`
      takers.set(place, [...(takers.get(place) ?? []), command])
    }
  }
  return [...takers].filter(([, all]) => all.length > 1).map(([place, all]) => ({ shortcut: place.slice(place.indexOf(' ') + 1), commands: all }))
}

/** The command that a key calls now: the first enabled one in the order of moments. `only` limits which moments count. */
export function commandForKey(shortcut: string, only: (moment: CommandMoment) => boolean = () => true): Command | undefined {
  const wanted = normalizeShortcut(shortcut)
  const takers = commands.filter((command) => shortcutsOf(command).some((one) => normalizeShortcut(one) === wanted))
  return ORDER.filter(only)
    .flatMap((moment) => takers.filter((command) => (command.moment ?? 'editor') === moment))
    .find(isEnabled)
}

/** Whether a command can run now. */
export function isEnabled(command: Command): boolean {
  return command.enabled?.() ?? true
}

/** Runs a command; what it throws becomes the one plain dialog. */
export async function runCommand(id: string, payload?: Json): Promise<void> {
  const command = byId.get(id)
  if (!command || !isEnabled(command)) return
  try {
    await command.run(payload)
  } catch (error) {
    tellProblem(error, t('error.title'))
  }
}
