/** The window may not import the engine; where both must come to the same, this holds them together. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseWhere } from '../../../main/engine/requests/where.ts'
import { resultName } from '../../../main/jobs/batch/naming.ts'
import { deriveTarget } from '../../../main/engine/text/targetPrompt.ts'
import { exampleName } from '../../../renderer/stores/batch/form.ts'
import { type Chip, add, chipsOf, remove, typeOver } from '../../../renderer/stores/words/chips.ts'
import { whereOf } from '../../../renderer/stores/words/maps.ts'
import { changesOf, targetOf } from '../../../renderer/stores/words/target.ts'

function chips(text: string): Chip[] {
  return chipsOf(text.split(' ').map((word) => ({ text: word, word, known: true })), [])
}

describe('a mask from a word', () => {
  it('is asked for in the language that recipes read', () => {
    for (const word of ['cat', 'traffic light', 'and', "dog's", 'café']) {
      expect(parseWhere(whereOf(word, 0.4))).toEqual({ kind: 'attention', word, compare: '>', threshold: 0.4 })
    }
  })
})

describe('the name of a result', () => {
  it('is shown as the run will write it', () => {
    for (const name of ['{name}', '{name}-new', '{recipe}/{name}_{seed}.{ext}', 'a.png', '{dir}{name}.{ext}', 'x/{name}']) {
      const template = name.includes('{ext}') ? name : `${name}.{ext}`
      expect(exampleName({ name, format: 'same' }, 'IMG_1.JPG', 'red car'), name).toBe(resultName({ key: 'IMG_1.JPG', template, suffix: '', recipe: 'red car', seed: 17 }))
    }
    expect(exampleName({ name: '{ext}/{name}', format: 'same' }, 'a.png', '')).toBeNull()
    expect(() => resultName({ key: 'a.png', template: '{ext}/{name}', suffix: '', recipe: '', seed: 17 })).toThrow('a name that ends in')
  })
})

describe('what is shown before Go', () => {
  const word = fc.constantFrom('a', 'an', 'the', 'red', 'orange', 'cat,', 'dog', 'owl', 'in', 'with', 'snow', 'hat.', 'Old', ',', 'apple', '(big)')
  const change = fc.oneof(
    fc.record({ kind: fc.constant('swap' as const), at: fc.nat(), to: fc.constantFrom('dog', 'owl', 'small bird', 'umbrella', 'cat') }),
    fc.record({ kind: fc.constant('remove' as const), at: fc.nat(), to: fc.constant('') }),
    fc.record({ kind: fc.constant('add' as const), at: fc.nat(), to: fc.constantFrom('in rain', 'a moon') }),
  )

  it('is what the engine derives from the same lists, whatever was changed', () => {
    let byLists = 0
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), fc.array(change, { maxLength: 4 }), (words, changes) => {
        const description = words.join(' ')
        let row = chips(description)
        for (const { kind, at, to } of changes) {
          const id = row[at % row.length]!.id
          row = kind === 'swap' ? typeOver(row, id, to) : kind === 'remove' ? remove(row, id) : add(row, to)
        }
        const shown = targetOf(row).text
        const told = changesOf(row, null)
        if (told.target !== undefined) {
          expect(told.target).toBe(shown)
          return
        }
        if (shown === '') return // refused before Go
        byLists += told.swap.length + told.remove.length + told.add.length > 0 ? 1 : 0
        const derived = deriveTarget(description, { swaps: told.swap.map(({ from, to }) => ({ left: from, right: to })), adds: told.add, removes: told.remove })
        expect(derived).toBe(shown)
      }),
      { numRuns: 2000, seed: 5 },
    )
    expect(byLists).toBeGreaterThan(200)
  })
})
