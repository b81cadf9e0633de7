import { beforeAll, describe, expect, test } from 'vitest'
import type { ClipTokenizer } from '../../../../../main/engine/text/clipTokenizer.ts'
import { clipDefault, loadClipTokenizer } from '../../../../../main/engine/text/clipTokenizer.ts'
import { describeLostWords, layOutPrompt, padWindows } from '../../../../../main/engine/text/promptWindows.ts'

let clip: ClipTokenizer
beforeAll(async () => {
  clip = await loadClipTokenizer(clipDefault)
})

/** Eighty different one-token words. */
const words = 'cat dog bird fish tree house car road sky sea sun moon star rain snow wind fire water earth stone wood gold iron red blue green black white pink brown grey big small old new hot cold fast slow high low long short wide deep left right up down north south east west king queen man woman boy girl hand foot head eye ear nose mouth book pen desk chair door wall floor roof bed lamp clock phone'.split(' ')

describe('one window', () => {
  test('equals the tokenizer’s own', () => {
    const { windows, lostWords, tokenCount } = layOutPrompt(clip, 'this is a test string of text')
    expect(windows).toHaveLength(1)
    expect(windows[0].ids).toEqual(clip.encodeWindow('this is a test string of text'))
    expect(new Set(windows[0].weights)).toEqual(new Set([1]))
    expect([tokenCount, lostWords]).toEqual([7, []])
  })

  test('weights stand at their words’ tokens', () => {
    const { windows } = layOutPrompt(clip, 'a (rhinoceros-like:1.5) [hummingbird]')
    const plain = clip.encodeWindow('a rhinoceros-like hummingbird')
    expect(windows[0].ids).toEqual(plain)
    expect(windows[0].weights.slice(0, 10)).toEqual([1, 1, 1.5, 1.5, 1.5, 1.5, 1.5, 1 / 1.1, 1, 1])
    expect(windows[0].weights).toHaveLength(77)
  })

  test('an empty prompt is begin, end and padding', () => {
    const { windows } = layOutPrompt(clip, '')
    expect(windows.map(({ ids }) => ids)).toEqual([clip.encodeWindow('')])
  })
})

describe('a prompt over the window', () => {
  const prompt = words.join(' ')

  test('truncate keeps the first 75 tokens and names what is lost', () => {
    const result = layOutPrompt(clip, prompt)
    expect(words.every((word) => clip.encode(word).ids.length === 1)).toBe(true)
    expect(result.windows).toHaveLength(1)
    expect(result.windows[0].ids).toEqual(clip.encodeWindow(prompt))
    expect(result.lostWords).toEqual(words.slice(75))
    expect(result.tokenCount).toBe(words.length)
    expect(describeLostWords(result, 75)).toBe(
      `The prompt has ${words.length} tokens and the model reads 75 at a time; not read: ${words.slice(75).join(' ')}. Shorten it, or use --long-prompt chunk.`,
    )
    expect(describeLostWords(layOutPrompt(clip, 'cat'), 75)).toBeNull()
  })

  test('a word cut in half is lost', () => {
    const result = layOutPrompt(clip, `${words.slice(0, 74).join(' ')} rhinoceros`)
    expect(result.lostWords).toEqual(['rhinoceros'])
  })

  test('many lost words are counted', () => {
    expect(describeLostWords(layOutPrompt(clip, `${prompt} ${prompt}`), 75)).toMatch(/and \d+ more\. Shorten/)
  })

  test('chunk spreads it over windows and loses nothing', () => {
    const result = layOutPrompt(clip, `${prompt} (${prompt}:1.2)`, 'chunk')
    expect(result.lostWords).toEqual([])
    expect(result.windows).toHaveLength(3)
    const content = result.windows.flatMap(({ ids }) => ids.filter((id) => id !== clip.beginId && id !== clip.endId))
    expect(content).toEqual([...clip.encode(prompt).ids, ...clip.encode(prompt).ids])
    for (const { ids, weights } of result.windows) {
      expect([ids.length, weights.length, ids[0]]).toEqual([77, 77, clip.beginId])
      expect(ids).toContain(clip.endId)
    }
    expect(result.windows[1].weights.filter((weight) => weight === 1.2).length).toBe(75 - (words.length - 75))
  })

  test('chunk keeps words whole, but for a word longer than a window', () => {
    const { windows } = layOutPrompt(clip, `${words.slice(0, 74).join(' ')} rhinoceros cat`, 'chunk')
    expect(windows[0].ids[75]).toBe(clip.endId)
    expect(windows[1].ids.slice(1, 1 + clip.encode('rhinoceros').ids.length)).toEqual(clip.encode('rhinoceros').ids)
    const digits = '7'.repeat(80)
    expect(layOutPrompt(clip, digits, 'chunk').windows).toHaveLength(2)
  })
})

describe('windows', () => {
  test('BREAK starts a new one', () => {
    const { windows } = layOutPrompt(clip, 'a cat BREAK a dog')
    expect(windows.map(({ ids }) => ids)).toEqual([clip.encodeWindow('a cat'), clip.encodeWindow('a dog')])
  })

  test('padWindows evens out prompt and negative prompt', () => {
    const { windows } = layOutPrompt(clip, 'blurry')
    const padded = padWindows(clip, windows, 3)
    expect(padded).toHaveLength(3)
    expect(padded[2].ids).toEqual(clip.encodeWindow(''))
    expect(padWindows(clip, windows, 1)).toEqual(windows)
  })
})
