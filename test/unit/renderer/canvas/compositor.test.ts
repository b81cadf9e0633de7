import { describe, expect, it } from 'vitest'
import type { LayerView, TilePlace } from '../../../../preload/contract/documents.ts'
import { compose, rotation, scaling, translation } from '../../../../renderer/canvas/geometry/affine.ts'
import { Compositor } from '../../../../renderer/canvas/tiles/compositor.ts'
import { layerLevel, layerTiles } from '../../../../renderer/canvas/tiles/layerDrawer.ts'
import { changedBoxes, layerTree, mapOfLayer, reachOf } from '../../../../renderer/canvas/tiles/layerTree.ts'
import { TileStore } from '../../../../renderer/canvas/tiles/tileStore.ts'
import { type FakeSurface, documentOf, fakeSurface, layer, rgba, settle } from './fakes.ts'

class Bench {
  readonly store: TileStore
  readonly compositor: Compositor

  constructor(layers: LayerView[], budget = 2 ** 30) {
    const view = documentOf(layers)
    this.store = new TileStore({
      read: async (places) => ({ version: 1, tiles: places.map((place) => ({ ...place, bytes: rgba(1, 2, 3, 255) })) }),
      makeSurface: fakeSurface, budget: 2 ** 30, keepsBytes: () => true, isEmpty: () => false, look: () => ({ neutral: 0 }), levels: () => 4, onPixels: () => undefined, onUnseen: () => undefined, onFailure: () => undefined,
    })
    this.compositor = new Compositor({ store: this.store, makeSurface: fakeSurface, layers: () => layerTree(view), budget })
  }

  async load(...places: [layer: number, x: number, y: number, level?: number, plane?: 'mask'][]): Promise<void> {
    this.store.want(places.map(([id, x, y, level, plane]): TilePlace => ({ layer: id, plane: plane ?? 'pixels', level: level ?? 0, x, y })))
    await settle()
  }

  /** Draws on a composed tile since the last look. */
  draws(x = 0, y = 0, level = 0): { mode: string; alpha: number }[] {
    const surface = this.compositor.fresh(level, x, y) as FakeSurface
    return surface.draws.splice(0).filter(({ op }) => op === 'draw').map(({ mode, alpha }) => ({ mode, alpha }))
  }
}

