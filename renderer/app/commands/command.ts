/** What a command is. One registry of them feeds menus, palette, shortcuts and tooltips. */
import type { ComponentType } from 'react'
import type { Json } from '../../../preload/contract/ids.ts'
import type { PlainKey } from '../../strings/t.ts'

/**
 * When a command's keys count. A gesture on the canvas has every key first; then `staging`, `brush` and `run` are moments in
 * which the same key may mean another thing than in the `editor`: the first enabled command in that order takes it. `window` works everywhere, also
 * while a screen such as the batch is open.
 */
export type CommandMoment = 'staging' | 'brush' | 'run' | 'editor' | 'window'

/** A command. `enabled` is asked at the moment; absent means always. */
export type Command = {
  /** `topic.what`, stays the same for ever: keymaps and notices name it */
  readonly id: string
  readonly title: PlainKey
  readonly icon?: ComponentType<{ size?: number | string }>
  readonly shortcuts?: readonly string[]
  readonly moment?: CommandMoment
  readonly enabled?: () => boolean
  /** for commands that switch something */
  readonly checked?: () => boolean
  readonly run: (payload?: Json) => unknown
  /** what letting the key go does: the command holds only while its key is down */
  readonly release?: () => void
  /** not listed in the palette: it only makes sense as a key */
  readonly keyOnly?: boolean
}
