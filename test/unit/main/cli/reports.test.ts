import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileSize, reportPicture, reportTable, reportTree } from '../../../../main/cli/reports.ts'

const here = (name: string): string => path.join(process.cwd(), name)

describe('reportPicture', () => {
  it('names file, size, seed and time', () => {
    expect(reportPicture({ out: here('cat.png'), width: 256, height: 384, seed: 7, seconds: { load: 1, sample: 10.5 } })).toBe('Wrote cat.png (256 x 384), seed 7, in 12 s.')
  })

  it('names each of several pictures with its own seed, and the trace', () => {
    const pictures = [{ out: here('c-1.png'), seed: 7 }, { out: here('c-2.png'), seed: 8 }]
    expect(reportPicture({ pictures, seed: 7, trace: here('t.safetensors') })).toBe('Wrote c-1.png, seed 7.\nWrote c-2.png, seed 8.\nWrote t.safetensors.')
  })

  it('tells the proof outside the mask and the change by the codec apart', () => {
    const lossless = reportPicture({ out: here('a.png'), changedOutside: 0, codec: { lossless: true, changedSamples: 0, largestChange: 0 }, format: 'png' })
    expect(lossless).toContain('Samples changed outside the mask: 0.')
    const lossy = reportPicture({ out: here('a.jpg'), changedOutside: 0, codec: { lossless: false, changedSamples: 991, largestChange: 4 }, format: 'jpeg' })
    expect(lossy).toContain('Samples changed outside the mask: 0 before encoding; the JPEG codec itself changed 991 samples of the whole picture by at most 4.')
  })
})

describe('reportTree', () => {
  it('indents what is nested and leaves out what is undefined', () => {
    expect(reportTree({ promptText: 'a cat', steps: 20, fast: undefined, size: { width: 64 }, tags: ['a', 'b'], parts: [{ name: 'x', ok: true }, { name: 'y' }] })).toBe(
      'prompt text: a cat\nsteps: 20\nsize:\n  width: 64\ntags: a, b\nparts:\n  - name: x\n    ok: yes\n  - name: y',
    )
  })
})

describe('tables and sizes', () => {
  it('align columns', () => {
    expect(reportTable(['id', 'kind'], [['starter-inpaint', 'inpaint'], ['x', 'y']])).toBe('id               kind\nstarter-inpaint  inpaint\nx                y')
  })
  it('read in decimal units', () => {
    expect([12, 1500, 123_456_789, 4_270_000_000].map(fileSize)).toEqual(['12 B', '1.5 KB', '123 MB', '4.3 GB'])
  })
})
