import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { StrokeTile } from '../../../../preload/contract/documents.ts'
import type { EditorHost, StrokeStart } from '../../../../renderer/canvas/editorTypes.ts'
import { makeDab } from '../../../../renderer/canvas/strokes/dabs.ts'
import { greyInk } from '../../../../renderer/canvas/strokes/inks.ts'
import { StrokeBuffer } from '../../../../renderer/canvas/strokes/strokeBuffer.ts'
import { SAVE_EVERY_MS, StrokeSession } from '../../../../renderer/canvas/strokes/strokeSession.ts'
import { TileStore } from '../../../../renderer/canvas/tiles/tileStore.ts'
import { documentOf, fakeSurface, grey, settle } from './fakes.ts'

const DAB = makeDab(20, 1, 0.5, 0.5)

class Bench {
  readonly log: { name: string; stroke?: number | null; tiles?: readonly StrokeTile[]; start?: StrokeStart }[] = []
  readonly failures: { message: string; attempt: number }[] = []
  readonly committed: number[] = []
  readonly reads: (() => Promise<void>)[] = []
  readonly store: TileStore
  readonly buffer = new StrokeBuffer()
  readonly session: StrokeSession
  failCommits = 0

  constructor(known: boolean, after: Promise<unknown> = Promise.resolve()) {
    this.store = new TileStore({
      read: (places) => new Promise((resolve) => {
        this.reads.push(async () => {
          resolve({ version: 1, tiles: places.map((place) => ({ ...place, bytes: grey(50) })) })
          await settle()
        })
      }),
      makeSurface: fakeSurface, budget: 2 ** 30, keepsBytes: () => true, isEmpty: () => known, look: () => ({ neutral: 0 }), levels: () => 0, onPixels: () => undefined, onUnseen: () => undefined, onFailure: () => undefined,
    })
    const host: Partial<EditorHost> = {
      beginStroke: async (start) => {
        this.log.push({ name: 'begin', start })
        return { stroke: 42, layer: 5 }
      },
      saveStroke: async (stroke, tiles) => void this.log.push({ name: 'save', stroke, tiles }),
      discardStroke: async (stroke) => void this.log.push({ name: 'discard', stroke }),
      commitStroke: async (stroke, start, tiles) => {
        this.log.push({ name: 'commit', stroke, start, tiles })
        if (this.failCommits-- > 0) throw new Error('The disk is full.')
        return documentOf([], { version: 9 })
      },
    }
    this.session = new StrokeSession(
      { layer: () => 5, plane: 'pixels', channels: 1, neutral: 0, ink: greyInk(255), canSave: () => true, start: () => ({ layer: 5, plane: 'pixels', title: 'Paint mask', tool: 'mask-brush' }) },
      {
        store: this.store, host: host as EditorHost, after, onSaved: () => undefined, onCommitted: (view) => void this.committed.push(view.version),
        onFailed: (error, attempt) => void this.failures.push({ message: (error as Error).message, attempt }), wait: () => settle(),
      },
      this.buffer,
    )
  }

  stamp(x: number, y = 100): void {
    this.buffer.stamp(DAB, x, y, 255)
    this.session.show()
  }

  value(x: number, y = 100): number | null | undefined {
    const bytes = this.store.bytesAt({ layer: 5, plane: 'pixels', level: 0, x: x >> 8, y: y >> 8 })
    return bytes ? bytes[(y & 255) * 256 + (x & 255)] : bytes
  }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a stroke', () => {
  it('shows at once and is one commit of the tiles it touched', async () => {
    const bench = new Bench(true)
    bench.stamp(100)
    expect(bench.value(100)).toBe(255)
    bench.stamp(300)
    await bench.session.commit()
    expect(bench.log.map(({ name }) => name)).toEqual(['commit'])
    expect(bench.log[0].stroke).toBeNull()
    expect(bench.log[0].tiles!.map(({ x, y }) => `${x}/${y}`)).toEqual(['0/0', '1/0'])
    expect(bench.log[0].tiles![0].bytes[100 * 256 + 100]).toBe(255)
    expect(bench.committed).toEqual([9])
    const tile = bench.store.shown({ layer: 5, plane: 'pixels', level: 0, x: 0, y: 0 })!
    expect([tile.local, tile.version]).toEqual([0, 9])
  })

  it('that goes on is saved, only what changed, and the commit carries the rest', async () => {
    const bench = new Bench(true)
    bench.stamp(100)
    await vi.advanceTimersByTimeAsync(SAVE_EVERY_MS)
    bench.stamp(300)
    await vi.advanceTimersByTimeAsync(SAVE_EVERY_MS)
    await vi.advanceTimersByTimeAsync(SAVE_EVERY_MS) // nothing new: nothing saved
    bench.stamp(600)
    await bench.session.commit()
    expect(bench.log.map(({ name, tiles }) => `${name} ${tiles?.map(({ x }) => x).join() ?? ''}`)).toEqual(['begin ', 'save 0', 'save 1', 'commit 2'])
    expect(bench.log[3].stroke).toBe(42)
  })

  it('saved while it grows sends what the tile was then', async () => {
    const bench = new Bench(true)
    bench.stamp(100)
    await vi.advanceTimersByTimeAsync(SAVE_EVERY_MS)
    bench.stamp(180)
    expect(bench.log[1].tiles![0].bytes[100 * 256 + 180]).toBe(0)
    expect(bench.value(180)).toBe(255)
  })

  it('that cannot be stored stays on the screen and is tried again until it is', async () => {
    const bench = new Bench(true)
    bench.failCommits = 3
    bench.stamp(100)
    await bench.session.commit()
    expect(bench.failures).toEqual([1, 2, 3].map((attempt) => ({ message: 'The disk is full.', attempt })))
    expect(bench.log.filter(({ name }) => name === 'commit')).toHaveLength(4)
    expect(bench.log.at(-1)!.tiles).toHaveLength(1)
    expect(bench.value(100)).toBe(255)
    expect(bench.committed).toEqual([9])
  })

  it('taken back leaves no trace: pixels as before, nothing committed, what was saved discarded', async () => {
    const bench = new Bench(true)
    bench.stamp(100)
    await vi.advanceTimersByTimeAsync(SAVE_EVERY_MS)
    bench.session.cancel()
    await settle()
    expect(bench.value(100)).toBe(0)
    expect(bench.store.shown({ layer: 5, plane: 'pixels', level: 0, x: 0, y: 0 })!.local).toBe(0)
    await vi.advanceTimersByTimeAsync(10 * SAVE_EVERY_MS)
    expect(bench.log.map(({ name }) => name)).toEqual(['begin', 'save', 'discard'])
  })

  it('waits for what is below it, then shows over it', async () => {
    const bench = new Bench(false)
    bench.stamp(100)
    expect(bench.value(100)).toBeUndefined()
    const committed = bench.session.commit()
    await settle()
    expect(bench.log).toHaveLength(0)
    await bench.reads[0]()
    await committed
    expect(bench.value(100)).toBe(255)
    expect(bench.value(200)).toBe(50)
    expect(bench.log[0].tiles![0].bytes[0]).toBe(50)
  })

  it('is committed after the one before it', async () => {
    let release = (): void => undefined
    const bench = new Bench(true, new Promise<void>((resolve) => (release = resolve)))
    bench.stamp(100)
    const committed = bench.session.commit()
    await settle()
    expect(bench.log).toHaveLength(0)
    release()
    await committed
    expect(bench.log.map(({ name }) => name)).toEqual(['commit'])
  })
})
