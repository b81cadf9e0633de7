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
