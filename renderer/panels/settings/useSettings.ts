/** Settings as a component reads and changes them; a change that the host refuses is told and taken back. */
import type { Settings } from '../../../preload/contract/app.ts'
import { attempt } from '../../app/actions/attempt.ts'
import { changeSettings, sessionStore } from '../../stores/sessionStore.ts'
import { useStore } from '../../stores/useStore.ts'

/** The settings, and how to change them. */
export function useSettings(): readonly [Settings, (change: Partial<Settings>) => void] {
  return [useStore(sessionStore, ({ settings }) => settings), (change) => attempt(changeSettings(change))] as const
}
