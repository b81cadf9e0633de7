import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { models } from '../../../../main/cli/commands/models.ts'
import { fileSize, reportPicture, reportPrediction, reportTable, reportTree } from '../../../../main/cli/reports.ts'

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

describe('reportPrediction', () => {
  it('says time, memory and whether it fits', () => {
    expect(reportPrediction({ seconds: 75, peakBytes: 3.4e9, availableBytes: 2e9, fits: false, device: 'cpu' })).toBe('About 1 min 15 s and 3.4 GB of memory on cpu; 2.0 GB are free here, which is too little.')
  })
})

describe('models', () => {
  it('are listed with what is wrong with them', () => {
    const text = models.report({ models: [{ id: 'a', kind: 'inpaint', family: 'sd1', size: 512, bytes: 4.2e9, path: '/m/a' }, { id: 'b', path: '/m/b', problem: '/m/b: expected a file, found none.' }] }, { action: 'list' })
    expect(text.split('\n')).toEqual([expect.stringMatching(/^id +kind +family +side +files +path$/), expect.stringMatching(/^a +inpaint +sd1 +512 px +4\.2 GB +\/m\/a$/), expect.stringMatching(/^b +cannot be opened +\/m\/b$/), 'b: /m/b: expected a file, found none.'])
    expect(models.report({ removed: { id: 'b', path: '/m/b' } }, { action: 'remove' })).toBe('Took b off the list; its files stay at /m/b.')
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