describe('composed tiles', () => {
  it('blend the visible layers from below with their opacity and mode', async () => {
    const bench = new Bench([
      layer(1, 'image'), layer(2, 'paint', { blend: 'multiply', opacity: 0.5 }), layer(3, 'paint', { visible: false }), layer(4, 'paint', { opacity: 0 }), layer(5, 'mask'), layer(6, 'paint', { blend: 'luminosity' }),
    ])
    await bench.load([1, 0, 0], [2, 0, 0], [3, 0, 0], [6, 0, 0])
    expect(bench.draws()).toEqual([{ mode: 'source-over', alpha: 1 }, { mode: 'multiply', alpha: 0.5 }, { mode: 'luminosity', alpha: 1 }])
  })

  it('are kept, and only their changed part is done again', async () => {
    const bench = new Bench([layer(1, 'image')])
    await bench.load([1, 0, 0], [1, 1, 0])
    bench.draws(0)
    bench.draws(1)
    expect(bench.draws(0)).toEqual([])
    const before = bench.compositor.counts.pixels
    bench.compositor.invalidate({ left: 250, top: 10, right: 260, bottom: 20 })
    expect(bench.draws(0)).toHaveLength(1)
    expect(bench.draws(1)).toHaveLength(1)
    expect(bench.compositor.counts.pixels - before).toBe(6 * 10 + 4 * 10)
    bench.compositor.invalidate({ left: 600, top: 10, right: 610, bottom: 20 })
    expect(bench.draws(0)).toEqual([])
  })

  it('compose groups alone and blend them as one layer', async () => {
    const bench = new Bench([
      layer(1, 'image'), layer(2, 'paint', { parent: 9, blend: 'screen', position: 0 }), layer(3, 'paint', { parent: 9, position: 1 }), layer(9, 'group', { opacity: 0.25, blend: 'overlay', extent: null, position: 1 }),
    ])
    await bench.load([1, 0, 0], [2, 0, 0], [3, 0, 0])
    // the group's own layers are drawn elsewhere
    expect(bench.draws()).toEqual([{ mode: 'source-over', alpha: 1 }, { mode: 'overlay', alpha: 0.25 }])
  })

  it('cut masked layers by their mask, and let edit results replace what is below', async () => {
    const bench = new Bench([layer(1, 'image'), layer(2, 'paint', { hasMask: true, opacity: 0.5 }), layer(3, 'edit-result', { hasMask: true, opacity: 0.75 })])
    await bench.load([1, 0, 0], [2, 0, 0], [3, 0, 0], [2, 0, 0, 0, 'mask'], [3, 0, 0, 0, 'mask'])
    expect(bench.draws()).toEqual([
      { mode: 'source-over', alpha: 1 }, { mode: 'source-over', alpha: 0.5 }, { mode: 'destination-out', alpha: 0.75 }, { mode: 'lighter', alpha: 0.75 },
    ])
  })

  it('show coarser or finer tiles while their own are not there', async () => {
    const coarse = new Bench([layer(1, 'image')])
    await coarse.load([1, 0, 0, 3])
    const [draw] = (coarse.compositor.fresh(0, 1, 1) as FakeSurface).draws.filter(({ op }) => op === 'draw')
    expect(draw.args.slice(1)).toEqual([32, 32, 32, 32, 0, 0, 256, 256])
    const fine = new Bench([layer(1, 'image')])
    await fine.load([1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1])
    expect(fine.draws(0, 0, 1)).toHaveLength(4)
  })

  it('that a frame has no room for show other levels meanwhile, but never what a brush has just touched', async () => {
    const bench = new Bench([layer(1, 'image')])
    const { compositor } = bench
    await bench.load([1, 0, 0], [1, 1, 1], [1, 40, 40], [1, 0, 0, 1], [1, 0, 0, 2])
    compositor.startFrame(1000)
    const coarse = compositor.pieces(1, 0, 0)[0].picture
    compositor.startFrame(0)
    expect(compositor.pieces(0, 1, 1)).toEqual([{ picture: coarse, fromX: 128, fromY: 128, fromSide: 128, toX: 0, toY: 0, toSide: 256 }])
    expect(compositor.pieces(2, 0, 0)).toEqual([{ picture: coarse, fromX: 0, fromY: 0, fromSide: 256, toX: 0, toY: 0, toSide: 128 }])
    expect(compositor.pieces(0, 40, 40)).toEqual([])
    expect(compositor.behind).toBe(true)
    compositor.startFrame(1)
    expect(compositor.pieces(0, 1, 1)[0].picture).not.toBe(coarse)
    expect(compositor.pieces(0, 0, 0)[0].picture).toBe(coarse) // the one before has used up the frame
    compositor.startFrame(1000)
    expect(compositor.catchUp(() => false)).toEqual([]) // out of sight by now
    compositor.invalidate({ left: 300, top: 300, right: 360, bottom: 360 })
    const before = compositor.counts.pixels
    compositor.pieces(0, 1, 1)
    expect(compositor.counts.pixels - before).toBe(3600)
    expect(compositor.behind).toBe(false)
  })

  it('are left alone by tiles that come later, but those that were composed without them are done again', async () => {
    const bench = new Bench([layer(1, 'image'), layer(2, 'paint')])
    const { compositor } = bench
    await bench.load([1, 0, 0], [2, 0, 0], [1, 1, 0])
    expect(bench.draws(0)).toHaveLength(2)
    expect(bench.draws(1)).toHaveLength(1) // the paint layer's tile is missing
    compositor.invalidate({ left: 0, top: 0, right: 512, bottom: 256 }, 'arrival')
    expect(compositor.hasNews(0, { left: 0, top: 0, right: 256, bottom: 256 })).toBe(false)
    expect(compositor.hasNews(0, { left: 256, top: 0, right: 512, bottom: 256 })).toBe(true)
    await bench.load([2, 1, 0])
    expect(bench.draws(0)).toEqual([])
    expect(bench.draws(1)).toHaveLength(2)
    compositor.invalidate(null, 'arrival')
    expect(bench.draws(1)).toEqual([]) // it is whole by now
    compositor.invalidate({ left: 0, top: 0, right: 256, bottom: 256 }, 'change')
    expect(bench.draws(0)).toHaveLength(2)
  })

  it('of one level are done again when only its layer tiles changed', async () => {
    const bench = new Bench([layer(1, 'image')])
    await bench.load([1, 0, 0], [1, 0, 0, 1])
    expect([bench.draws(0, 0, 0).length, bench.draws(0, 0, 1).length]).toEqual([1, 1])
    bench.compositor.invalidateLevels((level) => level === 1, { left: 0, top: 0, right: 256, bottom: 256 })
    expect([bench.draws(0, 0, 0).length, bench.draws(0, 0, 1).length]).toEqual([0, 1])
  })

  it('that were read again wait for their turn, however small the part, and are caught up with', async () => {
    const bench = new Bench([layer(1, 'image')])
    const { compositor } = bench
    await bench.load([1, 0, 0], [1, 1, 0])
    compositor.startFrame(1000)
    for (const x of [0, 1]) compositor.pieces(0, x, 0)
    const before = compositor.counts.pixels
    compositor.invalidate({ left: 250, top: 0, right: 260, bottom: 10 }, 'change')
    compositor.startFrame(0)
    for (const x of [0, 1]) expect(compositor.pieces(0, x, 0)).toHaveLength(1) // old pixels
    expect(compositor.counts.pixels).toBe(before)
    compositor.startFrame(1000)
    expect(compositor.catchUp(({ x }) => x === 1)).toEqual([{ left: 256, top: 0, right: 512, bottom: 256 }])
    expect(compositor.counts.pixels - before).toBe(40)
    expect(compositor.behind).toBe(false)
    compositor.startFrame(0)
    compositor.invalidate({ left: 0, top: 0, right: 10, bottom: 10 }) // a stroke makes the tile's old pixels urgent too
    compositor.pieces(0, 0, 0)
    expect(compositor.behind).toBe(false)
  })

  it('wait for all their layers while another level can be shown', async () => {
    const bench = new Bench([layer(1, 'image'), layer(2, 'paint')])
    await bench.load([1, 0, 0, 1], [2, 0, 0, 1], [1, 0, 0])
    const coarse = bench.compositor.pieces(1, 0, 0)[0].picture
    expect(bench.compositor.pieces(0, 0, 0)[0].picture).toBe(coarse)
    expect(bench.compositor.behind).toBe(false) // the tile that is missing calls for it when it comes
    await bench.load([2, 0, 0])
    expect(bench.compositor.pieces(0, 0, 0)[0].picture).not.toBe(coarse)
  })

  it('show nothing where no layer has anything', async () => {
    const bench = new Bench([layer(1, 'image', { extent: { x: 0, y: 0, width: 256, height: 256 } })])
    await bench.load([1, 0, 0])
    expect(bench.compositor.pieces(0, 0, 0)).toHaveLength(1)
    expect(bench.compositor.pieces(0, 2, 0)).toEqual([])
  })

  it('stay within their budget by giving up those looked at longest ago', async () => {
    const bench = new Bench([layer(1, 'image')], 4 * 262144)
    for (let x = 0; x < 10; x++) bench.draws(x)
    expect(bench.compositor.bytes).toBe(4 * 262144)
  })
})

