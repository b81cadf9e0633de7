/** Runs that ended with the program behind the window. */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { IntentInput } from '../../../../preload/contract/edits.ts'
import { documentWith, jobWith } from '../things.ts'

const call = vi.hoisted(() => vi.fn())
vi.mock('../../../../renderer/api/client.ts', () => ({ call, on: vi.fn(), bridge: vi.fn() }))
const { rememberRun, runAgain, tellInterrupted } = await import('../../../../renderer/app/actions/interrupted.ts')
const { documentStore } = await import('../../../../renderer/stores/documentStore.ts')
const { jobsStore } = await import('../../../../renderer/stores/jobsStore.ts')
const { sessionStore } = await import('../../../../renderer/stores/sessionStore.ts')

const intent: IntentInput = { intent: 'fill', prompt: 'a red house', sampling: { seed: 7 } }

beforeEach(() => {
  sessionStore.setState({ notices: [] })
  jobsStore.setState({ jobs: [] })
  documentStore.setState({ document: documentWith({ project: 'prj_after', document: 3 }) })
  call.mockReset()
})

describe('a run under way when the program stopped', () => {
  it('is told with Retry, which asks the new host for the very same thing', async () => {
    rememberRun('job_lost', intent)
    tellInterrupted([jobWith({ job: 'job_lost', title: 'Fill: a red house', state: 'running' })])
    expect(sessionStore.getState().notices).toMatchObject([{ level: 'error', sticky: true, message: '"Fill: a red house" was interrupted when the program stopped. Your picture is as it was.', action: { command: 'run.again', payload: 'job_lost' } }])
    call.mockResolvedValue({ job: 'job_new' })
    await runAgain('job_lost')
    expect(call.mock.calls).toEqual([['edit.run', { project: 'prj_after', document: 3, intent }]])
    await runAgain('job_lost') // pressed twice: begun once
    expect(call).toHaveBeenCalledTimes(1)
  })

  it('is told without Retry when another window had asked for it', () => {
    tellInterrupted([jobWith({ job: 'job_other', state: 'queued' })])
    expect(sessionStore.getState().notices).toMatchObject([{ sticky: true }])
    expect(sessionStore.getState().notices[0]).not.toHaveProperty('action')
  })

  it('is not told when only the line was cut and the host still has it, or when it had ended', () => {
    const goesOn = jobWith({ job: 'job_on', state: 'running' })
    jobsStore.setState({ jobs: [goesOn] })
    tellInterrupted([goesOn, jobWith({ job: 'job_over', state: 'done' })])
    expect(sessionStore.getState().notices).toEqual([])
  })
})
