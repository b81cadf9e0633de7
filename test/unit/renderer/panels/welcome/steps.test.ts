import { describe, expect, it } from 'vitest'
import { type StepsSeen, nextStep, stepsDone } from '../../../../../renderer/panels/welcome/steps.ts'
import { whenText } from '../../../../../renderer/panels/welcome/when.ts'

const extent = { x: 0, y: 0, width: 1, height: 1 }
const seen: StepsSeen = { mask: null, intent: 'fill', prompt: '', wordsChanged: false, started: false }

describe('the first steps', () => {
  it('follow a person through paint, say, go', () => {
    expect(nextStep(stepsDone(seen))).toBe(0)
    expect(nextStep(stepsDone({ ...seen, mask: { extent: null } }))).toBe(0)
    expect(nextStep(stepsDone({ ...seen, mask: { extent } }))).toBe(1)
    expect(nextStep(stepsDone({ ...seen, mask: { extent }, prompt: ' a dog ' }))).toBe(2)
    expect(nextStep(stepsDone({ ...seen, started: true }))).toBeNull()
  })

  it('ask for nothing that the intent does not need', () => {
    expect(stepsDone({ ...seen, intent: 'remove', mask: { extent } })).toEqual([true, true, false])
    expect(stepsDone({ ...seen, intent: 'restyle', prompt: 'a drawing' })).toEqual([true, true, false])
    expect(stepsDone({ ...seen, intent: 'swap', prompt: 'left over' })).toEqual([true, false, false])
    expect(stepsDone({ ...seen, intent: 'swap', wordsChanged: true })).toEqual([true, true, false])
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
