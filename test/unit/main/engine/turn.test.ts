import { describe, expect, it } from 'vitest'
import { CancelledError } from '../../../../main/engine/errors.ts'
import { Turn } from '../../../../main/engine/turn.ts'

describe('a turn', () => {
  it('is had by one at a time, in the order in which it was asked for', async () => {
    const turn = new Turn()
    const told: string[] = []
    await Promise.all(['a', 'b', 'c'].map(async (name) => {
      const leave = await turn.enter()
      told.push(`${name} in`)
      await new Promise((resolve) => setTimeout(resolve, 3))
      told.push(`${name} out`)
      leave()
    }))
    expect(told).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out'])
    expect(turn.taken).toBe(false)
  })

  it('leaves once, however often it is told to', async () => {
    const turn = new Turn()
    const first = await turn.enter()
    first()
    const second = await turn.enter()
    first()
    let third = false
    const waiting = turn.enter().then((leave) => {
      third = true
      leave()
    })
    await Promise.resolve()
    expect([third, turn.taken]).toEqual([false, true])
    second()
    await waiting
    expect([third, turn.taken]).toEqual([true, false])
  })

  it('whose waiter gives up goes to the next one, and never while it is held', async () => {
    const turn = new Turn()
    const leave = await turn.enter()
    const stop = new AbortController()
    const gaveUp = turn.enter(stop.signal)
    let came = false
    const next = turn.enter().then((end) => {
      came = true
      end()
    })
    stop.abort()
    await expect(gaveUp).rejects.toBeInstanceOf(CancelledError)
    expect(came).toBe(false)
    leave()
    await next
    expect(turn.taken).toBe(false)
    await expect(turn.enter(stop.signal)).rejects.toBeInstanceOf(CancelledError)
    ;(await turn.enter())()
  })
})