describe('tiles of layers', () => {
  it('are read at the level that a scaled layer needs', () => {
    expect(layerLevel([1, 0, 0, 1, 5, 5], 2)).toBe(2)
    expect(layerLevel(scaling(0.5), 0)).toBe(1)
    expect(layerLevel(scaling(0.6), 0)).toBe(0)
    expect(layerLevel(scaling(4), 3)).toBe(1)
    expect(layerLevel(rotation(1), 1)).toBe(1)
  })

  it('are only those under the box, whatever the layer\'s transform', () => {
    const [node] = layerTree(documentOf([layer(1, 'paint', { transform: translation(300, 0) })]))
    expect(layerTiles(node, { left: 0, top: 0, right: 256, bottom: 256 }, 0)).toMatchObject({ left: 0, right: 0 })
    expect(layerTiles(node, { left: 256, top: 0, right: 512, bottom: 256 }, 0)).toEqual({ level: 0, left: 0, top: 0, right: 1, bottom: 1 })
    const [turned] = layerTree(documentOf([layer(1, 'paint', { transform: compose(translation(800, 0), rotation(Math.PI / 2)) })]))
    expect(layerTiles(turned, { left: 0, top: 0, right: 256, bottom: 256 }, 0)).toMatchObject({ left: 0, right: 1, top: 2, bottom: 4 })
  })
})

describe('the tree of layers', () => {
  it('multiplies the transforms of groups into what they hold', () => {
    const view = documentOf([layer(2, 'paint', { parent: 9, transform: translation(10, 0), extent: { x: 0, y: 0, width: 5, height: 5 } }), layer(9, 'group', { transform: scaling(2), extent: null })])
    const [group] = layerTree(view)
    expect(group.children![0].toCanvas).toEqual([2, 0, 0, 2, 20, 0])
    expect(mapOfLayer(view, 2)).toEqual([2, 0, 0, 2, 20, 0])
    expect(reachOf(group)).toEqual({ left: 20, top: 0, right: 30, bottom: 10 })
  })

  it('says which boxes look different after a change', () => {
    const before = documentOf([layer(1, 'image'), layer(2, 'paint', { extent: { x: 5, y: 5, width: 10, height: 10 } })])
    expect(changedBoxes(before, before)).toEqual([])
    const moved = documentOf([before.layers[0], { ...before.layers[1], transform: translation(100, 0) }])
    expect(changedBoxes(before, moved)).toEqual([{ left: 5, top: 5, right: 15, bottom: 15 }, { left: 105, top: 5, right: 115, bottom: 15 }])
    expect(changedBoxes(before, documentOf([before.layers[0]]))).toEqual([{ left: 5, top: 5, right: 15, bottom: 15 }])
    expect(changedBoxes(before, { ...before, canvas: { width: 9, height: 9 } })).toBeNull()
    const swapped = documentOf([{ ...before.layers[0], position: 7 }, before.layers[1]])
    expect(changedBoxes(before, swapped)).toBeNull()
  })
})
