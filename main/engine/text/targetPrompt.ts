/**
 * From a description and what is to change in it to the description of the edited picture: words are swapped, taken
 * out or added, and the little words around them are put right.
 */
import { badInput } from '../errors.ts'
import { splitWords } from './wordAlignment.ts'

/** What is to change; all lists may be empty. */
export interface PromptChanges {
  /** `left` words become `right` words, at every occurrence */
  readonly swaps: readonly { readonly left: string; readonly right: string }[]
  /** phrases put at the end */
  readonly adds: readonly string[]
  /** words taken out */
  readonly removes: readonly string[]
}

const ARTICLES = new Set(['a', 'an', 'the', 'some', 'one'])
const JOINERS = new Set(['and', 'with', 'or', 'but', 'of', 'in', 'on', 'at', 'near', 'by', 'beside', 'behind', 'under', 'over', 'wearing', 'holding'])

/**
 * Reads `left=>right`.
 * @throws EngineError swap/form (exit 2) when there is no arrow or a side is empty.
 */
export function parseSwap(text: string): { left: string; right: string } {
  const [left, right, ...rest] = text.split('=>').map((side) => side.trim())
  if (left && right && rest.length === 0) return { left, right }
  throw badInput('swap/form', { thing: `--swap ${JSON.stringify(text)}`, expected: 'words of the description, =>, and what to put in their place', found: rest.length > 0 ? 'several arrows' : right === undefined ? 'no arrow' : 'an empty side', todo: 'write --swap "cat=>dog"; to take a word out use --remove, to put one in --add' })
}

/**
 * Reads `word=number`.
 * @throws EngineError swap/form (exit 2)
 */
export function parseWeight(text: string): { word: string; value: number } {
  const at = text.lastIndexOf('=')
  const [word, number] = [text.slice(0, at).trim(), text.slice(at + 1).trim()]
  const value = Number(number)
  if (at > 0 && word !== '' && number !== '' && Number.isFinite(value)) return { word, value }
  throw badInput('swap/form', { thing: `--weight ${JSON.stringify(text)}`, expected: 'a word, =, and a number', found: at > 0 ? `${JSON.stringify(number)} for the number` : 'no equals sign', todo: 'write --weight "snow=2"' })
}

/**
 * The target prompt.
 * @throws EngineError swap/word (exit 2) naming the words there are when one to change is not among them;
 *   swap/empty (exit 2) when nothing would be left.
 */
export function deriveTarget(description: string, changes: PromptChanges): string {
  let words = splitWords(description)
  for (const { left, right } of changes.swaps) words = replaceAll(words, left, splitWords(right), `--swap "${left}=>${right}"`)
  for (const word of changes.removes) words = removeAll(words, word)
  let target = words.join(' ')
  for (const phrase of changes.adds) {
    const added = phrase.trim()
    if (added === '') throw badInput('swap/form', { thing: '--add', expected: 'words to add', found: 'none' })
    const joiner = target === '' || /[,;]$/.test(target) ? ' ' : target.includes(',') ? ', ' : ' '
    target = `${target}${joiner}${added}`.trim()
  }
  if (target !== '') return target
  throw badInput('swap/empty', { thing: 'The description of the edited picture', expected: 'words', found: 'none left', todo: 'keep at least one word, or give the whole description with --target' })
}

/** Places of `wanted` (one word or several in a row) among words; case and surrounding punctuation do not matter. */
export function findWords(words: readonly string[], wanted: string): number[] {
  const sought = splitWords(wanted).map(bare).filter((word) => word !== '')
  if (sought.length === 0) return []
  const have = words.map(bare)
  return words.flatMap((_, start) => (sought.every((word, k) => have[start + k] === word) ? [start] : []))
}

/** The sentence for words that the description does not have. */
export function unknownWord(thing: string, wanted: string, words: readonly string[]): Error {
  const listed = words.length === 0 ? 'an empty description' : `a description of the words ${words.map(trimMarks).filter((word, i, all) => word !== '' && all.indexOf(word) === i).join(', ')}`
  return badInput('swap/word', { thing, expected: `"${wanted}" among the words of the description`, found: listed, details: { words: [...words] } })
}

function replaceAll(words: readonly string[], left: string, right: readonly string[], thing: string): string[] {
  const starts = findWords(words, left)
  if (starts.length === 0) throw unknownWord(thing, left, words)
  const length = splitWords(left).length
  const result: string[] = []
  for (let i = 0; i < words.length; ) {
    if (!starts.includes(i)) {
      result.push(words[i++]!)
      continue
    }
    // punctuation that hung on the old words hangs on the new ones
    const before = /^[^\p{L}\p{M}\p{N}]*/u.exec(words[i]!)![0]
    const after = /[^\p{L}\p{M}\p{N}]*$/u.exec(words[i + length - 1]!)![0]
    const previous = result.at(-1)
    if (previous !== undefined && /^an?$/i.test(previous)) result[result.length - 1] = matchCase(previous, startsWithVowel(right[0]!) ? 'an' : 'a')
    result.push(...right.map((word, k) => `${k === 0 ? before : ''}${word}${k === right.length - 1 ? after : ''}`))
    i += length
  }
  return result
}

function removeAll(words: readonly string[], wanted: string): string[] {
  const starts = findWords(words, wanted)
  if (starts.length === 0) throw unknownWord(`--remove "${wanted}"`, wanted, words)
  const length = splitWords(wanted).length
  let result = [...words]
  for (const start of starts.toReversed()) {
    const tail = /[,.;:!?]+$/.exec(result[start + length - 1]!)?.[0] ?? ''
    const rest = result.slice(start + length)
    const head = result.slice(0, start)
    const isPhraseEnd = tail !== '' || rest.length === 0 || JOINERS.has(bare(rest[0]!))
    // a noun takes its article and what joined it with it; an adjective ("red" of "a red cat") leaves them
    if (isPhraseEnd) {
      while (head.length > 0 && ARTICLES.has(bare(head.at(-1)!))) head.pop()
      if (head.length > 0 && JOINERS.has(bare(head.at(-1)!))) head.pop()
    } else if (head.length > 0 && /^an?$/i.test(head.at(-1)!)) {
      head[head.length - 1] = matchCase(head.at(-1)!, startsWithVowel(rest[0]!) ? 'an' : 'a')
    }
    if (tail !== '' && head.length > 0 && rest.length > 0 && !/[,.;:]$/.test(head.at(-1)!)) head[head.length - 1] += tail
    result = [...head, ...rest]
    if (head.length === 0 && result.length > 0 && JOINERS.has(bare(result[0]!))) result.shift()
  }
  const last = result.at(-1)
  if (last !== undefined) result[result.length - 1] = last.replace(/[,;:]+$/, '')
  return result.filter((word) => word !== '')
}

/** A word as it is compared: lower case, without punctuation around it. */
function bare(word: string): string {
  return trimMarks(word).toLowerCase()
}

function trimMarks(word: string): string {
  return word.replace(/^[^\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+$/gu, '')
}

function startsWithVowel(word: string): boolean {
  return /^[^\p{L}]*[aeiou]/iu.test(word)
}

function matchCase(like: string, word: string): string {
  return /^[A-Z]/.test(like) ? word[0]!.toUpperCase() + word.slice(1) : word
}
