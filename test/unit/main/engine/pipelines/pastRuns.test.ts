import { describe, expect, it } from 'vitest'
import { freeSeconds, remember, slowdownNow, usualRatio, type PastRun } from '../../../../../main/engine/pipelines/pastRuns.ts'

function after(...ratios: number[]): number {
  return usualRatio(ratios.reduce<PastRun[]>((runs, ratio) => remember(runs, { ratio }), []))
}

describe('usualRatio', () => {
  it('is 1 before anything has run', () => {
    expect(usualRatio([])).toBe(1)
  })

  it('follows a quiet machine after one run, however long it was loaded', () => {
    expect(after(...Array<number>(50).fill(2.5), 1)).toBe(1)
  })

  it('is not moved by one or two slow runs of a quiet machine', () => {
    expect(after(1, 1, 1, 1, 3)).toBe(1)
    expect(after(1, 1, 1, 1, 3, 3)).toBe(1)
  })

  it('follows a machine that stays slow', () => {
    expect(after(1, 1, 1, 1, 3, 3, 3, 3)).toBe(3)
  })
})

describe('freeSeconds', () => {
  it('takes out what other programs had, up to nearly all of the machine', () => {
    expect(freeSeconds(4, 0.5)).toBe(2)
    expect(freeSeconds(4, 0)).toBe(4)
    expect(freeSeconds(4, 1)).toBeCloseTo(0.4)
  })
})

describe('slowdownNow', () => {
  it('fades by half every minute and is 1 where nothing is known', () => {
    expect(slowdownNow(undefined, 0)).toBe(1)
    expect(slowdownNow({ factor: 3, at: 1000 }, 1000)).toBe(3)
    expect(slowdownNow({ factor: 3, at: 0 }, 60_000)).toBe(2)
    expect(slowdownNow({ factor: 3, at: 0 }, 3_600_000)).toBeCloseTo(1)
  })
})
