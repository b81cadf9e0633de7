import { describe, expect, it } from 'vitest'
import { ProgressLine, duration } from '../../../../main/cli/progressLine.ts'

function record(isTTY: boolean, unicode = true): { line: ProgressLine; written: string[]; clock: { now: number } } {
  const written: string[] = []
  const clock = { now: 0 }
  const line = new ProgressLine({ isTTY, columns: 70, write: (text) => written.push(text) }, { unicode, now: () => clock.now })
  return { line, written, clock }
}

const step = (n: number, etaSeconds?: number) => ({ event: 'progress' as const, phase: 'sample', step: n, steps: 20, ...(etaSeconds === undefined ? {} : { etaSeconds }) })

describe('on a terminal', () => {
  it('keeps to one line with a bar, the count and the time left', () => {
    const { line, written } = record(true)
    line.show(step(10, 8.4))
    expect(written).toEqual(['\r\u001b[2Ksampling   ████████████░░░░░░░░░░░░ 10/20 about 8.4 s left'])
    line.clear()
    line.clear()
    expect(written.slice(1)).toEqual(['\r\u001b[2K'])
  })

  it('does not redraw more often than the eye sees, but always the last step', () => {
    const { line, written, clock } = record(true, false)
    for (let n = 1; n <= 20; n += 1) {
      clock.now += 1
      line.show(step(n))
    }
    expect(written).toHaveLength(2)
    expect(written[1]).toContain('######################## 20/20')
  })
})

describe('in a log', () => {
  it('writes a line per phase and then one every five seconds', () => {
    const { line, written, clock } = record(false)
    line.show({ event: 'progress', phase: 'load unet', step: 0, steps: 0 })
    for (let n = 1; n <= 20; n += 1) {
      clock.now += 1000
      line.show(step(n, 20 - n))
    }
    expect(written).toEqual([
      'loading unet\n', 'sampling: step 1 of 20, about 19 s left\n', 'sampling: step 6 of 20, about 14 s left\n', 'sampling: step 11 of 20, about 9 s left\n', 'sampling: step 16 of 20, about 4 s left\n',
    ])
  })
})

describe('duration', () => {
  it('reads as people say it', () => {
    expect([0, 1.26, 59.4, 80, 3600, 7500].map(duration)).toEqual(['0 s', '1.3 s', '59 s', '1 min 20 s', '1 h 0 min', '2 h 5 min'])
  })
})
