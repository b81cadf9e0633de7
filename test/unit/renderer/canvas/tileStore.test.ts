import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { TileData, TilePlace } from '../../../../preload/contract/documents.ts'
import { halveInto } from '../../../../renderer/canvas/tiles/tilePixels.ts'
import { type PixelCause, TileStore, type TileStoreOptions } from '../../../../renderer/canvas/tiles/tileStore.ts'
import { type FakeSurface, fakeSurface, grey, rgba, settle } from './fakes.ts'

const WHOLE = { left: 0, top: 0, right: 256, bottom: 256 }

/** A store whose answers the test gives. */
class Bench {
  readonly asked: { places: readonly TilePlace[]; answer: (version: number, bytes?: (place: TilePlace) => Uint8Array<ArrayBuffer> | null) => Promise<void>; fail: () => Promise<void> }[] = []
  readonly shown: string[] = []
  readonly causes: PixelCause[] = []
  readonly unseen: string[] = []
  readonly failures: unknown[] = []
  readonly store: TileStore

  constructor(more: Partial<TileStoreOptions> = {}) {
    this.store = new TileStore({
      read: (places) => new Promise((resolve, reject) => {
        this.asked.push({
          places,
          answer: async (version, bytes = () => grey(7)) => {
            resolve({ version, tiles: places.map((place): TileData => ({ ...place, bytes: bytes(place) })) })
            await settle()
          },
          fail: async () => {
            reject(new Error('The host is gone.'))
            await settle()
          },
        })
      }),
      makeSurface: fakeSurface, budget: 64 * 2 ** 20, keepsBytes: () => true, isEmpty: () => false, look: () => ({ neutral: 0 }), levels: () => 4,
      onPixels: (tile, _part, cause) => (this.causes.push(cause), void this.shown.push(`${tile.place.level}/${tile.place.x}/${tile.place.y}`)), onUnseen: (_layer, _plane, at) => void this.unseen.push(at ? `${at.level}/${at.x}/${at.y}` : 'all'), onFailure: (error) => void this.failures.push(error), ...more,
    })
  }
}

