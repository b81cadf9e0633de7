import { describe, expect, it } from 'vitest'
import { selfTest } from '../../../../../main/engine/runtime/selfTest.ts'
import type { DeviceName } from '../../../../../main/engine/runtime/session.ts'

describe('self-test', () => {
  it('passes on the CPU, fused attention included', async () => {
    const verdict = await selfTest('cpu')
    expect(verdict).toMatchObject({ usable: true, fusedAttention: true })
    expect(verdict.rows.length).toBeGreaterThan(15)
    expect(verdict.rows.every(({ error }) => error === 0)).toBe(true)
    expect(verdict.speedup).toBeGreaterThan(0)
  })

  it('fails where a device cannot load anything', async () => {
    const verdict = await selfTest('abacus' as DeviceName)
    expect(verdict).toMatchObject({ usable: false, fusedAttention: false, speedup: 0 })
    expect(verdict.rows.every(({ error }) => error === Infinity)).toBe(true)
  })
})
