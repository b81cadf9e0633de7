import { describe, expect, it } from 'vitest'
import { GraphBuilder } from '../../../../../main/engine/graph/builder.ts'
import type { Graph } from '../../../../../main/engine/graph/graph.ts'
import { isWrittenLarge, openSession, usesBlockedLayout } from '../../../../../main/engine/runtime/session.ts'
import type { DeviceName } from '../../../../../main/engine/runtime/session.ts'

function doubler(): Graph {
  const b = new GraphBuilder('doubler', null)
  b.output('y', b.mul(b.input('x', 'f32', [2]), 2))
  return b.build()
}
const feeds = { x: { data: Float32Array.of(1, 2), dims: [2] } }
/** A device that no build of the runtime has, so that loading on it fails everywhere. */
const absent = 'abacus' as DeviceName

describe('sessions', () => {
  it('take integers of either width and fractions where a net wants them', async () => {
    const b = new GraphBuilder('net', null)
    const [i64, i32, f32, bool] = [b.input('i64', 'i64', [1]), b.input('i32', 'i32', [1]), b.input('f32', 'f32', [1]), b.input('bool', 'bool', [1])]
    b.output('y', b.add(b.add(b.cast(i64, 'f32'), b.cast(i32, 'f32')), b.where(bool, f32, 0)))
    const session = await openSession(b.build(), { device: 'cpu' })
    const ints = (value: number) => ({ data: Int32Array.of(value), dims: [1] })
    const longs = (value: number) => ({ data: BigInt64Array.of(BigInt(value)), dims: [1] })
    const floats = (value: number) => ({ data: Float32Array.of(value), dims: [1] })
    expect((await session.run({ i64: ints(1), i32: longs(20), f32: ints(300), bool: floats(1) })).y!.data[0]).toBe(321)
    expect((await session.run({ i64: longs(1), i32: ints(20), f32: longs(300), bool: ints(0) })).y!.data[0]).toBe(21)
    await session.dispose()
  })

  it('name the input that is missing or of another shape', async () => {
    const session = await openSession(doubler(), { device: 'cpu' })
    await expect(session.run({ z: feeds.x })).rejects.toThrow('The net doubler expected the input x but received z.')
    await expect(session.run({ x: { data: new Float32Array(3), dims: [3] } })).rejects.toThrow('The net doubler expected 2 for x but received 3.')
    await session.dispose()
  })

  it('fail with the reason when a device cannot load the net', async () => {
    await expect(openSession(doubler(), { device: absent })).rejects.toMatchObject({ code: 'runtime/load', message: expect.stringMatching(/^The net doubler could not be loaded on abacus: /) as string })
  })

  it('fall back to the CPU with one sentence where that is wanted', async () => {
    const sentences: string[] = []
    const session = await openSession(doubler(), { device: absent, onFallback: (sentence) => sentences.push(sentence) })
    expect(session.device).toBe('cpu')
    expect([...(await session.run(feeds)).y!.data]).toEqual([2, 4])
    expect(sentences).toHaveLength(1)
    expect(sentences[0]).toMatch(/^The net doubler could not be loaded on abacus: .*; it runs on the CPU instead\.$/)
    await session.dispose()
  })

  it('give the same bytes run after run, and leave results of earlier runs alone', async () => {
    const session = await openSession(doubler(), { device: 'cpu' })
    const first = await session.run(feeds)
    const second = await session.run({ x: { data: Float32Array.of(5, 6), dims: [2] } })
    expect([...first.y!.data]).toEqual([2, 4])
    expect([...second.y!.data]).toEqual([10, 12])
    await session.dispose()
  })

  it('write nets for the CPU either with blocked convolutions or with Winograd, by their size', () => {
    for (const bytes of [0, 100e6, 3.4e9]) expect(isWrittenLarge('cpu', bytes)).toBe(!usesBlockedLayout('cpu', bytes))
    expect(isWrittenLarge('cpu', 3.4e9)).toBe(true)
    expect(isWrittenLarge('webgpu', 3.4e9)).toBe(false)
  })
})
