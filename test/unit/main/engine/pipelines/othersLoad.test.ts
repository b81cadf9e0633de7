import { describe, expect, it } from 'vitest'
import { othersShare, processorTimes } from '../../../../../main/engine/pipelines/othersLoad.ts'

const at = (seconds: number, all: number, own: number) => ({ at: seconds, all, own, processors: 2 })

describe('othersShare', () => {
  it('is what all programs used less what this one used, of all processors', () => {
    expect(othersShare(at(0, 0, 0), at(10, 15, 10), 2)).toBeCloseTo(0.25)
    expect(othersShare(at(0, 100, 7), at(10, 110, 17), 2)).toBe(0)
  })

  it('is 0 where it cannot be told: a moment too short, a container that may use fewer processors', () => {
    expect(othersShare(at(0, 0, 0), at(0.05, 0.1, 0), 2)).toBe(0)
    expect(othersShare(at(0, 0, 0), at(10, 20, 0), 1)).toBe(0)
  })

  it('reads this machine: time passes and this process uses some of it', () => {
    const before = processorTimes()
    for (let i = 0, x = 0; i < 3e7; i++) x += Math.sqrt(i)
    const after = processorTimes()
    expect(after.at).toBeGreaterThan(before.at)
    expect(after.own).toBeGreaterThan(before.own)
    expect(othersShare(before, after)).toBeGreaterThanOrEqual(0)
    expect(othersShare(before, after)).toBeLessThanOrEqual(1)
  })
})