function place(x: number, y = 0, level = 0, layer = 1): TilePlace {
  return { layer, plane: 'pixels', level, x, y }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('display tiles', () => {
  it('are read in batches, most wanted first, and never twice at once', async () => {
    const { store, asked } = new Bench()
    const wanted = Array.from({ length: 130 }, (_, i) => place(i))
    store.want(wanted)
    store.want(wanted)
    expect(asked.map(({ places }) => places.length)).toEqual([48, 48])
    expect(asked[0].places[0].x).toBe(0)
    await asked[0].answer(1)
    expect(asked[2].places.map(({ x }) => x)).toEqual(Array.from({ length: 34 }, (_, i) => 96 + i))
    await asked[1].answer(1)
    await asked[2].answer(1)
    expect(store.settled).toBe(true)
    expect(store.counts.read).toBe(130)
  })

  it('follow a new view: what is wanted first is read next, old wishes are dropped', async () => {
    const { store, asked } = new Bench()
    store.want(Array.from({ length: 200 }, (_, i) => place(i)))
    store.want([place(500), place(501)])
    await asked[0].answer(1)
    expect(asked[2].places.map(({ x }) => x)).toEqual([500, 501])
    await asked[1].answer(1)
    await asked[2].answer(1)
    expect(asked).toHaveLength(3)
  })

  it('older than what a change needs are thrown away and read again', async () => {
    const { store, asked } = new Bench()
    store.want([place(0)])
    store.invalidate(1, 'pixels', null, 5)
    await asked[0].answer(4)
    expect(store.shown(place(0))).toBeNull()
    expect(store.counts.late).toBe(1)
    await vi.advanceTimersByTimeAsync(200)
    await asked[1].answer(5, () => grey(9))
    expect(store.shown(place(0))!.bytes![0]).toBe(9)
  })

  it('that changed stay on the screen until newer ones are there', async () => {
    const { store, asked } = new Bench()
    store.want([place(0), place(1), place(0, 0, 1)])
    await asked[0].answer(1)
    store.invalidate(1, 'pixels', [[0, 0]], 2)
    expect(store.shown(place(0))!.bytes![0]).toBe(7)
    // the tile and the coarser one over it are read again, its neighbour is not
    expect(asked[1].places).toEqual([place(0), place(0, 0, 1)])
    await asked[1].answer(2, () => grey(8))
    expect(store.shown(place(0))!.bytes![0]).toBe(8)
    expect(store.shown(place(1))!.bytes![0]).toBe(7)
  })

  it('say why they have new pixels: read first, changed, or painted on', async () => {
    const { store, asked, causes } = new Bench()
    store.want([place(0)])
    await asked[0].answer(1)
    store.invalidate(1, 'pixels', [[0, 0]], 2)
    await asked[1].answer(2, () => grey(8))
    store.patch(place(0), grey(9), WHOLE)
    expect(causes).toEqual(['arrival', 'change', 'stroke'])
  })

  it('that changed while nobody held them are told at every level, and those dropped before they were read again', async () => {
    const { store, asked, unseen } = new Bench({ budget: 3 * 65536 })
    store.want([place(6, 2), place(3, 1, 1)])
    await asked[0].answer(1)
    store.invalidate(1, 'pixels', [[6, 2], [7, 2]], 2)
    expect(unseen).toEqual(['0/7/2', '2/1/0', '3/0/0', '4/0/0']) // the other two are read again
    unseen.length = 0
    store.want([])
    await asked[1].fail()
    store.want([place(20), place(21), place(22)])
    await vi.advanceTimersByTimeAsync(2100)
    for (const one of asked.slice(2)) await one.answer(3)
    expect(store.counts.evicted).toBeGreaterThan(0)
    expect(unseen).toContain('0/6/2')
    store.invalidate(1, 'pixels', null, 9)
    expect(unseen.at(-1)).toBe('all')
  })

  it('are tried again after a failure, which is told once', async () => {
    const { store, asked, failures } = new Bench()
    store.want([place(0)])
    await asked[0].fail()
    expect(failures).toHaveLength(1)
    expect(asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(2100)
    await asked[1].answer(1)
    expect(store.shown(place(0))).not.toBeNull()
  })

  it('that nobody looks at are dropped when memory is short, those looked at longest ago first', async () => {
    const { store, asked } = new Bench({ budget: 20 * 65536 })
    const answerAll = async (): Promise<void> => {
      for (const one of asked.splice(0)) await one.answer(1)
    }
    for (let from = 0; from < 40; from += 8) {
      store.want(Array.from({ length: 8 }, (_, i) => place(from + i)))
      await answerAll()
    }
    expect(store.bytes).toBeLessThanOrEqual(20 * 65536)
    expect(store.counts.evicted).toBeGreaterThan(15)
    for (let i = 32; i < 40; i++) expect(store.shown(place(i))).not.toBeNull()
    expect(store.shown(place(0))).toBeNull()
  })

  it('count the pictures made of them, and give up the bytes of layers that nobody paints on', async () => {
    const { store, asked } = new Bench({ keepsBytes: () => false })
    store.want([place(0)])
    await asked[0].answer(1, () => rgba(1, 2, 3, 255))
    expect(store.bytes).toBe(262144)
    const tile = store.shown(place(0))!
    store.pictureOf(tile)
    expect(store.bytes).toBe(262144)
    expect(tile.bytes).toBeNull()
  })

  it('that are empty have no picture and cost nothing', async () => {
    const { store, asked } = new Bench()
    store.want([place(0)])
    await asked[0].answer(1, () => null)
    const tile = store.shown(place(0))!
    expect(store.pictureOf(tile)).toBeNull()
    expect(store.bytes).toBe(0)
    expect(store.bytesAt(place(0))).toBeNull()
  })
})

describe('tiles under a stroke', () => {
  it('are not overwritten by answers and not dropped until the stroke is committed', async () => {
    const { store, asked } = new Bench({ budget: 65536 })
    store.want([place(0)])
    store.hold(1, 'pixels', [{ x: 0, y: 0 }])
    store.patch(place(0), grey(200), WHOLE)
    await asked[0].answer(1)
    store.want([place(5)])
    expect(store.shown(place(0))!.bytes![0]).toBe(200)
    store.settle(1, 'pixels', [{ x: 0, y: 0 }], 2)
    store.invalidate(1, 'pixels', [[0, 0]], 2) // what the host tells of the same commit
    store.want([place(0)])
    expect(asked.slice(1).flatMap(({ places }) => places).filter(({ x }) => x === 0)).toEqual([]) // nothing to read: they are the same
    store.invalidate(1, 'pixels', [[0, 0]], 3)
    expect(asked.at(-1)!.places).toEqual([place(0)])
  })

  it('change only a part of their picture', async () => {
    const { store, asked } = new Bench()
    store.want([place(0)])
    await asked[0].answer(1)
    const surface = store.pictureOf(store.shown(place(0))!) as FakeSurface
    const part = { left: 10, top: 10, right: 20, bottom: 20 }
    store.patch(place(0), grey(1), part)
    expect(surface.puts).toEqual([WHOLE, part])
    expect(store.counts.patchedBytes).toBe(400)
  })

  it('are carried into every coarser tile that is there', async () => {
    const { store, asked } = new Bench()
    store.want([place(0, 0, 1), place(0, 0, 2)])
    await asked[0].answer(1, () => grey(0))
    store.hold(1, 'pixels', [{ x: 1, y: 0 }])
    store.patch(place(1), grey(255), { left: 0, top: 0, right: 64, bottom: 64 })
    const half = store.shown(place(0, 0, 1))!.bytes!
    expect([half[127], half[128], half[159], half[160], half[32 * 256 + 128]]).toEqual([0, 255, 255, 0, 0])
    const quarter = store.shown(place(0, 0, 2))!.bytes!
    expect([quarter[63], quarter[64], quarter[79], quarter[80]]).toEqual([0, 255, 255, 0])
  })

  it('show in a coarser tile that comes later, until the host has them itself', async () => {
    const { store, asked } = new Bench()
    store.hold(1, 'pixels', [{ x: 0, y: 0 }])
    store.patch(place(0), grey(255), WHOLE)
    store.want([place(0, 0, 1)])
    await asked[0].answer(1, () => grey(10))
    const tile = store.shown(place(0, 0, 1))!
    expect([tile.bytes![0], tile.bytes![128]]).toEqual([255, 10])
  })

  it('make an answer useless that was read before the commit', async () => {
    const { store, asked } = new Bench()
    store.hold(1, 'pixels', [{ x: 0, y: 0 }])
    store.patch(place(0), grey(255), WHOLE)
    store.want([place(0, 0, 1)])
    store.settle(1, 'pixels', [{ x: 0, y: 0 }], 2)
    await asked[0].answer(1, () => grey(10))
    expect(store.shown(place(0, 0, 1))).toBeNull()
    await vi.advanceTimersByTimeAsync(200)
    await asked[1].answer(2, () => grey(20))
    expect(store.shown(place(0, 0, 1))!.bytes![0]).toBe(20)
  })

  it('on a layer of the window\'s own are there at every level without asking, with its neutral value around', () => {
    const { store, asked } = new Bench({ isEmpty: () => true, look: () => ({ neutral: 127 }) })
    store.want([place(0, 0, 2)])
    expect(asked).toHaveLength(0)
    expect(store.bytesAt(place(0))).toBeNull()
    const bytes = grey(127)
    bytes.fill(255, 0, 512)
    store.patch(place(0), bytes, { left: 0, top: 0, right: 256, bottom: 2 })
    const quarter = store.shown(place(0, 0, 2))!.bytes!
    expect(quarter[0]).toBe(191) // half of the rows of the level before
    expect(quarter[256]).toBe(127)
    expect(quarter[64]).toBe(127)
  })

  it('of a layer that had no number yet get its number', () => {
    const { store } = new Bench({ isEmpty: ({ layer }) => layer < 0 })
    store.hold(-10, 'pixels', [{ x: 3, y: 4 }])
    store.patch(place(3, 4, 0, -10), grey(5), WHOLE)
    store.rename(-10, 77)
    expect(store.shown(place(3, 4, 0, -10))).toBeNull()
    expect(store.shown(place(3, 4, 0, 77))!.bytes![0]).toBe(5)
    expect(store.shown(place(3, 4, 0, 77))!.local).toBe(1)
  })

  it('are read before a stroke needs them, and again only when they changed', async () => {
    const { store, asked } = new Bench()
    const load = store.load([place(0), place(1)])
    await asked[0].answer(1, ({ x }) => (x === 0 ? grey(3) : null))
    await load
    expect(store.bytesAt(place(0))![0]).toBe(3)
    expect(store.bytesAt(place(1))).toBeNull()
    await store.load([place(0), place(1)])
    expect(asked).toHaveLength(1)
    store.invalidate(1, 'pixels', null, 2)
    expect(store.bytesAt(place(0))).toBeUndefined()
  })
})

describe('halving', () => {
  it('averages colours by their alpha, as the engine does', () => {
    const fine = rgba(0, 0, 0, 0)
    fine.set([255, 0, 0, 255, 0, 255, 0, 0], 0)
    fine.set([0, 0, 255, 255, 0, 0, 255, 128], 256 * 4)
    const coarse = rgba(9, 9, 9, 9)
    expect(halveInto(fine, { left: 0, top: 0, right: 1, bottom: 1 }, coarse, 1, 1)).toEqual({ left: 128, top: 128, right: 129, bottom: 129 })
    const at = (128 * 256 + 128) * 4
    const alpha = 255 + 255 + 128
    expect([...coarse.subarray(at, at + 4)]).toEqual([Math.round((255 * 255) / alpha), 0, Math.round((255 * (255 + 128)) / alpha), Math.round(alpha / 4)])
    expect([...coarse.subarray(at - 4, at)]).toEqual([9, 9, 9, 9])
  })
})
