import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GraphCost } from '../../../../../main/engine/graph/cost.ts'
import type { DeviceSpeed } from '../../../../../main/engine/pipelines/machineRates.ts'
import { RunTimes } from '../../../../../main/engine/pipelines/runTimes.ts'
import { SpeedBook } from '../../../../../main/engine/pipelines/speed.ts'

const RATES: DeviceSpeed = { rates: { conv: 1e9, linear: 1e9, linearInt8: 2e9, attention: 1e9, elementwise: 1e9 }, secondsPerNode: 0 }
const cost = (gigaflop: number): GraphCost => ({ work: { conv: gigaflop * 1e9, linear: 0, linearInt8: 0, attention: 0, elementwise: 0 }, peakActivationBytes: 0, weightBytes: 0, nodes: 1 })

let folder: string
let now: number
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-speed-'))
  now = 0
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = (): SpeedBook => new SpeedBook(folder, { now: () => now, measure: async () => RATES })

/** A machine: runs take `cost` seconds times the net's own factor times the load; of the load the system counts a part. */
class Machine {
  load = 1
  /** share of the load that shows in the processors' times; the rest is caches and clocks */
  counted = 0.7
  readonly factors: Record<string, number> = { small: 0.8, medium: 1.1, large: 1.4 }
  readonly seconds = (net: string, giga: number): number => giga * this.factors[net]! * this.load

  async run(book: SpeedBook, net: string, giga: number): Promise<void> {
    const share = 1 - 1 / (1 + (this.load - 1) * this.counted)
    await book.learn(net, cost(giga), 'cpu', this.seconds(net, giga), share)
    now += 20_000
  }

  /** predicted / measured - 1 */
  async off(book: SpeedBook, net: string, giga: number): Promise<number> {
    return (await book.predict(net, cost(giga), 'cpu')) / this.seconds(net, giga) - 1
  }
}

const NETS = [['small', 1], ['medium', 4], ['large', 12]] as const

describe('SpeedBook', () => {
  it('predicts within 35 % after one run of each net on a quiet machine, and keeps that over a restart', async () => {
    const machine = new Machine()
    const book = open()
    for (const [net, giga] of NETS) await machine.run(book, net, giga)
    await book.save()
    for (const [net, giga] of NETS) expect(Math.abs(await machine.off(open(), net, giga))).toBeLessThan(0.01)
  })

  it.each([1.6, 2.5, 4])('after a loaded hour (x%s) is within 35 %% again from the second quiet run on', async (load) => {
    const machine = new Machine()
    const book = open()
    machine.load = load
    for (let round = 0; round < 60; round++) for (const [net, giga] of NETS) await machine.run(book, net, giga)
    machine.load = 1
    for (let run = 0; run < 6; run++) {
      for (const [net, giga] of NETS) {
        if (run >= 2) expect(Math.abs(await machine.off(book, net, giga)), `${net}, run ${run}`).toBeLessThan(0.35)
        await machine.run(book, net, giga)
      }
    }
  })

  it('has nothing to relearn after a load that the system counts in full', async () => {
    const machine = new Machine()
    machine.counted = 1
    const book = open()
    machine.load = 3
    for (const [net, giga] of NETS) await machine.run(book, net, giga)
    machine.load = 1
    now += 3_600_000
    for (const [net, giga] of NETS) expect(Math.abs(await machine.off(book, net, giga))).toBeLessThan(0.01)
  })

  it('expects a run under load to be slow while the load lasts, for every net', async () => {
    const machine = new Machine()
    const book = open()
    for (let round = 0; round < 5; round++) for (const [net, giga] of NETS) await machine.run(book, net, giga)
    machine.load = 2.5
    await machine.run(book, 'small', 1)
    now -= 20_000
    for (const [net, giga] of NETS) expect(Math.abs(await machine.off(book, net, giga)), net).toBeLessThan(0.1)
  })

  it('guesses a size that never ran from the nearest one of the same net, and a net that never ran from all others', async () => {
    const book = open()
    await book.learn('abc unet 16x16', cost(1), 'cpu', 0.2)
    await book.learn('abc unet 64x64', cost(16), 'cpu', 4.8)
    expect(await book.predict('abc unet 48x64', cost(12), 'cpu')).toBeCloseTo(3.6)
    expect(await book.predict('abc unet 16x24', cost(1.5), 'cpu')).toBeCloseTo(0.3)
    expect(await book.predict('xyz vaeDecoder 16x16', cost(1), 'cpu')).toBeCloseTo(0.3)
    expect(await book.predict('abc unet 16x16', cost(1), 'webgpu')).toBeCloseTo(1) // nothing is known of this device
    expect(await book.predictSeconds('write', 0.4, 'cpu')).toBeCloseTo(0.4) // no net
  })

  it('keeps the same guess for work that is no graph', async () => {
    const book = open()
    await book.learnSeconds('write', 0.2, 'cpu', 0.1)
    expect(await book.predictSeconds('write', 0.4, 'cpu')).toBeCloseTo(0.2)
  })
})

describe('RunTimes', () => {
  it('tells the book the median of a run: a first call that warms up does not count', async () => {
    const book = open()
    const times = new RunTimes()
    for (const seconds of [5, 1, 1, 1, 9]) times.note('net', cost(1), seconds)
    times.note('open', 0.1, 0.3)
    await times.learn(book, 'webgpu')
    expect(await book.predict('net', cost(2), 'webgpu')).toBeCloseTo(2)
    expect(await book.predictSeconds('open', 0.1, 'webgpu')).toBeCloseTo(0.3)
  })

  it('forgets a run that was begun anew', async () => {
    const book = open()
    const times = new RunTimes()
    times.note('net', cost(1), 7)
    times.reset()
    await times.learn(book, 'webgpu')
    expect(await book.predict('net', cost(1), 'webgpu')).toBeCloseTo(1)
  })
})
