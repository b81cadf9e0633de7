import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JsonSyntaxError, parseStrictJson } from '../../../../../main/engine/weights/strictJson.ts'

const parse = (text: string, depth = 64) => parseStrictJson(Buffer.from(text), depth)

describe('parseStrictJson', () => {
  it('reads what JSON.stringify writes, whatever the value', () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 5, noUnicodeString: false }), (value) => {
      const text = JSON.stringify(value)
      expect(JSON.stringify(parse(text))).toBe(JSON.stringify(JSON.parse(text)))
    }), { numRuns: 300 })
  })

  it('accepts exactly what JSON.parse accepts, repeated keys aside', () => {
    const piece = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"b\\n"', '"\\u00e9"', '1', '-0.5e3', '01', 'true', 'nul', ' ', '"', '\\')
    fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('')
      let expected: unknown
      let legal = true
      try { expected = JSON.parse(text) } catch { legal = false }
      try {
        const value = parse(text)
        expect(legal, text).toBe(true)
        expect(JSON.stringify(value)).toBe(JSON.stringify(expected))
      } catch (error) {
        expect(error).toBeInstanceOf(JsonSyntaxError)
        if (legal) expect((error as Error).message).toMatch(/twice/)
      }
    }), { numRuns: 2000 })
  })

  it('reads the bare numbers that Python writes where it is asked to, and only there', () => {
    const text = '{"lambda_min_clipped": -Infinity, "list": [Infinity, NaN], "word": "-Infinity"}'
    expect(parseStrictJson(Buffer.from(text), 4, true)).toEqual({ lambda_min_clipped: -Infinity, list: [Infinity, NaN], word: '-Infinity' })
    expect(() => parse(text)).toThrow(JsonSyntaxError)
  })

  it('refuses a repeated key, naming it', () => {
    expect(() => parse('{"a":1,"b":2,"a":3}')).toThrow('the key "a" twice')
  })

  it('keeps __proto__ as an ordinary key', () => {
    const value = parse('{"__proto__":{"polluted":1}}') as Record<string, unknown>
    expect(Object.keys(value)).toEqual(['__proto__'])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('counts nesting before it recurses', () => {
    expect(parse('[[[1]]]', 3)).toEqual([[[1]]])
    expect(() => parse('[[[[1]]]]', 3)).toThrow('nested deeper than 3 levels')
    expect(() => parse('['.repeat(1_000_000), 64)).toThrow('nested deeper')
  })

  it('refuses bytes that are not UTF-8, and a byte-order mark', () => {
    expect(() => parseStrictJson(Uint8Array.of(0x22, 0xff, 0x22), 3)).toThrow('not UTF-8')
    expect(() => parseStrictJson(Uint8Array.of(0xef, 0xbb, 0xbf, 0x31), 3)).toThrow(JsonSyntaxError)
  })
})
