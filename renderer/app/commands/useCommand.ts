/** A command as a component shows it: name, key, whether it can run now and whether it is on. */
import { useSyncExternalStore } from 'react'
import { documentStore } from '../../stores/documentStore.ts'
import { editStore } from '../../stores/editStore.ts'
import { jobsStore } from '../../stores/jobsStore.ts'
import { layoutStore } from '../../stores/layoutStore.ts'
import { sessionStore } from '../../stores/sessionStore.ts'
import { stagingStore } from '../../stores/stagingStore.ts'
import { toolStore } from '../../stores/toolStore.ts'
import { viewStore } from '../../stores/viewStore.ts'
import { t } from '../../strings/t.ts'
import type { Command } from './command.ts'
import { ariaShortcut, formatShortcut } from './keys.ts'
import { commandById, isEnabled, shortcutsOf } from './registry.ts'

const stores = [documentStore, editStore, jobsStore, layoutStore, sessionStore, stagingStore, toolStore, viewStore] as const

/** Tells when anything that commands look at has changed. */
export function subscribeToCommands(listener: () => void): () => void {
  const stops = stores.map((store) => store.subscribe(listener))
  return () => stops.forEach((stop) => stop())
}

/** See the file's head. @throws Error for an id that names no command */
export type ShownCommand = { readonly command: Command; readonly title: string; readonly shortcut: string | undefined; readonly aria: string | undefined; readonly enabled: boolean; readonly checked: boolean | undefined }

/** The state of one command; the component renders again when it changes. */
export function useCommand(id: string): ShownCommand {
  const command = commandById(id)
  if (!command) throw new Error(`"${id}" names no command`)
  const state = useSyncExternalStore(subscribeToCommands, () => `${isEnabled(command)} ${command.checked?.() ?? ''} ${shortcutsOf(command)[0] ?? ''}`)
  const [enabled, checked] = state.split(' ')
  const shortcut = shortcutsOf(command)[0]
  return {
    command, title: t(command.title), shortcut: shortcut && formatShortcut(shortcut), aria: shortcut && ariaShortcut(shortcut),
    enabled: enabled === 'true', checked: command.checked ? checked === 'true' : undefined,
  }
}
