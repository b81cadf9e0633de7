import { describe, expect, it } from 'vitest'
import { couldNotStart } from '../../../scripts/start/electronEnd.ts'

describe('Electron', () => {
  it.each([
    ['trapped at once, which is how it refuses to run without a sandbox', { code: null, signal: 'SIGTRAP' }, 400, true],
    ['could not be loaded', { code: 127, signal: null }, 20, true],
    ['was closed soon', { code: 0, signal: null }, 2000, false],
    ['was ended by Ctrl-C', { code: null, signal: 'SIGINT' }, 2000, false],
    ['refused by a sentence of our own', { code: 1, signal: null }, 900, false],
    ['crashed after it had been used', { code: null, signal: 'SIGSEGV' }, 60_000, false],
  ] as const)('%s', (_what, end, afterMs, expected) => {
    expect(couldNotStart(end, afterMs)).toBe(expected)
  })
})
