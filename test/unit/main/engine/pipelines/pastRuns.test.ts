import { describe, expect, it } from 'vitest'
import { pastRun, remember, slowdownNow, usualRatio, type PastRun } from '../../../../../main/engine/pipelines/pastRuns.ts'

function after(...ratios: number[]): number {
  return usualRatio(ratios.reduce<PastRun[]>((runs, ratio) => remember(runs, pastRun(ratio, 0)), []))
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

describe('pastRun', () => {
  it('takes out what other programs had, up to nearly all of the machine', () => {
    expect(pastRun(4, 0.5)).toEqual({ ratio: 2, shared: true })
    expect(pastRun(4, 0)).toEqual({ ratio: 4, shared: false })
    expect(pastRun(4, 1).ratio).toBeCloseTo(0.4)
  })

  it('counts only where nothing better is known: runs alone on the machine outlive a loaded hour', () => {
    const loaded = Array.from({ length: 40 }, () => pastRun(3, 0.5)) // rough: 1.5
    const alone = [pastRun(1, 0), pastRun(1.1, 0.05)]
    const fold = (...runs: PastRun[]): number => usualRatio(runs.reduce<PastRun[]>(remember, []))
    expect(fold(...loaded)).toBe(1.5)
    expect(fold(...alone, ...loaded)).toBe(1)
    expect(fold(...loaded, pastRun(1, 0))).toBe(1)
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
