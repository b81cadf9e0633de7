/**
 * The description of a picture as a row of chips: one for each of its words, and one for each phrase that was added.
 * A chip keeps the word that the picture was described with; what a person types over it is the word it becomes.
 */

/** A word of the description, or an added phrase (`source` null). Chips are never changed in place. */
export interface Chip {
  /** stays the same while the chip lives */
  readonly id: number
  /** as the description writes it, punctuation included; null for an added phrase */
  readonly source: string | null
  /** what it says now, without punctuation around it */
  readonly text: string
  /** taken out of the target */
  readonly removed: boolean
  /** how strongly it shows; 1 changes nothing, 0 hides it */
  readonly weight: number
  /** whether the model knows what the chip says; null where it does not list its vocabulary or was not asked yet */
  readonly known: boolean | null
  /** the same of the word of the description */
  readonly sourceKnown: boolean | null
  /** behind the last token that the model reads */
  readonly lost: boolean
}

/** A word as `words.chips` answers it. */
export interface DescribedWord {
  readonly text: string
  readonly word: string
  readonly known: boolean | null
}

/** Weights the wheel stops at: fine around 1, where a step is seen, coarse above. */
const FINE_STEP = 0.1
const COARSE_STEP = 0.5
const COARSE_FROM = 2
/** Largest weight the contract takes. */
export const MOST_WEIGHT = 10

/** Chips of a description; `lost` are the words at its end that the model does not read. */
export function chipsOf(words: readonly DescribedWord[], lost: readonly string[]): Chip[] {
  let unread = lost.length
  const chips = words.map(({ text, known }, id): Chip => ({ id, source: text, text: trimMarks(text), removed: false, weight: 1, known, sourceKnown: known, lost: false }))
  // lost words are the last ones of the text: marks between them belong to them
  for (let i = chips.length - 1; i >= 0 && unread > 0; i--) {
    const chip = chips[i]!
    if (chip.text !== '' && bare(chip.text) !== bare(lost[unread - 1]!)) break
    if (chip.text !== '') unread -= 1
    chips[i] = { ...chip, lost: true }
  }
  return chips
}

/** Whether a chip is a lone comma or the like, which nothing can be done with. */
export function isMark(chip: Chip): boolean {
  return chip.source !== null && trimMarks(chip.source) === ''
}

/** What has been done to a chip. */
export function chipState(chip: Chip): 'kept' | 'swapped' | 'removed' | 'added' {
  if (chip.source === null) return 'added'
  if (chip.removed) return 'removed'
  return chip.text === trimMarks(chip.source) ? 'kept' : 'swapped'
}

/** Chips after something was typed over one: the same word takes the change back, nothing removes it. */
export function typeOver(chips: readonly Chip[], id: number, text: string): Chip[] {
  const typed = tidy(text)
  if (typed === '') return remove(chips, id)
  const before = chips.find((chip) => chip.id === id)
  if (!before || isMark(before)) return [...chips]
  const known = before.source !== null && bare(before.source) === bare(typed) ? before.sourceKnown : null
  return chips.map((chip) => (chip.id === id ? { ...chip, text: typed, removed: false, known } : chip))
}

/** Chips without one: an added phrase goes, a word of the description stays to be seen, struck through. */
export function remove(chips: readonly Chip[], id: number): Chip[] {
  return chips.flatMap((chip) => {
    if (chip.id !== id || isMark(chip)) return [chip]
    return chip.source === null ? [] : [{ ...described(chip, chip.source), removed: true }]
  })
}

/** Chips with one as the description has it. */
export function restore(chips: readonly Chip[], id: number): Chip[] {
  return chips.map((chip) => (chip.id === id && chip.source !== null ? described(chip, chip.source) : chip))
}

/** Every change taken back. */
export function restoreAll(chips: readonly Chip[]): Chip[] {
  return chips.flatMap((chip) => (chip.source === null ? [] : [described(chip, chip.source)]))
}

/** Chips with a phrase added at the end; an empty one adds nothing. */
export function add(chips: readonly Chip[], text: string): Chip[] {
  const typed = tidy(text)
  if (typed === '') return [...chips]
  const id = chips.reduce((most, chip) => Math.max(most, chip.id), -1) + 1
  return [...chips, { id, source: null, text: typed, removed: false, weight: 1, known: null, sourceKnown: null, lost: false }]
}

/** Chips with what the model knows of their words filled in: `known` by bare word, as `words.chips` told it. */
export function knowing(chips: readonly Chip[], known: ReadonlyMap<string, boolean | null>): Chip[] {
  const of = (text: string): boolean | null => {
    const answers = text.split(' ').map((word) => known.get(bare(word)) ?? null)
    return answers.includes(false) ? false : answers.includes(null) ? null : true
  }
  return chips.map((chip) => (chip.known === null && chip.text !== '' ? { ...chip, known: of(chip.text) } : chip))
}

/**
 * Chips with a weight set. The engine weighs words, not places, so every chip that says the same is weighed with it.
 * @param weight 0..10; beyond is cut
 */
export function weigh(chips: readonly Chip[], id: number, weight: number): Chip[] {
  const chosen = chips.find((chip) => chip.id === id)
  if (!chosen || chosen.removed || isMark(chosen)) return [...chips]
  const set = Math.round(Math.min(MOST_WEIGHT, Math.max(0, weight)) * 100) / 100
  return chips.map((chip) => (!chip.removed && bare(chip.text) === bare(chosen.text) ? { ...chip, weight: set } : chip))
}

/** The weight some notches of the wheel away: tenths up to 2, halves above. */
export function stepWeight(weight: number, notches: number): number {
  let now = weight
  for (let left = Math.abs(notches); left > 0; left--) {
    const coarse = notches > 0 ? now >= COARSE_FROM : now > COARSE_FROM
    const step = coarse ? COARSE_STEP : FINE_STEP
    const next = notches > 0 ? Math.floor(now / step + 1 + 1e-6) : Math.ceil(now / step - 1 - 1e-6)
    now = Math.min(MOST_WEIGHT, Math.max(0, Math.round(next * step * 100) / 100))
  }
  return now
}

/** Where a weight stands on a bar of 0..1: 1 in the middle, 0 and 10 at the ends. */
export function weightShare(weight: number): number {
  return weight <= 1 ? weight / 2 : 0.5 + Math.log10(Math.min(weight, MOST_WEIGHT)) / 2
}

/** A word as it is compared: lower case, without punctuation around it. */
export function bare(word: string): string {
  return trimMarks(word).toLowerCase()
}

/** A word without punctuation around it. */
export function trimMarks(word: string): string {
  return word.replace(/^[^\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+$/gu, '')
}

/** A chip as the description has it. */
function described(chip: Chip, source: string): Chip {
  return { ...chip, text: trimMarks(source), removed: false, weight: 1, known: chip.sourceKnown }
}

/** Typed text with single spaces and nothing around it. */
function tidy(text: string): string {
  return trimMarks(text.split(/\s+/).join(' '))
}
