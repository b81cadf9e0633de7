/**
 * The description of the edited picture, from the chips: what will be seen before Go is what will be run.
 *
 * The little words around a change are put right as the engine puts them right when it is given swaps and removals
 * (a test holds the two together): "a" before a vowel becomes "an"; a removed noun takes its article and what joined it.
 */
import { type Chip, bare, chipState, isMark, trimMarks } from './chips.ts'

/** The target, and the chips that go with a removed one although nobody touched them. */
export interface Target {
  readonly text: string
  readonly alongside: ReadonlySet<number>
}

interface Word {
  readonly text: string
  readonly chip: number
}

const ARTICLES = new Set(['a', 'an', 'the', 'some', 'one'])
const JOINERS = new Set(['and', 'with', 'or', 'but', 'of', 'in', 'on', 'at', 'near', 'by', 'beside', 'behind', 'under', 'over', 'wearing', 'holding'])

/** The target of the chips as they are; its text is empty when every word is gone. */
export function targetOf(chips: readonly Chip[]): Target {
  const described = chips.filter(({ source }) => source !== null)
  let words = swapped(described)
  for (const chip of described) if (chip.removed && !isMark(chip)) words = withoutChip(words, chip.id)
  let text = words.map((word) => word.text).join(' ')
  for (const { text: phrase } of chips.filter(({ source }) => source === null)) {
    const joiner = text === '' || /[,;]$/.test(text) ? ' ' : text.includes(',') ? ', ' : ' '
    text = `${text}${joiner}${phrase}`.trim()
  }
  const left = new Set(words.map(({ chip }) => chip))
  return { text, alongside: new Set(described.flatMap((chip) => (chip.removed || left.has(chip.id) ? [] : [chip.id]))) }
}

/** Swapped chips in their places; punctuation that hung on the old word hangs on the new one. */
function swapped(chips: readonly Chip[]): Word[] {
  const words: Word[] = []
  for (const chip of chips) {
    const source = chip.source!
    if (chipState(chip) !== 'swapped') {
      words.push({ text: source, chip: chip.id })
      continue
    }
    const before = /^[^\p{L}\p{M}\p{N}]*/u.exec(source)![0]
    const after = /[^\p{L}\p{M}\p{N}]*$/u.exec(source)![0]
    agree(words, chip.text)
    const parts = chip.text.split(' ')
    words.push(...parts.map((part, k) => ({ text: `${k === 0 ? before : ''}${part}${k === parts.length - 1 ? after : ''}`, chip: chip.id })))
  }
  return words
}

/** Words without a chip's; a noun takes its article and joiner with it, an adjective leaves them. */
function withoutChip(words: readonly Word[], chip: number): Word[] {
  const start = words.findIndex((word) => word.chip === chip)
  if (start < 0) return [...words]
  const tail = /[,.;:!?]+$/.exec(words[start]!.text)?.[0] ?? ''
  const rest = words.slice(start + 1)
  const head = words.slice(0, start)
  if (tail !== '' || rest.length === 0 || JOINERS.has(bare(rest[0]!.text))) {
    while (head.length > 0 && ARTICLES.has(bare(head.at(-1)!.text))) head.pop()
    if (head.length > 0 && JOINERS.has(bare(head.at(-1)!.text))) head.pop()
  } else {
    agree(head, rest[0]!.text)
  }
  const last = head.at(-1)
  if (tail !== '' && last && rest.length > 0 && !/[,.;:]$/.test(last.text)) head[head.length - 1] = { ...last, text: last.text + tail }
  const left = [...head, ...rest]
  if (head.length === 0 && left.length > 0 && JOINERS.has(bare(left[0]!.text))) left.shift()
  const end = left.at(-1)
  if (end) left[left.length - 1] = { ...end, text: end.text.replace(/[,;:]+$/, '') }
  return left.filter(({ text }) => text !== '')
}

/** Makes an article at the end of `words` fit what follows. */
function agree(words: Word[], next: string): void {
  const previous = words.at(-1)
  if (!previous || !/^an?$/i.test(previous.text)) return
  const article = /^[^\p{L}]*[aeiou]/iu.test(next) ? 'an' : 'a'
  words[words.length - 1] = { ...previous, text: /^[A-Z]/.test(previous.text) ? article[0]!.toUpperCase() + article.slice(1) : article }
}

/** What a run is told to change: either lists of changes, or the whole target where lists would say something else. */
export interface WordChanges {
  readonly swap: readonly { readonly from: string; readonly to: string }[]
  readonly add: readonly string[]
  readonly remove: readonly string[]
  readonly weight: readonly { readonly word: string; readonly weight: number }[]
  /** set when the lists are empty and the target is given outright */
  readonly target?: string
}

/**
 * The changes that the chips stand for. Lists are preferred (a recipe made of them fits other pictures); they name words,
 * and so stand for every place of a word. Where a word is there twice and only one is changed, the target says it.
 * @param outright a target that the person wrote instead, null when there is none
 */
export function changesOf(chips: readonly Chip[], outright: string | null): WordChanges {
  const weight = weightsOf(chips, outright)
  if (outright !== null) return { swap: [], add: [], remove: [], weight, target: outright.trim() }
  const changed = chips.filter((chip) => chipState(chip) === 'swapped')
  const removed = chips.filter((chip) => chipState(chip) === 'removed')
  const swap = changed.map((chip) => ({ from: trimMarks(chip.source!), to: chip.text }))
  const remove = removed.map((chip) => trimMarks(chip.source!))
  const add = chips.filter(({ source }) => source === null).map(({ text }) => text)
  if (listsAreExact(chips, [...changed, ...removed])) return { swap, add, remove, weight }
  return { swap: [], add: [], remove: [], weight, target: targetOf(chips).text }
}

/** Whether naming the changed words names nothing else: each once in the description, none in what replaces another. */
function listsAreExact(chips: readonly Chip[], changed: readonly Chip[]): boolean {
  const sources = chips.flatMap(({ source }) => (source === null ? [] : [bare(source)]))
  const arriving = new Set(changed.filter(({ removed }) => !removed).flatMap(({ text }) => text.split(' ').map(bare)))
  // an article that agrees with its neighbour is no longer the word that a list would name
  return changed.every(({ source }) => {
    const word = bare(source!)
    return sources.filter((other) => other === word).length === 1 && !arriving.has(word) && !ARTICLES.has(word) && !JOINERS.has(word)
  })
}

/** Weights by the words of the target; a word that an outright target does not have is not weighed. */
function weightsOf(chips: readonly Chip[], outright: string | null): WordChanges['weight'] {
  const { alongside } = targetOf(chips)
  const weighed = new Map<string, { word: string; weight: number }>()
  const there = outright === null ? null : ` ${outright.split(/\s+/).map(bare).join(' ')} `
  for (const chip of chips) {
    if (chip.removed || chip.weight === 1 || alongside.has(chip.id)) continue
    if (there !== null && !there.includes(` ${chip.text.split(' ').map(bare).join(' ')} `)) continue
    weighed.set(bare(chip.text), { word: chip.text, weight: chip.weight })
  }
  return [...weighed.values()]
}
