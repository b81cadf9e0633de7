import { describe, expect, it } from 'vitest'
import { RunProgress } from '../../../../../main/engine/pipelines/progress.ts'
import type { EngineEvent } from '../../../../../main/engine/requests.ts'

type Progress = Extract<EngineEvent, { event: 'progress' }>

function run(script: (progress: RunProgress, wait: (seconds: number) => void) => void): Progress[] {
  let now = 100
  const events: Progress[] = []
  const plan = [
    { phase: 'load', steps: 0, seconds: 1 },
    { phase: 'sample', steps: 4, seconds: 4 },
    { phase: 'decode', steps: 0, seconds: 2 },
  ]
  const progress = new RunProgress(plan, (event) => events.push(event as Progress), () => now)
  script(progress, (seconds) => { now += seconds })
  return events
}

describe('RunProgress', () => {
  it('starts from the plan and then goes by what is measured', () => {
    const events = run((progress, wait) => {
      progress.begin('load')
      wait(1)
      progress.begin('sample')
      wait(2) // the first step takes twice as long as planned
      progress.advance()
    })
    expect(events.map((event) => event.phase)).toEqual(['load', 'sample', 'sample'])
    expect(events[0]!.etaSeconds).toBeCloseTo(7)
    expect(events[1]!.etaSeconds).toBeCloseTo(6)
    // three steps of 2 s are left, and decoding is expected to be twice as slow as planned too
    expect(events[2]!.etaSeconds).toBeCloseTo(3 * 2 + 4)
    expect(events[2]).toMatchObject({ step: 1, steps: 4 })
  })

  it('goes by the usual step: neither one that opened a net nor a pause moves the estimate for long', () => {
    const events = run((progress, wait) => {
      progress.begin('sample')
      wait(10)
      progress.advance()
      for (const seconds of [1, 1]) {
        wait(seconds)
        progress.advance()
      }
    })
    // one step of 1 s is left, and decoding is as slow as planned
    expect(events.at(-1)!.etaSeconds).toBeCloseTo(1 + 2)
  })

  it('follows a machine that becomes busy within the phase', () => {
    let now = 0
    const events: Progress[] = []
    const progress = new RunProgress([{ phase: 'sample', steps: 20, seconds: 20 }], (event) => events.push(event as Progress), () => now)
    progress.begin('sample')
    for (let step = 0; step < 13; step++) {
      now += step < 10 ? 1 : 3
      progress.advance()
    }
    expect(events.at(-1)!.etaSeconds).toBeCloseTo(7 * 3)
  })

  it('adds up the seconds of every phase', () => {
    let timings: Record<string, number> = {}
    run((progress, wait) => {
      progress.begin('load')
      wait(1)
      progress.begin('decode') // sampling was skipped
      wait(3)
      progress.finish()
      timings = progress.timings
    })
    expect(timings).toEqual({ load: 1, decode: 3 })
  })
})
