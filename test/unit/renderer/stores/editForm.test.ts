import { describe, expect, test } from 'vitest'
import { intent as intentSchema } from '../../../../preload/contract/edits.ts'
import { EMPTY_FORM, INTENTS, intentOf, provideSwap, rememberPrompt } from '../../../../renderer/stores/editStore.ts'

describe("the Edit panel's request", () => {
  test('an untouched form leaves everything to the engine but the prompt, the count and a seed', () => {
    expect(intentOf({ ...EMPTY_FORM, prompt: ' a moon ' }, 7)).toEqual({ intent: 'fill', prompt: 'a moon', variations: 1, strength: 1, soft: false, stitch: {}, sampling: { seed: 7 } })
    expect(intentOf({ ...EMPTY_FORM, intent: 'remove' }, 7)).toEqual({ intent: 'remove' })
  })

  test("a person's own seed and knobs win", () => {
    const form = { ...EMPTY_FORM, seed: 42, model: 'mine', negative: 'rain', sampling: { ...EMPTY_FORM.sampling, steps: 30, fast: true }, stitch: { ...EMPTY_FORM.stitch, grow: 0, colourMatch: false } }
    expect(intentOf(form, 7)).toMatchObject({ sampling: { seed: 42, model: 'mine', negative: 'rain', steps: 30, fast: true }, stitch: { grow: 0, colourMatch: false } })
  })

  test('expand needs a side, swap its words', () => {
    expect(intentOf({ ...EMPTY_FORM, intent: 'expand' }, 1)).toBeNull()
    expect(intentOf({ ...EMPTY_FORM, intent: 'expand', expand: { left: 0, right: 64, top: 0, bottom: 0 } }, 1)).toMatchObject({ intent: 'expand', right: 64 })
    expect(intentOf({ ...EMPTY_FORM, intent: 'swap' }, 1)).toBeNull()
    const stop = provideSwap({ intent: () => ({ intent: 'swap', description: 'a cat', target: 'a dog' }), changed: () => () => undefined })
    expect(intentOf({ ...EMPTY_FORM, intent: 'swap' }, 1)).toMatchObject({ target: 'a dog' })
    stop()
    expect(intentOf({ ...EMPTY_FORM, intent: 'swap' }, 1)).toBeNull()
  })

  test('every request is one that the contract takes', () => {
    for (const intent of INTENTS) {
      const request = intentOf({ ...EMPTY_FORM, intent, expand: { left: 8, right: 0, top: 0, bottom: 0 }, removal: { grow: 3, feather: 5 } }, 1)
      if (intent !== 'swap') expect(intentSchema.safeParse(request).success, intent).toBe(true)
    }
  })

  test('prompts are remembered newest first, each once', () => {
    expect(rememberPrompt(['b', 'a'], ' a ')).toEqual(['a', 'b'])
    expect(rememberPrompt(['b'], '  ')).toEqual(['b'])
    expect(rememberPrompt(Array.from({ length: 200 }, (_, index) => `p${index}`), 'new')).toHaveLength(200)
  })
})
