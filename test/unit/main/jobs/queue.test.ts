/** The queue by itself: jobs that nobody asked for make way, a closed queue runs nothing. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { throwIfCancelled } from '../../../../main/engine/errors.ts'
import { JobQueue, type JobOrder, type JobState } from '../../../../main/jobs/queue.ts'

function queueOf(): { queue: JobQueue; told: JobState[]; done: string[] } {
  const told: JobState[] = []
  const done: string[] = []
  const queue = new JobQueue({ onChange: (job) => told.push(job), onPreview: () => undefined, onFault: () => undefined, toData: (error) => ({ code: 'x', message: String(error), exitCode: 1, details: {} }) })
  return { queue, told, done }
}
function order(title: string, done: string[], more: Partial<JobOrder> = {}): JobOrder {
  return {
    kind: 'test', title, project: null, document: null, ...more,
    work: async ({ signal }) => {
      for (let step = 0; step < 5; step++) {
        throwIfCancelled(signal)
        await sleep(5)
      }
      done.push(title)
      return {}
    },
  }
}

describe('a job that nobody asked for', () => {
  it('stops for one that was asked for, waits behind those that wait, and is in no list', async () => {
    const { queue, told, done } = queueOf()
    queue.add(order('idle', done, { idle: true }))
    queue.add(order('idle later', done, { idle: true }))
    queue.add(order('wanted', done))
    queue.add(order('wanted too', done))
    expect(queue.list().map(({ title }) => title)).toEqual(['wanted', 'wanted too'])
    await sleep(200)
    expect(done).toEqual(['wanted', 'wanted too', 'idle later'])
    expect(told.some(({ title }) => title.startsWith('idle'))).toBe(false)
    expect(queue.busy).toBe(false)
  })
})

describe('a queue', () => {
  it('tells a job waiting, running and ended, with its times', async () => {
    const { queue, told, done } = queueOf()
    const job = queue.add(order('one', done))
    await sleep(80)
    expect(told.map(({ state }) => state)).toEqual(['queued', 'running', 'done'])
    expect(queue.list()[0]).toMatchObject({ job, state: 'done', error: null })
    expect(queue.list()[0]!.endedAt).toBeGreaterThanOrEqual(queue.list()[0]!.startedAt!)
  })

  it('goes on after a job that failed, and refuses to retry one that has not ended', async () => {
    const { queue, done } = queueOf()
    const bad = queue.add({ ...order('bad', done), work: async () => { throw new Error('no') } })
    queue.add(order('good', done))
    await sleep(80)
    expect(done).toEqual(['good'])
    expect(queue.list().map(({ state }) => state)).toEqual(['failed', 'done'])
    const slow = queue.add(order('slow', done))
    expect(() => queue.retry(slow)).toThrow('has ended')
    expect(() => queue.cancel('job_unknown')).toThrow('not there')
    expect(queue.retry(bad)).not.toBe(bad)
    queue.close()
    await sleep(30)
    expect(queue.list().map(({ state }) => state).slice(2)).toEqual(['cancelled', 'cancelled'])
  })
})
