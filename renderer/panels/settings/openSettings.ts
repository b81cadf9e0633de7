/** Opening the settings at one of their parts. */
import { openPanel } from '../../stores/layoutStore.ts'

/** Part of the settings. */
export type SettingsPart = 'look' | 'engine' | 'masks' | 'privacy' | 'keys' | 'about'

let wanted: SettingsPart = 'look'

/** Opens the dialog at a part. */
export function openSettings(part: SettingsPart): void {
  wanted = part
  openPanel('settings', 'dialog')
}

/** The part to begin with; the next time it is the first again. */
export function firstPart(): SettingsPart {
  const part = wanted
  wanted = 'look'
  return part
}
