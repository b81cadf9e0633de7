/** What a key does on the row of chips. */
import { type Chip, isMark } from '../../stores/words/chips.ts'

/** See the file's head. `edit` carries the letter that began it, which takes the place of the word. */
export type ChipAct =
  | { readonly do: 'go'; readonly chip: number }
  | { readonly do: 'edit'; readonly with: string | null }
  | { readonly do: 'weigh'; readonly notches: number }
  | { readonly do: 'remove' }
  | { readonly do: 'restore' }
  | { readonly do: 'mask' }
  | { readonly do: 'add' }
  | { readonly do: 'leave' }

/** A key press, as far as it matters here. */
export interface ChipPress {
  readonly key: string
  readonly shiftKey: boolean
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
}

/** Chips that can be stood on. */
export function standable(chips: readonly Chip[]): Chip[] {
  return chips.filter((chip) => !isMark(chip))
}

/**
 * What a key does with the chip one stands on; null when it does nothing here and may do something elsewhere.
 * Ctrl (or Cmd) with up and down weighs, as in the prompt box.
 */
export function chipKey(chips: readonly Chip[], active: number | null, press: ChipPress): ChipAct | null {
  const row = standable(chips)
  const at = row.findIndex(({ id }) => id === active)
  const chip = row[at]
  const mod = press.ctrlKey || press.metaKey
  const go = (to: number): ChipAct | null => {
    const next = row[Math.min(row.length - 1, Math.max(0, to))]
    return next ? { do: 'go', chip: next.id } : null
  }
  const weigh = (notches: number): ChipAct | null => (chip && !chip.removed ? { do: 'weigh', notches: press.shiftKey ? notches * 5 : notches } : null)
  if (press.key === 'ArrowUp') return weigh(1)
  if (press.key === 'ArrowDown') return weigh(-1)
  if (mod || press.altKey) return null
  switch (press.key) {
    case 'ArrowRight': return go(at + 1)
    case 'ArrowLeft': return go(at < 0 ? 0 : at - 1)
    case 'Home': return go(0)
    case 'End': return go(row.length - 1)
    case '+': case '=': return weigh(1)
    case '-': case '_': return weigh(-1)
    case 'Enter': case 'F2': return chip ? { do: 'edit', with: null } : null
    case 'Delete': case 'Backspace': return !chip ? null : chip.removed ? { do: 'restore' } : { do: 'remove' }
    case 'Insert': return { do: 'add' }
    case 'Escape': return { do: 'leave' }
    default: return letter(press.key, chip)
  }
}

/** A letter begins to type over; capital M makes a mask, so that words with m can still be typed. */
function letter(key: string, chip: Chip | undefined): ChipAct | null {
  if (!chip || [...key].length !== 1) return null
  if (key === 'M') return { do: 'mask' }
  return /[\p{L}\p{N}]/u.test(key) ? { do: 'edit', with: key } : null
}
