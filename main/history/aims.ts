/**
 * Where a step of a recipe acts: a mask file, the places a word points to, a range of colours, or everything. The
 * expression language of `where`:
 *
 *     attention(car) > 0.4 and not attention("traffic light") > 0.3
 *
 * `attention(word)` is the word's attention at a pixel, 0..1 of its largest; comparisons are >, >=, <, <=; `not` binds
 * closer than `and`, `and` closer than `or`; round brackets group.
 */
import { z } from 'zod'
import { badInput } from '../engine/errors.ts'

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

/**
 * The mask of the pixels whose colour is near a given one: distance in OKLab at most `tolerance` (black to white is 1).
 * @param rgba width * height * 4 sRGB bytes
 * @param colour "#rrggbb"
 * @returns 255 where it is near, 0 elsewhere and where the pixel is fully transparent
 */
export function colourRangeMask(rgba: Uint8Array, colour: string, tolerance: number): Uint8Array {
  const wanted = okLab(parseInt(colour.slice(1, 3), 16), parseInt(colour.slice(3, 5), 16), parseInt(colour.slice(5, 7), 16))
  const mask = new Uint8Array(rgba.length / 4)
  for (let pixel = 0; pixel < mask.length; pixel++) {
    const [l, a, b] = okLab(rgba[4 * pixel]!, rgba[4 * pixel + 1]!, rgba[4 * pixel + 2]!)
    if (rgba[4 * pixel + 3]! > 0 && Math.hypot(l - wanted[0], a - wanted[1], b - wanted[2]) <= tolerance) mask[pixel] = 255
  }
  return mask
}

/** sRGB bytes to OKLab (B. Ottosson 2020, "A perceptual color space for image processing"). */
function okLab(red: number, green: number, blue: number): [number, number, number] {
  const linear = (byte: number): number => (byte <= 10.31475 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4)
  const [r, g, b] = [linear(red), linear(green), linear(blue)]
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s]
}

/** Checks an aim as a recipe writes it. `{name}` in a mask's path stands for the picture's name without its suffix. */
export const aimSchema = z.union([
  z.literal('everything').describe('the whole picture'),
  z.strictObject({
    mask: z.string().min(1).refine((file) => !/^([/\\]|[a-z]:)|(^|[/\\])\.\.([/\\]|$)/i.test(file), 'a path inside the masks folder').describe('mask file; {name} stands for the name of the picture'),
  }),
  z.strictObject({ where: z.string().min(1).max(1000).describe('condition on the attention of words, as in attention(car) > 0.4') }),
  z.strictObject({
    colour: z.string().regex(/^#[0-9a-fA-F]{6}$/, 'a colour like #3366cc').describe('centre of a range of colours, as #rrggbb'),
    tolerance: z.number().min(0).max(1).default(0.1).describe('distance in OKLab, 0 to 1'),
  }),
])
/** One of {@link aimSchema}. */
export type Aim = z.output<typeof aimSchema>
