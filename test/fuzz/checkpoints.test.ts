import path from 'node:path'
import { expect, it } from 'vitest'
import { fuzzCheckpoints } from './checkpoints.ts'

// the same cases everywhere; the long tests run thousands of them
it('damaged checkpoints are refused in a sentence: no crash, no hang, nothing written', async () => {
  const report = await fuzzCheckpoints({ seed: 1, count: 400 })
  expect(report.failures).toEqual([])
  expect(report.accepted + report.refused).toBe(400)
  expect(report.refused, 'the damage is real').toBeGreaterThan(200)
}, 180_000)

it('the watchdog itself sees a crash, a hang and a fault, and goes on after each', async () => {
  const report = await fuzzCheckpoints({ seed: 1, count: 6, child: path.join(import.meta.dirname, 'faultyChild.ts'), hangMs: 1000 })
  expect(report.failures.map(({ number }) => number)).toEqual([1, 3, 4])
  expect(report.failures.map(({ detail }) => detail)).toEqual([expect.stringContaining('code 3'), expect.stringContaining('no answer'), 'case 4'])
  expect(report.refused).toBe(3)
})
