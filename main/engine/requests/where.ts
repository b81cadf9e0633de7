/**
 * The expression language of a recipe's `where`: which pixels, by where words look.
 *
 *     attention(car) > 0.4 and not attention("traffic light") > 0.3
 *
 * `attention(word)` is the word's attention at a pixel, 0..1 of its largest; comparisons are >, >=, <, <=; `not` binds
 * closer than `and`, `and` closer than `or`; round brackets group.
 */
import { badInput } from '../errors.ts'

/** A parsed `where`. */
export type Where =
  | { readonly kind: 'attention'; readonly word: string; readonly compare: '>' | '>=' | '<' | '<='; readonly threshold: number }
  | { readonly kind: 'and' | 'or'; readonly left: Where; readonly right: Where }
  | { readonly kind: 'not'; readonly of: Where }

const SHAPE = 'a condition like attention(car) > 0.4, joined by and, or, not'

/**
 * Parses a `where`.
 * @throws EngineError recipe/where (exit 2) saying what was expected at which place
 */
export function parseWhere(text: string): Where {
  const tokens = tokenise(text)
  let at = 0
  const refuse = (expected: string): never => {
    const token = tokens[at]
    throw badInput('recipe/where', { thing: `where "${text}"`, expected, found: token ? `${JSON.stringify(token.text)} at character ${token.start + 1}` : 'the end', todo: `write ${SHAPE}` })
  }
  const take = (wanted: string): boolean => tokens[at]?.kind === 'sign' && tokens[at]?.text.toLowerCase() === wanted && ++at > 0
  const joined = (word: 'and' | 'or', part: () => Where): Where => {
    let left = part()
    while (take(word)) left = { kind: word, left, right: part() }
    return left
  }
  const whole = (): Where => joined('or', () => joined('and', single))
  const single = (): Where => {
    if (take('not')) return { kind: 'not', of: single() }
    if (take('(')) {
      const inner = whole()
      if (!take(')')) refuse('a closing bracket')
      return inner
    }
    if (!take('attention')) refuse('attention(word)')
    if (!take('(')) refuse('a bracket with the word')
    const words: string[] = []
    while (tokens[at] && !(tokens[at]!.kind === 'sign' && /^[()<>]/.test(tokens[at]!.text))) words.push(tokens[at++]!.text)
    if (words.length === 0) refuse('a word')
    if (!take(')')) refuse('a closing bracket')
    const compare = (['>=', '<=', '>', '<'] as const).find((sign) => take(sign))
    if (!compare) return refuse('one of >, >=, <, <=')
    const threshold = Number(tokens[at]?.text ?? NaN)
    if (!(threshold >= 0 && threshold <= 1)) refuse('a number from 0 to 1')
    at++
    return { kind: 'attention', word: words.join(' '), compare, threshold }
  }
  const parsed = whole()
  if (at < tokens.length) refuse('and, or, or the end')
  return parsed
}

interface Token {
  readonly kind: 'sign' | 'word'
  readonly text: string
  readonly start: number
}

function tokenise(text: string): Token[] {
  const tokens: Token[] = []
  for (const match of text.matchAll(/"([^"]*)"|(>=|<=|[()<>])|([^\s()<>"]+)/g)) {
    const sign = match[2] ?? (/^(and|or|not|attention)$/i.test(match[3] ?? '') ? match[3] : undefined)
    tokens.push({ kind: sign === undefined ? 'word' : 'sign', text: sign ?? match[1] ?? match[3]!, start: match.index })
  }
  return tokens
}

/** Writes a {@link Where} so that {@link parseWhere} reads it back. */
export function formatWhere(where: Where): string {
  switch (where.kind) {
    case 'attention': return `attention(${/^[^\s()<>"]+$/.test(where.word) && !/^(and|or|not|attention)$/i.test(where.word) ? where.word : `"${where.word}"`}) ${where.compare} ${where.threshold}`
    case 'not': return `not ${where.of.kind === 'attention' ? formatWhere(where.of) : `(${formatWhere(where.of)})`}`
    default: return [where.left, where.right].map((side) => (side.kind === 'attention' || side.kind === 'not' ? formatWhere(side) : `(${formatWhere(side)})`)).join(` ${where.kind} `)
  }
}

/** The words whose attention a {@link Where} needs, each once. */
export function wordsOf(where: Where): string[] {
  if (where.kind === 'attention') return [where.word]
  if (where.kind === 'not') return wordsOf(where.of)
  return [...new Set([...wordsOf(where.left), ...wordsOf(where.right)])]
}

/**
 * The mask a {@link Where} stands for.
 * @param attention a word's map, each of the same length, 0..1
 * @returns 255 where the condition holds, 0 elsewhere
 */
export function evaluateWhere(where: Where, attention: (word: string) => Float32Array): Uint8Array {
  const maps = new Map(wordsOf(where).map((word) => [word, attention(word)]))
  const length = maps.values().next().value?.length ?? 0
  const holds = (part: Where, pixel: number): boolean => {
    if (part.kind === 'not') return !holds(part.of, pixel)
    if (part.kind !== 'attention') return part.kind === 'and' ? holds(part.left, pixel) && holds(part.right, pixel) : holds(part.left, pixel) || holds(part.right, pixel)
    const value = maps.get(part.word)![pixel]!
    switch (part.compare) {
      case '>': return value > part.threshold
      case '>=': return value >= part.threshold
      case '<': return value < part.threshold
      default: return value <= part.threshold
    }
  }
  return Uint8Array.from({ length }, (_, pixel) => (holds(where, pixel) ? 255 : 0))
}
