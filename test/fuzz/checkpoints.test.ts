import { expect, it } from 'vitest'
import { fuzzCheckpoints } from './checkpoints.ts'

// the same cases everywhere; the long tests run thousands of them
it('damaged checkpoints are refused in a sentence: no crash, no hang, nothing written', async () => {
  const report = await fuzzCheckpoints({ seed: 1, count: 400 })
  expect(report.failures).toEqual([])
  expect(report.accepted + report.refused).toBe(400)
  expect(report.refused, 'the damage is real').toBeGreaterThan(200)
}, 180_000)
