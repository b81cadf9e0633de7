import { describe, expect, it } from 'vitest'
import { editDistance, likelyMeant, nearestFirst } from '../../../../main/cli/suggest.ts'

describe('editDistance', () => {
  it('counts insertions, deletions, replacements and swaps', () => {
    expect(editDistance('', 'abc')).toBe(3)
    expect(editDistance('abc', 'abc')).toBe(0)
    expect(editDistance('stpes', 'steps')).toBe(1)
    expect(editDistance('kitten', 'sitting')).toBe(3)
  })
})

describe('names', () => {
  const known = ['ddim', 'euler', 'euler-a', 'dpmpp2m', 'dpmpp2m-karras']

  it('come nearest first', () => {
    expect(nearestFirst('eular', known)[0]).toBe('euler')
    expect(nearestFirst('dpmpp2m-karas', known)[0]).toBe('dpmpp2m-karras')
    expect(nearestFirst('xyz', known)).toHaveLength(known.length)
  })

  it('are suggested only when near', () => {
    expect(likelyMeant('DDIMM', known)).toBe('ddim')
    expect(likelyMeant('eul', known)).toBe('euler')
    expect(likelyMeant('heun', known)).toBeUndefined()
    expect(likelyMeant('anything', [])).toBeUndefined()
  })
})
