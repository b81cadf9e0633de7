/** A host that answers what a test tells it to; every answer goes through the contract's own schemas. */
import { type EventData, type EventName, type Method, events, methods } from '../../../../preload/contract/channels.ts'
import type { Job } from '../../../../preload/contract/edits.ts'
import { AppError } from '../../../../preload/contract/result.ts'
import type { Api } from '../../../../renderer/stores/awaitJob.ts'

/** Answers by method; anything that is not answered fails the test. */
export type Answers = { readonly [M in Method]?: (input: never) => unknown }

/** The host, what it was asked, and its voice. */
export interface FakeApi extends Api {
  readonly asked: { readonly method: Method; readonly input: Record<string, unknown> }[]
  readonly answers: { [M in Method]?: (input: never) => unknown }
  tell<E extends EventName>(event: E, data: EventData<E>): void
}

/** A job id that the contract accepts. */
export const JOB = 'job_0123456789abcdef'
/** A project id that the contract accepts. */
export const PROJECT = 'prj_0123456789abcdef'

/** A job in some state, everything else plain. */
export function jobIn(state: Job['state'], more: Partial<Job> = {}): Job {
  return {
    job: JOB, kind: 'words', title: 'words', project: null, document: null, state, phase: '', step: 0, steps: 0, etaSeconds: null, operation: null, warnings: [],
    error: null, result: null, queuedAt: 0, startedAt: null, endedAt: null, ...more,
  }
}

/** The error a host answers with. */
export function refusal(message: string): AppError {
  return new AppError({ code: 'test/refused', message, exitCode: 2, details: {} })
}

/** Creates the host. */
export function fakeApi(answers: FakeApi['answers']): FakeApi {
  const listeners = new Map<string, Set<(data: never) => void>>()
  const asked: FakeApi['asked'] = []
  return {
    asked, answers,
    async call(method, input) {
      const checked = methods[method].input.parse(input)
      asked.push({ method, input: checked as Record<string, unknown> })
      const answer = answers[method]
      if (!answer) throw new Error(`the test did not expect ${method}`)
      return methods[method].output.parse(await answer(checked as never)) as never
    },
    on(event, listener) {
      const set = listeners.get(event) ?? new Set()
      listeners.set(event, set.add(listener as (data: never) => void))
      return () => set.delete(listener as (data: never) => void)
    },
    tell(event, data) {
      const checked = events[event].parse(data)
      for (const listener of listeners.get(event) ?? []) listener(checked as never)
    },
  }
}
