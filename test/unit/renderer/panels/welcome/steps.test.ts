import { describe, expect, it } from 'vitest'
import card from '../../../../../models/starter/model.json'
import { type StepsSeen, nextStep, stepsOf } from '../../../../../renderer/panels/welcome/steps.ts'
import { unknownWords } from '../../../../../renderer/panels/edit/promptText.ts'
import { t } from '../../../../../renderer/strings/t.ts'
import { whenText } from '../../../../../renderer/panels/welcome/when.ts'

const extent = { x: 0, y: 0, width: 1, height: 1 }
const seen: StepsSeen = { mask: null, intent: 'fill', prompt: '', wordsChanged: false, added: 0, started: false }
const done = (more: Partial<StepsSeen>): [string, boolean][] => stepsOf({ ...seen, ...more }).map(({ step, done: isDone }) => [step, isDone])

describe('the first steps', () => {
  it('follow a person through paint, say, go', () => {
    expect(nextStep(stepsOf(seen))).toBe('paint')
    expect(nextStep(stepsOf({ ...seen, mask: { extent: null } }))).toBe('paint')
    expect(nextStep(stepsOf({ ...seen, mask: { extent } }))).toBe('type')
    expect(nextStep(stepsOf({ ...seen, mask: { extent }, prompt: ' a dog ' }))).toBe('go')
    expect(nextStep(stepsOf({ ...seen, started: true }))).toBeNull()
  })

  it('ask for nothing that the intent does not need', () => {
    expect(done({ intent: 'remove', mask: { extent } })).toEqual([['paint', true], ['go', false]])
    expect(done({ intent: 'restyle', prompt: 'a drawing' })).toEqual([['type', true], ['go', false]])
    expect(done({ intent: 'swap', prompt: 'left over' })).toEqual([['word', false], ['go', false]])
    expect(done({ intent: 'swap', wordsChanged: true })).toEqual([['word', true], ['go', false]])
    expect(done({ intent: 'expand', added: 64 })).toEqual([['side', true], ['go', false]])
  })

  it('name only words that the starter knows', () => {
    const known = new Set(card.vocabulary)
    const examples = [t('steps.type.more'), t('steps.type.whole.more')].map((text) => text.replace('For example: ', ''))
    examples.push(/"([^"]+)"/.exec(t('words.placeholder'))![1]!, ...[.../"(\w+)" and type (\w+)/.exec(t('steps.word.more'))!].slice(1))
    for (const example of examples) expect(unknownWords(example, known), example).toEqual([])
  })
})

describe('when something was worked on', () => {
  const now = new Date(2026, 10, 24, 9, 0).getTime()
  it('is said as a person says it', () => {
    expect(whenText(new Date(2026, 10, 24, 0, 5).getTime(), now)).toMatch(/^today, /)
    expect(whenText(new Date(2026, 10, 23, 23, 59).getTime(), now)).toBe('yesterday')
    expect(whenText(new Date(2026, 10, 1).getTime(), now)).not.toContain('2026')
    expect(whenText(new Date(2025, 11, 31).getTime(), now)).toContain('2025')
  })
})
